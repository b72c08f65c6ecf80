"""The file that can be attached to a bug report. It names no account and nothing of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import botocore

from .asker import PREFIX, Permitted
from .run import Outcome, Result, Status

# In this order: an ARN contains an account id, and may contain other ids.
_MASKS = (
    (re.compile(r"\barn:[a-z-]+:[^\s\"'`,)]+"), "<arn>"),
    (re.compile(r"\b[a-z]{1,4}-[0-9a-f]{8}(?:[0-9a-f]{9})?\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b"), "<key>"),
    (re.compile(r"(?<!\d)\d{12}(?!\d)"), "<account>"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "<address>"),
)
# What follows these words in a message of S3 and others identifies a request.
_REQUEST = re.compile(r"((?:Request ?ID|HostId)\s*[:=]\s*)[\w/+=-]+", re.IGNORECASE)


@dataclass(frozen=True)
class Mask:
    """Replaces what identifies an account."""

    # Names that the person at the terminal has given: profile, bucket, role.
    names: tuple[str, ...] = ()

    def __call__(self, text: str) -> str:
        """Returns the text without them. Names that this tool has made up stay."""
        for pattern, word in _MASKS:
            text = pattern.sub(word, text)
        text = _REQUEST.sub(r"\1<id>", text)
        for name in sorted(filter(None, self.names), key=len, reverse=True):
            text = text.replace(name, "<name>")
        return text


def mask(permitted: Permitted, profile: str) -> Mask:
    """Returns the mask for what was given. A profile whose name is an ordinary word stays out of the file anyway."""
    given = [permitted.bucket, permitted.instance, permitted.role]
    return Mask((*(name for name in given if name), *((profile,) if len(profile) > 3 else ())))


def written(outcome: Outcome, region: str, partition: str, date: str, hide: Mask) -> str:
    """Returns the file, in Markdown."""
    lines = [
        "# What AWS answered",
        "",
        f"- {date}, Region {region}, partition {partition}, botocore {botocore.__version__}",
        f"- {summary(outcome)}",
        "",
        "Account ids, ARNs, ids and given names are masked. Read it once before you attach it.",
    ]
    if outcome.interrupted:
        lines += ["", "The questions were interrupted: those at the end of the list were not asked."]
    for status, title in (
        (Status.DIFFERENT, "Answered differently"),
        (Status.BROKEN, "Questions that went wrong"),
        (Status.SETTLED, "Open questions that are now answered"),
    ):
        found = outcome.with_status(status)
        if found:
            lines += ["", f"## {title}", ""]
            lines += [line for result in found for line in _entry(result, hide)]
    lines += _list("Left behind in the account", [hide(text) for text in outcome.left_behind])
    lines += _list("Answers that differ from botocore's model", [hide(text) for text in outcome.deviations])
    not_asked = outcome.with_status(Status.NOT_ASKED)
    lines += _list("Not asked", [f"`{result.fact.name}`: {hide(result.answer)}" for result in not_asked])
    same = outcome.with_status(Status.SAME)
    lines += _list("As expected", [f"`{result.fact.name}`: {hide(result.answer)}" for result in same])
    return "\n".join(lines) + "\n"


def summary(outcome: Outcome) -> str:
    """Returns one line with numbers."""
    counts = {status: len(outcome.with_status(status)) for status in Status}
    text = (
        f"{counts[Status.DIFFERENT]} answered differently, {counts[Status.SETTLED]} open questions answered, "
        f"{counts[Status.SAME]} as expected, {counts[Status.NOT_ASKED]} not asked"
    )
    return f"{text}, {counts[Status.BROKEN]} went wrong" if counts[Status.BROKEN] else text


def _entry(result: Result, hide: Mask) -> list[str]:
    fact = result.fact
    concerns = f" ({', '.join(fact.concerns)})" if fact.concerns else ""
    lines = [
        f"### `{fact.name}`{concerns}",
        "",
        fact.says,
        "",
        f"- AWS answered: **{hide(result.answer)}**",
        f"- Expected: {' or '.join(fact.aws)}",
        f"- The local cloud answers: {fact.local}{f' ({fact.because})' if fact.because else ''}",
        f"- orgpatch then: {fact.consequence(result.answer)}",
        f"- Calls: {', '.join(fact.calls)}",
    ]
    lines += [f"- Its words: {hide(note)}" for note in result.notes]
    lines += [f"- Source: {source}" for source in fact.sources]
    return [*lines, ""]


def _list(title: str, entries: Iterable[str]) -> list[str]:
    found = list(entries)
    return ["", f"## {title}", "", *(f"- {entry}" for entry in found)] if found else []


def name(date: str, region: str) -> str:
    """Returns the usual name of the file."""
    return f"{PREFIX}{date[:10]}-{region}.md"
