"""Organizations: paths and states of accounts."""

from __future__ import annotations

from ..asker import Asker
from ..fact import ACCEPTED, Fact, Limit, Model


def _fields(asker: Asker) -> str:
    accounts = asker.call("organizations", "list_accounts", MaxResults=20).get("Accounts", [])
    missing = {name for account in accounts for name in ("State", "Paths") if not account.get(name)}
    return f"no {' and no '.join(sorted(missing, reverse=True))}" if missing else "State and Paths"


def _one(asker: Asker) -> str:
    account = asker.call("organizations", "describe_account", AccountId=asker.account)["Account"]
    missing = [name for name in ("State", "Paths") if not account.get(name)]
    return f"no {' and no '.join(missing)}" if missing else "State and Paths"


def _unknown(asker: Asker) -> str:
    return asker.answer("organizations", "describe_account", AccountId="000000000000")


def _page(asker: Asker) -> str:
    return asker.pages("organizations", "ListAccounts", 20, 21)


_RIGHT_PAGE = f"20 {ACCEPTED}, 21 InvalidInputException"

FACTS = (
    Fact(
        name="accounts-have-state-and-path",
        says="ListAccounts answers State and Paths of each account. Only the management account and delegated "
        "administrators may ask.",
        calls=("organizations:ListAccounts",),
        sources=(
            Model("organizations", "Account.Paths", "The paths in the organization where the account exists"),
            Model("organizations", "Account.State", "Each state represents a specific phase in the account lifecycle"),
        ),
        aws=("State and Paths",),
        orgpatch={
            "State and Paths": "needs no further call for the tree",
            "no Paths": "reads the whole tree instead, one call per unit and more",
            "no State": "an account without a state is not patched",
            "no State and no Paths": "an account without a state is not patched",
        },
        ask=_fields,
    ),
    Fact(
        name="one-account-has-state-and-path",
        says="DescribeAccount answers State and Paths of an account.",
        calls=("organizations:DescribeAccount",),
        sources=(
            Model("organizations", "Account.Paths", "The paths in the organization where the account exists"),
            Model("organizations", "Account.State", "Each state represents a specific phase in the account lifecycle"),
        ),
        aws=("State and Paths",),
        orgpatch={
            "State and Paths": "sees when a step begins whether an account has left its stage or was closed",
            "no Paths": "sees closed accounts only; the reason of each target says that it was not asked",
            "no State": "sees moved accounts only",
        },
        ask=_one,
    ),
    Fact(
        name="account-outside-the-organization",
        says="DescribeAccount of an account that the organization does not have is AccountNotFoundException.",
        calls=("organizations:DescribeAccount",),
        sources=(Model("organizations", "AccountNotFoundException", "We can't find an Amazon Web Services account"),),
        aws=("AccountNotFoundException",),
        orgpatch={
            "AccountNotFoundException": "an account that has left the organization is skipped",
            "AccessDeniedException": "such an account is tried, and cannot be entered",
        },
        ask=_unknown,
    ),
    Fact(
        name="page-of-ListAccounts",
        says="ListAccounts accepts pages of 20 and no larger ones.",
        calls=("organizations:ListAccounts",),
        sources=(Limit("organizations", "ListAccounts", 20),),
        aws=(_RIGHT_PAGE,),
        orgpatch={_RIGHT_PAGE: "asks for pages of 20"},
        ask=_page,
    ),
)
