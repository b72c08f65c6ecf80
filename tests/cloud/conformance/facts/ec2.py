"""EC2: the Regions, and pages of its lists."""

from __future__ import annotations

import botocore.session

from ..asker import Asker
from ..errors import CannotTell
from ..fact import ACCEPTED, Fact, Limit, Model, Page

_REGIONS = "ec2:DescribeRegions"
_THE_SAME, _MORE, _FEWER = "the Regions of botocore", "more Regions than botocore", "fewer Regions than botocore"
_PAGINATION = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination"
_UNKNOWN = "xx-nowhere-1"


def _named(asker: Asker, **params: object) -> dict[str, str]:
    answer = asker.call("ec2", "describe_regions", **params)
    return {region["RegionName"]: region["OptInStatus"] for region in answer["Regions"]}


def _list(asker: Asker) -> str:
    known = set(botocore.session.get_session().get_available_regions("ec2", asker.partition))
    found = set(_named(asker, AllRegions=True))
    for names, whose in ((found - known, "EC2"), (known - found, "botocore")):
        if names:
            asker.notes.append(f"only {whose} names {', '.join(sorted(names))}")
    if found - known:
        return _MORE
    return _FEWER if known - found else _THE_SAME


def _statuses(asker: Asker) -> str:
    unknown = set(_named(asker, AllRegions=True).values()) - {"opt-in-not-required", "opted-in", "not-opted-in"}
    return f"also {', '.join(sorted(unknown))}" if unknown else "one of three"


def _usual(asker: Asker) -> str:
    return "none that is off" if "not-opted-in" not in _named(asker).values() else "also some that are off"


def _without(asker: Asker) -> str:
    filters = [{"Name": "region-name", "Values": [_UNKNOWN]}]
    return asker.answer("ec2", "describe_regions", AllRegions=True, Filters=filters)


def _gone(asker: Asker) -> str:
    filters = [{"Name": "instance-id", "Values": ["i-00000000000000000"]}]
    found = asker.call("ec2", "describe_instances", Filters=filters)["Reservations"]
    return "an empty list" if not found else "a reservation"


def _partition(asker: Asker) -> str:
    arn = asker.call("sts", "get_caller_identity")["Arn"]
    return "the partition of the ARN" if arn.split(":")[1] == asker.partition else f"{asker.partition} by name only"


def _page(operation: str, size: int, *sources: Model | Limit | Page, refuses: bool | None = True) -> Fact:
    """Returns the fact about pages; `refuses` says whether larger ones are refused, None that no source says it."""

    def ask(asker: Asker) -> str:
        return asker.pages("ec2", operation, size, size + 1)

    refused = f"{size} {ACCEPTED}, {size + 1} InvalidParameterValue"
    cut = f"{size} {ACCEPTED}, {size + 1} {ACCEPTED}"
    aws = (refused, cut) if refuses is None else (refused if refuses else cut,)
    # fleet-sim is as strict as the other lists of EC2 are.
    local = None if aws == (refused,) else refused
    return Fact(
        name=f"page-of-{operation}",
        says=f"{operation} accepts pages of {size}, and answers no more at once.",
        calls=(f"ec2:{operation}",),
        sources=sources or (Limit("ec2", operation, size),),
        aws=aws,
        orgpatch={refused: f"asks for pages of {size}", cut: f"asks for pages of {size}"},
        ask=ask,
        simulator=local,
        because="" if refused in aws else "fleet-sim refuses every larger page",
    )


def _instances(asker: Asker) -> str:
    instance = asker.managed_instance()
    reservations = asker.call("ec2", "describe_instances", InstanceIds=[instance])["Reservations"]
    found = [one for reservation in reservations for one in reservation["Instances"]]
    if not found:
        raise CannotTell("EC2 does not know the instance that Systems Manager knows")
    fields = ("State", "Placement", "PlatformDetails", "LaunchTime", "MetadataOptions")
    missing = [name for name in fields if name not in found[0]]
    return f"no {', '.join(missing)}" if missing else "every field"


