//! What baselines do to instances: which one applies, what it installs, what is reported.
use crate::testing::{Lab, MEMBER, REGION};
use serde_json::{Value, json};

const FIRST: &str = "i-00000000";
const SECOND: &str = "i-00000001";

fn node(n: usize, os: &str, tags: &str) -> String {
    format!(
        "  - {{account: \"{MEMBER}\", region: {REGION}, id: i-0000000{n}, os: {os}, tags: {{{tags}}}, behaviour: {{seconds: 10}}}}\n"
    )
}

/// Returns a world whose member account has these baselines, given as YAML flow mappings.
fn with(fleet: &str, baselines: &[&str]) -> Lab {
    let list = baselines.join(", ");
    Lab::with(fleet, &format!("accounts: {{\"{MEMBER}\": {{baselines: [{list}]}}}}"))
}

/// Returns a baseline for Amazon Linux 2023 that approves every released patch.
fn all(name: &str, more: &str) -> String {
    format!("{{name: {name}, os: AMAZON_LINUX_2023, rules: [{{approveAfterDays: 0}}], {more}}}")
}

fn scan(lab: &mut Lab, seconds: i64) {
    lab.send("Scan", &json!({}));
    lab.at(seconds);
}

fn install(lab: &mut Lab, seconds: i64) {
    lab.send("Install", &json!({}));
    lab.at(seconds);
}

fn judged_by(lab: &mut Lab, id: &str) -> String {
    let baseline = lab.patch_state(id)["BaselineId"].take();
    let answer = lab.raw("ssm", "GetPatchBaseline", MEMBER, json!({"BaselineId": baseline}));
    answer.map_or_else(
        |error| error.code,
        |body| serde_json::from_str::<Value>(&body).expect("JSON")["Name"].as_str().expect("a name").to_owned(),
    )
}

#[test]
fn the_patch_group_comes_before_the_default_and_the_default_before_aws() {
    let fleet = [
        node(0, "AMAZON_LINUX_2023", "PatchGroup: web"),
        node(1, "AMAZON_LINUX_2023", "Patch Group: web"),
        node(2, "AMAZON_LINUX_2023", "PatchGroup: db"),
        node(3, "AMAZON_LINUX_2023", ""),
        node(4, "WINDOWS", "PatchGroup: web"),
    ]
    .concat();
    let web = all("web-baseline", "patchGroups: [web]");
    let mut lab = with(&fleet, &[&web, &all("default-baseline", "default: true"), &all("unused", "")]);
    scan(&mut lab, 60);
    let names: Vec<_> = (0..4).map(|n| judged_by(&mut lab, &format!("i-0000000{n}"))).collect();
    assert_eq!(names, ["web-baseline", "web-baseline", "default-baseline", "default-baseline"]);
    assert_eq!(judged_by(&mut lab, "i-00000004"), "DoesNotExistException", "the short id of one of AWS's own");
    assert_eq!(lab.patches("i-00000003").len(), 3, "nothing waits");
    assert_eq!(lab.patches("i-00000004"), ["KB1=MISSING", "KB2=AVAILABLE_SECURITY_UPDATE"]);
}

#[test]
fn another_default_counts_from_the_next_operation_on() {
    let mut lab = with(&node(0, "AMAZON_LINUX_2023", ""), &[&all("mine", "")]);
    scan(&mut lab, 60);
    assert_eq!(lab.patches(FIRST), ["bash=MISSING", "kernel=MISSING"]);
    assert_eq!(lab.ground_truth(FIRST)["missing"], json!(["bash", "kernel"]));
    let id = lab.ssm("DescribePatchBaselines", json!({"Filters": [{"Key": "OWNER", "Values": ["Self"]}]}));
    lab.ssm("RegisterDefaultPatchBaseline", json!({"BaselineId": id["BaselineIdentities"][0]["BaselineId"]}));
    assert_eq!(lab.ground_truth(FIRST)["missing"], json!(["bash", "kernel", "openssl"]), "the truth follows at once");
    assert_eq!(lab.patches(FIRST).len(), 2, "the report does not");
    install(&mut lab, 120);
    assert_eq!(lab.patches(FIRST), ["bash=INSTALLED", "kernel=INSTALLED", "openssl=INSTALLED"]);
}

