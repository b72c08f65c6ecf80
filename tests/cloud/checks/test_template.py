"""template.yaml and member-role.yaml pass their linters, name every part alike, and keep the data that must stay."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from . import asl, sources

KEBAB = re.compile(r"(?<!^)(?=[A-Z])")
ACTING = {"assume-role", "scan", "install", "collect-results"}
LOOKING = {"assume-role", "collect-results"}

DEFINITIONS = {"PatchRun": sources.STATE_MACHINE, "ScanRun": sources.SCAN_RUN}


# ------------------------------------------------------------------------------------------------------- linters
def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    plain = tmp_path / "transformed.json"
    plain.write_text(json.dumps(sources.transformed()))
    assert cfn_lint(plain, sources.TEMPLATE, sources.MEMBER_ROLE) == ""


@pytest.mark.parametrize("region", ["ap-northeast-1", "us-gov-west-1", "cn-north-1"])
def test_cfn_lint_finds_nothing_in_other_regions_and_partitions(tmp_path: Path, region: str) -> None:
    plain = tmp_path / "transformed.json"
    plain.write_text(json.dumps(sources.transformed()))
    assert cfn_lint("--regions", region, "--", plain, sources.MEMBER_ROLE) == ""


def test_sam_validate_lint_passes() -> None:
    # Without credentials, home folder and network, because it has to work offline.
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": "us-east-1",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    result = subprocess.run(
        [sam(), "validate", "--lint", "--template-file", sources.TEMPLATE],
        capture_output=True,
        text=True,
        env=environment,
        cwd=sources.ROOT,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def cfn_lint(*arguments: str | Path) -> str:
    """Returns the findings of cfn-lint."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "parseable", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr


def sam() -> str:
    """Returns the path of SAM CLI, which has a virtual environment of its own because it pins another boto3."""
    for candidate in (os.environ.get("ORGPATCH_SAM"), sources.ROOT / ".venv-sam/bin/sam", shutil.which("sam")):
        if candidate and Path(candidate).exists():
            return str(candidate)
    pytest.fail("SAM CLI not found: set ORGPATCH_SAM, or install aws-sam-cli into .venv-sam")


# ------------------------------------------------------------------------------- one name for each part, everywhere
def test_folder_crate_lambda_and_resource_have_one_name() -> None:
    crates = {folder.name for folder in (sources.ROOT / "crates").iterdir() if (folder / "Cargo.toml").exists()}
    assert {kebab(logical_id) for logical_id in sources.functions()} == crates - sources.LIBRARIES_AND_TOOLS


