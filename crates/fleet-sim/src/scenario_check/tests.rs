//! The scenario format: every field is accepted, every mistake is reported.
use super::*;
use crate::scenario::*;

/// A scenario with nearly every field of the format.
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
    clockSkewSeconds: -90
    zone: c
    behaviour: {scan: ok, install: "patch-fails:openssl.x86_64", seconds: 120, exitCode: 0}
    associations: [quick-setup-patch-policy]
faults:
  - {operation: "ssm:SendCommand", error: ThrottlingException, times: 3}
  - {operation: "ssm:SendCommand", lostResponse: true, times: 1}
  - {operation: "organizations:ListAccounts", latencyMs: 200}
  - {operation: "ssm:SendCommand", perSecond: 1.5, burst: 3, account: "222200000001", region: ap-northeast-1}
  - {operation: "s3:PutObject", killCaller: before, after: 2, request: "intent"}
  - {operation: "lambda:Invoke", lostResponse: true, outlivedAfterMs: 50, request: install}
lambda: {concurrentExecutions: 10, seconds: {scan: 20}}
calendars: [{name: freeze, state: OPEN, changes: [{at: "2026-11-12T00:00:00Z", to: CLOSED}]}]
runCommand: documented
paths: true
emptyPages: true
"#;

fn message(text: &str) -> String {
    read(text).expect_err("must be refused").to_string()
}

#[test]
fn every_field_of_the_format_is_accepted() {
    let scenario = read(DESIGN).expect("valid");
    assert_eq!(scenario.fleet[0].behaviour.install, Behaviour::PatchFails("openssl.x86_64".into()));
    assert_eq!(scenario.accounts["444400000002"].state, AccountState::Suspended);
    assert_eq!(scenario.accounts["444400000002"].member_role, MemberRole::Absent);
    assert_eq!(scenario.calendars[0].changes[0].to, CalendarState::Closed);
    assert_eq!((scenario.lambda.concurrent_executions, scenario.lambda.seconds["scan"]), (10, 20));
    assert_eq!(scenario.fleet[0].network.as_ref().map(|n| n.endpoints.len()), Some(3));
}

#[test]
fn only_an_invocation_outlives_its_lost_answer() {
    let text = message(&DESIGN.replace("lostResponse: true, times: 1", "lostResponse: true, outlivedAfterMs: 1"));
    assert!(text.contains("faults[1].outlivedAfterMs"), "{text}");
}