#[test]
fn a_snapshot_keeps_its_approved_set_when_the_baseline_changes() {
    let mut lab = with(&node(0, "AMAZON_LINUX_2023", ""), &[&all("mine", "default: true")]);
    let snapshot = json!({"Parameters": {"SnapshotId": ["0a1b2c3d-0000-4000-8000-000000000001"]}});
    lab.send("Scan", &snapshot);
    lab.at(60);
    let id = lab.patch_state(FIRST)["BaselineId"].take();
    lab.ssm("UpdatePatchBaseline", json!({"BaselineId": id, "RejectedPatches": ["*"]}));
    lab.send("Scan", &snapshot);
    lab.at(120);
    assert_eq!(lab.patches(FIRST).len(), 3, "as when it was first used");
    scan(&mut lab, 180);
    assert_eq!(lab.patches(FIRST).len(), 0, "an operation of its own sees the change");
}

#[test]
fn three_delays_give_three_installs_on_the_same_day() {
    // On 2026-11-10 bash is 40 days old, kernel 9 and openssl one.
    let fleet: String = (0..3).map(|n| node(n, "AMAZON_LINUX_2023", &format!("PatchGroup: g{n}"))).collect();
    let baselines: Vec<_> = [0, 3, 14]
        .iter()
        .enumerate()
        .map(|(n, days)| {
            format!(
                "{{name: base{n}, os: AMAZON_LINUX_2023, patchGroups: [g{n}], rules: [{{approveAfterDays: {days}}}]}}"
            )
        })
        .collect();
    let mut lab = with(&fleet, &baselines.iter().map(String::as_str).collect::<Vec<_>>());
    install(&mut lab, 60);
    let installed: Vec<_> = (0..3).map(|n| lab.ground_truth(&format!("i-0000000{n}"))["installed"].take()).collect();
    assert_eq!(installed, [json!(["bash", "kernel", "openssl"]), json!(["bash", "kernel"]), json!(["bash"])]);
}

#[test]
fn a_blocked_patch_is_not_installed_and_where_it_is_it_counts() {
    for (action, second, counts) in
        [("BLOCK", "openssl=INSTALLED_REJECTED", [1, 1]), ("ALLOW_AS_DEPENDENCY", "openssl=INSTALLED_OTHER", [0, 0])]
    {
        let fleet = node(0, "AMAZON_LINUX_2023", "")
            + &node(1, "AMAZON_LINUX_2023", "").replace("behaviour", "installed: [openssl], behaviour");
        let mine = all("mine", &format!("default: true, rejectedPatches: [openssl], rejectedPatchesAction: {action}"));
        let mut lab = with(&fleet, &[&mine]);
        install(&mut lab, 60);
        assert_eq!(lab.ground_truth(FIRST)["installed"], json!(["bash", "kernel"]), "{action}");
        assert_eq!(lab.patches(FIRST), ["bash=INSTALLED", "kernel=INSTALLED"], "{action}");
        assert_eq!(lab.patches(SECOND), ["bash=INSTALLED", "kernel=INSTALLED", second]);
        let state = lab.patch_state(SECOND);
        assert_eq!(
            [&state["InstalledRejectedCount"], &state["SecurityNonCompliantCount"]].map(Value::as_u64),
            counts.map(Some)
        );
    }
}

#[test]
fn a_rejected_version_leaves_the_one_before() {
    let versions = [("1", "2026-10-01"), ("2", "2026-10-20")].map(|(version, released)| {
        format!(
            "  - {{id: vim, version: \"{version}\", os: SUSE, released: \"{released}\", classification: Security}}\n"
        )
    });
    let mut lab = Lab::with_patches(
        &versions.concat(),
        &node(0, "SUSE", ""),
        &format!(
            "accounts: {{\"{MEMBER}\": {{baselines: [{{name: mine, os: SUSE, default: true, rules: [{{approveAfterDays: 0}}], rejectedPatches: [vim-2], rejectedPatchesAction: BLOCK}}]}}}}"
        ),
    );
    install(&mut lab, 60);
    let rows = lab.ssm("DescribeInstancePatches", json!({"InstanceId": FIRST}));
    assert_eq!((&rows["Patches"][0]["Title"], &rows["Patches"][0]["State"]), (&json!("vim:1"), &json!("INSTALLED")));
}

