"""Computes what the history must say from report.json alone: plain loops, no SQL, without reading the history."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Report = dict[str, Any]
Line = dict[str, Any]


@dataclass(frozen=True)
class Rounded:
    """A number that a query rounds."""

    value: float
    within: float

    def fits(self, answer: Any) -> bool:
        """Returns whether the query's answer is this number."""
        return answer is not None and abs(answer - self.value) <= self.within


@dataclass(frozen=True)
class Between:
    """A time or a number of a target in chunks.

    Each chunk of a target is recorded by itself, and the report has the time of the last one. Others may be earlier.
    """

    first: Any
    last: Any

    def fits(self, answer: Any) -> bool:
        """Returns whether the answer is not earlier than the first and not later than the last."""
        return answer is not None and self.first <= answer <= self.last


# So many instances are in one chunk at the most.
_CHUNK = 50


def moment(text: str) -> datetime:
    """Parses a time of the report."""
    return datetime.fromisoformat(text).astimezone(UTC)


def written(text: str) -> str:
    """Writes a time of the report as the history does."""
    return moment(text).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day(report: Report) -> str:
    """Returns the day on which the run began."""
    return moment(report["run"]["startedAt"]).date().isoformat()


def keys(reports: list[Report]) -> set[str]:
    """Returns every file below results/: one per table, run and stage."""
    return {
        f"{table}/date={day(report)}/stage={step['stage']}/{report['run']['id']}.jsonl.gz"
        for report in reports
        for step in report["steps"]
        for table in TABLES
    }


def targets_of(report: Report) -> dict[tuple[str, str, str], Line]:
    """Returns account, Region and stage → target: stages may share an account."""
    return {(target["accountId"], target["region"], target["stage"]): target for target in report["targets"]}


def rows(reports: list[Report]) -> Iterator[tuple[Report, Line, Line]]:
    """Yields every instance of every report, with its target."""
    for report in reports:
        targets = targets_of(report)
        for row in report["instances"]:
            yield report, targets[row["accountId"], row["region"], row["stage"]], row


def in_chunks(report: Report) -> set[tuple[str, str, str]]:
    """Returns account, Region and stage of the targets with more than one chunk."""
    counts = Counter((row["accountId"], row["region"], row["stage"]) for row in report["instances"])
    return {place for place, count in counts.items() if count > _CHUNK}


# ------------------------------------------------------------------------------------------------------------- tables
# Queries that read whole tables in a fixed order: a table must contain everything that the reports say.
SORTED = {
    "instances": """
        SELECT date, run_id, plan, operation, decision, stage, wave, account_name, ou_path, region, instance_id, name,
          os, outcome, reason_code, reason_text, missing_before, installed, failed, missing_after, held_back,
          baseline_id, findings, conflicts, overwritten_by, passes,
          judged_by, install_started_at, install_finished_at,
          pending_reboot_since, available_security_updates, aws_status
        FROM instances ORDER BY started_at, instance_id""",
    "patches": """
        SELECT run_id, account_id, region, instance_id, outcome, event, seen_at, patch_id, title, classification,
          severity, cve_ids, more_cve_ids
        FROM patches ORDER BY started_at, instance_id, event, seen_at, patch_id, title""",
    "targets": """
        SELECT date, run_id, started_at, finished_at, stage, wave, account_id, region, outcome, reason_code
        FROM targets ORDER BY started_at, account_id, region, stage""",
}


def instances(reports: list[Report]) -> list[Line]:
    """Returns the rows of table `instances`."""
    lines = []
    for report, target, row in sorted(
        rows(reports), key=lambda one: (one[0]["run"]["startedAt"], one[2]["instanceId"])
    ):
        run = report["run"]
        lines.append(
            {
                "date": day(report),
                "run_id": run["id"],
                "plan": run["plan"],
                "operation": run["operation"],
                "decision": run["decision"],
                "stage": row["stage"],
                "wave": row["wave"],
                "account_name": target["accountName"],
                "ou_path": target["ouPath"],
                "region": row["region"],
                "instance_id": row["instanceId"],
                "name": row["name"],
                "os": row["os"],
                "outcome": row["outcome"],
                "reason_code": row["reason"]["code"],
                "reason_text": row["reason"]["text"],
                "missing_before": len(row["missingBefore"]) + row.get("moreMissingBefore", 0),
                "installed": len(row["installed"]),
                "failed": len(row["failed"]),
                "missing_after": len(row["missingAfter"]) + row.get("moreMissingAfter", 0),
                "held_back": len(row["heldBack"]),
                "baseline_id": row["baselineId"],
                "findings": wrong(row),
                "conflicts": [conflict["reason"]["code"] for conflict in row["conflicts"]],
                "overwritten_by": row["overwrittenBy"] and row["overwrittenBy"]["code"],
                "passes": len(row.get("passes", [])) or None,
                "judged_by": row["judgedBy"]["code"] if row.get("judgedBy") else None,
                "install_started_at": written(row["startedAt"]) if row.get("startedAt") else None,
                "install_finished_at": written(row["finishedAt"]) if row.get("finishedAt") else None,
                "pending_reboot_since": written(row["pendingRebootSince"]) if row.get("pendingRebootSince") else None,
                "available_security_updates": row.get("availableSecurityUpdates", 0),
                "aws_status": row.get("awsStatus"),
            }
        )
    return lines