FACTS = (
    Fact(
        name="regions-are-those-of-botocore",
        says="The Regions of the partition are those in botocore, from which orgpatch's dated list is taken.",
        calls=(_REGIONS,),
        sources=(
            Page("https://docs.aws.amazon.com/general/latest/gr/ec2-service.html", "the Regions of EC2"),
            Model("ec2", "DescribeRegionsRequest.AllRegions", "including Regions that are disabled for your account"),
        ),
        aws=(_THE_SAME,),
        orgpatch={
            _THE_SAME: "works in the Regions that the plan names",
            _MORE: "leaves a Region that its list lacks to AWS; the list needs a newer date",
            _FEWER: "gives a Region that EC2 does not name the reason of an unknown Region",
        },
        ask=_list,
        concerns=("F-24",),
    ),
    Fact(
        name="status-of-a-region",
        says="OptInStatus is one of three words.",
        calls=(_REGIONS,),
        sources=(Model("ec2", "Region.OptInStatus", "opt-in-not-required, opted-in, and not-opted-in"),),
        aws=("one of three",),
        orgpatch={"one of three": "a Region is disabled if it is not-opted-in"},
        ask=_statuses,
    ),
    Fact(
        name="list-without-disabled-regions",
        says="Without AllRegions the list has only Regions that are enabled.",
        calls=(_REGIONS,),
        sources=(Model("ec2", "DescribeRegions", "Describes the Regions that are enabled for your account"),),
        aws=("none that is off",),
        orgpatch={
            "none that is off": "does not depend on it: it asks with AllRegions",
            "also some that are off": "does not depend on it",
        },
        ask=_usual,
    ),
    Fact(
        name="unknown-region-is-no-error",
        says="A filter with the name of a Region that does not exist finds nothing, and is no error.",
        calls=(_REGIONS,),
        sources=(Model("ec2", "DescribeRegionsRequest.Filters", "The name of the Region"),),
        aws=(ACCEPTED,),
        orgpatch={ACCEPTED: "the target has the reason of an unknown Region"},
        ask=_without,
    ),
    Fact(
        name="unknown-instance-is-no-error",
        says="A filter with the id of an instance that does not exist finds nothing, and is no error.",
        calls=("ec2:DescribeInstances",),
        sources=(
            Model("ec2", "DescribeInstancesRequest.Filters", "The ID of the instance."),
            Model("ec2", "DescribeInstances", "Recently terminated instances might appear in the returned results"),
        ),
        aws=("an empty list",),
        orgpatch={
            "an empty list": "an instance that does not answer and that EC2 does not list was terminated",
            "InvalidInstanceID.NotFound": "why such an instance does not answer is not known",
        },
        ask=_gone,
    ),
    Fact(
        name="partition-of-the-region",
        says="The partition that botocore knows for the Region is that of the caller's ARN.",
        calls=("sts:GetCallerIdentity",),
        sources=(Page("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html", "the partitions"),),
        aws=("the partition of the ARN",),
        orgpatch={"the partition of the ARN": "every ARN of orgpatch has the partition of the function's own"},
        ask=_partition,
        concerns=("F-24",),
    ),
    Fact(
        name="fields-of-an-instance",
        says="DescribeInstances answers state, zone, platform, launch time and metadata options of an instance.",
        calls=("ec2:DescribeInstances",),
        sources=(Model("ec2", "Instance.PlatformDetails", "The platform details value for the instance"),),
        aws=("every field",),
        orgpatch={"every field": "readiness explains what it sees, and says unknown for a field that is missing"},
        ask=_instances,
    ),
    _page("DescribeInstances", 1000, Page(_PAGINATION, "names no maximum"), refuses=None),
    _page("DescribeSubnets", 1000),
    _page("DescribeSecurityGroups", 1000),
    _page("DescribeNetworkAcls", 1000),
    _page(
        "DescribeVpcEndpoints",
        1000,
        Model("ec2", "DescribeVpcEndpointsRequest.MaxResults", "is greater than 1,000, we return only 1,000 items"),
        refuses=False,
    ),
    _page("DescribeRouteTables", 100),
)