#[test]
fn a_requirement_comes_along_unless_it_is_blocked() {
    let patches = r#"  - {id: app, version: "1", os: SUSE, released: "2026-10-01", classification: Security, requires: [lib]}
  - {id: lib, version: "1", os: SUSE, released: "2026-10-01", classification: Optional, requires: [base]}
  - {id: base, version: "1", os: SUSE, released: "2026-10-01", classification: Optional}
  - {id: tool, version: "1", os: SUSE, released: "2026-10-01", classification: Security}
"#;
    for (rejected, action, installed, rows) in [
        (
            "",
            "BLOCK",
            vec!["app", "base", "lib", "tool"],
            vec!["app=INSTALLED", "base=INSTALLED_OTHER", "lib=INSTALLED_OTHER", "tool=INSTALLED"],
        ),
        (
            "base",
            "ALLOW_AS_DEPENDENCY",
            vec!["app", "base", "lib", "tool"],
            vec!["app=INSTALLED", "base=INSTALLED_OTHER", "lib=INSTALLED_OTHER", "tool=INSTALLED"],
        ),
        ("base", "BLOCK", vec!["tool"], vec!["app=FAILED", "tool=INSTALLED"]),
    ] {
        let more = format!(
            "accounts: {{\"{MEMBER}\": {{baselines: [{{name: mine, os: SUSE, default: true, rules: [{{approveAfterDays: 0, filters: {{CLASSIFICATION: [Security]}}}}], rejectedPatches: [{rejected}], rejectedPatchesAction: {action}}}]}}}}"
        );
        let mut lab = Lab::with_patches(patches, &node(0, "SUSE", ""), &more);
        scan(&mut lab, 60);
        assert_eq!(lab.patches(FIRST), ["app=MISSING", "tool=MISSING"], "{rejected} {action}");
        let command = lab.send("Install", &json!({}));
        lab.at(120);
        assert_eq!(lab.ground_truth(FIRST)["installed"], json!(installed), "{rejected} {action}");
        assert_eq!(lab.patches(FIRST), rows, "{rejected} {action}");
        let end = if installed.len() == 1 { "Failed" } else { "Success" };
        assert_eq!(lab.details(&command), [end]);
    }
}

#[test]
fn every_patch_counts_once_as_critical_security_or_other() {
    let rules = "rules: [{approveAfterDays: 7, complianceLevel: CRITICAL, filters: {SEVERITY: [Important]}}, {approveAfterDays: 0, complianceLevel: HIGH}]";
    let patches = r#"  - {id: a, os: SUSE, released: "2026-10-01", classification: Security, severity: Important}
  - {id: b, os: SUSE, released: "2026-10-01", classification: Recommended, severity: Important}
  - {id: c, os: SUSE, released: "2026-10-01", classification: Security, severity: Low}
  - {id: d, os: SUSE, released: "2026-10-01", classification: Recommended, severity: Low}
  - {id: e, os: SUSE, released: "2026-11-09", classification: Security, severity: Important}
"#;
    let more = format!("accounts: {{\"{MEMBER}\": {{baselines: [{{name: mine, os: SUSE, default: true, {rules}}}]}}}}");
    let mut lab = Lab::with_patches(patches, &node(0, "SUSE", ""), &more);
    let counts = |lab: &mut Lab| {
        let state = lab.patch_state(FIRST);
        ["CriticalNonCompliantCount", "SecurityNonCompliantCount", "OtherNonCompliantCount"]
            .map(|name| state[name].as_u64())
    };
    scan(&mut lab, 60);
    assert_eq!(counts(&mut lab), [2, 2, 1].map(Some));
    install(&mut lab, 120);
    assert_eq!(counts(&mut lab), [0, 0, 0].map(Some));
}

#[test]
fn security_updates_that_wait_count_where_the_baseline_says_so() {
    for (status, count) in [("COMPLIANT", 0), ("NON_COMPLIANT", 1)] {
        let mine = format!(
            "{{name: mine, os: WINDOWS, default: true, rules: [{{approveAfterDays: 30}}], availableSecurityUpdatesComplianceStatus: {status}}}"
        );
        let mut lab = with(&node(0, "WINDOWS", ""), &[&mine]);
        install(&mut lab, 60);
        assert_eq!(lab.patches(FIRST), ["KB1=INSTALLED", "KB2=AVAILABLE_SECURITY_UPDATE"], "{status}");
        let state = lab.patch_state(FIRST);
        assert_eq!(
            (&state["SecurityNonCompliantCount"], &state["CriticalNonCompliantCount"]),
            (&json!(count), &json!(0))
        );
    }
}