def wrong(row: Line) -> list[str]:
    """Returns the readiness findings of an instance that do not pass."""
    return [f"{one['check']}: {one['status']}" for one in row["findings"] if one["status"] != "pass"]


def events(reports: list[Report]) -> Iterator[tuple[Report, Line, Line, str, str, Line]]:
    """Yields every report, target, instance, event, time and patch."""
    for report, target, row in rows(reports):
        known = {(patch["id"], patch["title"]) for patch in row["missingBefore"]}
        came_up = [patch for patch in row["missingAfter"] if (patch["id"], patch["title"]) not in known]
        for event, place, patches in (
            ("missing", "scannedAt", row["missingBefore"]),
            ("missing", "installedAt", came_up),
            ("installed", "installedAt", row["installed"]),
            ("failed", "installedAt", row["failed"]),
            ("held-back", "scannedAt", row["heldBack"]),
        ):
            for patch in patches:
                yield report, target, row, event, written(target[place]), patch


def patches(reports: list[Report]) -> list[Line]:
    """Returns the rows of table `patches`."""
    chunked = {report["run"]["id"]: in_chunks(report) for report in reports}

    def seen(report: Report, row: Line, at: str) -> str | Between:
        if (row["accountId"], row["region"], row["stage"]) in chunked[report["run"]["id"]]:
            return Between(written(report["run"]["startedAt"]), at)
        return at

    lines = [
        (
            (moment(report["run"]["startedAt"]), row["instanceId"], event, at, patch["id"], patch["title"]),
            {
                "run_id": report["run"]["id"],
                "account_id": row["accountId"],
                "region": row["region"],
                "instance_id": row["instanceId"],
                "outcome": row["outcome"],
                "event": event,
                "seen_at": seen(report, row, at),
                "patch_id": patch["id"],
                "title": patch["title"],
                "classification": patch["classification"],
                "severity": patch["severity"],
                "cve_ids": patch.get("cveIds", []),
                "more_cve_ids": patch.get("moreCveIds", 0),
            },
        )
        for report, _, row, event, at, patch in events(reports)
    ]
    lines.sort(key=lambda one: one[0])
    return [line for _, line in lines]


def targets(reports: list[Report]) -> list[Line]:
    """Returns the rows of table `targets`."""
    every = [(report, target) for report in reports for target in report["targets"]]
    every.sort(
        key=lambda one: (moment(one[0]["run"]["startedAt"]), one[1]["accountId"], one[1]["region"], one[1]["stage"])
    )
    return [
        {
            "date": day(report),
            "run_id": report["run"]["id"],
            "started_at": written(report["run"]["startedAt"]),
            "finished_at": written(report["run"]["finishedAt"]),
            "stage": target["stage"],
            "wave": target["wave"],
            "account_id": target["accountId"],
            "region": target["region"],
            "outcome": target["outcome"],
            "reason_code": target["reason"]["code"],
        }
        for report, target in every
    ]


TABLES: dict[str, Callable[[list[Report]], list[Line]]] = {
    "instances": instances,
    "patches": patches,
    "targets": targets,
}


# ------------------------------------------------------------------------------------------------------------ queries
def own(every: Iterable[tuple[Report, Line, Line]]) -> Iterator[tuple[Report, Line, Line]]:
    """Yields the instances of stages on which their run worked."""
    return (one for one in every if one[2]["reason"]["code"] != "other-stage")


