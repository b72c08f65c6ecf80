"""Lambda: how many functions may run at the same time."""

from __future__ import annotations

from ..asker import Asker
from ..fact import Fact, Model, Page


def _concurrency(asker: Asker) -> str:
    limit = asker.call("lambda", "get_account_settings").get("AccountLimit", {})
    if "ConcurrentExecutions" not in limit or "UnreservedConcurrentExecutions" not in limit:
        return "no limit is named"
    asker.notes.append(f"unreserved concurrent executions: {limit['UnreservedConcurrentExecutions']}")
    return "a small limit" if limit["UnreservedConcurrentExecutions"] < 100 else "a limit of 100 or more"


FACTS = (
    Fact(
        name="concurrency-is-named",
        says="GetAccountSettings names how many functions may run at the same time; a new account may have 10.",
        calls=("lambda:GetAccountSettings",),
        sources=(
            Model("lambda", "AccountLimit.UnreservedConcurrentExecutions", "minus the capacity that's reserved"),
            Page(
                "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
                "1,000 per Region, and new accounts have reduced quotas",
            ),
        ),
        aws=("a limit of 100 or more", "a small limit"),
        orgpatch={
            "a limit of 100 or more": "nothing is in the way of the usual rate of targets",
            "a small limit": "throttled functions are called again for a night, and the summary names the limit",
            "no limit is named": "the summary does not name the limit",
        },
        ask=_concurrency,
        simulator="a limit of 100 or more",
        concerns=("F-03",),
    ),
)
