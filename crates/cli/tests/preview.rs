//! `orgpatch preview` as it is called: credentials, an organization that answers over HTTP, exit status.

mod organizations;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use organizations::{Organizations, REFUSED};

const PLAN: &str = "schemaVersion: 1\nname: monthly\nregions: [ap-northeast-1]\n\
    stages: [{name: test, ous: [ou-abcd-11111111]}, {name: production, ous: [ou-abcd-22222222]}]\n";

/// A folder for files of one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Runs `orgpatch preview -` with that plan and nothing of this machine's environment.
fn preview(plan: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_orgpatch"))
        .args(["preview", "-"])
        .args(arguments)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("orgpatch started");
    // It may end without reading, as with a wrong command line.
    let _ = child.stdin.take().expect("its input").write_all(plan.as_bytes());
    child.wait_with_output().expect("orgpatch ended")
}

fn signed_in(endpoint: &str) -> [(&str, &str); 3] {
    [("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_ENDPOINT_URL", endpoint)]
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn an_organization_is_shown_in_the_plans_order() {
    let aws = Organizations::start();
    let output = preview(PLAN, &[], &signed_in(&aws.url));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    let places = [
        "Stage 1, test",
        "000000000001  shop-test",
        "Stage 2, production",
        "000000000002  shop",
        "Left out: 1 account",
    ];
    let places = places.map(|place| shown.find(place).unwrap_or_else(|| panic!("{place:?} is missing in {shown}")));
    assert!(places.is_sorted(), "{shown}");
    assert!(!shown.contains('\u{1b}') && output.stderr.is_empty(), "no colours and no progress in a pipe");
}

#[test]
fn json_is_one_document() {
    let aws = Organizations::start();
    let output = preview(PLAN, &["--format", "json", "--stages", "production"], &signed_in(&aws.url));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["schemaVersion"], 1);
    assert_eq!(document["stages"][0]["steps"][0]["accounts"][0]["accountId"], "000000000002");
    assert_eq!(document["stagesNotInRun"], serde_json::json!(["test"]));
    assert_eq!(document["accountsOutsidePlan"][0]["reason"]["code"], "stage-not-in-run");
}

#[test]
fn the_profile_that_is_asked_for_comes_before_the_environment() {
    let aws = Organizations::start();
    let config = folder("profiles").join("config");
    let profile = "[profile boss]\nregion = eu-west-1\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = x\n";
    fs::write(&config, profile).expect("a profile");
    let file = config.display().to_string();
    let [key, secret, endpoint] = signed_in(&aws.url);
    let output = preview(PLAN, &["--profile", "boss"], &[key, secret, endpoint, ("AWS_CONFIG_FILE", &file)]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(aws.callers().iter().all(|caller| caller.contains("AKIAPROFILE")), "{:?}", aws.callers());
}

#[cfg(unix)]
#[test]
fn the_aws_cli_is_asked_where_the_sdk_knows_nothing() {
    use std::os::unix::fs::PermissionsExt as _;

    let aws = Organizations::start();
    let folder = folder("aws-cli");
    let cli = folder.join("aws");
    let script = "#!/bin/sh\n[ \"$*\" = \"configure export-credentials --format process --profile sso\" ] || exit 9\n\
        echo '{\"Version\": 1, \"AccessKeyId\": \"AKIAEXPORTED\", \"SecretAccessKey\": \"x\", \"SessionToken\": \"y\"}'\n";
    fs::write(&cli, script).expect("a script");
    fs::set_permissions(&cli, fs::Permissions::from_mode(0o755)).expect("may be run");
    let config = folder.join("config");
    let profile = "[profile sso]\nsso_session = s\nsso_account_id = 000000000009\nsso_role_name = r\n\
        [sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://example.invalid/start\n";
    fs::write(&config, profile).expect("a profile");
    let (path, file) = (folder.display().to_string(), config.display().to_string());
    let environment = [("PATH", path.as_str()), ("AWS_CONFIG_FILE", &file), ("AWS_ENDPOINT_URL", &aws.url)];
    let output = preview(PLAN, &["--profile", "sso"], &environment);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(aws.callers().iter().all(|caller| caller.contains("AKIAEXPORTED")), "{:?}", aws.callers());
}

#[test]
fn what_would_refuse_the_run_ends_with_1_and_says_what_to_do() {
    let aws = Organizations::start();
    let refusing = signed_in(&aws.url);
    let unsigned = [("AWS_ENDPOINT_URL", aws.url.as_str())];
    let denied = [("AWS_ACCESS_KEY_ID", REFUSED), refusing[1], refusing[2]];
    let unknown = PLAN.replace("ou-abcd-22222222", "ou-abcd-99999999");
    let empty = PLAN.replace("ous: [ou-abcd-22222222]", "ous: [ou-abcd-33333333]");
    let twice = PLAN.replace("ous: [ou-abcd-22222222]", "accounts: [\"000000000001\", \"000000000002\"]");
    for (plan, arguments, environment, sentence, next) in [
        (PLAN, &["--stages", "tset"][..], &unsigned[..], "the plan has no stage \"tset\"", "name stages of the plan"),
        (
            PLAN,
            &[],
            &unsigned,
            "there are no credentials: neither the environment nor the default profile has any; and ",
            "sign in",
        ),
        (
            PLAN,
            &["--profile", "missing"],
            &refusing,
            "there are no credentials: the profile \"missing\" does not exist or has none; and ",
            "sign in",
        ),
        (
            PLAN,
            &[],
            &denied,
            "the organization cannot be read: organizations:DescribeOrganization: AccessDenied",
            "--profile",
        ),
        (
            &unknown,
            &[],
            &refusing,
            "stage \"production\": there is no organizational unit ou-abcd-99999999",
            "correct the id",
        ),
        (&empty, &[], &refusing, "stage \"production\" has no account", "move an account there"),
        (&twice, &[], &refusing, "account 000000000001 (shop-test) is claimed by stage", "exclude: {accounts"),
    ] {
        let output = preview(plan, arguments, environment);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("error: {sentence}")) && said.contains(next), "{said}");
        assert!(output.stdout.is_empty() && !said.contains('\u{1b}'));
    }
}