def last_of_day(reports: list[Report]) -> list[tuple[str, Line, Line]]:
    """Returns every day, target and instance, by the last run of the day that has asked what is missing there."""
    last: dict[tuple[str, str, str, str], tuple[Line, Line]] = {}
    only_ready = {report["run"]["id"] for report, _, row in rows(reports) if row["reason"]["code"] == "readiness-only"}
    asked = [one for one in own(rows(reports)) if one[0]["run"]["id"] not in only_ready]
    for report, target, row in sorted(asked, key=lambda one: moment(one[0]["run"]["startedAt"])):
        last[day(report), row["accountId"], row["region"], row["instanceId"]] = (target, row)
    return [(date, target, row) for (date, *_), (target, row) in last.items()]


def compliance_over_time(reports: list[Report]) -> list[Line]:
    """Answers per day and OU: for how many instances the last run of the day ended well."""
    per_unit = defaultdict(list)
    for date, target, row in last_of_day(reports):
        per_unit[date, target["ouPath"]].append(row)
    lines = []
    for (date, ou_path), list_ in sorted(per_unit.items()):
        looked = [row for row in list_ if row["outcome"] != "skipped"]
        good = [row for row in looked if row["outcome"] in {"patched", "compliant"}]
        by_the_plan = sum(not row.get("judgedBy") for row in good)
        bad = sum(row["outcome"] in {"missing", "pending-reboot", "failed"} for row in looked)
        lines.append(
            {
                "date": date,
                "ou_path": ou_path,
                "instances": len(looked),
                "compliant": by_the_plan,
                "not_compliant": bad,
                "not_known": len(looked) - len(good) - bad,
                "percent_compliant": Rounded(100 * by_the_plan / len(looked), 0.0501) if looked else None,
                "by_another_baseline": len(good) - by_the_plan,
                "skipped": len(list_) - len(looked),
            }
        )
    return lines


def skipped_by_reason(reports: list[Report]) -> list[Line]:
    """Answers per day, OU and reason: how many instances of how many accounts were skipped."""
    accounts = defaultdict(list)
    for date, target, row in last_of_day(reports):
        if row["outcome"] == "skipped":
            accounts[date, target["ouPath"], row["reason"]["code"]].append(row["accountId"])
    lines = [
        {
            "date": date,
            "ou_path": ou_path,
            "reason_code": code,
            "instances": len(list_),
            "accounts": len(set(list_)),
        }
        for (date, ou_path, code), list_ in accounts.items()
    ]
    return sorted(lines, key=lambda one: (one["date"], one["ou_path"], -one["instances"], one["reason_code"]))


def installs(reports: list[Report]) -> list[Line]:
    """Answers per run and stage: how many instances began an install, when the first began and the last ended."""
    found = defaultdict(list)
    for report, _, row in rows(reports):
        if row.get("startedAt"):
            run = report["run"]
            found[day(report), run["id"], run["plan"], row["stage"]].append((row["startedAt"], row.get("finishedAt")))
    lines: list[Line] = []
    for (date, run_id, plan, stage), times in found.items():
        ends = [written(end) for _, end in times if end]
        lines.append(
            {
                "date": date,
                "run_id": run_id,
                "plan": plan,
                "stage": stage,
                "instances": len(times),
                "first_started_at": min(written(start) for start, _ in times),
                "last_finished_at": max(ends, default=None),
                "not_ended": len(times) - len(ends),
            }
        )
    return sorted(lines, key=lambda line: (line["first_started_at"], line["run_id"], line["stage"]))


def time_to_patch(reports: list[Report]) -> list[Line]:
    """Answers per severity: the hours from first missing to first installed."""
    missing: dict[tuple[str, ...], datetime] = {}
    installed = defaultdict(list)
    severities = {}
    for _, _, row, event, at, patch in events(reports):
        key: tuple[str, ...] = (row["accountId"], row["region"], row["instanceId"], patch["id"], patch["title"])
        if event == "missing":
            missing[key] = min(missing.get(key, moment(at)), moment(at))
            severities[key] = patch["severity"]
        if event == "installed":
            installed[key].append(moment(at))
    is_chunked = any(in_chunks(report) for report in reports)

    def known_to(value: float) -> Rounded | Between:
        return Between(0, value + 0.00501) if is_chunked else Rounded(value, 0.00501)

    hours = defaultdict(list)
    for key, since in missing.items():
        after = [at for at in installed[key] if at >= since]
        hours[severities[key]].append((min(after) - since).total_seconds() / 3600 if after else None)
    lines = []
    for severity, all_ in sorted(hours.items()):
        known = [one for one in all_ if one is not None]
        lines.append(
            {
                "severity": severity,
                "installed": len(known),
                "still_missing": len(all_) - len(known),
                "mean_hours": known_to(sum(known) / len(known)) if known else None,
                "longest_hours": known_to(max(known)) if known else None,
            }
        )
    return lines


