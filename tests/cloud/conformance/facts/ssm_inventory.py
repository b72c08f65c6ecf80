"""Systems Manager: Inventory."""

from __future__ import annotations

from ..asker import Asker
from ..fact import ACCEPTED, Fact, Limit, Model, Page

_REFUSED = "InvalidResultAttributeException"
_LINUX = {"Key": "AWS:InstanceInformation.PlatformType", "Values": ["Linux"], "Type": "Equal"}


def _applications(asker: Asker) -> str:
    wanted = [{"TypeName": "AWS:Application"}]
    return asker.answer("ssm", "get_inventory", Filters=[_LINUX], ResultAttributes=wanted, MaxResults=50)


def _page(asker: Asker) -> str:
    return asker.pages("ssm", "GetInventory", 50, 51, Filters=[_LINUX])


FACTS = (
    Fact(
        name="packages-in-GetInventory",
        says="GetInventory does not answer the packages of the instances.",
        calls=("ssm:GetInventory",),
        sources=(
            Model("ssm", "ResultAttribute.TypeName", "Valid value: AWS:InstanceInformation"),
            Page(
                "https://github.com/turbot/steampipe-plugin-aws/issues/1972",
                "AWS:Application is not supported. Supported type names are: AWS:InstanceInformation, AWS:PatchSummary",
            ),
            Page("https://github.com/aws/aws-sdk/issues/640", "the same words for another type, in 2023"),
        ),
        aws=(_REFUSED,),
        orgpatch={
            _REFUSED: "Python is unknown wherever Inventory is asked like this; nothing else changes",
            ACCEPTED: "knows which instances lack Python",
        },
        ask=_applications,
        concerns=("F-14",),
    ),
    Fact(
        name="page-of-GetInventory",
        says="GetInventory accepts the filter by platform and pages of 50, and no larger ones.",
        calls=("ssm:GetInventory",),
        sources=(Limit("ssm", "GetInventory", 50),),
        aws=(f"50 {ACCEPTED}, 51 ValidationException",),
        orgpatch={f"50 {ACCEPTED}, 51 ValidationException": "asks for pages of 50"},
        ask=_page,
    ),
)
