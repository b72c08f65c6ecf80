"""Asks fleet-sim about its organization, instances, clock and faults (`/_sim/…`)."""

from __future__ import annotations

import http.client
import json
import threading
from typing import Any

from .settings import SETTINGS


def get(path: str) -> Any:
    """Returns a JSON document of the simulator."""
    connection = http.client.HTTPConnection(SETTINGS.simulator_host, SETTINGS.simulator_port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"fleet-sim answered {response.status} to {path}: {body[:200]!r}")
        return json.loads(body)
    finally:
        connection.close()


class Organization:
    """The simulated organization. Of what is read here only the states change during a run, so it is read once."""

    def __init__(self) -> None:
        self._document: dict[str, Any] | None = None
        self._lock = threading.Lock()

    @property
    def document(self) -> dict[str, Any]:
        """The organization as fleet-sim describes it."""
        with self._lock:
            if self._document is None:
                self._document = get("/_sim/organization")
            return self._document

    @property
    def id(self) -> str:
        """The organization's ID (o-…)."""
        return self.document["organizationId"]

    @property
    def management_account(self) -> str:
        """The account in which everything is deployed."""
        return self.document["managementAccountId"]

    def contains(self, account: str) -> bool:
        """Returns whether the account belongs to the organization."""
        return account == self.management_account or any(a["id"] == account for a in self.document["accounts"])

    def may_be_entered(self, account: str) -> bool:
        """Returns whether roles of the account can be assumed now, as far as that depends on its state."""
        document = get("/_sim/organization") if self.document.get("changing") else self.document
        return all(a.get("mayBeEntered", True) for a in document["accounts"] if a["id"] == account)

    def accounts_under(self, targets: list[str]) -> list[dict[str, Any]]:
        """Returns the member accounts below any of the OUs (or the root), at any depth."""
        wanted = set(targets)
        root = self.document["rootId"]
        return [
            account
            for account in self.document["accounts"]
            if account["id"] != self.management_account and wanted & {root, *account["ouIds"]}
        ]


class Instances:
    """Tags of the simulated instances, for IAM conditions on them."""

    def __init__(self) -> None:
        self._by_place: dict[tuple[str, str], dict[str, dict[str, str]]] = {}

    def _reload(self) -> None:
        by_place: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
        for instance in get("/_sim/instances"):
            place = by_place.setdefault((instance["account"], instance["region"]), {})
            place[instance["instanceId"]] = instance.get("tags") or {}
        self._by_place = by_place

    def tags(self, account: str, region: str, instance: str) -> dict[str, str]:
        """Returns the tags of an instance. An unknown instance is looked up again, because the fleet can grow."""
        if instance not in self._by_place.get((account, region), {}):
            self._reload()
        return self._by_place.get((account, region), {}).get(instance, {})

    def tagged(self, account: str, region: str, key: str, values: list[str]) -> list[str]:
        """Returns the instances whose tag has one of the values."""
        self._reload()
        place = self._by_place.get((account, region), {})
        return [instance for instance, tags in place.items() if tags.get(key) in values]


class Baselines:
    """Tags of the accounts' own patch baselines, for IAM conditions on them.

    They come from the ground truth, which is expensive with a large fleet, so it is read only for an unknown baseline.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], dict[str, str]] = {}

    def tags(self, account: str, region: str, baseline: str) -> dict[str, str]:
        """Returns the tags of a baseline, or none if it does not exist."""
        key = (account, region, baseline)
        if key not in self._known:
            ground_truth = get("/_sim/truth")
            for owner, regions in (ground_truth.get("baselines") or {}).items():
                for name, of_region in regions.items():
                    for own in of_region["baselines"]:
                        self._known[owner, name, own["id"]] = own["tags"]
        return self._known.get(key, {})

    def remember(self, account: str, region: str, baseline: str, tags: dict[str, str]) -> None:
        """Adds a new baseline."""
        self._known[account, region, baseline] = tags

    def forget(self, account: str, region: str, baseline: str) -> None:
        """Removes a baseline whose tags may have changed."""
        self._known.pop((account, region, baseline), None)


ORGANIZATION = Organization()
INSTANCES = Instances()
BASELINES = Baselines()
