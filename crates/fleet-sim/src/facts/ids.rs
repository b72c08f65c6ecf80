//! Stable ids: the same scenario always yields the same ids, so that runs can be compared.
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use uuid::Uuid;

/// The shape of an account id, as a regular expression.
pub const ACCOUNT_PATTERN: &str = "^[0-9]{12}$";
/// The shape of an OU id.
pub const OU_PATTERN: &str = "^ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}$";
/// The shape of the id of an instance or of a hybrid node.
pub const NODE_PATTERN: &str = "^(i-([0-9a-f]{8}|[0-9a-f]{17})|mi-[0-9a-f]{17})$";

/// Returns the first `length` (at most 64) hex digits of the hash of `parts`.
pub fn hex(parts: &[&str], length: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.truncate(length);
    text
}

/// Returns a UUID that depends on `parts` only.
pub fn uuid(parts: &[&str]) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, parts.join("\0").as_bytes()).to_string()
}

/// Returns whether a text has the shape of an EC2 instance id: `i-` and 8 or 17 lower-case hex digits.
pub fn is_instance_id(text: &str) -> bool {
    text.strip_prefix("i-").is_some_and(|tail| {
        matches!(tail.len(), 8 | 17) && tail.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// Returns whether a text has the shape of the id of a hybrid node: `mi-` and 17 lower-case hex digits (API reference of Systems
/// Manager, `InstanceId`).
pub fn is_hybrid_id(text: &str) -> bool {
    text.strip_prefix('m').is_some_and(|rest| is_instance_id(rest) && rest.len() == 19)
}

/// Returns whether a text has the shape of the id of a node of Systems Manager.
pub fn is_node_id(text: &str) -> bool {
    is_instance_id(text) || is_hybrid_id(text)
}

/// Returns whether a text is a UUID in its usual spelling, as command ids and snapshot ids are.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

/// Returns whether a text is an account id: twelve digits.
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Returns whether a text has the shape of an OU id: `ou-`, the root's part, `-`, its own part.
pub fn is_ou_id(text: &str) -> bool {
    let lower = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let mut parts = text.split('-');
    let (Some("ou"), Some(root), Some(own), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    (4..=32).contains(&root.len()) && (8..=32).contains(&own.len()) && lower(root) && lower(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable_and_depend_on_every_part() {
        assert_eq!(hex(&["a", "b"], 17), hex(&["a", "b"], 17));
        assert_ne!(hex(&["a", "b"], 17), hex(&["ab"], 17));
        assert!(is_uuid(&uuid(&["x"])));
    }

    #[test]
    fn shapes() {
        assert!(is_instance_id("i-0123456789abcdef0") && is_instance_id("i-01234567"));
        assert!(is_hybrid_id("mi-0123456789abcdef0") && is_node_id("mi-0123456789abcdef0"));
        assert!(!is_hybrid_id("mi-01234567") && !is_hybrid_id("i-0123456789abcdef0"));
        assert!(!is_instance_id("i-0123") && !is_instance_id("i-0123456789ABCDEF0"));
        assert!(is_ou_id("ou-abcd-11111111") && !is_ou_id("ou-abc-1") && !is_ou_id("r-abcd"));
    }
}
