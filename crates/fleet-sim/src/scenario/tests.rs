//! The scenario format: every field of the design is accepted, every mistake is named.
use super::*;

/// The scenario of the design document, word for word but for the two accounts that it leaves out.
const DESIGN: &str = r#"
schemaVersion: 1
clock: {start: "2026-11-10T00:00:00Z", speed: 600}
management: "111111111111"
organization:
  - {ou: Test, id: ou-abcd-11111111, accounts: ["222200000001"]}
  - {ou: Production, id: ou-abcd-33333333, accounts: ["444400000001"], ous: [{ou: Payments, accounts: ["444400000002"]}]}
accounts:
  "222200000001": {name: shop-test}
  "444400000002": {name: pay-prod, state: SUSPENDED, memberRole: absent, disabledRegions: [ap-northeast-3], email: a@b.example}
patches:
  - {id: "openssl.x86_64", version: "1:3.0.8-1.amzn2023.0.12", os: AMAZON_LINUX_2023, released: "2026-11-01", classification: Security, severity: Important, reboot: false}
fleet:
  - account: "222200000001"
    region: ap-northeast-1
    count: 3
    os: AMAZON_LINUX_2023
    tags: {Patch: enabled}
    state: running
    managed: true
    agent: "3.3.987.0"
    python: "3.9"
    network: {private: true, endpoints: [ssm, ssmmessages, s3], egress443: true, s3Route: true}
    installed: ["openssl.x86_64"]
    behaviour: {scan: ok, install: "patch-fails:openssl.x86_64", seconds: 120, exitCode: 0}
    associations: [quick-setup-patch-policy]
faults:
  - {operation: "ssm:SendCommand", error: ThrottlingException, times: 3}
  - {operation: "ssm:SendCommand", lostResponse: true, times: 1}
  - {operation: "organizations:ListAccounts", latencyMs: 200}
  - {operation: "s3:PutObject", killCaller: before, after: 2, request: "intent"}
calendars: [{name: freeze, state: OPEN, changes: [{at: "2026-11-12T00:00:00Z", to: CLOSED}]}]
paths: true
emptyPages: true
"#;

fn message(text: &str) -> String {
    parse(text).expect_err("must be refused").to_string()
}

#[test]
fn every_field_of_the_format_is_accepted() {
    let scenario = parse(DESIGN).expect("valid");
    assert_eq!(scenario.fleet[0].behaviour.install, Behaviour::PatchFails("openssl.x86_64".into()));
    assert_eq!(scenario.accounts["444400000002"].state, AccountState::Suspended);
    assert_eq!(scenario.accounts["444400000002"].member_role, MemberRole::Absent);
    assert_eq!(scenario.calendars[0].changes[0].to, CalendarState::Closed);
    assert_eq!(scenario.fleet[0].network.as_ref().map(|n| n.endpoints.len()), Some(3));
}

#[test]
fn an_unknown_field_is_named_with_its_line() {
    let text = message(&DESIGN.replace("managed: true", "manged: true"));
    assert!(text.contains("manged") && text.contains("line 20"), "{text}");
    let nested = message(&DESIGN.replace("seconds: 120", "secs: 120"));
    assert!(nested.contains("secs") && nested.contains("line 25"), "{nested}");
}

#[test]
fn wrong_values_are_named_with_what_would_be_valid() {
    let behaviour = message(&DESIGN.replace("scan: ok", "scan: nap"));
    assert!(behaviour.contains("nap") && behaviour.contains("never-starts"), "{behaviour}");
    let system = message(&DESIGN.replace("os: AMAZON_LINUX_2023\n", "os: AMAZON_LINUX_2024\n"));
    assert!(system.contains("AMAZON_LINUX_2024") && system.contains("AMAZON_LINUX_2023"), "{system}");
}

#[test]
fn contradictions_are_reported_all_at_once() {
    let text = message(
        &DESIGN
            .replace("account: \"222200000001\"", "account: \"999900000001\"")
            .replace("installed: [\"openssl.x86_64\"]", "installed: [nothing]")
            .replace("operation: \"ssm:SendCommand\", error", "operation: \"ssm:SendComand\", error")
            .replace("killCaller: before", "killCaller: before, latencyMs: 3")
            .replace("accounts: [\"444400000002\"]", "accounts: [\"222200000001\"]"),
    );
    for part in ["999900000001", "nothing is not in patches", "SendComand", "exactly one of", "already in Test"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}
