"""The organization of the measured run: 100 accounts in one Region, three systems, a third of production slow.

Nothing fails in it: the benchmark measures the price of the work, not the price of incidents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .run import Setting

REGION = "ap-northeast-1"
START = "2026-11-10T00:00:00Z"
MANAGEMENT = "111111111111"
# Longest duration of a scan in fleet-sim; there is one before the install and one after it.
SCAN_SECONDS = 30
HOUR = 3600
SYSTEMS = ("AMAZON_LINUX_2023", "WINDOWS", "UBUNTU")


@dataclass(frozen=True)
class Stage:
    """A stage: its accounts, and how long an install takes in each."""

    name: str
    ou: str
    prefix: str
    accounts: int
    # Taken in turn: the second account takes the second number of seconds, and so on.
    install_seconds: tuple[int, ...]

    def members(self) -> dict[str, int]:
        """Returns account id → seconds that an install takes there."""
        return {
            f"{self.prefix}{number:08d}": self.install_seconds[number % len(self.install_seconds)]
            for number in range(self.accounts)
        }


STAGES = (
    Stage("test", "ou-bnch-11111111", "2222", 10, (120,)),
    Stage("staging", "ou-bnch-22222222", "3333", 20, (300, 180)),
    Stage("production", "ou-bnch-33333333", "4444", 70, (HOUR, 900, 300)),
)


def hour_long_accounts() -> set[str]:
    """Returns the accounts in which an install takes an hour."""
    return {account for stage in STAGES for account, seconds in stage.members().items() if seconds == HOUR}


def critical_path_seconds() -> int:
    """Returns the longest chain of simulated patching: the slowest target of each stage, one stage after the other."""
    return sum(2 * SCAN_SECONDS + max(stage.install_seconds) for stage in STAGES)


def setting() -> Setting:
    """Returns the run over this organization."""
    return Setting("run", _scenario(), _plan())


def _scenario() -> dict[str, Any]:
    return {
        "schemaVersion": 1,
        "clock": {"start": START},
        "management": MANAGEMENT,
        "organization": [
            {"ou": stage.name.capitalize(), "id": stage.ou, "accounts": list(stage.members())} for stage in STAGES
        ],
        "patches": patches(),
        "fleet": [entry for stage in STAGES for entry in _fleet(stage)],
    }


def _plan() -> dict[str, Any]:
    """Returns a plan that patches all targets of a stage, and all instances of a target, at the same time.

    A run then waits for patching only, never for its turn.
    """
    return {
        "schemaVersion": 1,
        "name": "bench",
        "regions": [REGION],
        "select": {"tags": {"Patch": ["enabled"]}},
        "rate": {"targets": 100, "maxConcurrency": "100%", "maxErrors": "10%"},
        "stages": [{"name": stage.name, "ous": [stage.ou]} for stage in STAGES],
    }


def one_stage(
    name: str,
    unit: str,
    accounts: Sequence[str],
    instances: int,
    rate: dict[str, Any],
    *,
    behaviour: dict[str, Any] | None = None,
    functions: dict[str, Any] | None = None,
) -> Setting:
    """Returns a run over accounts of one stage that have so many equal instances each.

    `behaviour` is that of the instances, `functions` the limits of Lambda.
    """
    entry: dict[str, Any] = {"region": REGION, "count": instances, "os": SYSTEMS[0]}
    if behaviour is not None:
        entry["behaviour"] = behaviour
    scenario: dict[str, Any] = {
        "schemaVersion": 1,
        "clock": {"start": START},
        "management": MANAGEMENT,
        "organization": [{"ou": "Production", "id": unit, "accounts": list(accounts)}],
        "patches": patches(),
        "fleet": [{"account": account, **entry} for account in accounts],
    }
    if functions is not None:
        scenario["lambda"] = functions
    plan = {
        "schemaVersion": 1,
        "name": "bench",
        "regions": [REGION],
        "rate": rate,
        "stages": [{"name": "production", "ous": [unit]}],
    }
    return Setting(name, scenario, plan)


def patches() -> list[dict[str, Any]]:
    """Returns three patches of each system, the first of which needs a reboot."""
    return [
        {
            "id": f"KB50000{number}" if system == "WINDOWS" else f"package-{number}",
            "version": f"1.{number}",
            "os": system,
            "released": "2026-10-20",
            "classification": "SecurityUpdates" if system == "WINDOWS" else "Security",
            "severity": "Important",
            "reboot": number == 0,
        }
        for system in SYSTEMS
        for number in range(3)
    ]


def _fleet(stage: Stage) -> list[dict[str, Any]]:
    """Returns two to four instances of one system per account; some accounts get two of another system as well."""
    entries = []
    for number, (account, seconds) in enumerate(stage.members().items()):
        groups = [(SYSTEMS[number % 3], 2 + number // 3 % 3)]
        if number % 9 == 1:
            groups.append((SYSTEMS[0], 2))
        entries += [
            {
                "account": account,
                "region": REGION,
                "count": count,
                "os": system,
                "tags": {"Patch": "enabled"},
                "behaviour": {"seconds": seconds},
            }
            for system, count in groups
        ]
    return entries