def always_unreachable(reports: list[Report]) -> list[Line]:
    """Answers which accounts and instances no run reached."""
    tries = defaultdict(list)
    for report in sorted(reports, key=lambda one: moment(one["run"]["startedAt"])):
        run = report["run"]["id"], written(report["run"]["startedAt"])
        for target in report["targets"]:
            if target["outcome"] not in {"skipped", "not-attempted"}:
                reached = target["outcome"] == "reached"
                tries["account", target["accountId"], target["region"], ""].append((reached, run, target, target))
        for _, target, row in rows([report]):
            if row["outcome"] not in {"skipped", "not-attempted"}:
                reached = row["outcome"] not in {"unreachable", "not-ready"}
                key = "instance", row["accountId"], row["region"], row["instanceId"]
                tries[key].append((reached, run, target, row))
    lines = []
    for (kind, account, region, instance), list_ in tries.items():
        if not any(reached for reached, *_ in list_):
            _, _, target, last = list_[-1]
            lines.append(
                {
                    "kind": kind,
                    "account_id": account,
                    "account_name": target["accountName"],
                    "ou_path": target["ouPath"],
                    "region": region,
                    "instance_id": instance,
                    "runs": len({run for _, run, *_ in list_}),
                    "first_run": list_[0][1][1],
                    "last_run": list_[-1][1][1],
                    "last_reason": last["reason"]["text"],
                }
            )
    return sorted(
        lines, key=lambda line: (-line["runs"], *(line[n] for n in ("kind", "account_id", "region", "instance_id")))
    )


def readiness_over_time(reports: list[Report]) -> list[Line]:
    """Answers per day and finding or conflict: on how many instances the last run of the day found it."""
    last: dict[tuple[str, str, str, str], set[str]] = {}
    for report, _, row in sorted(own(rows(reports)), key=lambda one: moment(one[0]["run"]["startedAt"])):
        found = {*wrong(row), *(conflict["reason"]["code"] for conflict in row["conflicts"])}
        last[day(report), row["accountId"], row["region"], row["instanceId"]] = found
    accounts = defaultdict(list)
    for (date, account, *_), found in last.items():
        for what in found:
            accounts[date, what].append(account)
    lines = [
        {"date": date, "what": what, "instances": len(list_), "accounts": len(set(list_))}
        for (date, what), list_ in accounts.items()
    ]
    return sorted(lines, key=lambda line: (line["date"], -line["instances"], line["what"]))


QUERIES: dict[str, Callable[[list[Report]], list[Line]]] = {
    "compliance-over-time": compliance_over_time,
    "skipped-by-reason": skipped_by_reason,
    "installs": installs,
    "time-to-patch": time_to_patch,
    "always-unreachable": always_unreachable,
    "readiness-over-time": readiness_over_time,
}


def cves(reports: list[Report]) -> list[str]:
    """Returns every CVE ID that a report names."""
    return sorted({cve for *_, patch in events(reports) for cve in patch.get("cveIds", [])})


def with_cve(reports: list[Report], cve: str) -> list[Line]:
    """Answers which instances had a CVE, and when."""
    seen: dict[tuple[str, ...], dict[str, Any]] = {}
    for _, target, row, event, at, patch in events(reports):
        if cve not in patch.get("cveIds", []):
            continue
        place = target["accountId"], target["accountName"], target["ouPath"], row["region"], row["instanceId"]
        line = seen.setdefault(
            (*place, patch["id"], patch["title"]), {"of": row, "patch": patch, "missing": [], "installed": []}
        )
        line.setdefault(event, []).append(at)
    names = ("account_id", "account_name", "ou_path", "region", "instance_id")
    return [
        dict(zip(names, key, strict=False))
        | {
            "name": line["of"]["name"],
            "os": line["of"]["os"],
            "patch_id": key[5],
            "title": key[6],
            "severity": line["patch"]["severity"],
            "first_missing": min(line["missing"], default=None),
            "last_missing": max(line["missing"], default=None),
            "installed_at": max(line["installed"], default=None),
        }
        for key, line in sorted(seen.items(), key=lambda one: (one[0][0], *one[0][3:]))
    ]