#[test]
fn a_superseded_windows_update_is_never_installed_however_long_one_waits() {
    // The delay is 31 days and an update comes every 29 or 30 days. Whenever an update is approved, it has been replaced
    // already.
    let month = |n: i64| format!("2026-{:02}-{:02}", 8 + n, 13 - n);
    let patches: Vec<_> = (0..5)
        .map(|n| {
            let next = if n < 4 { format!(", supersededBy: KB{}", n + 1) } else { String::new() };
            format!("  - {{id: KB{n}, os: WINDOWS, released: \"{}\", classification: SecurityUpdates, severity: Critical{next}}}\n", month(n))
        })
        .collect();
    let more = format!(
        "accounts: {{\"{MEMBER}\": {{baselines: [{{name: mine, os: WINDOWS, default: true, rules: [{{approveAfterDays: 31}}]}}]}}}}"
    );
    let mut lab = Lab::with_patches(&patches.concat(), &node(0, "WINDOWS", ""), &more);
    for day in [0, 10, 20, 28] {
        lab.at(day * 86_400);
        install(&mut lab, day * 86_400 + 60);
        assert_eq!(lab.ground_truth(FIRST)["installed"], json!([]), "day {day}");
        assert_eq!(lab.patch_state(FIRST)["SecurityNonCompliantCount"], 0, "and the node is compliant");
        assert_eq!(lab.patches(FIRST).len(), 1, "only the newest is offered");
    }
}

#[test]
fn a_snapshot_does_not_bring_back_what_is_superseded() {
    let patches = r#"  - {id: KB1, os: WINDOWS, released: "2026-10-01", classification: SecurityUpdates, severity: Critical, supersededBy: KB2}
  - {id: KB2, os: WINDOWS, released: "2026-11-11", classification: SecurityUpdates, severity: Critical}
"#;
    let mut lab = Lab::with_patches(patches, &node(0, "WINDOWS", ""), "");
    let snapshot = json!({"Parameters": {"SnapshotId": ["0a1b2c3d-0000-4000-8000-000000000001"]}});
    lab.send("Scan", &snapshot);
    lab.at(60);
    assert_eq!(lab.patches(FIRST), ["KB1=MISSING"]);
    lab.at(86_400);
    lab.send("Install", &snapshot);
    lab.at(86_460);
    assert_eq!(lab.ground_truth(FIRST)["installed"], json!([]));
    assert_eq!(lab.patches(FIRST), ["KB2=AVAILABLE_SECURITY_UPDATE"]);
}

#[test]
fn the_truth_tells_the_baselines_that_really_exist() {
    let other = "{name: orgpatch-x, os: SUSE, tags: {owner: another-team}, regions: [us-east-1]}";
    let mut lab = with(&node(0, "AMAZON_LINUX_2023", ""), &[&all("mine", "default: true, patchGroups: [web]"), other]);
    let truth = crate::world::ground_truth::describe(&lab.world)["baselines"].take();
    let here = &truth[MEMBER][REGION];
    assert_eq!((&here["baselines"][0]["name"], &here["baselines"][0]["default"]), (&json!("mine"), &json!(true)));
    assert_eq!(here["baselines"][0]["content"]["ApprovalRules"]["PatchRules"][0]["ApproveAfterDays"], 0);
    assert_eq!(here["defaults"]["AMAZON_LINUX_2023"]["name"], "mine");
    assert_eq!(
        (&here["patchGroups"][0]["patchGroup"], &here["patchGroups"][0]["name"]),
        (&json!("web"), &json!("mine"))
    );
    let there = &truth[MEMBER]["us-east-1"];
    assert_eq!((&there["baselines"][0]["tags"], &there["defaults"]), (&json!({"owner": "another-team"}), &json!({})));

    let id = here["baselines"][0]["id"].clone();
    let predefined = crate::patching::baseline::predefined::default_for(
        crate::facts::operating_systems::Os::from_code("AMAZON_LINUX_2023").expect("known"),
        REGION,
    );
    lab.ssm("RegisterDefaultPatchBaseline", json!({"BaselineId": predefined.reference()}));
    lab.ssm("DeregisterPatchBaselineForPatchGroup", json!({"BaselineId": id, "PatchGroup": "web"}));
    lab.ssm("DeletePatchBaseline", json!({"BaselineId": id}));
    let truth = crate::world::ground_truth::describe(&lab.world)["baselines"].take();
    assert!(truth[MEMBER][REGION].is_null(), "nothing of its own is left: {truth}");
}