#[test]
fn an_unknown_field_is_named_with_its_line() {
    let text = message(&DESIGN.replace("managed: true", "manged: true"));
    assert!(text.contains("manged") && text.contains("line 20"), "{text}");
    let nested = message(&DESIGN.replace("seconds: 120", "secs: 120"));
    assert!(nested.contains("secs") && nested.contains("line 27"), "{nested}");
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

#[test]
fn mistakes_in_limits_clocks_and_zones_are_named() {
    for (from, to, part) in [
        ("perSecond: 1.5", "perSecond: 0", "faults[3].perSecond: expected a number above 0"),
        ("burst: 3", "burst: 0", "faults[3].burst: expected 1 or more"),
        ("burst: 3", "times: 3", "faults[3]: times and after are not for a limit"),
        ("perSecond: 1.5", "perSecond: 1.5, latencyMs: 5", "faults[3]: expected exactly one of"),
        ("latencyMs: 200", "latencyMs: 200, burst: 2", "faults[2].burst: it is only for a limit"),
        ("SendCommand\", perSecond", "SendComand\", perSecond", "faults[3].operation"),
        (
            "{operation: \"ssm:SendCommand\", perSecond",
            "{operation: \"s3:*\", perSecond",
            "faults[3].perSecond: the service s3",
        ),
        (
            "{operation: \"ssm:SendCommand\", perSecond",
            "{operation: \"*:*\", perSecond",
            "faults[3].perSecond: the service *",
        ),
        ("zone: c", "zone: north", "fleet[0].zone: `north`"),
        ("clockSkewSeconds: -90", "clockSkewSeconds: -86401", "fleet[0].clockSkewSeconds"),
        ("runCommand: documented", "runCommand: fast", "per-invocation"),
    ] {
        let text = DESIGN.replace(from, to);
        assert_ne!(text, DESIGN, "{from}");
        let text = message(&text);
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn tags_and_made_up_patches_keep_the_limits() {
    let with =
        |fields: &str| DESIGN.replace("tags: {Patch: enabled}", &format!("tags: {{Patch: enabled}}\n    {fields}"));
    // One tag is written, and one is of the patch policy.
    assert!(read(&with("manyTags: {count: 48, length: 256, text: 日本}")).is_ok());
    for (text, part) in [
        (with("manyTags: {count: 49, length: 256}"), "fleet[0].manyTags: there are 51 tags"),
        (with("manyTags: {count: 1, length: 257}"), "fleet[0].manyTags: expected a count of 1 or more"),
        (with("manyTags: {count: 1, length: 1, text: \"\"}"), "fleet[0].manyTags: expected a count of 1 or more"),
        (with("missing: {patches: 0}"), "fleet[0].missing: expected 1 to 9999 patches"),
        (DESIGN.replace("Patch: enabled", &format!("Patch: {}", "x".repeat(257))), "fleet[0].tags: `Patch` is too long"),
        (
            with("missing: {patches: 3, cves: 2}")
                .replace("faults:", "  - {account: \"222200000001\", region: eu-west-1, os: AMAZON_LINUX_2023, missing: {patches: 1, cves: 1}}\nfaults:"),
            "fleet[1].missing.cves: it is 2 in fleet[0]",
        ),
    ] {
        assert_ne!(text, DESIGN, "{part}");
        let text = message(&text);
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn made_up_patches_have_ids_like_others() {
    let of = |count: u32| {
        DESIGN
            .replace("tags: {Patch: enabled}", &format!("missing: {{patches: {count}, cves: 2}}"))
            .replace("patch-fails:openssl.x86_64", "patch-fails:made-up-0003.x86_64")
            .replace("installed: [\"openssl.x86_64\"]", "installed: [made-up-0001.x86_64]")
    };
    assert!(read(&of(3)).is_ok());
    assert!(message(&of(2)).contains("made-up-0003.x86_64 is not in patches"));
}

const BASELINES: &str = r#"
schemaVersion: 1
clock: {start: "2026-11-10T00:00:00Z"}
management: "111111111111"
patches:
  - {id: KB1, os: WINDOWS, released: "2026-10-13", classification: SecurityUpdates, patchSet: APPLICATION, productFamily: Office, supersededBy: KB2, applicableAfter: KB2}
  - {id: KB2, os: WINDOWS, released: "2026-11-10", classification: SecurityUpdates}
  - {id: app, os: AMAZON_LINUX_2, released: "2026-10-13", updated: "2026-10-20", product: AmazonLinux2, classification: "", requires: [lib]}
  - {id: lib, os: AMAZON_LINUX_2, released: "2026-10-13", classification: Security}
  - {id: deb, os: UBUNTU, released: "2026-10-13", classification: Security, priority: Required}
fleet: [{account: "222200000001", region: eu-west-1, os: WINDOWS}]
accounts:
  "222200000001":
    baselines:
      - name: orgpatch-test
        os: WINDOWS
        default: true
        patchGroups: [web]
        tags: {owner: another-team}
        description: not ours
        rules: [{filters: {CLASSIFICATION: [SecurityUpdates]}, approveAfterDays: 7, complianceLevel: CRITICAL, enableNonSecurity: false}]
        globalFilters: {PRODUCT: ["*"]}
        approvedPatches: [KB1]
        approvedPatchesComplianceLevel: HIGH
        approvedPatchesEnableNonSecurity: false
        rejectedPatches: [KB9]
        rejectedPatchesAction: BLOCK
        availableSecurityUpdatesComplianceStatus: NON_COMPLIANT
      - {name: elsewhere, os: SUSE, regions: [us-east-1], rules: [{approveUntilDate: "2026-11-01"}]}
"#;

#[test]
fn accounts_may_have_baselines_of_their_own() {
    let scenario = read(BASELINES).expect("valid");
    let made = crate::world::baselines::register(&scenario, 0).0;
    let found: Vec<_> =
        made.regions().map(|(_, region, registered)| (region, registered.own()[0].content.name.as_str())).collect();
    assert_eq!(found, [("eu-west-1", "orgpatch-test"), ("us-east-1", "elsewhere")]);
    let registered = made.get("222200000001", "eu-west-1").expect("there");
    assert_eq!(registered.own()[0].tags["owner"], "another-team");
    assert_eq!(registered.default_for(registered.own()[0].os).content.name, "orgpatch-test");
    assert_eq!(registered.groups_of(&registered.own()[0]), ["web"]);
}

#[test]
fn a_baseline_that_aws_would_refuse_is_a_contradiction() {
    for (from, to, part) in [
        ("os: SUSE, regions", "os: UBUNTU, regions", "baselines[1]: ApproveUntilDate is not supported for UBUNTU"),
        ("{CLASSIFICATION", "{SEVERITY", "Invalid Filter Key"),
        ("owner: another-team", "\"o{\": another-team", "tags"),
        ("us-east-1", "nowhere", "`nowhere` is not a Region"),
        ("name: elsewhere", "name: e", "baselines[1]: "),
        (
            "os: SUSE, regions: [us-east-1], rules: [{approveUntilDate",
            "os: WINDOWS, default: true, rules: [{approveUntilDate",
            "WINDOWS has another default in eu-west-1",
        ),
        (
            "os: SUSE, regions: [us-east-1]",
            "os: WINDOWS, patchGroups: [web]",
            "patchGroups: web in eu-west-1: another baseline",
        ),
        ("supersededBy: KB2", "supersededBy: KB3", "patches[0].supersededBy: KB3"),
        ("supersededBy: KB2", "supersededBy: KB1", "patches[0].supersededBy: KB1"),
        ("applicableAfter: KB2", "applicableAfter: lib", "patches[0].applicableAfter: lib is not another patch"),
        ("applicableAfter: KB2", "applicableAfter: KB1", "patches[0].applicableAfter: KB1"),
        ("requires: [lib]", "applicableAfter: lib", "patches[2].applicableAfter: it is only for WINDOWS"),
        ("requires: [lib]", "requires: [deb]", "patches[2].requires: deb"),
        ("updated: \"2026-10-20\"", "updated: soon", "patches[2].updated"),
        (
            "classification: Security, priority",
            "patchSet: APPLICATION, classification: Security, priority",
            "patches[4]: supersededBy and patchSet",
        ),
        ("{id: KB2, ", "{id: KB2, advisoryIds: [ALAS-2018-1], ", "patches[1].advisoryIds: ALAS-2018-1 is no such id"),
        (
            "{id: lib, ",
            "{id: lib, bugzillaIds: [CVE-2026-1234], ",
            "patches[3].bugzillaIds: CVE-2026-1234 is no such id",
        ),
        (
            "{id: app, ",
            "{id: app, advisoryIds: [ALAS2-2026-1], ",
            "patches[2].advisoryIds: a patch without a classification",
        ),
        ("{id: deb, ", "{id: deb, advisoryIds: [RHSA-2026:1], ", "patches[4].advisoryIds: RHSA-2026:1 is no such id"),
        ("{id: KB2, ", "{id: KB2, requires: [KB1], ", "patches[1].requires: updates for WINDOWS"),
    ] {
        let text = BASELINES.replace(from, to);
        assert_ne!(text, BASELINES, "{from}");
        let text = message(&text);
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

/// A scenario with everything about readiness and competing patchers.
const FACTS: &str = r#"
schemaVersion: 1
clock: {start: "2026-11-10T00:00:00Z"}
management: "111111111111"
accounts: {"222200000001": {defaultHostManagement: [eu-west-1]}, "222200000002": {defaultHostManagement: on}}
fleet:
  - account: "222200000001"
    region: eu-west-1
    os: UBUNTU
    platformName: Bottlerocket
    autoScalingGroup: web
    agent: stopped
    instanceProfile: absent
    metadata: off
    python: "3.10"
    inventory: true
    network:
      vpc: shop
      route: nat-gateway
      mainRouteTable: true
      egress443: endpoints-and-s3
      networkAcl: no-return-ports
      endpoints: [ssm, {service: kms, group: closed, privateDns: false, place: other-vpc, available: false, policy: nothing}, {service: s3, policy: without-patch-buckets}]
    behaviour: {offlineAfterScan: true}
    associations:
      - host-management-scan
      - {name: maintenance-window, id: nightly, task: AWS-RunShellScript, schedule: "cron(0 2 ? * SUN *)", durationHours: 4, cutoffHours: 0, enabled: false, registered: false, target: "tag:Patch=enabled", operation: scan, start: "2026-11-10", seconds: 60}
  - {account: "222200000002", region: eu-west-1, os: UBUNTU, metadata: on, network: {egress443: false, publicAddress: false, mirror: true}}
  - {account: "222200000001", region: eu-west-1, os: UBUNTU, network: {vpc: shop, private: true, networkAcl: no-443, endpoints: [ssm]}}
"#;

#[test]
fn facts_about_readiness_and_conflicts_are_accepted() {
    let scenario = read(FACTS).expect("valid");
    assert_eq!(scenario.fleet[0].metadata, Metadata::Off);
    assert_eq!(scenario.fleet[1].network.as_ref().map(|network| network.egress443), Some(Egress::Closed));
    assert!(scenario.accounts["222200000001"].default_host_management.is_on("eu-west-1"));
    assert!(!scenario.accounts["222200000001"].default_host_management.is_on("us-east-1"));
    assert!(scenario.accounts["222200000002"].default_host_management.is_on("us-east-1"));
}

#[test]
fn mistakes_in_facts_are_named_with_what_would_be_valid() {
    for (from, to, parts) in [
        ("metadata: off", "metadata: of", ["unknown value `of`", "on, off, optional-v1"]),
        ("[eu-west-1]}, ", "perhaps}, ", ["perhaps", "a list of Regions"]),
        ("egress443: false", "egress443: maybe", ["maybe", "s3-only, endpoints-and-s3, vpc-only"]),
        ("[ssm, {service: kms", "[SSM, {service: kms", ["unknown value `SSM`", "ssmmessages"]),
        ("group: closed", "grup: closed", ["grup", "line 23"]),
        ("networkAcl: no-443", "networkAcl: no-80", ["no-80", "no-443"]),
        ("route: nat-gateway", "route: nat", ["nat", "transit-gateway"]),
        ("- host-management-scan", "- host-management", ["host-management", "quick-setup-patch-policy"]),
        ("SUN *", "SON *", ["unknown schedule `cron(0 2 ? * SON *)`", "rate(1 day)"]),
        ("target: \"tag:Patch=enabled\"", "target: tag:Patch", ["tag:Patch", "tag:Key=Value"]),
        (
            "agent: stopped",
            "agent: gone",
            ["fleet[0].agent: `gone`", "expected a version such as 3.3.987.0, absent or stopped"],
        ),
        ("agent: stopped", "agent: stopped\n    managed: true", ["fleet[0].managed", "while the agent is stopped"]),
        ("python: \"3.10\"", "python: newest", ["fleet[0].python: `newest`", "such as 3.9 or absent"]),
        (
            "private: true, ",
            "private: true, route: internet-gateway, ",
            ["fleet[2].network.private", "internet gateway"],
        ),
        ("{service: s3, ", "{service: s3, group: closed, ", ["fleet[0].network.endpoints[2].group", "gateway"]),
        ("policy: nothing", "policy: patch-buckets-only", ["fleet[0].network.endpoints[1].policy", "kms is not s3"]),
        ("endpoints: [ssm]", "endpoints: [ssm, ssm]", ["fleet[2].network.endpoints[1].service", "twice"]),
        ("endpoints: [ssm]", "endpoints: [kms]", ["fleet[2].network.endpoints[0]", "another kms endpoint in fleet[0]"]),
        (
            "vpc: shop, private",
            "vpc: shop, mainRouteTable: true, private",
            ["fleet[2].network.mainRouteTable", "fleet[0]"],
        ),
        ("cutoffHours: 0", "cutoffHours: 4", ["fleet[0].associations[1].cutoffHours", "less than durationHours"]),
        ("start: \"2026-11-10\"", "start: soon", ["fleet[0].associations[1].start", "neither a date"]),
        ("maintenance-window, id", "run-patch-baseline, id", ["associations[1].task", "only for maintenance-window"]),
        (
            "- host-management-scan",
            "- {name: patch-now-running, schedule: rate(1 day)}",
            ["associations[0].schedule", "runs once"],
        ),
        (
            "- host-management-scan",
            "- {name: quick-setup-patch-policy, id: \"a b\"}",
            ["associations[0].id", "letters"],
        ),
    ] {
        let text = FACTS.replacen(from, to, 1);
        assert_ne!(text, FACTS, "{from}");
        let text = message(&text);
        for part in parts {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }
}
