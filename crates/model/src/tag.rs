//! Tags of which only digests are kept.

use std::hash::{DefaultHasher, Hasher};

/// Digests of a tag's key and value.
///
/// They are enough to say whether a tag is one that another tool targets, and they take 16 bytes where the texts take up to
/// 1,152 (384 characters of three bytes). Two texts can have the same digest: then an instance seems to have a tag that it
/// does not have, and a conflict too many is found. Only the account that owns the instance can bring that about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagDigest {
    /// Digest of the key.
    pub key: u64,
    /// Digest of the value.
    pub value: u64,
}

impl TagDigest {
    /// Returns the digests of a tag.
    #[must_use]
    pub fn of(key: &str, value: &str) -> Self {
        Self { key: digest(key), value: digest(value) }
    }
}

/// Returns the digest of a text. It is never stored: another version of orgpatch may compute another one.
#[must_use]
pub fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}
