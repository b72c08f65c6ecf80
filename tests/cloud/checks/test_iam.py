"""Policies allow known actions on fitting resources, as narrow as AWS permits; every exception has its reason."""

import json
import logging
import re
from typing import Any

import parliament
import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, evaluate_trust_policy, parse_policy_document

from . import intrinsics, policies, sources

STATEMENTS = policies.all_statements()
MEMBER_ROLES = ["MemberRole", "MemberLookRole"]
ROLES = sorted({statement.role for statement in STATEMENTS} - set(MEMBER_ROLES))
MEMBER = "arn:aws:iam::222200000001:role/orgpatch-member"
LOOK = f"{MEMBER}-look"
OWN = f"{intrinsics.REGION}:{intrinsics.ACCOUNT}"

# Findings of parliament that are no mistakes. It wants every required resource type in every statement.
NOT_A_FINDING = {
    # Executions of an Express state machine; there is none.
    ("RESOURCE_MISMATCH", "states:DescribeExecution", "arn:*:states:*:*:express:*:*:*"),
    # The statement for the instances; the document has a statement of its own.
    ("RESOURCE_MISMATCH", "ssm:SendCommand", "arn:*:ssm:*:*:document/*"),
}

# A key that Lambda puts into the credentials of a function is one of every action (IAM user guide, "AWS global
# condition context keys", properties of the role session). Parliament knows it as a key of a few actions only.
KEY_OF_EVERY_ACTION = "Unknown condition lambda:SourceFunctionArn for action "

# Actions for which the reference of today names resource types, and older references and policies of AWS name none. If
# AWS checked `*`, a narrower resource would deny them, so they are allowed on `*`. Reads only.
RESOURCE_IN_DOUBT = {"ssm:DescribeInstancePatches", "ssm:DescribeInstancePatchStates"}


def document_of(role: str) -> dict[str, Any]:
    """Returns the template that contains a role."""
    return sources.member_role() if role in MEMBER_ROLES else sources.template()


def policy_of(role: str) -> dict[str, Any]:
    """Returns the policy of a role as IAM sees it."""
    document = document_of(role)
    [policy] = document["Resources"][role]["Properties"]["Policies"]
    return intrinsics.resolve(policy["PolicyDocument"], document)


def call(principal: str, action: str, resource: str, keys: dict[str, Any]) -> EvalContext:
    """Returns a call of a role of this account as IAM sees it. `keys` are the values of condition keys."""
    return EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=intrinsics.ACCOUNT,
        action=action,
        resource_arn=resource,
        region=intrinsics.REGION,
        service_context=keys,
    )


def allows(context: EvalContext, *documents: dict[str, Any]) -> bool:
    """Returns whether the policies together allow the call."""
    return evaluate(context, [parse_policy_document(json.dumps(one)) for one in documents]).decision == "Allow"


# ------------------------------------------------------------------------------------------------- all statements
@pytest.mark.parametrize("role", [*ROLES, *MEMBER_ROLES])
def test_parliament_finds_nothing(role: str) -> None:
    assert findings(policy_of(role)) == []


def findings(policy: dict[str, Any]) -> list[str]:
    """Returns what parliament finds wrong with a policy."""
    logging.disable(logging.CRITICAL)
    result = parliament.analyze_policy_string(json.dumps(policy))
    logging.disable(logging.NOTSET)
    return [
        f"{finding.issue} {detail}"
        for finding in result.findings
        for detail in (finding.detail if isinstance(finding.detail, list) else [finding.detail])
        if (finding.issue != "RESOURCE_STAR" or detail not in RESOURCE_IN_DOUBT)
        if not str(detail).startswith(KEY_OF_EVERY_ACTION)
        if not isinstance(detail, dict)
        or (finding.issue, detail.get("action"), detail.get("required_format")) not in NOT_A_FINDING
    ]


@pytest.mark.parametrize("statement", STATEMENTS, ids=str)
def test_statement_allows_named_actions_on_named_resources(statement: policies.Statement) -> None:
    assert statement.effect == "Allow"
    assert not {"NotAction", "NotResource"} & set(statement.document)
    for action in statement.actions:
        assert re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z0-9]+", action), f"{action}: no wildcards in actions"
    assert re.fullmatch(r"[A-Z][A-Za-z]+", statement.sid), "a Sid says what a statement is for"
    if "*" in statement.resources:
        assert statement.any_resource_because, f"{statement}: Resource '*' without `# any-resource-because:`"
    else:
        assert not statement.any_resource_because, f"{statement}: a reason for nothing"


def test_sids_are_unique_within_a_role() -> None:
    for role in [*ROLES, *MEMBER_ROLES]:
        sids = [statement.sid for statement in STATEMENTS if statement.role == role]
        assert len(sids) == len(set(sids)), role


def test_a_resource_is_named_wherever_the_action_has_one() -> None:
    # Parliament knows which actions have resource types. '*' is only for actions without one.
    for statement in STATEMENTS:
        if "*" in statement.resources:
            for action in set(statement.actions) - RESOURCE_IN_DOUBT:
                assert not resource_types(action), f"{statement}: {action} can be scoped to {resource_types(action)}"


def test_only_reads_are_in_doubt() -> None:
    allowed = {action for statement in STATEMENTS for action in statement.actions}
    assert allowed >= RESOURCE_IN_DOUBT
    assert all(re.fullmatch(r"ssm:(Describe|Get|List)[A-Za-z]+", action) for action in RESOURCE_IN_DOUBT)


def resource_types(action: str) -> list[str]:
    """Returns the resource types that an action can be scoped to, by AWS's reference."""
    prefix, name = action.split(":")
    [info] = [
        privilege
        for service in parliament.iam_definition
        if service["prefix"] == prefix
        for privilege in service["privileges"]
        if privilege["privilege"] == name
    ]
    return [kind["resource_type"] for kind in info["resource_types"] if kind["resource_type"]]


# ------------------------------------------------------------------------------------------------ roles of functions
def test_every_function_has_a_role_of_its_own_and_every_role_a_user() -> None:
    template = sources.template()
    others = {"PatchRunRole", "ScanRunRole", "ScheduleRole", "RunEndedRole"}
    users = {f"{name}Role" for name in sources.functions()} | others
    assert set(ROLES) == users == set(sources.resources(template, "AWS::IAM::Role"))
    for role in ROLES:
        assert "ManagedPolicyArns" not in template["Resources"][role]["Properties"], role


