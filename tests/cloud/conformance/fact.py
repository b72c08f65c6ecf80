"""A fact that orgpatch and its simulator rest on: the question, the answer, and who says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asker import Asker

ACCEPTED = "accepted"


class Needs(StrEnum):
    """What a question does to the account."""

    READ = "read"
    # Creates something and removes it again: WRITE=1.
    WRITE = "write"
    # Sends a command to an instance: INSTANCE=<id>.
    INSTANCE = "instance"


@dataclass(frozen=True)
class Model:
    """A sentence in botocore's model of a service, which AWS writes. A test looks it up."""

    service: str
    # `Shape`, `Shape.member`, or an operation.
    place: str
    quote: str

    def __str__(self) -> str:
        return f'botocore, {self.service} {self.place}: "{self.quote}"'


@dataclass(frozen=True)
class Limit:
    """The largest page of an operation in botocore's model. A test compares it."""

    service: str
    operation: str
    most: int
    field: str = "MaxResults"

    def __str__(self) -> str:
        return f"botocore, {self.service} {self.operation}.{self.field}: at most {self.most}"


@dataclass(frozen=True)
class Page:
    """A public page: documentation of AWS, or a report of a user with the answer that AWS gave."""

    url: str
    says: str

    def __str__(self) -> str:
        return f"{self.url}: {self.says}"


@dataclass(frozen=True)
class Fact:
    """A line of the conformance tests. Answers are short words: `accepted`, an error code, a number."""

    name: str
    # A sentence that is true as long as AWS answers what `aws` says.
    says: str
    # The operations that are asked about, as IAM or the API names them: `ssm:ListCommands`.
    calls: tuple[str, ...]
    sources: tuple[Model | Limit | Page, ...]
    # What AWS answers by its documentation, or by what users report. More than one: the sources leave it open.
    aws: tuple[str, ...]
    # What orgpatch does under each answer.
    orgpatch: Mapping[str, str]
    ask: Callable[[Asker], str]
    needs: Needs = Needs.READ
    # The numbers of the findings that it is about.
    concerns: tuple[str, ...] = ()
    # What the local cloud answers, if `aws` has another answer or several; and why, if `aws` has it not.
    simulator: str | None = None
    because: str = ""
    # Why the local cloud cannot be asked, if it cannot.
    not_local: str = ""

    @property
    def local(self) -> str:
        """What the local cloud answers."""
        return self.simulator or " or ".join(self.aws)

    @property
    def is_open(self) -> bool:
        """Whether the sources leave the answer open."""
        return len(self.aws) > 1

    def fits(self, answer: str) -> bool:
        """Returns whether AWS's answer is one of the expected ones."""
        return answer in self.aws

    def consequence(self, answer: str) -> str:
        """Returns what orgpatch does if AWS answers this."""
        return self.orgpatch.get(answer, "not known: orgpatch was not built for this answer")


def plain(documentation: str) -> str:
    """Returns documentation of a model as text, without its tags."""
    text = re.sub(r"<[^>]+>", " ", documentation)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    text = re.sub(r"\s+", " ", text)
    return re.sub(r" ([.,;:)])", r"\1", text).strip()