@pytest.mark.parametrize("logical_id", sources.functions())
def test_a_function_is_named_alike_in_every_place(logical_id: str) -> None:
    name, function = kebab(logical_id), sources.functions()[logical_id]
    properties, resources = function["Properties"], sources.template()["Resources"]
    cargo = tomllib.loads((sources.ROOT / "crates" / name / "Cargo.toml").read_text())
    assert [binary["name"] for binary in cargo["bin"]] == [name]
    assert properties["CodeUri"] == f"crates/{name}"
    assert function["Metadata"] == {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": name}}
    assert properties["FunctionName"] == {"Fn::Sub": f"${{AWS::StackName}}-{name}"}
    assert properties["Role"] == {"Fn::GetAtt": [f"{logical_id}Role", "Arn"]}
    assert properties["LoggingConfig"]["LogGroup"] == {"Ref": f"{logical_id}Logs"}
    log_group = resources[f"{logical_id}Logs"]["Properties"]["LogGroupName"]
    assert log_group == {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{name}"}


def kebab(logical_id: str) -> str:
    """Returns ListAccounts as list-accounts."""
    return KEBAB.sub("-", logical_id).lower()


# ------------------------------------------------------------------------------------------------------ versions
@pytest.mark.parametrize("logical_id", sources.functions())
def test_whatever_changes_a_function_publishes_a_version_and_keeps_the_old_ones(logical_id: str) -> None:
    function, globals_ = sources.functions()[logical_id], sources.template()["Globals"]["Function"]
    properties = function["Properties"]
    assert globals_["AutoPublishAlias"] == "live"
    assert properties["AutoPublishAliasAllProperties"] is True
    # Exactly the parameters in use. If one is missing, its change never reaches a run. If there is one too many,
    # CloudFormation tries to publish a version of an unchanged function, which Lambda refuses.
    described = parameters_in(properties["VersionDescription"])
    # Reserved concurrency belongs to the function and is in no version.
    rest = {
        key: value
        for key, value in properties.items()
        if key not in {"VersionDescription", "ReservedConcurrentExecutions"}
    }
    assert described == parameters_in([rest, globals_]), logical_id
    [version] = [
        resource
        for resource in sources.resources(sources.transformed(), "AWS::Lambda::Version").values()
        if resource["Properties"]["FunctionName"] == {"Ref": logical_id}
    ]
    assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_a_description_of_a_version_is_never_too_long() -> None:
    # Lambda takes 256 characters. The longest value of each parameter comes from its limits.
    parameters = sources.template()["Parameters"]
    longest = {
        "LogLevel": 5,
        "Architecture": 6,
        "MemberRoleName": 59,
        "ExternalId": 64,
        "StackSet": len("DELEGATED_ADMIN"),
        "EvidenceRetentionDays": len("9999"),
    }
    assert max(map(len, parameters["LogLevel"]["AllowedValues"])) == longest["LogLevel"]
    assert max(map(len, parameters["Architecture"]["AllowedValues"])) == longest["Architecture"]
    for name in ("MemberRoleName", "ExternalId"):
        assert re.search(rf"\{{\d+,{longest[name]}\}}\$$", parameters[name]["AllowedPattern"]), name
    longest["RolePath"] = parameters["RolePath"]["MaxLength"]
    for logical_id, function in sources.functions().items():
        described = function["Properties"]["VersionDescription"]["Fn::Sub"]
        text = described if isinstance(described, str) else described[0]
        assert len(re.sub(r"\$\{(\w+)\}", lambda found: "x" * longest[found[1]], text)) <= 256, logical_id


def test_the_state_machine_calls_versions() -> None:
    substitutions = sources.template()["Resources"]["PatchRun"]["Properties"]["DefinitionSubstitutions"]
    others = {"RunsBucket", "AlertsTopicArn", "Partition", "AllowedPatchSources", "ScanRunRole"}
    arns = {name: value for name, value in substitutions.items() if name not in others}
    assert arns == {f"{name}Arn": {"Ref": f"{name}.Version"} for name in sources.functions()}


def parameters_in(value: Any) -> set[str]:
    """Returns the parameters of the template that a value refers to."""
    text = json.dumps(value)
    names = set(re.findall(r'"Ref": "(\w+)"', text)) | set(re.findall(r"\$\{(\w+)\}", text))
    return names & set(sources.template()["Parameters"])


# --------------------------------------------------------------------------------------------- settings of functions
@pytest.mark.parametrize("logical_id", sources.functions())
def test_a_function_gets_the_settings_it_needs_and_no_others(logical_id: str) -> None:
    name, variables = kebab(logical_id), sources.functions()[logical_id]["Properties"]["Environment"]["Variables"]
    expected: dict[str, Any] = {"RUNS_BUCKET": {"Ref": "Runs"}, "RUST_LOG": {"Ref": "LogLevel"}}
    if name != "assume-role":
        expected["LEDGER_TABLE"] = {"Ref": "Ledger"}
    if name in ACTING:
        stack_set: Any = {"Fn::Sub": "${AWS::StackName}-member-role"}
        expected |= {
            "MEMBER_ROLE_NAME": {"Fn::Sub": "${MemberRoleName}-look"} if name in LOOKING else {"Ref": "MemberRoleName"},
            "MEMBER_ROLE_PATH": {"Ref": "RolePath"},
            "MEMBER_ROLE_STACK_SET": {"Fn::If": ["RollOutMemberRole", stack_set, ""]},
            "STACK_SET_CALL_AS": {"Ref": "CallAs"},
            "EXTERNAL_ID": {"Ref": "ExternalId"},
        }
        assert sources.template()["Resources"]["MemberRole"]["Properties"]["StackSetName"] == stack_set
    if name == "report":
        expected["METRICS_NAMESPACE"] = {"Fn::Sub": "orgpatch/${AWS::StackName}"}
        expected["EVIDENCE_RETENTION_DAYS"] = {"Ref": "EvidenceRetentionDays"}
    assert variables == expected


def test_functions_run_as_plain_binaries_on_the_chosen_processor() -> None:
    globals_ = sources.template()["Globals"]["Function"]
    assert (globals_["Runtime"], globals_["Handler"]) == ("provided.al2023", "bootstrap")
    assert globals_["Architectures"] == [{"Ref": "Architecture"}]
    for logical_id, function in sources.functions().items():
        assert 0 < function["Properties"]["Timeout"] <= 900, logical_id


def test_concurrency_is_reserved_for_the_functions_that_fan_out_and_only_on_demand() -> None:
    parameter = sources.template()["Parameters"]["ReservedConcurrency"]
    assert parameter["Default"] == ""
    # 0 would stop the functions.
    assert not re.fullmatch(parameter["AllowedPattern"], "0")
    reserved = {"Fn::If": ["HasReservedConcurrency", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]}
    for logical_id, function in sources.functions().items():
        got = function["Properties"].get("ReservedConcurrentExecutions")
        assert got == (reserved if kebab(logical_id) in ACTING else None), logical_id


# --------------------------------------------------------------------------------------------------- what is kept
def test_bucket_is_private_encrypted_versioned_and_stays() -> None:
    bucket = sources.template()["Resources"]["Runs"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    properties = bucket["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    # Current objects never expire, because the report of a run is the proof of it. Only the answers of queries expire.
    expiring = [rule for rule in properties["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule]
    assert [rule["Prefix"] for rule in expiring] == ["athena/"]


@pytest.mark.parametrize(
    ("policy", "action"), [("RunsPolicy", "s3:*"), ("AccessLogsPolicy", "s3:*"), ("AlertsPolicy", "sns:Publish")]
)
def test_bucket_and_topic_refuse_plain_http(policy: str, action: str) -> None:
    statement = sources.template()["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"][0]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", action)
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_ledger_survives_slips_and_forgets_by_itself() -> None:
    table = sources.template()["Resources"]["Ledger"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    properties = table["Properties"]
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    # CloudFormation cannot take a protected table away after a first deployment that failed, so it is protected later.
    assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["LedgerIsProtected", True, False]}
    assert sources.template()["Parameters"]["ProtectLedger"]["Default"] == "false"
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert [key["AttributeName"] for key in properties["KeySchema"]] == ["pk", "sk"]


def test_every_log_group_has_a_retention_and_the_state_machine_logs_no_payload() -> None:
    groups = sources.resources(sources.template(), "AWS::Logs::LogGroup")
    assert len(groups) == len(sources.functions()) + len(DEFINITIONS)
    for logical_id, group in groups.items():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, logical_id
    for machine in DEFINITIONS:
        logging = sources.template()["Resources"][machine]["Properties"]["Logging"]
        assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False), machine


# ------------------------------------------------------------------------------------------------------ schedules
@pytest.mark.parametrize("operation", ["scan", "install"])
def test_a_schedule_starts_nothing_until_it_is_enabled(operation: str) -> None:
    name = operation.capitalize()
    template = sources.template()
    properties = template["Resources"][f"{name}Schedule"]["Properties"]
    assert properties["State"] == {"Fn::If": [f"{name}ScheduleEnabled", "ENABLED", "DISABLED"]}
    assert template["Conditions"][f"{name}ScheduleEnabled"] == {
        "Fn::Equals": [{"Ref": f"Enable{name}Schedule"}, "true"]
    }
    assert template["Parameters"][f"Enable{name}Schedule"]["Default"] == "false"
    assert properties["ScheduleExpressionTimezone"] == {"Ref": "ScheduleTimezone"}
    assert properties["FlexibleTimeWindow"] == {"Mode": "OFF"}
    document = given(properties["Target"])
    assert document["operation"] == operation
    # The execution input is strict: an unknown field would end every scheduled run before it starts.
    assert set(document) <= {"operation", "plan", "stages", "comment", "scheduledTime"}


def given(target: dict[str, Any], names: str = "null") -> dict[str, Any]:
    """Returns the input of the runs that a schedule starts, with these stages."""
    text = target["Input"]["Fn::Sub"]
    parsed = json.loads((text if isinstance(text, str) else text[0]).replace("${Stages}", names))
    assert isinstance(parsed, dict)
    return parsed


SCHEDULES = ("ScanSchedule", "InstallSchedule", "SecondInstallSchedule", "ThirdInstallSchedule")


def test_every_night_of_an_install_has_its_own_stages() -> None:
    template = sources.template()
    assert set(sources.resources(template, "AWS::Scheduler::Schedule")) == set(SCHEDULES)
    for nth, logical_id in zip(("", "Second", "Third"), SCHEDULES[1:], strict=True):
        resource = template["Resources"][logical_id]
        # One schedule there always is; the others only with times of their own.
        assert resource.get("Condition") == (f"Has{nth}InstallSchedule" if nth else None)
        properties = resource["Properties"]
        assert properties["ScheduleExpression"] == {"Ref": f"{nth}InstallScheduleExpression"}
        # One switch enables all of them.
        assert properties["State"] == {"Fn::If": ["InstallScheduleEnabled", "ENABLED", "DISABLED"]}
        stages = properties["Target"]["Input"]["Fn::Sub"][1]["Stages"]["Fn::If"]
        assert stages[0] == f"Has{nth}InstallStages"
        assert template["Conditions"][stages[0]] == {"Fn::Not": [{"Fn::Equals": [{"Ref": f"{nth}InstallStages"}, ""]}]}
        joined = stages[1]["Fn::Sub"][1]["Names"]["Fn::Join"]
        assert joined == ['","', {"Fn::Split": [",", {"Ref": f"{nth}InstallStages"}]}]
        names = stages[1]["Fn::Sub"][0].replace("${Names}", joined[0].join(["test", "staging"]))
        assert given(properties["Target"], names)["stages"] == ["test", "staging"]
        assert given(properties["Target"], stages[2])["stages"] is None


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_says_its_time_and_tries_again_while_the_time_is_near(name: str) -> None:
    target = sources.template()["Resources"][name]["Properties"]["Target"]
    keyword = given(target)["scheduledTime"]
    source = (sources.ROOT / "crates" / "model" / "src" / "input.rs").read_text()
    assert re.findall(r'const SCHEDULED_TIME: &str = "(.*)";', source) == [keyword]
    # Later than this, list-accounts takes an execution for one that a person started again.
    source = (sources.ROOT / "crates" / "engine" / "src" / "run_lock.rs").read_text()
    [latest] = re.findall(r"const LATEST_START: i64 = ([\d_]+);", source)
    policy = target["RetryPolicy"]
    assert policy["MaximumRetryAttempts"] > 0
    assert 60 <= policy["MaximumEventAgeInSeconds"] < int(latest.replace("_", ""))


# ------------------------------------------------------------------------------------------------- member accounts
def test_member_role_is_plain_cloudformation() -> None:
    # StackSets refuse transforms, macros and nested stacks.
    assert "Transform" not in sources.member_role()
    assert "Fn::Transform" not in json.dumps(sources.member_role())
    types = {resource["Type"] for resource in sources.member_role()["Resources"].values()}
    assert types == {"AWS::IAM::Role", "AWS::IAM::Policy"}


def test_both_member_roles_have_names_that_iam_takes() -> None:
    for document in (sources.template(), sources.member_role()):
        pattern = document["Parameters"]["MemberRoleName"]["AllowedPattern"]
        assert re.fullmatch(pattern, "a" * (64 - len("-look")))
        assert not re.fullmatch(pattern, "a" * (65 - len("-look")))
    roles = sources.resources(sources.member_role(), "AWS::IAM::Role")
    names = {name: role["Properties"]["RoleName"] for name, role in roles.items()}
    # The names are those for which the functions ask; see the settings above.
    look = {"Fn::Sub": "${MemberRoleName}-look"}
    assert names == {"MemberRole": {"Ref": "MemberRoleName"}, "MemberLookRole": look}


def test_stack_set_hands_over_every_parameter_of_the_member_role() -> None:
    stack_set = sources.template()["Resources"]["MemberRole"]["Properties"]
    given = {parameter["ParameterKey"] for parameter in stack_set["Parameters"]}
    assert given == set(sources.member_role()["Parameters"])
    assert stack_set["PermissionModel"] == "SERVICE_MANAGED"
    assert stack_set["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": False}


def test_shared_parameters_accept_the_same_values_in_both_templates() -> None:
    for name, parameter in sources.member_role()["Parameters"].items():
        if name in sources.template()["Parameters"]:
            assert sources.template()["Parameters"][name]["AllowedPattern"] == parameter["AllowedPattern"], name


def test_the_stack_set_goes_to_the_region_that_the_operator_chooses() -> None:
    [group] = sources.template()["Resources"]["MemberRole"]["Properties"]["StackInstancesGroup"]
    chosen = {"Fn::If": ["HasMemberRoleRegion", {"Ref": "MemberRoleRegion"}, {"Ref": "AWS::Region"}]}
    assert group["Regions"] == [chosen]


def test_a_delegated_administrator_is_the_default() -> None:
    # No service control policy holds in the management account.
    assert sources.template()["Parameters"]["CallAs"]["Default"] == "DELEGATED_ADMIN"


# ------------------------------------------------------------------------------------------------ names of the stack
def test_the_name_of_the_stack_may_have_hyphens_and_capitals() -> None:
    # The guide of CloudWatch: a namespace with other characters than letters and digits is in double quotes. Glue and
    # Athena know fewer characters; there the name is a parameter (test_history.py).
    body = sources.template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    searches = re.findall(r"SEARCH\('(.*?)'", "\n".join(expressions_in(json.loads(body))))
    assert searches
    for search in searches:
        assert re.match(r'\{"orgpatch/\$\{AWS::StackName\}",Plan(,Stage)?\} MetricName="\w+"$', search), search


def expressions_in(value: Any) -> list[str]:
    """Returns the math expressions of a dashboard."""
    if isinstance(value, list):
        return [found for item in value for found in expressions_in(item)]
    if isinstance(value, dict):
        own = [value["expression"]] if "expression" in value else []
        return own + [found for item in value.values() for found in expressions_in(item)]
    return []


# ------------------------------------------------------------------------------------------------------ parameters
def test_every_parameter_is_described_and_shown_in_one_group() -> None:
    template = sources.template()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]
    assert sorted(shown) == sorted(template["Parameters"])
    for name, parameter in template["Parameters"].items():
        assert parameter.get("Description"), name
        assert "AllowedPattern" in parameter or "AllowedValues" in parameter, name
    without_default = {name for name, parameter in template["Parameters"].items() if "Default" not in parameter}
    assert without_default == {"OrganizationId", "ExternalId"}


@pytest.mark.parametrize(
    ("parameter", "value", "accepted"),
    [
        ("OrganizationId", "o-abcdefghij", True),
        ("OrganizationId", "r-abcd", False),
        ("ExternalId", "0123456789abcdef", True),
        ("ExternalId", "short", False),
        ("MemberOrganizationalUnitIds", "", True),
        ("MemberOrganizationalUnitIds", "ou-abcd-11111111", True),
        ("MemberOrganizationalUnitIds", "r-abcd", True),
        ("MemberOrganizationalUnitIds", " ou-abcd-11111111", False),
        ("ScheduleTimezone", "America/Argentina/Buenos_Aires", True),
        ("ScanScheduleExpression", "cron(0 2 ? * SUN#2 *)", True),
        ("ScanScheduleExpression", "every day", False),
        ("AlertEmail", "", True),
        ("AlertEmail", "night@example.com", True),
        ("AlertEmail", "night", False),
        ("InstanceTagKey", "", True),
        ("InstanceTagKey", "Patched by: us", True),
        ("InstanceTagKey", "a" * 128, True),
        ("InstanceTagKey", "a" * 129, False),
        ("InstanceTagKey", 'a":"true"},"StringLike":{"b', False),
        ("InstanceTagKey", "a\\", False),
        ("InstanceTagKey", " a", False),
        ("MemberRoleRegion", "", True),
        ("MemberRoleRegion", "us-gov-west-1", True),
        ("MemberRoleRegion", "eusc-de-east-1", True),
        ("MemberRoleRegion", "Frankfurt", False),
        ("RolePath", "/", True),
        ("RolePath", "/operations/patching/", True),
        ("RolePath", "operations", False),
        ("RolePath", "/operations", False),
        ("PermissionsBoundaryArn", "", True),
        ("PermissionsBoundaryArn", "arn:aws-us-gov:iam::111111111111:policy/limit", True),
        # A policy of AWS has no account that could be exchanged for the member's.
        ("PermissionsBoundaryArn", "arn:aws:iam::aws:policy/PowerUserAccess", False),
        ("PermissionsBoundaryArn", "limit", False),
        ("KmsKeyArn", "", True),
        ("KmsKeyArn", "arn:aws-cn:kms:cn-north-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab", True),
        ("KmsKeyArn", "arn:aws:kms:eu-central-1:111111111111:key/mrk-1234abcd12ab34cd56ef1234567890ab", True),
        ("KmsKeyArn", "arn:aws:kms:eu-central-1:111111111111:alias/orgpatch", False),
        ("KmsKeyArn", "alias/aws/s3", False),
        ("ReservedConcurrency", "", True),
        ("ReservedConcurrency", "40", True),
        ("ReservedConcurrency", "none", False),
        ("HistoryDatabaseName", "orgpatch_history", True),
        ("HistoryDatabaseName", "Patch_history", False),
        ("HistoryDatabaseName", "patch-history", False),
        ("HistoryDatabaseName", "", False),
        ("ScheduledPlan", "monthly", True),
        ("ScheduledPlan", "Monthly_Windows", True),
        ("ScheduledPlan", "_monthly", False),
        ("EvidenceRetentionDays", "0", True),
        ("EvidenceRetentionDays", "365", True),
        ("EvidenceRetentionDays", "10000", False),
        ("EvidenceRetentionDays", "", False),
        ("InstallStages", "", True),
        ("InstallStages", "test", True),
        ("SecondInstallStages", "test,Staging_2", True),
        ("InstallStages", "test, staging", False),
        ("ThirdInstallStages", 'test","x', False),
        ("InstallStages", "test,", False),
        ("SecondInstallScheduleExpression", "", True),
        ("ThirdInstallScheduleExpression", "cron(0 2 ? * SAT#3 *)", True),
        ("SecondInstallScheduleExpression", "every day", False),
        ("InstallScheduleExpression", "", False),
        ("ScheduledPlan", 'x","operation":"install', False),
    ],
)
def test_patterns_accept_what_is_right_and_nothing_else(parameter: str, value: str, accepted: bool) -> None:
    pattern = sources.template()["Parameters"][parameter]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, value)) is accepted


def test_a_schedule_can_start_any_plan_and_name_any_stage() -> None:
    schema = json.loads((sources.ROOT / "schemas" / "plan.schema.json").read_text())
    plan = schema["properties"]["name"]["pattern"]
    name = plan.removeprefix("^").removesuffix("$")
    patterns = {key: one.get("AllowedPattern") for key, one in sources.template()["Parameters"].items()}
    assert patterns["ScheduledPlan"] == plan
    for parameter in ("InstallStages", "SecondInstallStages", "ThirdInstallStages"):
        assert patterns[parameter] == f"^(|{name}(,{name})*)$", parameter


# ------------------------------------------------------------------------------------------------- rendered template
def test_rendered_template_differs_in_paths_only(tmp_path: Path) -> None:
    script = sources.ROOT / "scripts" / "render_template.py"
    rendered_file = tmp_path / "template.yaml"
    subprocess.run([sys.executable, script, "--output", rendered_file], check=True, capture_output=True)
    rendered, template = yaml.safe_load(rendered_file.read_text()), json.loads(json.dumps(sources.template()))
    for logical_id, resource in rendered["Resources"].items():
        properties, source = resource.get("Properties", {}), template["Resources"][logical_id]
        match resource["Type"]:
            case "AWS::Serverless::Function":
                code = (tmp_path / properties.pop("CodeUri")).resolve()
                assert code == sources.ROOT / "build" / "lambda" / f"{kebab(logical_id)}.zip"
                source["Properties"].pop("CodeUri")
                source.pop("Metadata")
            case "AWS::Serverless::StateMachine":
                assert (tmp_path / properties.pop("DefinitionUri")).resolve() == DEFINITIONS[logical_id]
                source["Properties"].pop("DefinitionUri")
            case "AWS::CloudFormation::StackSet":
                assert properties.pop("TemplateBody") == sources.MEMBER_ROLE.read_text()
                source["Properties"].pop("TemplateURL")
    assert rendered == template


# What is deployed, and what is given to people to deploy: no tests and no schemas.
DEPLOYED = {"statemachine", "queries", "examples"}


def test_no_partition_is_taken_for_granted() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.yaml", "*.json", "*.sql", "*.toml", "Makefile"],
        cwd=sources.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    deployed = [path for path in listed if path.split("/")[0] in DEPLOYED or "/" not in path]
    assert {"template.yaml", "member-role.yaml", "statemachine/patch-run.asl.json"} <= set(deployed)
    # An ARN that is written out belongs to one partition.
    found = {path for path in deployed if re.search(r"arn:aws[a-z-]*:", (sources.ROOT / path).read_text())}
    assert found == set(), "write arn:${AWS::Partition}: (arn:${Partition}: in the state machine)"


def test_the_state_machine_gets_the_partition() -> None:
    substitutions = sources.template()["Resources"]["PatchRun"]["Properties"]["DefinitionSubstitutions"]
    assert substitutions["Partition"] == {"Ref": "AWS::Partition"}
    resources = [place.state["Resource"] for place in asl.walk(sources.state_machine()) if "Resource" in place.state]
    assert resources
    for resource in resources:
        assert resource.startswith("arn:${Partition}:states:::"), resource