@pytest.mark.parametrize(
    ("role", "service"),
    [
        *((f"{name}Role", "lambda") for name in sources.functions()),
        ("PatchRunRole", "states"),
        ("ScanRunRole", "states"),
        ("ScheduleRole", "scheduler"),
    ],
)
def test_a_role_trusts_its_service_only(role: str, service: str) -> None:
    trust = sources.template()["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]
    [statement] = trust["Statement"]
    assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"
    if service != "lambda":  # Lambda sends neither aws:SourceAccount nor aws:SourceArn.
        assert set(statement["Condition"]) - {"StringEquals"} in ({"ArnLike"}, {"ArnEquals"})
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


@pytest.mark.parametrize(
    ("role", "source", "account", "trusted"),
    [
        # The state machine, a version of it, and the children of one of its Maps.
        ("PatchRunRole", f"arn:aws:states:{OWN}:stateMachine:orgpatch-patch-run", None, True),
        ("PatchRunRole", f"arn:aws:states:{OWN}:stateMachine:orgpatch-patch-run:3", None, True),
        ("PatchRunRole", f"arn:aws:states:{OWN}:stateMachine:orgpatch-patch-run/Targets", None, True),
        ("PatchRunRole", f"arn:aws:states:{OWN}:stateMachine:another", None, False),
        ("PatchRunRole", f"arn:aws:states:{OWN}:stateMachine:orgpatch-patch-run", "999999999999", False),
        ("PatchRunRole", None, None, False),
        # Scheduler sends the ARN of the schedule's group.
        ("ScheduleRole", f"arn:aws:scheduler:{OWN}:schedule-group/default", None, True),
        ("ScheduleRole", f"arn:aws:scheduler:{OWN}:schedule-group/another", None, False),
        ("ScheduleRole", f"arn:aws:scheduler:{OWN}:schedule-group/default", "999999999999", False),
        ("ScheduleRole", None, None, False),
    ],
)
def test_a_service_gets_a_role_for_its_own_resource_only(
    role: str, source: str | None, account: str | None, trusted: bool
) -> None:
    trust = sources.template()["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]
    [statement] = intrinsics.resolve(trust, sources.template())["Statement"]
    keys = {"aws:sourceaccount": account or intrinsics.ACCOUNT} | ({"aws:sourcearn": source} if source else {})
    # The evaluator compares no services, so the statement is asked as one of a policy: its conditions decide.
    policy = {"Version": "2012-10-17", "Statement": [{**without(statement, "Principal"), "Resource": "*"}]}
    context = call("service", "sts:AssumeRole", "*", keys)
    assert allows(context, policy) is trusted


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    """Returns the document without one of its fields."""
    return {name: value for name, value in document.items() if name != key}


def test_the_schedules_are_in_the_group_that_their_role_trusts() -> None:
    for schedule in sources.resources(sources.template(), "AWS::Scheduler::Schedule").values():
        assert schedule["Properties"].get("GroupName", "default") == "default"


@pytest.mark.parametrize("name", sources.functions())
def test_a_function_writes_its_own_log_only(name: str) -> None:
    [statement] = [s for s in STATEMENTS if s.role == f"{name}Role" and any(a.startswith("logs:") for a in s.actions)]
    assert set(statement.actions) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert statement.resources == ({"Fn::GetAtt": [f"{name}Logs", "Arn"]},)


def test_state_machine_may_invoke_every_version_of_every_function_and_nothing_else() -> None:
    # A run of two weeks keeps calling the versions that existed when it began.
    [statement] = [s for s in STATEMENTS if "lambda:InvokeFunction" in s.actions]
    assert statement.role == "PatchRunRole"
    assert sorted(r["Fn::Sub"] for r in statement.resources) == sorted(
        f"${{{name}.Arn}}:*" for name in sources.functions()
    )


# -------------------------------------------------------------------------------------------------- member accounts
# Member role → the parameter with the roles that it trusts, and the functions behind them.
TRUSTED = {
    "MemberRole": ("ActingRoleArns", {"ScanRole", "InstallRole"}),
    "MemberLookRole": ("LookingRoleArns", {"AssumeRoleRole", "CollectResultsRole"}),
}


@pytest.mark.parametrize("member", MEMBER_ROLES)
def test_exactly_the_roles_that_may_assume_the_member_role_are_trusted_by_it(member: str) -> None:
    parameter, trusted = TRUSTED[member]
    name = resource_of(member)
    assuming = {s.role for s in STATEMENTS if "sts:AssumeRole" in s.actions and s.resources == (name,)}
    for place in (
        next(
            given["ParameterValue"]
            for given in sources.template()["Resources"]["MemberRole"]["Properties"]["Parameters"]
            if given["ParameterKey"] == parameter
        ),
        sources.template()["Outputs"][parameter]["Value"],
    ):
        _, arns = place["Fn::Join"]
        assert {arn["Fn::GetAtt"][0] for arn in arns} == assuming
    assert assuming == trusted


def resource_of(member: str) -> dict[str, str]:
    """Returns the ARN of a member role as the policies of the functions name it."""
    look = "-look" if member == "MemberLookRole" else ""
    return {"Fn::Sub": "arn:${AWS::Partition}:iam::*:role${RolePath}${MemberRoleName}" + look}


def test_acting_functions_enter_the_own_organization_only_and_only_as_themselves() -> None:
    entering = [statement for statement in STATEMENTS if "sts:AssumeRole" in statement.actions]
    assert {statement.role for statement in entering} == set().union(*(trusted for _, trusted in TRUSTED.values()))
    for statement in entering:
        [function] = [name for name in sources.functions() if f"{name}Role" == statement.role]
        name = sources.functions()[function]["Properties"]["FunctionName"]["Fn::Sub"]
        assert statement.actions == ("sts:AssumeRole",)
        assert statement.document["Condition"] == {
            "StringEquals": {"aws:ResourceOrgID": {"Ref": "OrganizationId"}},
            # Unqualified: the key has no version.
            "ArnEquals": {
                "lambda:SourceFunctionArn": {
                    "Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:" + name
                }
            },
        }


@pytest.mark.parametrize(
    ("role", "function", "member", "allowed"),
    [
        ("ScanRole", "scan", MEMBER, True),
        ("InstallRole", "install", MEMBER, True),
        ("AssumeRoleRole", "assume-role", LOOK, True),
        ("CollectResultsRole", "collect-results", LOOK, True),
        # What only looks cannot act, and the other way round.
        ("AssumeRoleRole", "assume-role", MEMBER, False),
        ("CollectResultsRole", "collect-results", MEMBER, False),
        ("ScanRole", "scan", LOOK, False),
        # A function of a person, with the role of another one; a person with the role; a version is no function.
        ("ScanRole", "install", MEMBER, False),
        ("ScanRole", "scan:7", MEMBER, False),
        ("ScanRole", None, MEMBER, False),
        ("GateRole", "gate", MEMBER, False),
        ("ReportRole", "report", LOOK, False),
        ("ScanRole", "scan", "arn:aws:iam::222200000001:role/OrganizationAccountAccessRole", False),
    ],
)
def test_decision_about_entering(role: str, function: str | None, member: str, allowed: bool) -> None:
    keys = {"lambda:sourcefunctionarn": f"arn:aws:lambda:{OWN}:function:orgpatch-{function}"} if function else {}
    assert enters(role, member, keys, "o-abcdefghij") is allowed
    assert not enters(role, member, keys, "o-elsewhere1")


def enters(role: str, member: str, keys: dict[str, str], organization: str) -> bool:
    """Returns whether a role's policy allows to enter an account of an organization."""
    return is_allowed(role, "sts:AssumeRole", member, {**keys, "aws:resourceorgid": organization})


@pytest.mark.parametrize("member", MEMBER_ROLES)
def test_member_role_asks_for_the_external_id_and_the_organization(member: str) -> None:
    properties = sources.member_role()["Resources"][member]["Properties"]
    [statement] = properties["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": {"Ref": TRUSTED[member][0]}},
        "StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}, "aws:PrincipalOrgID": {"Ref": "OrganizationId"}},
    }
    assert properties["MaxSessionDuration"] == 3600


@pytest.mark.parametrize("member", MEMBER_ROLES)
def test_the_trust_of_the_member_role_needs_no_role_to_exist(member: str) -> None:
    # IAM refuses a principal that it does not see yet, and a StackSet does not try again. An account is always seen.
    properties = sources.member_role()["Resources"][member]["Properties"]
    trust = intrinsics.resolve(properties["AssumeRolePolicyDocument"], sources.member_role())
    [statement] = trust["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{intrinsics.ACCOUNT}:root"}
    # ArnEquals would follow a wildcard in the list of roles.
    pattern = sources.member_role()["Parameters"][TRUSTED[member][0]]["AllowedPattern"]
    for arn, accepted in (
        ("arn:aws:iam::111111111111:role/orgpatch-ScanRole-1A2B", True),
        ("arn:aws-us-gov:iam::111111111111:role/operations/patching/orgpatch-ScanRole-1A2B", True),
        ("arn:aws:iam::111111111111:role/*", False),
        ("arn:aws:iam::111111111111:role/orgpatch-ScanRol?", False),
        ("arn:aws:iam::111111111111:root", False),
    ):
        assert bool(re.fullmatch(pattern, arn)) is accepted, arn


@pytest.mark.parametrize(
    ("role", "external_id", "organization", "member"),
    [
        ("ScanRole", "0123456789abcdef", "o-abcdefghij", "MemberRole"),
        ("InstallRole", "0123456789abcdef", "o-abcdefghij", "MemberRole"),
        ("AssumeRoleRole", "0123456789abcdef", "o-abcdefghij", "MemberLookRole"),
        ("CollectResultsRole", "0123456789abcdef", "o-abcdefghij", "MemberLookRole"),
        ("GateRole", "0123456789abcdef", "o-abcdefghij", None),
        ("ScanRole", "another-external-id", "o-abcdefghij", None),
        ("ScanRole", None, "o-abcdefghij", None),
        ("ScanRole", "0123456789abcdef", "o-elsewhere1", None),
        ("AssumeRoleRole", "0123456789abcdef", "o-elsewhere1", None),
    ],
)
@pytest.mark.parametrize("path", ["/", "/operations/patching/"])
def test_who_gets_in(
    role: str,
    external_id: str | None,
    organization: str,
    member: str | None,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prefix = f"arn:aws:iam::{intrinsics.ACCOUNT}:role{path}{intrinsics.STACK}"
    for parameter, trusted in TRUSTED.values():
        monkeypatch.setitem(intrinsics.PARAMETERS, parameter, [f"{prefix}-{name}-ABC" for name in sorted(trusted)])
    # A function calls as a session of its role. IAM compares aws:PrincipalArn: the ARN of the role, with its path.
    caller = f"{prefix}-{role}-ABC"
    keys = {"aws:principalorgid": organization} | ({"sts:externalid": external_id} if external_id else {})
    let_in = []
    for name in MEMBER_ROLES:
        properties = sources.member_role()["Resources"][name]["Properties"]
        trust = intrinsics.resolve(properties["AssumeRolePolicyDocument"], sources.member_role())
        context = call(caller, "sts:AssumeRole", MEMBER, keys)
        if evaluate_trust_policy(trust, caller, context):
            let_in.append(name)
    assert let_in == ([member] if member else [])


@pytest.mark.parametrize(("tags", "allowed"), [({"Patched": "no"}, True), ({"patched-by": "us"}, False), ({}, False)])
def test_a_tag_of_instances_can_be_asked_for(
    tags: dict[str, str], allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The statement is a text, and the key of its condition comes from a parameter. Any value will do.
    monkeypatch.setitem(intrinsics.PARAMETERS, "InstanceTagKey", "Patched")
    added = sources.member_role()["Resources"]["SendToTaggedInstancesOnly"]
    assert (added["Condition"], added["Properties"]["Roles"]) == ("HasInstanceTagKey", [{"Ref": "MemberRole"}])
    policy = json.loads(intrinsics.resolve(added["Properties"]["PolicyDocument"], sources.member_role()))
    assert findings(policy) == []
    keys = {f"ssm:resourcetag/{key.lower()}": value for key, value in tags.items()}
    instance = call("role", "ssm:SendCommand", f"arn:aws:ec2:{OWN}:instance/i-1", keys)
    document = call("role", "ssm:SendCommand", PATCH_DOCUMENT, {})
    assert allows(instance, policy_of("MemberRole"), policy) is allowed
    assert allows(document, policy_of("MemberRole"), policy)


# ------------------------------------------------------------------------------------- path and permissions boundary
BOUNDARY_IF_GIVEN = {
    "Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}],
}


@pytest.mark.parametrize("role", [*ROLES, *MEMBER_ROLES])
def test_every_role_takes_the_path_and_the_boundary(role: str) -> None:
    document = document_of(role)
    properties = document["Resources"][role]["Properties"]
    assert properties["Path"] == {"Ref": "RolePath"}
    assert document["Conditions"]["HasPermissionsBoundary"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundaryArn"}, ""]}]
    }
    boundary = properties["PermissionsBoundary"]
    if role in MEMBER_ROLES:  # Which policy that is: test_deploy.py of the local cloud.
        assert [boundary["Fn::If"][0], boundary["Fn::If"][2]] == ["HasPermissionsBoundary", {"Ref": "AWS::NoValue"}]
    else:
        assert boundary == BOUNDARY_IF_GIVEN


# ------------------------------------------------------------------------------------------- service control policy
PROTECTION = json.loads((sources.ROOT / "examples" / "policies" / "protect-orgpatch.json").read_text())
# Quota of AWS Organizations, without white space.
LONGEST_SCP = 5_120


def test_the_example_of_a_service_control_policy_is_one() -> None:
    assert findings(PROTECTION) == []
    assert len(json.dumps(PROTECTION, separators=(",", ":"))) <= LONGEST_SCP
    assert {statement["Effect"] for statement in PROTECTION["Statement"]} == {"Deny"}


EXAMPLE_BUCKET = "arn:aws:s3:::orgpatch-runs-0123456789ab"
MACHINE = "arn:aws:states:ap-northeast-1:111111111111:stateMachine:orgpatch-patch-run"
EXECUTION = "arn:aws:states:ap-northeast-1:111111111111:execution:orgpatch-patch-run:night"


@pytest.mark.parametrize(
    ("policy", "action", "resource", "allowed"),
    [
        ("operator", "states:StartExecution", MACHINE, True),
        ("operator", "states:StopExecution", EXECUTION, True),
        ("operator", "s3:GetObject", f"{EXAMPLE_BUCKET}/runs/night/report/report.html", True),
        ("operator", "s3:PutObject", f"{EXAMPLE_BUCKET}/plans/monthly.yaml", False),
        ("plan-editor", "s3:PutObject", f"{EXAMPLE_BUCKET}/plans/monthly.yaml", True),
        ("plan-editor", "s3:PutObject", f"{EXAMPLE_BUCKET}/gates/monthly.json", False),
        ("plan-editor", "states:StartExecution", MACHINE, False),
        ("reader", "s3:GetObject", f"{EXAMPLE_BUCKET}/runs/night/report/report.html", True),
        ("reader", "s3:GetObject", f"{EXAMPLE_BUCKET}/runs/night/steps/01-test-1/settings.json", False),
        ("reader", "states:StartExecution", MACHINE.replace("patch-run", "scan-run"), True),
        ("reader", "states:StartExecution", MACHINE, False),
    ],
)
def test_the_examples_for_people_allow_their_work_and_no_more(
    policy: str, action: str, resource: str, allowed: bool
) -> None:
    document = json.loads((sources.ROOT / "examples" / "policies" / f"{policy}.json").read_text())
    assert findings(document) == []
    assert allows(call("arn:aws:iam::111111111111:role/operator", action, resource, {}), document) is allowed


# StackSets makes the role with which it works in an account by this one.
STACK_SETS = (
    "aws-service-role/member.org.stacksets.cloudformation.amazonaws.com/"
    "AWSServiceRoleForCloudFormationStackSetsOrgMember"
)
OF_STACK_SETS = "stacksets-exec-0123456789abcdef0123456789abcdef"
MEMBERS_ROLES = "arn:aws:iam::222200000001:role"
OWN_ROLES = "arn:aws:iam::111111111111:role"
LEDGER = "arn:aws:dynamodb:ap-northeast-1:111111111111:table/orgpatch-Ledger-1A2B"
ANOTHER_TABLE = "arn:aws:dynamodb:ap-northeast-1:111111111111:table/another-Ledger-1A2B"


@pytest.mark.parametrize(
    ("caller", "action", "resource", "denied"),
    [
        ("admin", "iam:PutRolePolicy", "arn:aws:iam::222200000001:role/orgpatch-member", True),
        ("stacksets-exec-0123456789abcdef", "iam:CreateRole", "arn:aws:iam::222200000001:role/orgpatch-member", False),
        ("admin", "iam:PutRolePolicy", "arn:aws:iam::222200000001:role/orgpatch-member-look", True),
        ("admin", "iam:CreateRole", f"{MEMBERS_ROLES}/operations/orgpatch-member-look", True),
        ("stacksets-exec-0123456789abcdef", "iam:CreateRole", f"{MEMBERS_ROLES}/orgpatch-member-look", False),
        ("admin", "iam:PutRolePolicy", "arn:aws:iam::222200000001:role/another", False),
        ("admin", "iam:PassRole", "arn:aws:iam::111111111111:role/orgpatch-ScanRole-ABC", True),
        ("orgpatch-deployer", "iam:PassRole", "arn:aws:iam::111111111111:role/orgpatch-ScanRole-ABC", False),
        ("admin", "lambda:UpdateFunctionCode", "arn:aws-cn:lambda:cn-north-1:1:function:orgpatch-scan", True),
        ("orgpatch-deployer", "lambda:UpdateFunctionCode", "arn:aws:lambda:x:1:function:orgpatch-scan", False),
        ("admin", "states:UpdateStateMachine", "arn:aws:states:x:1:stateMachine:orgpatch-patch-run", True),
        ("admin", "states:UpdateStateMachine", "arn:aws:states:x:1:stateMachine:orgpatch-scan-run", True),
        ("admin", "states:StartExecution", "arn:aws:states:x:1:stateMachine:orgpatch-patch-run", False),
        ("admin", "s3:PutBucketPolicy", "arn:aws:s3:::orgpatch-runs-abc", True),
        ("admin", "s3:DeleteObjectVersion", "arn:aws:s3:::orgpatch-runs-abc/runs/r1/run.json", True),
        ("orgpatch-ReportRole-ABC", "s3:PutObject", "arn:aws:s3:::orgpatch-runs-abc/runs/r1/report/a", False),
        # With a path: RolePath.
        ("admin", "iam:UpdateAssumeRolePolicy", f"{MEMBERS_ROLES}/operations/patching/orgpatch-member", True),
        (OF_STACK_SETS, "iam:UpdateAssumeRolePolicy", f"{MEMBERS_ROLES}/operations/patching/orgpatch-member", False),
        ("admin", "iam:PutRolePolicy", f"{MEMBERS_ROLES}/operations/another", False),
        ("admin", "iam:PassRole", f"{OWN_ROLES}/operations/orgpatch-ScanRole-ABC", True),
        ("orgpatch-deployer", "iam:PassRole", f"{OWN_ROLES}/operations/orgpatch-ScanRole-ABC", False),
        ("admin", "iam:PassRole", f"{OWN_ROLES}/operations/another-ScanRole-ABC", False),
        # The names that the policy excepts cannot be taken: those of StackSets' roles, of the deployer, of functions.
        *(
            (caller, f"iam:{action}", f"{MEMBERS_ROLES}/{OF_STACK_SETS}", caller != STACK_SETS)
            for caller in ("admin", "orgpatch-deployer", OF_STACK_SETS, STACK_SETS)
            for action in ("CreateRole", "AttachRolePolicy", "UpdateAssumeRolePolicy", "DeleteRole")
        ),
        ("admin", "iam:CreateRole", f"{MEMBERS_ROLES}/stacksets-exec-path/any", True),
        # CloudFormation works with a role that it is passed. StackSets may pass its own.
        ("admin", "iam:PassRole", f"{MEMBERS_ROLES}/{OF_STACK_SETS}", True),
        (OF_STACK_SETS, "iam:PassRole", f"{MEMBERS_ROLES}/{OF_STACK_SETS}", False),
        ("admin", "iam:GetRole", f"{MEMBERS_ROLES}/{OF_STACK_SETS}", False),
        ("admin", "iam:CreateRole", f"{MEMBERS_ROLES}/another", False),
        (f"path/{OF_STACK_SETS}", "iam:PutRolePolicy", f"{MEMBERS_ROLES}/orgpatch-member", True),
        ("admin", "iam:CreateRole", f"{MEMBERS_ROLES}/orgpatch-deployer", True),
        ("admin", "iam:UpdateAssumeRolePolicy", f"{OWN_ROLES}/orgpatch-deployer", True),
        ("orgpatch-deployer", "iam:UpdateAssumeRolePolicy", f"{OWN_ROLES}/orgpatch-deployer", False),
        ("path/orgpatch-deployer", "iam:PassRole", f"{OWN_ROLES}/orgpatch-ScanRole-ABC", True),
        ("admin", "iam:CreateRole", f"{OWN_ROLES}/path/orgpatch-MyRole-1", True),
        # The ledger: the table belongs to deployments, and what is in it to the functions.
        *(
            (caller, f"dynamodb:{action}", LEDGER, caller != "orgpatch-deployer")
            for caller in ("admin", "orgpatch-ScanRole-ABC", "orgpatch-deployer")
            for action in ("DeleteTable", "UpdateTable", "UpdateTimeToLive", "UpdateContinuousBackups")
        ),
        ("admin", "dynamodb:PutResourcePolicy", LEDGER, True),
        ("orgpatch-deployer", "dynamodb:PutResourcePolicy", LEDGER, False),
        *(
            (caller, f"dynamodb:{action}", LEDGER, caller in {"admin", "orgpatch-deployer"})
            for caller in ("admin", "orgpatch-deployer", "orgpatch-ScanRole-ABC", "operations/orgpatch-ReportRole-ABC")
            for action in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
        ),
        *(
            (caller, f"dynamodb:PartiQL{action}", LEDGER, caller == "admin")
            for caller in ("admin", "orgpatch-ScanRole-ABC")
            for action in ("Insert", "Update", "Delete")
        ),
        # The role with which orgpatch only looks.
        ("admin", "iam:PutRolePolicy", f"{MEMBERS_ROLES}/operations/orgpatch-member-look", True),
        ("admin", "iam:UpdateAssumeRolePolicy", f"{MEMBERS_ROLES}/orgpatch-member-look", True),
        (OF_STACK_SETS, "iam:CreateRole", f"{MEMBERS_ROLES}/orgpatch-member-look", False),
        ("admin", "iam:PutRolePolicy", f"{MEMBERS_ROLES}/orgpatch-member-lookalike", False),
        # A stack keeps the role with which it was deployed, and uses it for everyone who may update the stack.
        *(
            (caller, f"cloudformation:{action}", f"arn:aws:cloudformation:x:111111111111:{resource}", caller == "admin")
            for caller in ("admin", "orgpatch-deployer")
            for action, resource in (
                ("UpdateStack", "stack/orgpatch/0123"),
                ("ExecuteChangeSet", "stack/orgpatch/0123"),
                ("DeleteStack", "stack/orgpatch/0123"),
                ("UpdateStackSet", "stackset/orgpatch-member-role:0123"),
                ("DeleteStackInstances", "stackset/orgpatch-member-role:0123"),
            )
        ),
        ("admin", "cloudformation:UpdateStack", "arn:aws:cloudformation:x:111111111111:stack/another/0123", False),
        # What tells and what logs.
        *(
            (caller, action, resource, caller == "admin")
            for caller in ("admin", "orgpatch-deployer")
            for action, resource in (
                ("events:DisableRule", "arn:aws:events:x:111111111111:rule/orgpatch-plan-changed"),
                ("events:RemoveTargets", "arn:aws:events:x:111111111111:rule/orgpatch-plan-changed"),
                ("sns:SetTopicAttributes", "arn:aws:sns:x:111111111111:orgpatch-Alerts-1A2B"),
                ("s3:PutBucketNotification", "arn:aws:s3:::orgpatch-runs-abc"),
                ("s3:PutBucketLogging", "arn:aws:s3:::orgpatch-runs-abc"),
                ("s3:PutBucketPolicy", "arn:aws:s3:::orgpatch-accesslogs-abc"),
                ("s3:PutLifecycleConfiguration", "arn:aws:s3:::orgpatch-accesslogs-abc"),
                ("s3:DeleteObject", "arn:aws:s3:::orgpatch-accesslogs-abc/2026-11-28"),
                ("s3:PutObject", "arn:aws:s3:::orgpatch-accesslogs-abc/2026-11-28"),
                ("lambda:PutFunctionConcurrency", "arn:aws:lambda:x:111111111111:function:orgpatch-scan"),
                ("states:UpdateStateMachine", "arn:aws:states:x:111111111111:stateMachine:orgpatch-scan-run"),
            )
        ),
        ("admin", "s3:GetObject", "arn:aws:s3:::orgpatch-accesslogs-abc/2026-11-28", False),
        ("admin", "s3:DeleteObject", "arn:aws:s3:::orgpatch-runs-abc/plans/old.yaml", False),
        # Functions are invoked by the state machine.
        ("admin", "lambda:InvokeFunction", "arn:aws:lambda:x:111111111111:function:orgpatch-install:7", True),
        ("orgpatch-PatchRunRole-1", "lambda:InvokeFunction", "arn:aws:lambda:x:1:function:orgpatch-install:7", False),
        ("admin", "lambda:InvokeFunction", "arn:aws:lambda:x:111111111111:function:another", False),
        ("admin", "dynamodb:GetItem", LEDGER, False),
        ("admin", "dynamodb:Query", LEDGER, False),
        ("admin", "dynamodb:DeleteTable", ANOTHER_TABLE, False),
        ("admin", "dynamodb:PutItem", ANOTHER_TABLE, False),
    ],
)
def test_the_service_control_policy_denies_changes(caller: str, action: str, resource: str, denied: bool) -> None:
    context = call(f"arn:aws:iam::{intrinsics.ACCOUNT}:role/{caller}", action, resource, {})
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    assert allows(context, everything, PROTECTION) is not denied


BUCKET = "arn:aws:s3:::orgpatch-runs-abc"
TARGET = "runs/r1/steps/01-test-1/targets/222200000001/ap-northeast-1/01"
PATCH_DOCUMENT = "arn:aws:ssm:ap-northeast-1::document/AWS-RunPatchBaseline"
HOST_MANAGEMENT = "/ssm/managed-instance/default-ec2-instance-management-role"


@pytest.mark.parametrize(
    ("role", "action", "resource", "allowed"),
    [
        # The member role: this one document, on instances of its own account.
        ("MemberRole", "ssm:SendCommand", PATCH_DOCUMENT, True),
        # A document of that name that an account has shared, and one of the account itself.
        ("MemberRole", "ssm:SendCommand", f"arn:aws:ssm:{OWN}:document/AWS-RunPatchBaseline", False),
        (
            "MemberRole",
            "ssm:SendCommand",
            "arn:aws:ssm:ap-northeast-1:999999999999:document/AWS-RunPatchBaseline",
            False,
        ),
        ("MemberRole", "ssm:SendCommand", f"arn:aws:ec2:{OWN}:instance/i-1", True),
        ("MemberRole", "ssm:SendCommand", "arn:aws:ec2:ap-northeast-1:999999999999:instance/i-1", False),
        ("MemberRole", "ssm:SendCommand", "arn:aws:ssm:ap-northeast-1::document/AWS-RunShellScript", False),
        ("MemberRole", "ssm:SendCommand", "arn:aws:ssm:ap-northeast-1::document/AWS-RunPatchBaselineWithHooks", False),
        ("MemberRole", "ssm:SendCommand", f"arn:aws:ssm:{OWN}:managed-instance/mi-1", False),
        # The role that looks sends nothing, changes nothing, and sees no commands, whose parameters may be secrets.
        ("MemberLookRole", "ssm:SendCommand", PATCH_DOCUMENT, False),
        ("MemberLookRole", "ssm:SendCommand", f"arn:aws:ec2:{OWN}:instance/i-1", False),
        ("MemberLookRole", "ssm:CancelCommand", "*", False),
        ("MemberLookRole", "ssm:ListCommands", "*", False),
        ("MemberLookRole", "ssm:ListCommandInvocations", "*", False),
        ("MemberLookRole", "ssm:CreatePatchBaseline", "*", False),
        ("MemberLookRole", "ssm:RegisterDefaultPatchBaseline", f"arn:aws:ssm:{OWN}:patchbaseline/pb-1", False),
        ("MemberLookRole", "ec2:DescribeRegions", "*", True),
        ("MemberLookRole", "ec2:DescribeInstances", "*", False),
        # The role that acts does not see results: install cannot know more than it needs.
        ("MemberRole", "ec2:DescribeRegions", "*", False),
        ("MemberRole", "ssm:DescribeInstancePatches", "*", False),
        # Whichever resource AWS checks: its references disagree.
        *(
            ("MemberLookRole", f"ssm:{action}", resource, True)
            for action in ("DescribeInstancePatches", "DescribeInstancePatchStates")
            for resource in ("*", f"arn:aws:ec2:{OWN}:instance/i-1", f"arn:aws:ssm:{OWN}:managed-instance/mi-1")
        ),
        # Competing patchers are read, never changed.
        ("MemberRole", "ssm:ListAssociations", "*", True),
        ("MemberRole", "ssm:DescribeAssociation", f"arn:aws:ssm:{OWN}:association/a-1", True),
        ("MemberRole", "ssm:DescribeAssociation", "arn:aws:ssm:ap-northeast-1:999999999999:association/a-1", False),
        ("MemberRole", "ssm:UpdateAssociation", f"arn:aws:ssm:{OWN}:association/a-1", False),
        ("MemberRole", "ssm:StartAssociationsOnce", f"arn:aws:ssm:{OWN}:association/a-1", False),
        ("MemberRole", "ssm:DescribeMaintenanceWindows", "*", True),
        ("MemberRole", "ssm:DescribeMaintenanceWindowTasks", f"arn:aws:ssm:{OWN}:maintenancewindow/mw-1", True),
        ("MemberRole", "ssm:DescribeMaintenanceWindowTargets", f"arn:aws:ssm:{OWN}:maintenancewindow/mw-1", True),
        ("MemberRole", "ssm:DescribeMaintenanceWindowExecutions", f"arn:aws:ssm:{OWN}:maintenancewindow/mw-1", True),
        ("MemberRole", "ssm:CancelMaintenanceWindowExecution", "*", False),
        # Documents of the account, and those that another one shares.
        ("MemberRole", "ssm:GetDocument", f"arn:aws:ssm:{OWN}:document/patching", True),
        ("MemberRole", "ssm:GetDocument", "arn:aws:ssm:ap-northeast-1:999999999999:document/shared", True),
        ("MemberRole", "ssm:CreateDocument", f"arn:aws:ssm:{OWN}:document/patching", False),
        ("MemberRole", "ssm:UpdateDocument", f"arn:aws:ssm:{OWN}:document/patching", False),
        ("MemberRole", "ssm:SendCommand", f"arn:aws:ssm:{OWN}:document/patching", False),
        ("MemberRole", "ssm:StartAutomationExecution", "*", False),
        ("MemberLookRole", "ssm:GetDocument", f"arn:aws:ssm:{OWN}:document/patching", False),
        (
            "MemberLookRole",
            "ssm:DescribeMaintenanceWindowExecutions",
            f"arn:aws:ssm:{OWN}:maintenancewindow/mw-1",
            False,
        ),
        (
            "MemberRole",
            "ssm:DescribeMaintenanceWindowTasks",
            "arn:aws:ssm:ap-northeast-1:999999999999:maintenancewindow/mw-1",
            False,
        ),
        ("MemberRole", "ssm:UpdateMaintenanceWindow", f"arn:aws:ssm:{OWN}:maintenancewindow/mw-1", False),
        # A command that has not begun can be cancelled; one that has is never ended by force.
        ("MemberRole", "ssm:CancelCommand", "*", True),
        ("MemberRole", "ec2:RebootInstances", f"arn:aws:ec2:{OWN}:instance/i-1", False),
        ("MemberRole", "ec2:StopInstances", f"arn:aws:ec2:{OWN}:instance/i-1", False),
        ("MemberRole", "ec2:TerminateInstances", f"arn:aws:ec2:{OWN}:instance/i-1", False),
        # Readiness: networks, inventory and a single setting are read, never changed.
        *(
            ("MemberRole", f"ec2:Describe{what}", "*", True)
            for what in (
                "Subnets",
                "RouteTables",
                "SecurityGroups",
                "NetworkAcls",
                "VpcEndpoints",
                "ManagedPrefixLists",
            )
        ),
        ("MemberRole", "ec2:DescribeVolumes", "*", False),
        ("MemberRole", "ec2:ReplaceRoute", f"arn:aws:ec2:{OWN}:route-table/rtb-1", False),
        ("MemberRole", "ec2:AuthorizeSecurityGroupEgress", f"arn:aws:ec2:{OWN}:security-group/sg-1", False),
        ("MemberRole", "ssm:GetInventory", "*", True),
        ("MemberRole", "ssm:PutInventory", f"arn:aws:ec2:{OWN}:instance/i-1", False),
        ("MemberRole", "ssm:GetServiceSetting", f"arn:aws:ssm:{OWN}:servicesetting{HOST_MANAGEMENT}", True),
        ("MemberRole", "ssm:GetServiceSetting", f"arn:aws:ssm:{OWN}:servicesetting/ssm/opsinsights/opscenter", False),
        ("MemberRole", "ssm:UpdateServiceSetting", f"arn:aws:ssm:{OWN}:servicesetting{HOST_MANAGEMENT}", False),
        ("MemberRole", "ssm:StartSession", f"arn:aws:ec2:{OWN}:instance/i-1", False),
        # A function acts in a member account through a member role only; see test_decision_about_entering.
        ("InstallRole", "ssm:SendCommand", f"arn:aws:ec2:{OWN}:instance/i-1", False),
        # The bucket: one function reads plans, none writes them, and none deletes objects.
        ("ListAccountsRole", "s3:GetObject", f"{BUCKET}/plans/monthly.yaml", True),
        ("ListAccountsRole", "s3:PutObject", f"{BUCKET}/plans/monthly.yaml", False),
        ("InstallRole", "s3:GetObject", f"{BUCKET}/plans/monthly.yaml", False),
        ("InstallRole", "s3:PutObject", f"{BUCKET}/tested/monthly.json", False),
        # What the first pass came to is written by the function that judged it. Since when an instance waits is in the
        # ledger, and no longer in the bucket.
        ("CollectResultsRole", "s3:PutObject", f"{BUCKET}/{TARGET}/first-pass/0001.json", True),
        ("InstallRole", "s3:PutObject", f"{BUCKET}/{TARGET}/first-pass/0001.json", False),
        ("InstallRole", "s3:GetObject", f"{BUCKET}/{TARGET}/first-pass/0001.json", True),
        ("ScanRole", "s3:GetObject", f"{BUCKET}/{TARGET}/first-pass/0001.json", True),
        ("GateRole", "s3:GetObject", f"{BUCKET}/{TARGET}/first-pass/0001.json", True),
        ("ReportRole", "s3:GetObject", f"{BUCKET}/{TARGET}/first-pass/0001.json", True),
        ("InstallRole", "s3:PutObject", f"{BUCKET}/{TARGET}/waiting.json", False),
        ("GateRole", "s3:GetObject", f"{BUCKET}/tested/monthly.json", True),
        ("GateRole", "s3:PutObject", f"{BUCKET}/tested/monthly.json", True),
        ("GateRole", "s3:PutObject", f"{BUCKET}/gates/monthly.json", True),
        ("ListAccountsRole", "s3:GetObject", f"{BUCKET}/gates/monthly.json", True),
        ("ListAccountsRole", "s3:PutObject", f"{BUCKET}/gates/monthly.json", False),
        ("ReportRole", "s3:PutObject", f"{BUCKET}/gates/monthly.json", False),
        ("GateRole", "s3:PutObject", f"{BUCKET}/plans/monthly.yaml", False),
        ("InstallRole", "s3:GetObject", f"{BUCKET}/runs/r1/steps/01-test-1/settings.json", True),
        ("ReportRole", "s3:PutObject", f"{BUCKET}/runs/r1/report/report.json", True),
        ("ReportRole", "s3:PutObject", f"{BUCKET}/runs/r1/report/report.html", True),
        ("ReportRole", "s3:AbortMultipartUpload", f"{BUCKET}/runs/r1/report/patches.csv", True),
        ("ReportRole", "s3:GetObject", f"{BUCKET}/latest/monthly.json", True),
        ("ReportRole", "s3:PutObject", f"{BUCKET}/latest/monthly.json", True),
        ("ReportRole", "s3:PutObject", f"{BUCKET}/tested/monthly.json", False),
        ("GateRole", "s3:PutObject", f"{BUCKET}/latest/monthly.json", False),
        ("ReportRole", "s3:AbortMultipartUpload", f"{BUCKET}/runs/r1/steps/01-test-1/targets.json", False),
        ("ReportRole", "s3:GetObject", f"{BUCKET}/plans/monthly.yaml", False),
        ("ReportRole", "s3:DeleteObject", f"{BUCKET}/runs/r1/report/report.json", False),
        ("AssumeRoleRole", "s3:GetObject", f"{BUCKET}/runs/r1/run.json", False),
        # The history: one function writes it, none reads it, none deletes it.
        ("ReportRole", "s3:PutObject", f"{BUCKET}/results/instances/date=2026-11-10/stage=test/r1.jsonl.gz", True),
        ("ReportRole", "s3:GetObject", f"{BUCKET}/results/instances/date=2026-11-10/stage=test/r1.jsonl.gz", False),
        ("ReportRole", "s3:DeleteObject", f"{BUCKET}/results/instances/date=2026-11-10/stage=test/r1.jsonl.gz", False),
        ("ReportRole", "s3:PutObject", f"{BUCKET}/athena/answer.csv", False),
        ("GateRole", "s3:PutObject", f"{BUCKET}/results/instances/date=2026-11-10/stage=test/r1.jsonl.gz", False),
        (
            "CollectResultsRole",
            "s3:PutObject",
            f"{BUCKET}/results/instances/date=2026-11-10/stage=test/r1.jsonl.gz",
            False,
        ),
        # The baselines from before orgpatch: one function keeps them.
        ("ScanRole", "s3:GetObject", f"{BUCKET}/baselines/222200000001/ap-northeast-1.json", True),
        ("ScanRole", "s3:PutObject", f"{BUCKET}/baselines/222200000001/ap-northeast-1.json", True),
        ("ScanRole", "s3:DeleteObject", f"{BUCKET}/baselines/222200000001/ap-northeast-1.json", False),
        ("InstallRole", "s3:PutObject", f"{BUCKET}/baselines/222200000001/ap-northeast-1.json", False),
        ("ReportRole", "s3:GetObject", f"{BUCKET}/baselines/222200000001/ap-northeast-1.json", False),
        ("PatchRunRole", "s3:GetObject", f"{BUCKET}/runs/r1/steps/01-test-1/targets.json", True),
        ("PatchRunRole", "s3:GetObject", f"{BUCKET}/plans/monthly.yaml", False),
        ("PatchRunRole", "s3:PutObject", f"{BUCKET}/runs/r1/steps/01-test-1/children/scan/x/manifest.json", True),
        ("PatchRunRole", "s3:PutObject", f"{BUCKET}/runs/r1/steps/01-test-1/targets.json", False),
        # The organization is read, never changed.
        (
            "ListAccountsRole",
            "organizations:ListAccountsForParent",
            "arn:aws:organizations::999999999999:ou/o-abcdefghij/ou-abcd-11111111",
            True,
        ),
        (
            "ListAccountsRole",
            "organizations:ListAccountsForParent",
            "arn:aws:organizations::999999999999:root/o-abcdefghij/r-abcd",
            True,
        ),
        (
            "ListAccountsRole",
            "organizations:ListAccountsForParent",
            "arn:aws:organizations::999999999999:ou/o-elsewhere1/ou-abcd-11111111",
            False,
        ),
        ("ListAccountsRole", "organizations:MoveAccount", "*", False),
        (
            "AssumeRoleRole",
            "organizations:DescribeAccount",
            "arn:aws:organizations::999999999999:account/o-abcdefghij/222200000001",
            True,
        ),
        (
            "AssumeRoleRole",
            "organizations:DescribeAccount",
            "arn:aws:organizations::999999999999:account/o-elsewhere1/222200000001",
            False,
        ),
        ("AssumeRoleRole", "organizations:ListAccounts", "*", False),
        # The state machine: versions of its functions, its own children.
        ("PatchRunRole", "lambda:InvokeFunction", f"arn:aws:lambda:{OWN}:function:orgpatch-scan:7", True),
        ("PatchRunRole", "lambda:InvokeFunction", f"arn:aws:lambda:{OWN}:function:orgpatch-scan", False),
        ("PatchRunRole", "lambda:InvokeFunction", f"arn:aws:lambda:{OWN}:function:another-stack:1", False),
        ("PatchRunRole", "states:StartExecution", f"arn:aws:states:{OWN}:stateMachine:orgpatch-patch-run", True),
        (
            "PatchRunRole",
            "states:StopExecution",
            f"arn:aws:states:{OWN}:execution:orgpatch-patch-run/Targets:1f2e",
            True,
        ),
        ("PatchRunRole", "states:StopExecution", f"arn:aws:states:{OWN}:execution:another-stack:1f2e", False),
        ("ListAccountsRole", "states:DescribeExecution", f"arn:aws:states:{OWN}:execution:orgpatch-patch-run:r1", True),
        ("ListAccountsRole", "states:StopExecution", f"arn:aws:states:{OWN}:execution:orgpatch-patch-run:r1", False),
        ("ScanRunRole", "states:StartExecution", f"arn:aws:states:{OWN}:stateMachine:orgpatch-patch-run", True),
        ("ScanRunRole", "states:StartExecution", f"arn:aws:states:{OWN}:stateMachine:another-stack", False),
        ("ScanRunRole", "states:StopExecution", f"arn:aws:states:{OWN}:execution:orgpatch-patch-run:r1", True),
        ("ScanRunRole", "lambda:InvokeFunction", f"arn:aws:lambda:{OWN}:function:orgpatch-install:1", False),
        ("ScanRunRole", "cloudtrail:LookupEvents", "*", False),
        ("PatchRunRole", "cloudtrail:LookupEvents", "*", True),
        ("PatchRunRole", "cloudtrail:StopLogging", f"arn:aws:cloudtrail:{OWN}:trail/all", False),
        ("ScheduleRole", "states:StartExecution", f"arn:aws:states:{OWN}:stateMachine:orgpatch-patch-run", True),
        ("ScheduleRole", "states:StartExecution", f"arn:aws:states:{OWN}:stateMachine:another-stack", False),
    ],
)
def test_decision(role: str, action: str, resource: str, allowed: bool) -> None:
    assert is_allowed(role, action, resource) is allowed


TABLE = f"arn:aws:dynamodb:{OWN}:table/orgpatch-ledger-abc"
INTENTS = "run/r1/01-test-1/222200000001/ap-northeast-1"
START = "start/monthly/scan/2026-11-10T01:00:00Z"


@pytest.mark.parametrize(
    ("role", "action", "keys", "allowed"),
    [
        # A function that sends commands writes intents and their ends, collect-results only reads them.
        *((role, "PutItem", [INTENTS], True) for role in ("ScanRole", "InstallRole")),
        *((role, "Query", [INTENTS], True) for role in ("ScanRole", "InstallRole", "CollectResultsRole")),
        ("InstallRole", "DeleteItem", [INTENTS], False),
        ("CollectResultsRole", "PutItem", [INTENTS], False),
        # None of them touches the run lock or the starts of schedules. One foreign key is enough for a refusal.
        *((role, "PutItem", ["lock"], False) for role in ("ScanRole", "InstallRole", "CollectResultsRole")),
        *((role, "PutItem", [START], False) for role in ("ScanRole", "InstallRole", "CollectResultsRole")),
        ("ScanRole", "PutItem", [INTENTS, "lock"], False),
        ("ScanRole", "PutItem", ["running"], False),
        # Others take and release the lock, and none of them touches an intent.
        *(("ListAccountsRole", action, [key], True) for action in ("GetItem", "PutItem") for key in ("lock", START)),
        ("ListAccountsRole", "PutItem", [INTENTS], False),
        ("ListAccountsRole", "DeleteItem", ["lock"], False),
        ("ReportRole", "DeleteItem", ["lock"], True),
        ("ReportRole", "DeleteItem", [INTENTS], False),
        ("ReportRole", "DeleteItem", ["lock/x"], False),
        ("ReportRole", "PutItem", ["lock"], False),
        # A request that names no key is one about the whole table.
        *((role, "Query", None, False) for role in ("ScanRole", "InstallRole", "CollectResultsRole")),
        ("ReportRole", "DeleteItem", None, False),
        ("ListAccountsRole", "GetItem", None, False),
        *((role, "Scan", None, False) for role in ROLES),
    ],
)
def test_decision_about_the_ledger(role: str, action: str, keys: list[str] | None, allowed: bool) -> None:
    named = {"dynamodb:leadingkeys": keys} if keys else {}
    assert is_allowed(role, f"dynamodb:{action}", TABLE, named) is allowed
    assert not is_allowed(role, f"dynamodb:{action}", ANOTHER_TABLE, named)


def is_allowed(role: str, action: str, resource: str, keys: dict[str, Any] | None = None) -> bool:
    """Returns whether a role's policy allows an action. `keys` are the values of condition keys."""
    context = call(f"arn:aws:sts::{intrinsics.ACCOUNT}:assumed-role/{role}/x", action, resource, keys or {})
    return allows(context, policy_of(role))


def test_only_the_owner_of_an_object_may_write_it() -> None:
    # The list comes from the code: crates/records/src/keys.rs, compared by a test there.
    owners: dict[str, str] = json.loads(sources.OWNERS.read_text())
    wrong = {}
    for key, owner in owners.items():
        writers = [role for role in ROLES if is_allowed(role, "s3:PutObject", f"{BUCKET}/{key}")]
        if writers != [f"{owner.title().replace('-', '')}Role"]:
            wrong[key] = f"belongs to {owner}, may be written by {writers}"
    assert wrong == {}


OWN_BASELINE = f"arn:aws:ssm:{OWN}:patchbaseline/pb-0123456789abcdef0"
ANOTHERS_BASELINE = "arn:aws:ssm:ap-northeast-1:999999999999:patchbaseline/pb-0123456789abcdef0"
PREDEFINED_BASELINE = "arn:aws:ssm:ap-northeast-1:075727635805:patchbaseline/pb-0be8c61cde3be63f3"
OURS = {"aws:resourcetag/orgpatch:plan": "monthly"}
TAGS = {"orgpatch:plan": "monthly", "orgpatch:stage": "test", "orgpatch:hash": "0" * 64}


def tagging(**more: str) -> dict[str, Any]:
    """Returns the condition keys of a request with the three tags of orgpatch, and more."""
    tags = {**TAGS, **more}
    return {"aws:tagkeys": list(tags)} | {f"aws:requesttag/{key}": value for key, value in tags.items()}


HASH = {"aws:tagkeys": ["orgpatch:hash"], "aws:requesttag/orgpatch:hash": "0" * 64}
PLAN = {"aws:tagkeys": ["orgpatch:plan"], "aws:requesttag/orgpatch:plan": "monthly"}


@pytest.mark.parametrize(
    ("action", "resource", "keys", "allowed"),
    [
        # Read: the account's baselines and AWS's. Only the account's have tags.
        ("DescribePatchBaselines", "*", {}, True),
        ("DescribePatchGroups", "*", {}, True),
        ("GetPatchBaseline", OWN_BASELINE, {}, True),
        ("GetPatchBaseline", PREDEFINED_BASELINE, {}, True),
        ("ListTagsForResource", OWN_BASELINE, {}, True),
        ("ListTagsForResource", ANOTHERS_BASELINE, {}, False),
        ("ListTagsForResource", f"arn:aws:ssm:{OWN}:parameter/secret", {}, False),
        # Created and changed: only baselines with our tags.
        ("CreatePatchBaseline", "*", tagging(), True),
        ("CreatePatchBaseline", "*", tagging(owner="another-team"), False),
        ("CreatePatchBaseline", "*", PLAN, False),
        ("CreatePatchBaseline", "*", {}, False),
        ("UpdatePatchBaseline", OWN_BASELINE, OURS, True),
        ("UpdatePatchBaseline", OWN_BASELINE, {}, False),
        ("UpdatePatchBaseline", OWN_BASELINE, {"aws:resourcetag/owner": "another-team"}, False),
        ("UpdatePatchBaseline", ANOTHERS_BASELINE, OURS, False),
        # Tags: only our keys, and only on baselines that have the tag of orgpatch.
        ("AddTagsToResource", OWN_BASELINE, {**HASH, **OURS}, True),
        ("AddTagsToResource", OWN_BASELINE, {**PLAN, **OURS}, True),
        ("AddTagsToResource", OWN_BASELINE, {**tagging(owner="x"), **OURS}, False),
        ("AddTagsToResource", OWN_BASELINE, {"aws:tagkeys": None, **OURS}, False),
        ("AddTagsToResource", OWN_BASELINE, HASH, False),
        ("AddTagsToResource", OWN_BASELINE, PLAN, False),
        ("AddTagsToResource", OWN_BASELINE, {**PLAN, "aws:resourcetag/owner": "another-team"}, False),
        # What remains: a request that looks like the creation of a baseline (docs/decisions/0092).
        ("AddTagsToResource", OWN_BASELINE, tagging(), True),
        ("AddTagsToResource", OWN_BASELINE, tagging(owner="another-team"), False),
        ("AddTagsToResource", ANOTHERS_BASELINE, tagging(), False),
        ("AddTagsToResource", f"arn:aws:ssm:{OWN}:parameter/secret", tagging(), False),
        ("AddTagsToResource", f"arn:aws:ec2:{OWN}:instance/i-1", tagging(), False),
        ("RemoveTagsFromResource", OWN_BASELINE, OURS, False),
        # Registered: ours and the earlier ones, which may have any owner. Deregistered from a patch group: any.
        ("RegisterDefaultPatchBaseline", OWN_BASELINE, OURS, True),
        ("RegisterDefaultPatchBaseline", OWN_BASELINE, {}, True),
        ("RegisterDefaultPatchBaseline", PREDEFINED_BASELINE, {}, True),
        ("RegisterDefaultPatchBaseline", f"arn:aws:ssm:{OWN}:parameter/secret", {}, False),
        ("RegisterPatchBaselineForPatchGroup", OWN_BASELINE, OURS, True),
        ("RegisterPatchBaselineForPatchGroup", OWN_BASELINE, {}, True),
        ("RegisterPatchBaselineForPatchGroup", PREDEFINED_BASELINE, {}, True),
        ("RegisterPatchBaselineForPatchGroup", f"arn:aws:ssm:{OWN}:document/x", {}, False),
        ("DeregisterPatchBaselineForPatchGroup", OWN_BASELINE, {}, True),
        ("DeregisterPatchBaselineForPatchGroup", PREDEFINED_BASELINE, {}, True),
        # Never deleted.
        ("DeletePatchBaseline", OWN_BASELINE, OURS, False),
    ],
)
def test_decision_about_baselines(action: str, resource: str, keys: dict[str, Any], allowed: bool) -> None:
    assert is_allowed("MemberRole", f"ssm:{action}", resource, keys) is allowed


# ------------------------------------------------------------------------------------------ each check finds its fault
@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "s3:GetObjekt", "Resource": "arn:aws:s3:::b/*"},
        {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b"},
        {
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*",
            "Condition": {"StringEquals": {"s3:prefixx": "runs"}},
        },
        {"Action": "sts:AssumeRole", "Resource": "arn:aws:s3:::b"},
    ],
)
def test_parliament_finds(statement: dict[str, Any]) -> None:
    assert findings({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}) != []