#[test]
fn it_says_what_sources_mean_with_baselines_too_and_does_not_repeat_their_configuration() {
    let aws = Organizations::start();
    let source =
        "{name: own, products: [\"*\"], configuration: \"[own]\\nbaseurl=https://repo.example.com/own/\\ngpgcheck=1\"}";
    let plan = format!(
        "{PLAN}select: {{operatingSystems: [AMAZON_LINUX_2023]}}\nbaselines: {{AMAZON_LINUX_2023: {{rules: [{{classification: [Security], approve: {{afterDays: 0}}}}], sources: [{source}]}}}}\n"
    );
    let state_machine = "arn:aws:states:eu-west-1:111111111111:stateMachine:orgpatch-patch-run";
    // Without credentials: it is said before the run, which takes minutes.
    let compared = ["--baselines", "--state-machine", state_machine, "--bucket", "b"];
    for (arguments, environment, status) in [
        (&["--format", "json"][..], &signed_in(&aws.url)[..], 0),
        (&compared, &[("AWS_ENDPOINT_URL", aws.url.as_str())], 1),
    ] {
        let output = preview(&plan, arguments, environment);
        let (shown, said) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(status), "{shown}{said}");
        let caution = "caution: source \"own\": every selected instance of AMAZON_LINUX_2023 installs packages from \
            https://repo.example.com/own/ as root";
        assert!(said.contains(caution), "{said}");
        assert!(!shown.contains("baseurl"), "{shown}");
        assert_eq!(shown.contains("configurationSha256"), status == 0, "{shown}");
    }
}

#[test]
fn mistakes_in_the_plan_are_shown_as_validate_shows_them() {
    let plan = PLAN.replace("regions", "region");
    let output = preview(&plan, &[], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).ends_with("<stdin>: 2 mistakes\n"), "{}", text(&output.stdout));

    let output = preview(&plan, &["--format", "json"], &[]);
    assert_eq!(output.status.code(), Some(1));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["valid"], false);
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let output = preview("", &["--format", "xml"], &[]);
    assert_eq!(output.status.code(), Some(2));
    let output = Command::new(env!("CARGO_BIN_EXE_orgpatch")).args(["preview", "no-such-plan.yaml"]).output();
    let output = output.expect("orgpatch ended");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("error: cannot read no-such-plan.yaml"));
}

#[test]
fn what_earlier_runs_left_behind_is_read_from_the_bucket() {
    let aws = Organizations::start();
    let of = |bucket: &str, stages: &str| {
        let output = preview(PLAN, &["--bucket", bucket, "--stages", stages], &signed_in(&aws.url));
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        (text(&output.stdout), text(&output.stderr))
    };
    let (shown, _) = of("halted", "production");
    let halted = "  Before     test has NOT passed, so an install run is refused: run friday halted there at 2026-11-13T11:22:00Z: 1 of 1 attempted instances failed; the plan has changed since\n";
    assert!(shown.contains(halted), "{shown}");
    let (shown, _) = of("halted", "test,production");
    assert!(!shown.contains("  Before "), "{shown}");
    let (shown, errors) = of("broken", "production");
    assert!(shown.contains("--bucket NAME looks whether it has"), "{shown}");
    assert!(errors.contains("note: the preview does not tell which stages have passed: "), "{errors}");
}
