"""Systems Manager: patch baselines. One exists at a time, for as long as its question takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from ..asker import Asker
from ..errors import CannotTell
from ..fact import ACCEPTED, Fact, Model, Needs, Page

_CREATE = "ssm:CreatePatchBaseline"
_REFUSED = "ValidationException"
_TERRAFORM = Page(
    "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ssm/patch_baseline.go",
    "sends ApproveAfterDays in every rule that names no date",
)
MARK = {"Key": "orgpatch-conformance", "Value": "true"}
_SECURITY = {"Key": "CLASSIFICATION", "Values": ["Security"]}
_UPDATES = {"Key": "CLASSIFICATION", "Values": ["SecurityUpdates"]}
# Ids of update notices: one on the list of approved patches, the others on that of rejected ones.
_NOTICES = ["CVE-2018-1234567", "CVE-2018-7654321", "ALAS2023-2025-123", "1234567"]
_REQUIRED = {"Key": "PRIORITY", "Values": ["Required", "Important"]}


def _rules(*filters: dict[str, Any], **rule: Any) -> dict[str, Any]:
    """Returns one rule, with no field beside those that are given: each question is about one."""
    return {"PatchRules": [{"PatchFilterGroup": {"PatchFilters": [*filters]}, **rule}]}


def _named(asker: Asker, name: str) -> list[str]:
    filters = [{"Key": "NAME_PREFIX", "Values": [name]}, {"Key": "OWNER", "Values": ["Self"]}]
    found = asker.call("ssm", "describe_patch_baselines", Filters=filters)["BaselineIdentities"]
    return [one["BaselineId"] for one in found if one["BaselineName"] == name]


def _remove(asker: Asker, name: str) -> None:
    # By name and not by id, because the answer of the creation may have been lost.
    for baseline in _named(asker, name):
        asker.made(baseline)
        asker.call("ssm", "delete_patch_baseline", BaselineId=baseline)


def create_baseline(asker: Asker, os: str, name: str | None = None, by: Any = None, **content: Any) -> str:
    """Creates a baseline that no instance uses, and returns its id. It is deleted when the question ends.

    `by` is the client that creates it, if it is another one than that which deletes it.
    """
    name = name or asker.name()
    list_it = f"aws ssm describe-patch-baselines --filters Key=NAME_PREFIX,Values={name}"
    asker.undo(f"the baseline {name}", f"{list_it}, aws ssm delete-patch-baseline", lambda: _remove(asker, name))
    # By this tag the policy in docs/conformance.md knows what may be changed and deleted.
    tags = [MARK, *content.pop("Tags", [])]
    create = by.create_patch_baseline if by else partial(asker.call, "ssm", "create_patch_baseline")
    created = create(Name=name, OperatingSystem=os, Tags=tags, **content)
    asker.made(created["BaselineId"])
    return str(created["BaselineId"])


def _creating(os: str, **content: Any) -> Callable[[Asker], str]:
    def ask(asker: Asker) -> str:
        try:
            create_baseline(asker, os, **content)
        except ClientError as error:
            return asker.code(error)
        return ACCEPTED

    return ask


def _fact(name: str, says: str, ask: Callable[[Asker], str], **more: Any) -> Fact:
    return Fact(name=name, says=says, ask=ask, needs=Needs.WRITE, **{"calls": (_CREATE,), **more})


def _twice(asker: Asker) -> str:
    """Creates with a token, and again with the same one, as a function that is called again."""
    name, os = asker.name(), "AMAZON_LINUX_2023"
    content = {"ClientToken": name, "ApprovalRules": _rules(_SECURITY, ApproveAfterDays=7)}
    first = create_baseline(asker, os, name, **content)
    # A second baseline would have the same name, and so be deleted with the first.
    second = asker.call("ssm", "create_patch_baseline", Name=name, OperatingSystem=os, Tags=[MARK], **content)
    return "one baseline" if first == second["BaselineId"] else "two baselines"


def _update(asker: Asker) -> str:
    """Updates with every field, empty lists included."""
    rules = _rules(_SECURITY, ApproveAfterDays=7)
    baseline = create_baseline(asker, "AMAZON_LINUX_2023", ApprovalRules=rules, ApprovedPatches=["kernel*"])
    return asker.answer(
        "ssm",
        "update_patch_baseline",
        BaselineId=baseline,
        Description="of a conformance test",
        GlobalFilters={"PatchFilters": []},
        ApprovalRules=rules,
        ApprovedPatches=[],
        ApprovedPatchesComplianceLevel="UNSPECIFIED",
        ApprovedPatchesEnableNonSecurity=False,
        RejectedPatches=[],
        RejectedPatchesAction="ALLOW_AS_DEPENDENCY",
        Sources=[],
    )


def _available(asker: Asker) -> str:
    """Says what a new baseline for Windows answers about security updates that are not approved."""
    rules = _rules(_UPDATES, ApproveAfterDays=7)
    status = {"AvailableSecurityUpdatesComplianceStatus": "NON_COMPLIANT"}
    try:
        baseline = create_baseline(asker, "WINDOWS", ApprovalRules=rules, **status)
    except ClientError as error:
        return asker.code(error)
    answer = asker.call("ssm", "get_patch_baseline", BaselineId=baseline)
    return str(answer.get("AvailableSecurityUpdatesComplianceStatus", "no such field"))


def _available_by_default(asker: Asker) -> str:
    baseline = create_baseline(asker, "WINDOWS", ApprovalRules=_rules(_UPDATES, ApproveAfterDays=7))
    answer = asker.call("ssm", "get_patch_baseline", BaselineId=baseline)
    return str(answer.get("AvailableSecurityUpdatesComplianceStatus", "no such field"))


def _tags(asker: Asker) -> str:
    wanted = {"orgpatch:plan": "conformance"}
    baseline = create_baseline(
        asker,
        "AMAZON_LINUX_2023",
        ApprovalRules=_rules(_SECURITY, ApproveAfterDays=7),
        Tags=[{"Key": key, "Value": value} for key, value in wanted.items()],
    )
    answer = asker.call("ssm", "list_tags_for_resource", ResourceType="PatchBaseline", ResourceId=baseline)
    found = {tag["Key"]: tag["Value"] for tag in answer["TagList"]}
    return "the tags at once" if wanted.items() <= found.items() else "other tags"


def _defaults(asker: Asker) -> str:
    pages = (
        asker.client("ssm")
        .get_paginator("describe_patch_baselines")
        .paginate(Filters=[{"Key": "OPERATING_SYSTEM", "Values": ["WINDOWS"]}])
    )
    found = [one for page in pages for one in page["BaselineIdentities"] if one["DefaultBaseline"]]
    if len(found) != 1:
        return f"{len(found)} defaults in the list"
    answer = asker.call("ssm", "get_default_patch_baseline", OperatingSystem="WINDOWS")
    return "the same default" if answer["BaselineId"] == found[0]["BaselineId"] else "another default"


def _predefined(asker: Asker) -> str:
    filters = [{"Key": "OWNER", "Values": ["AWS"]}, {"Key": "OPERATING_SYSTEM", "Values": ["AMAZON_LINUX_2023"]}]
    found = asker.call("ssm", "describe_patch_baselines", Filters=filters)["BaselineIdentities"]
    if not found:
        raise CannotTell("no predefined baseline for AMAZON_LINUX_2023 is in the list")
    match = re.fullmatch(r"arn:[a-z-]+:ssm:([a-z0-9-]+):(\d{12}):patchbaseline/pb-[0-9a-f]+", found[0]["BaselineId"])
    if not match:
        return "no ARN"
    return "an ARN of this account" if match[2] == asker.account else "an ARN of another account"


def _content(asker: Asker) -> str:
    filters = [{"Key": "OWNER", "Values": ["AWS"]}, {"Key": "OPERATING_SYSTEM", "Values": ["UBUNTU"]}]
    found = asker.call("ssm", "describe_patch_baselines", Filters=filters)["BaselineIdentities"]
    if not found:
        raise CannotTell("no predefined baseline for UBUNTU is in the list")
    baseline = asker.call("ssm", "get_patch_baseline", BaselineId=found[0]["BaselineId"])
    rules = baseline["ApprovalRules"]["PatchRules"]
    return "a number of days" if all("ApproveAfterDays" in rule for rule in rules) else "no number of days"


FACTS = (
    Fact(
        name="default-is-flagged-in-the-list",
        says="DescribePatchBaselines flags one default per operating system, and it is the one of "
        "GetDefaultPatchBaseline.",
        calls=("ssm:DescribePatchBaselines", "ssm:GetDefaultPatchBaseline"),
        sources=(
            Model("ssm", "PatchBaselineIdentity.DefaultBaseline", "Indicates whether this is the default baseline"),
        ),
        aws=("the same default",),
        orgpatch={"the same default": "knows from one list what was the default before it registers its own"},
        ask=_defaults,
    ),
    Fact(
        name="predefined-baseline-is-an-arn",
        says="The id of a predefined baseline is an ARN in an account of AWS.",
        calls=("ssm:DescribePatchBaselines",),
        sources=(
            Page(
                "https://docs.aws.amazon.com/cli/latest/reference/ssm/describe-patch-baselines.html",
                "its example: arn:aws:ssm:us-west-2:280605243866:patchbaseline/pb-04fb4ae6142167966",
            ),
        ),
        aws=("an ARN of another account",),
        orgpatch={
            "an ARN of another account": "tells predefined baselines by it, and never changes one",
            "no ARN": "takes a predefined baseline for one of the account",
        },
        ask=_predefined,
        concerns=("F-15",),
    ),
    Fact(
        name="rule-of-the-predefined-ubuntu-baseline",
        says="The rules of AWS's own baseline for Ubuntu have ApproveAfterDays.",
        calls=("ssm:GetPatchBaseline",),
        sources=(
            Page(
                "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
                "patch-manager-predefined-and-custom-patch-baselines.html",
                "Immediately approves, there is no wait before approval: it says nothing about the field",
            ),
        ),
        aws=("a number of days", "no number of days"),
        orgpatch={
            "a number of days": "sends a number of days, too",
            "no number of days": "a rule without days is right, too",
        },
        ask=_content,
        simulator="a number of days",
        concerns=("F-04",),
    ),
    _fact(
        "ubuntu-rule-with-days",
        "CreatePatchBaseline accepts a rule for UBUNTU with ApproveAfterDays 0.",
        _creating("UBUNTU", ApprovalRules=_rules(_REQUIRED, ApproveAfterDays=0)),
        sources=(
            Model("ssm", "PatchRule.ApproveAfterDays", "your request must include a value for either"),
            _TERRAFORM,
        ),
        aws=(ACCEPTED,),
        orgpatch={
            ACCEPTED: "a plan with baselines for Ubuntu and Debian can send 0",
            _REFUSED: "no rule for Ubuntu may have days",
        },
        concerns=("F-04",),
    ),
    _fact(
        "ubuntu-rule-without-days",
        "CreatePatchBaseline with a rule for UBUNTU that has neither days nor a date.",
        _creating("UBUNTU", ApprovalRules=_rules(_REQUIRED)),
        sources=(Model("ssm", "PatchRule.ApproveAfterDays", "Not supported for Debian Server or Ubuntu Server"),),
        aws=(_REFUSED, ACCEPTED),
        orgpatch={
            _REFUSED: "a rule for Ubuntu and Debian has to carry ApproveAfterDays: 0",
            ACCEPTED: "both forms work",
        },
        concerns=("F-04",),
        simulator=_REFUSED,
    ),
    _fact(
        "lists-of-patches-take-any-text",
        "CreatePatchBaseline takes CVE ids, ids of advisories and Bugzilla ids on both lists, although the list of "
        "rejected patches does nothing with them.",
        _creating("AMAZON_LINUX_2023", ApprovedPatches=_NOTICES[:1], RejectedPatches=_NOTICES[1:]),
        sources=(
            Page(
                "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
                "patch-manager-approved-rejected-package-name-formats.html",
                "names Bugzilla ids, CVE ids and advisory ids for approved patches, and names of packages only for "
                "rejected patches",
            ),
        ),
        aws=(ACCEPTED, _REFUSED),
        orgpatch={
            ACCEPTED: "refuses a plan that rejects by such an id, because AWS would hold back nothing by it",
            _REFUSED: "refuses it all the same, before AWS would",
        },
        simulator=ACCEPTED,
    ),
    _fact(
        "windows-with-empty-sources",
        "CreatePatchBaseline for WINDOWS with an empty list of Sources.",
        _creating("WINDOWS", ApprovalRules=_rules(_UPDATES, ApproveAfterDays=7), Sources=[]),
        sources=(Model("ssm", "CreatePatchBaselineRequest.Sources", "Applies to Linux managed nodes only"),),
        aws=(ACCEPTED, _REFUSED),
        orgpatch={ACCEPTED: "both forms work", _REFUSED: "Sources has to be left out for WINDOWS and MACOS"},
        concerns=("F-15",),
        simulator=_REFUSED,
    ),
    _fact(
        "windows-with-a-switch-for-linux",
        "CreatePatchBaseline for WINDOWS with ApprovedPatchesEnableNonSecurity false.",
        _creating(
            "WINDOWS",
            ApprovalRules=_rules(_UPDATES, ApproveAfterDays=7),
            ApprovedPatchesEnableNonSecurity=False,
        ),
        sources=(
            Model(
                "ssm",
                "CreatePatchBaselineRequest.ApprovedPatchesEnableNonSecurity",
                "Applies to Linux managed nodes only",
            ),
        ),
        aws=(ACCEPTED, _REFUSED),
        orgpatch={
            ACCEPTED: "both forms work",
            _REFUSED: "the field has to be left out for WINDOWS and MACOS",
        },
        concerns=("F-15",),
        simulator=_REFUSED,
    ),
    _fact(
        "windows-rule-with-a-switch-for-linux",
        "CreatePatchBaseline for WINDOWS with EnableNonSecurity false in a rule.",
        _creating("WINDOWS", ApprovalRules=_rules(_UPDATES, ApproveAfterDays=7, EnableNonSecurity=False)),
        sources=(Model("ssm", "PatchRule.EnableNonSecurity", "Applies to Linux managed nodes only"),),
        aws=(ACCEPTED, _REFUSED),
        orgpatch={
            ACCEPTED: "both forms work",
            _REFUSED: "the field has to be left out for WINDOWS and MACOS",
        },
        concerns=("F-15",),
        simulator=_REFUSED,
    ),
    _fact(
        "windows-available-security-updates",
        "A new baseline for WINDOWS with AvailableSecurityUpdatesComplianceStatus NON_COMPLIANT answers that.",
        _available,
        calls=(_CREATE, "ssm:GetPatchBaseline"),
        sources=(
            Model(
                "ssm",
                "CreatePatchBaselineRequest.AvailableSecurityUpdatesComplianceStatus",
                "Supported for Windows Server managed nodes only",
            ),
            Model(
                "ssm",
                "GetPatchBaselineResult.AvailableSecurityUpdatesComplianceStatus",
                "Indicates the compliance status of managed nodes",
            ),
        ),
        aws=("NON_COMPLIANT", "no such field"),
        orgpatch={
            "NON_COMPLIANT": "sends it where the plan has it, and compares it",
            "no such field": "sends it once for each change of the plan's baseline, and does not compare it",
        },
        simulator="NON_COMPLIANT",
    ),
    _fact(
        "windows-available-security-updates-by-default",
        "What a baseline for WINDOWS answers that was created without AvailableSecurityUpdatesComplianceStatus.",
        _available_by_default,
        calls=(_CREATE, "ssm:GetPatchBaseline"),
        sources=(
            Model(
                "ssm",
                "CreatePatchBaselineRequest.AvailableSecurityUpdatesComplianceStatus",
                "Indicates the status you want to assign to security patches that are available but not approved",
            ),
        ),
        aws=("COMPLIANT", "no such field"),
        orgpatch={
            "COMPLIANT": "a plan without it goes back to this value",
            "no such field": "a plan without it finds no difference",
            "NON_COMPLIANT": "each run would set COMPLIANT where the plan says nothing: say it in the plan",
        },
        simulator="COMPLIANT",
    ),
    _fact(
        "linux-with-available-security-updates",
        "CreatePatchBaseline for AMAZON_LINUX_2023 with AvailableSecurityUpdatesComplianceStatus.",
        _creating(
            "AMAZON_LINUX_2023",
            ApprovalRules=_rules(_SECURITY, ApproveAfterDays=7),
            AvailableSecurityUpdatesComplianceStatus="COMPLIANT",
        ),
        sources=(
            Model(
                "ssm",
                "CreatePatchBaselineRequest.AvailableSecurityUpdatesComplianceStatus",
                "Supported for Windows Server managed nodes only",
            ),
        ),
        aws=(ACCEPTED, _REFUSED),
        orgpatch={ACCEPTED: "sends it for WINDOWS only", _REFUSED: "sends it for WINDOWS only"},
        simulator=_REFUSED,
    ),
    _fact(
        "rule-with-days-and-a-date",
        "CreatePatchBaseline refuses a rule with days and a date.",
        _creating(
            "AMAZON_LINUX_2023",
            ApprovalRules=_rules(_SECURITY, ApproveAfterDays=7, ApproveUntilDate="2026-01-01"),
        ),
        sources=(Model("ssm", "PatchRule.ApproveUntilDate", "your request must include a value for either"),),
        aws=(_REFUSED,),
        orgpatch={_REFUSED: "sends one of the two", ACCEPTED: "sends one of the two"},
    ),
    _fact(
        "baseline-is-created-once",
        "A second CreatePatchBaseline with the same ClientToken creates nothing.",
        _twice,
        sources=(Model("ssm", "CreatePatchBaselineRequest.ClientToken", "User-provided idempotency token"),),
        aws=("one baseline",),
        orgpatch={
            "one baseline": "a function that is called again does not create a second baseline",
            "two baselines": "a retry may leave a baseline that nothing uses",
        },
    ),
    _fact(
        "tags-of-a-new-baseline",
        "The tags of a new baseline can be read at once.",
        _tags,
        calls=(_CREATE, "ssm:ListTagsForResource"),
        sources=(Model("ssm", "CreatePatchBaselineRequest.Tags", "Optional metadata that you assign to a resource"),),
        aws=("the tags at once",),
        orgpatch={
            "the tags at once": "recognizes its own baseline in the next call",
            "other tags": "takes its own baseline for one of another owner until the tags are there",
        },
    ),
    _fact(
        "update-with-empty-lists",
        "UpdatePatchBaseline accepts empty lists in every field, which undoes changes by hand.",
        _update,
        calls=("ssm:UpdatePatchBaseline",),
        sources=(
            Model("ssm", "PatchFilterGroup.PatchFilters", "The set of patch filters that make up the group"),
            Page(
                "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UpdatePatchBaseline.html",
                "fields that are null or not specified are left unchanged",
            ),
        ),
        aws=(ACCEPTED,),
        orgpatch={ACCEPTED: "sends every field with each update"},
    ),
)
