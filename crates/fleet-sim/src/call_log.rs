//! The call log: every call with its caller, its simulated time and its result.
use crate::{
    clock::{Millis, rfc3339},
    wire::Call,
};
use serde::Serialize;
use serde_json::Value;

/// A line of the log.
#[derive(Debug, Serialize)]
struct Entry {
    at: String,
    caller: String,
    session: Option<String>,
    account: String,
    region: String,
    operation: String,
    request: Value,
    error: Option<String>,
}

/// All lines, oldest first.
#[derive(Debug, Default)]
pub struct CallLog {
    entries: Vec<Entry>,
}

impl CallLog {
    /// Adds a line.
    pub fn add(&mut self, at: Millis, call: &Call, error: Option<String>) {
        self.entries.push(Entry {
            at: rfc3339(at),
            caller: role_arn(&call.caller),
            session: session(&call.caller).map(str::to_owned),
            account: call.account.clone(),
            region: call.region.clone(),
            operation: format!("{}:{}", call.service, call.operation),
            request: call.request.clone(),
            error,
        });
    }

    /// Returns the log as JSON Lines.
    pub fn json_lines(&self) -> String {
        let lines = self.entries.iter().filter_map(|entry| serde_json::to_string(entry).ok());
        lines.fold(String::new(), |text, line| text + &line + "\n")
    }
}

/// Returns the role of a session: `arn:aws:sts::1:assumed-role/name/session` becomes `arn:aws:iam::1:role/name`. Any
/// other text stays as it is.
fn role_arn(caller: &str) -> String {
    let parts: Vec<_> = caller.splitn(6, ':').collect();
    if let [arn, partition, "sts", _, account, resource] = parts[..]
        && let Some(role) = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next())
    {
        return format!("{arn}:{partition}:iam::{account}:role/{role}");
    }
    caller.to_owned()
}

/// Returns the name of a session: of `arn:aws:sts::1:assumed-role/name/session` it is `session`.
fn session(caller: &str) -> Option<&str> {
    let (_, session) = caller.split_once(":assumed-role/")?;
    session.split_once('/').map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_written_as_its_role() {
        assert_eq!(
            role_arn("arn:aws:sts::111111111111:assumed-role/scan/run-1"),
            "arn:aws:iam::111111111111:role/scan"
        );
        assert_eq!(role_arn("arn:aws:iam::111111111111:root"), "arn:aws:iam::111111111111:root");
        assert_eq!(role_arn(""), "");
        assert_eq!(session("arn:aws:sts::111111111111:assumed-role/scan/run-1"), Some("run-1"));
        assert_eq!(session("arn:aws:iam::111111111111:root"), None);
    }
}
