//! What changes while the world runs, and what instances report in their own way.
use crate::testing::{Lab, MEMBER, REGION};
use serde_json::json;

fn windows(n: usize, more: &str) -> String {
    format!(
        "  - {{account: \"{MEMBER}\", region: {REGION}, id: i-0000000{n}, os: WINDOWS, {more}, behaviour: {{seconds: 10}}}}\n"
    )
}

const UPDATES: &str = r#"  - {id: KB5046616, os: WINDOWS, released: "2026-10-01", classification: SecurityUpdates, severity: Critical, title: 2026-11 Cumulative Update (KB5046616), titles: {de: 2026-11 Kumulatives Update (KB5046616), ja: 2026-11 累積更新プログラム (KB5046616)}}
  - {id: KB5000001, os: WINDOWS, released: "2026-10-01", classification: SecurityUpdates, severity: Critical, feature: IIS}
  - {id: KB5000002, os: WINDOWS, released: "2026-11-09", classification: SecurityUpdates, severity: Critical, feature: IIS}"#;

#[test]
fn an_update_for_a_feature_that_is_not_there_is_neither_missing_nor_installed() {
    let fleet = [windows(0, "features: [IIS]"), windows(1, "language: de")].concat();
    let mut lab = Lab::with_patches(UPDATES, &fleet, "");
    lab.send("Scan", &json!({}));
    lab.at(60);
    let rows = |lab: &mut Lab, n: usize| lab.patches(&format!("i-0000000{n}"));
    assert_eq!(rows(&mut lab, 0), ["KB5000001=MISSING", "KB5000002=AVAILABLE_SECURITY_UPDATE", "KB5046616=MISSING"]);
    // One that is not approved yet says nothing.
    assert_eq!(rows(&mut lab, 1), ["KB5000001=NOT_APPLICABLE", "KB5046616=MISSING"]);
    let state = lab.patch_state("i-00000001");
    assert_eq!((&state["NotApplicableCount"], &state["MissingCount"]), (&json!(1), &json!(1)));
    lab.send("Install", &json!({}));
    lab.at(120);
    assert_eq!(lab.ground_truth("i-00000001")["installed"], json!(["KB5046616"]));
    let state = lab.patch_state("i-00000001");
    let non_compliant = ["Critical", "Security", "Other"].map(|kind| state[format!("{kind}NonCompliantCount")].clone());
    assert_eq!((&state["NotApplicableCount"], non_compliant), (&json!(1), [json!(0), json!(0), json!(0)]));
    let filter = json!([{"Key": "State", "Values": ["NotApplicable"]}]);
    let answer = lab.ssm("DescribeInstancePatches", json!({"InstanceId": "i-00000001", "Filters": filter}));
    let row = &answer["Patches"][0];
    assert_eq!(
        (&row["Classification"], &row["Severity"], &row["InstalledTime"]),
        (&json!(""), &json!(""), &json!(0.0))
    );
}

#[test]
fn titles_are_in_the_language_of_the_instance() {
    let fleet = [windows(0, "language: de"), windows(1, "language: ja"), windows(2, "language: fr")].concat();
    let mut lab = Lab::with_patches(UPDATES, &fleet, "");
    lab.send("Scan", &json!({}));
    lab.at(60);
    let mut title = |n: usize| {
        let request =
            json!({"InstanceId": format!("i-0000000{n}"), "Filters": [{"Key": "KBId", "Values": ["KB5046616"]}]});
        lab.ssm("DescribeInstancePatches", request)["Patches"][0]["Title"].as_str().expect("a title").to_owned()
    };
    assert_eq!(
        [title(0), title(1), title(2)],
        [
            "2026-11 Kumulatives Update (KB5046616)",
            "2026-11 累積更新プログラム (KB5046616)",
            "2026-11 Cumulative Update (KB5046616)"
        ]
    );
}

#[test]
fn another_baseline_takes_the_places_over_while_the_world_runs() {
    let fleet = [windows(0, "tags: {}"), windows(1, "tags: {PatchGroup: web}")].concat();
    let accounts = format!(
        "accounts: {{\"{MEMBER}\": {{baselines: [{{name: ours, os: WINDOWS, default: true, patchGroups: [web]}}, {{name: theirs, os: WINDOWS, registeredAfter: 100, default: true, patchGroups: [web]}}]}}}}"
    );
    let mut lab = Lab::with_patches(UPDATES, &fleet, &accounts);
    let registered = |lab: &mut Lab| {
        let default = lab.ssm("GetDefaultPatchBaseline", json!({"OperatingSystem": "WINDOWS"}))["BaselineId"].take();
        let of_group = json!({"PatchGroup": "web", "OperatingSystem": "WINDOWS"});
        let group = lab.ssm("GetPatchBaselineForPatchGroup", of_group)["BaselineId"].take();
        [default, group].map(|id| {
            lab.ssm("GetPatchBaseline", json!({"BaselineId": id}))["Name"].as_str().expect("a name").to_owned()
        })
    };
    lab.at(99);
    assert_eq!(registered(&mut lab), ["ours", "ours"]);
    lab.at(100);
    assert_eq!(registered(&mut lab), ["theirs", "theirs"]);
}

#[test]
fn an_account_joins_and_an_ou_gets_another_name() {
    let more = r#"
accounts: {"222200000009": {name: late}}
accountChanges: [{account: "222200000009", after: 100, joins: ou-abcd-11111111}]
ouRenames: [{id: ou-abcd-11111111, after: 100, name: Erprobung/1}]
"#;
    let mut lab = Lab::with("  - {account: \"222200000009\", region: ap-northeast-1, os: UBUNTU}", more);
    let children = |lab: &mut Lab| {
        let answer = lab.organizations("ListAccountsForParent", json!({"ParentId": "ou-abcd-11111111"}));
        answer["Accounts"].as_array().expect("a list").len()
    };
    let name = |lab: &mut Lab| {
        let ou = lab.organizations("DescribeOrganizationalUnit", json!({"OrganizationalUnitId": "ou-abcd-11111111"}));
        ou["OrganizationalUnit"]["Name"].as_str().expect("a name").to_owned()
    };
    lab.at(99);
    assert_eq!((children(&mut lab), name(&mut lab)), (1, "Test".to_owned()));
    assert!(!lab.world.organization.accounts.contains_key("222200000009"));
    lab.at(100);
    assert_eq!((children(&mut lab), name(&mut lab)), (2, "Erprobung/1".to_owned()));
    let organization = &lab.world.organization;
    let ou = organization.ou_of(&organization.accounts["222200000009"]).expect("an OU");
    assert_eq!(ou.path, r"Erprobung\/1");
}
