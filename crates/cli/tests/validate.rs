//! `orgpatch validate` as it is called: arguments, standard input, exit status.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const VALID: &str =
    "schemaVersion: 1\nname: monthly\nregions: [ap-northeast-1]\nstages: [{name: test, ous: [r-abcd]}]\n";

fn orgpatch(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_orgpatch"))
        .args(arguments)
        // No credentials and no Region: this command needs neither.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("orgpatch started");
    // It may end without reading, as with a wrong command line.
    let _ = child.stdin.take().expect("its input").write_all(input);
    child.wait_with_output().expect("orgpatch ended")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn a_valid_plan_ends_with_0() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/plans");
    let monthly = examples.join("monthly.yaml").display().to_string();
    let output = orgpatch(&["validate", &monthly], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("the plan monthly is valid: test → staging → production"));
}

#[test]
fn standard_input_is_a_plan_too() {
    let output = orgpatch(&["validate", "-"], VALID.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let shown = text(&output.stdout);
    assert!(shown.starts_with("<stdin>: the plan monthly is valid: test\nSHA-256: "), "{shown}");
}

#[test]
fn changed_defaults_are_notes_beside_the_answer() {
    let output = orgpatch(&["validate", "-"], VALID.as_bytes());
    assert_eq!(
        text(&output.stderr),
        "note: an instance of Windows may get a second install, unlike under earlier builds; in test, `passes: 1` gives back the old behaviour (CHANGELOG.md, Passes)\n\
         note: a step ends after at most 24 hours, unlike under earlier builds; in test, `deadline: 72h` gives back the old behaviour (CHANGELOG.md, Deadline)\n"
    );
    let output = orgpatch(&["validate", "-", "--format", "json"], VALID.as_bytes());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["changedDefaults"][1]["earlier"], "deadline: 72h");
    assert!(output.stderr.is_empty());
    let says_it_all = VALID.replace("[r-abcd]", "[r-abcd], passes: 1, deadline: 16h");
    assert!(orgpatch(&["validate", "-"], says_it_all.as_bytes()).stderr.is_empty());
}

#[test]
fn every_plan_is_checked_whatever_the_others_are() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/plans");
    let monthly = examples.join("monthly.yaml").display().to_string();
    let mistaken = VALID.replace("regions", "region");
    let output = orgpatch(&["validate", "-", &monthly], mistaken.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    assert!(shown.contains("<stdin>: 2 mistakes\n") && shown.contains("the plan monthly is valid: test →"), "{shown}");

    let output = orgpatch(&["validate", "no-such-plan.yaml", "-", &monthly, "--format", "json"], mistaken.as_bytes());
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: cannot read no-such-plan.yaml: "), "{}", text(&output.stderr));
    let documents: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let valid: Vec<_> = documents.as_array().expect("a list").iter().map(|one| one["valid"].as_bool()).collect();
    assert_eq!(valid, [Some(false), Some(true)]);
    // The form does not depend on which of them can be read.
    let output = orgpatch(&["validate", "no-such-plan.yaml", &monthly, "--format", "json"], b"");
    let documents: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(documents.as_array().map(Vec::len), Some(1));
}

#[test]
fn warnings_are_shown_in_their_lines_beside_the_answer() {
    let plan = "schemaVersion: 1\nname: monthly\nregions: [ap-northeast-1]\nselect: {operatingSystems: [WINDOWS]}\n\
        baselines:\n  WINDOWS:\n    rules:\n      - product: [Windows Server 2019]\n\
        stages: [{name: test, ous: [r-abcd], passes: 1, deadline: 16h, approve: {afterDays: 0}}]\n";
    let output = orgpatch(&["validate", "-"], plan.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).starts_with("<stdin>: the plan monthly is valid: test\n"));
    let beside = text(&output.stderr);
    let expected = "\
warning: baselines.WINDOWS.rules[0].product[0]: \"Windows Server 2019\" is no product of WINDOWS that any source names (nearest: WindowsServer2019)
 --> <stdin>:8:19
  |
8 |       - product: [Windows Server 2019]
  |                   ^^^^^^^^^^^^^^^^^^^
  |
  = help: valid: a value that `aws ssm describe-patch-properties --operating-system WINDOWS --property PRODUCT` lists";
    assert!(beside.contains(expected), "{beside}");
    let output = orgpatch(&["validate", "-", "--format", "json"], plan.as_bytes());
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&document["valid"], &document["warnings"][0]["line"]), (&true.into(), &8.into()));
    assert!(output.stderr.is_empty());
}

#[test]
fn mistakes_end_with_1() {
    let plan = VALID.replace("regions", "region");
    let output = orgpatch(&["validate", "-"], plan.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    assert!(shown.contains("error: region: unknown field \"region\" (did you mean regions?)"), "{shown}");
    assert!(shown.ends_with("<stdin>: 2 mistakes\n"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colours in a pipe");

    let output = orgpatch(&["validate", "-", "--format", "json"], plan.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["valid"], false);
    assert_eq!(document["errors"][1]["path"], "region");
    assert_eq!(document["errors"][1]["line"], 3);
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    for (arguments, input, message) in [
        (&["validate", "no-such-plan.yaml"][..], &b""[..], "cannot read no-such-plan.yaml: No such file"),
        (&["validate", "-"], b"name: \xff\n", "cannot read <stdin>: it is not UTF-8 text"),
        (&["validate"], b"", "Usage: orgpatch validate"),
        (&["validate", "-", "--format", "xml"], b"", "possible values: text, json"),
        (&["valdate"], b"", "similar subcommand exists: 'validate'"),
    ] {
        let output = orgpatch(arguments, input);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(message), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}
