"""DynamoDB: its clock."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..asker import Asker
from ..fact import Fact, Page

_FAR_OFF_SECONDS = 60


def _date(asker: Asker) -> str:
    headers = asker.call("dynamodb", "list_tables", Limit=1)["ResponseMetadata"]["HTTPHeaders"]
    if "date" not in headers:
        return "no Date"
    apart = abs((datetime.now(UTC) - parsedate_to_datetime(headers["date"])).total_seconds())
    # In the local cloud it is the simulated time, which is far off on purpose.
    asker.notes.append(f"the clocks of DynamoDB and of this machine differ by {apart:.0f} s")
    return "a Date near this clock" if apart < _FAR_OFF_SECONDS else "a Date far from this clock"


FACTS = (
    Fact(
        name="ledger-has-a-clock",
        says="An answer of DynamoDB has the header Date, with the current time.",
        calls=("dynamodb:ListTables",),
        sources=(
            Page("https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1", "a server with a clock must send Date"),
            Page(
                "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html",
                "its example of an answer has Date",
            ),
        ),
        aws=("a Date near this clock",),
        orgpatch={
            "a Date near this clock": "every function takes it as its clock (docs/decisions/0063)",
            "a Date far from this clock": "the same; check the clock of this machine",
            "no Date": "a function has no clock and fails",
        },
        ask=_date,
        simulator="a Date far from this clock",
        because="it is the simulated time",
    ),
)
