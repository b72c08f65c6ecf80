"""Compares the calls of the end-to-end runs with the permissions of the templates, in both directions.

Reads every authorized.jsonl below the given folders (one line per decision of the local cloud: principal, action,
resource, account, decision, by) and complains about
  - a call that a role's own policy denied: the template allows too little;
  - an allowed action that no run used and that has no `# unused-because:` beside it in the YAML: it allows too much.
A trust policy that refuses is no complaint, because some scenarios provoke it. Roles that are in neither template
(deployment, tests) do not count.

Usage: python -m checks.iam_usage FOLDER...   (exit code 0 all well, 1 complaints, 2 nothing to read)
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import command, intrinsics, policies, sources


@dataclass(frozen=True)
class Call:
    """One decision of the local cloud."""

    principal: str
    account: str
    action: str
    resource: str
    allowed: bool
    by: str


@dataclass
class Usage:
    """The result of the comparison."""

    calls: int = 0
    denied: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    unused: list[tuple[str, str, str]] = field(default_factory=list)
    excused: list[tuple[str, str, str]] = field(default_factory=list)
    # Actions with an `unused-because` that a run does use. A note, no complaint, because some uses depend on timing.
    stale: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether there are no complaints."""
        return not (self.denied or self.unused)


def read(folders: Iterable[Path]) -> Iterator[Call]:
    """Yields every line of every authorized.jsonl below the folders."""
    for folder in folders:
        for path in sorted(folder.rglob("authorized.jsonl")):
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                yield Call(
                    principal=entry["principal"],
                    account=entry["account"],
                    action=entry["action"],
                    resource=entry["resource"],
                    # The local cloud writes `authorized`; IAM's own words are accepted, too.
                    allowed=entry["decision"].lower() in {"authorized", "allow", "allowed"},
                    by=entry.get("by", "identity"),
                )


def role_of(principal: str, roles: Iterable[str], member_role_name: str) -> str | None:
    """Returns the template's role behind a role name: `orgpatch-ScanRole-1A2B3C` → `ScanRole`."""
    members = {member_role_name: "MemberRole", f"{member_role_name}-look": "MemberLookRole"}
    if principal in members:
        return members[principal]
    # CloudFormation makes the name <stack>-<logical id>-<random>, and the name of a stack may contain hyphens.
    found = re.search(r"-([A-Za-z0-9]+)-[A-Za-z0-9]+$", principal)
    return found.group(1) if found and found.group(1) in set(roles) - set(members.values()) else None


def compare(
    calls: Iterable[Call],
    statements: list[policies.Statement],
    member_role_name: str = intrinsics.PARAMETERS["MemberRoleName"],
) -> Usage:
    """Compares calls with statements."""
    usage = Usage()
    used: set[tuple[str, str]] = set()
    roles = {statement.role for statement in statements}
    for call in calls:
        role = role_of(call.principal, roles, member_role_name)
        if role is None or call.by != "identity":
            continue
        usage.calls += 1
        if call.allowed:
            used.add((role, call.action))
        else:
            usage.denied[(role, call.action, call.resource)] += 1
    seen: set[tuple[str, str]] = set()
    for statement in statements:
        for action in statement.actions:
            because, key = statement.unused_because.get(action), (statement.role, action)
            if key in used:
                if because:
                    usage.stale.append((statement.role, action, str(statement)))
            elif because:
                usage.excused.append((statement.role, action, because))
            elif key not in seen:
                usage.unused.append((statement.role, action, str(statement)))
            seen.add(key)
    return usage


def table(usage: Usage) -> str:
    """Returns the complaints as tables."""
    where = ("role", "action", "where")
    sections: list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]] = [
        (
            "DENIED: the template allows too little",
            ("role", "action", "resource", "calls"),
            [(*key, str(count)) for key, count in sorted(usage.denied.items())],
        ),
        ("UNUSED: allowed, used by no run, no `# unused-because:` beside it", where, [*usage.unused]),
        ("NOTE: a run used it; check whether its `# unused-because:` is still true", where, [*usage.stale]),
    ]
    lines = [
        f"{usage.calls} calls of the deployed roles; {len(usage.excused)} allowed actions are unused with a reason."
    ]
    for title, head, rows in sections:
        if rows:
            widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
            lines += ["", title]
            lines += [
                "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                for row in [head, *rows]
            ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Reads the calls, compares them with the templates and prints the complaints."""
    folders = [Path(argument) for argument in arguments]
    calls = list(read(folders))
    if not calls:
        return command.nothing_to_read("no authorized.jsonl with a line in it", arguments)
    usage = compare(calls, policies.statements(sources.TEMPLATE) + policies.statements(sources.MEMBER_ROLE))
    print(table(usage))
    return 0 if usage.well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
