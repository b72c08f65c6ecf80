#!/usr/bin/env python3
"""Stands in for fleet-sim in the tests of the local cloud: gives fixed answers, has a clock, and records every call.

It is also a program with fleet-sim's command line, for the tests of the driver. Its scenarios are JSON.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

JSON = "application/x-amz-json-1.1"
EC2_ANSWER = (
    '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>'
    "<reservationSet/></DescribeInstancesResponse>"
)


class StubSimulator:
    """Serves the part of fleet-sim's interface that the extension uses."""

    def __init__(
        self,
        speed: float = 100.0,
        faults: list[dict[str, Any]] | None = None,
        running: bool = True,
        limits: dict[str, Any] | None = None,
    ) -> None:
        self.start, self.speed = "2026-11-10T00:00:00Z", speed
        self.started_at: float | None = time.time() if running else None
        self.faults = faults or []
        self.limits: dict[str, Any] = {"concurrentExecutions": 1000, "seconds": {}, "timeouts": {}, **(limits or {})}
        self.seen: list[dict[str, str]] = []
        # What the driver has told about the time.
        self.told: list[Any] = []
        # Operation → headers of its next answers, such as {"x-sim-lost": "1"}.
        self.next_headers: dict[str, list[dict[str, str]]] = {}
        self.organization: dict[str, Any] = {
            "organizationId": "o-stub123456",
            "managementAccountId": "111111111111",
            "rootId": "r-stub",
            "accounts": [
                account("111111111111", []),
                account("222200000001", ["ou-stub-test0001"]),
                account("222200000002", ["ou-stub-test0001", "ou-stub-deep0001"]),
                account("222200000003", ["ou-stub-test0001"], memberRole="absent"),
                account("222200000004", ["ou-stub-test0001"], memberRole="wrong-external-id"),
                account("222200000005", ["ou-stub-test0001"], state="SUSPENDED"),
                account("333300000001", ["ou-stub-prod0001"]),
            ],
        }
        self.instances = [
            instance("222200000001", "i-dev", {"env": "dev"}),
            instance("222200000001", "i-dev2", {"env": "dev"}),
            instance("222200000001", "i-prod", {"env": "prod"}),
        ]
        self.baselines = {
            "222200000001": {
                "ap-northeast-1": {
                    "baselines": [
                        {"id": "pb-0000000000000ours", "tags": {"orgpatch:plan": "monthly"}},
                        {"id": "pb-0000000000foreign", "tags": {"owner": "another-team"}},
                    ]
                }
            }
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def now(self) -> datetime:
        """Returns the simulated time."""
        start = datetime.fromisoformat(self.start)
        if self.started_at is None:
            return start
        return start + timedelta(seconds=(time.time() - self.started_at) * self.speed)

    def stop(self) -> None:
        """Closes the port."""
        self._server.shutdown()
        self._server.server_close()

    def about(self, path: str) -> Any:
        """Returns the document at a path below /_sim/."""
        clock = {
            "now": self.now().isoformat(),
            "running": self.started_at is not None,
            "start": self.start,
            "speed": self.speed,
            "startedAtUnixSeconds": self.started_at,
        }
        return {
            "/_sim/health": {},
            "/_sim/organization": self.organization,
            "/_sim/instances": self.instances,
            "/_sim/faults": self.faults,
            "/_sim/lambda": self.limits,
            "/_sim/clock": clock,
            "/_sim/truth": {"instances": {}, "baselines": self.baselines},
            "/_sim/calls": self.seen,
        }[path]

    def answer(self, service: str, operation: str) -> tuple[int, str, str]:
        """Returns status, content type and body of the answer to a bridged call."""
        if service == "ec2":
            return 200, "text/xml", EC2_ANSWER
        answers = {
            "SendCommand": {"Command": {"CommandId": "c" * 36}},
            "DescribeInstanceInformation": {"InstanceInformationList": []},
            "DescribeInstancePatchStates": {"InstancePatchStates": []},
            "DescribeMaintenanceWindows": {"WindowIdentities": []},
            "DescribeMaintenanceWindowExecutions": {"WindowExecutions": []},
            "DescribeMaintenanceWindowTargets": {"Targets": []},
            "DescribeMaintenanceWindowTasks": {"Tasks": []},
            "GetDocument": {"Content": "{}"},
            "GetInventory": {"Entities": []},
            "GetServiceSetting": {"ServiceSetting": {}},
            "DescribeAssociation": {"AssociationDescription": {}},
            "ListAssociations": {"Associations": []},
            "DescribePatchBaselines": {"BaselineIdentities": []},
            "DescribePatchGroups": {"Mappings": []},
            "DescribePatchProperties": {"Properties": []},
            "CreatePatchBaseline": {"BaselineId": "pb-000000000000created"},
            "DeletePatchBaseline": {},
            "DeregisterPatchBaselineForPatchGroup": {},
            "GetPatchBaseline": {},
            "RegisterDefaultPatchBaseline": {},
            "RegisterPatchBaselineForPatchGroup": {},
            "UpdatePatchBaseline": {},
            "AddTagsToResource": {},
            "ListTagsForResource": {"TagList": []},
            "RemoveTagsFromResource": {},
            "ListRoots": {"Roots": [{"Id": "r-stub"}]},
            "ListAccountsForParent": {"Accounts": []},
        }
        if operation not in answers:
            return 400, JSON, json.dumps({"__type": "UnsupportedOperation", "message": f"{service}:{operation}"})
        return 200, JSON, json.dumps(answers[operation])

    def _handler(stub) -> type[BaseHTTPRequestHandler]:  # noqa: N805  (`self` is the handler in it)
        class Handler(BaseHTTPRequestHandler):
            """Handles a connection."""

            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_: Any) -> None:
                """Writes no log."""

            def _send(self, status: int, kind: str, text: str, headers: dict[str, str] | None = None) -> None:
                body = text.encode()
                self.send_response(status)
                for name, value in {"content-type": kind, "content-length": str(len(body)), **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                """Answers /_sim/…."""
                self._send(200, "application/json", json.dumps(stub.about(self.path)))

            def do_POST(self) -> None:
                """Answers a bridged call."""
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if self.path == "/_sim/clock/start":
                    stub.started_at = time.time()
                    self._send(200, "application/json", "{}")
                    return
                if self.path == "/_sim/clock/told":
                    stub.told.append(json.loads(body)["now"])
                    self._send(200, "application/json", "{}")
                    return
                seen = {
                    name[len("x-sim-") :]: value for name, value in self.headers.items() if name.startswith("x-sim-")
                }
                stub.seen.append({**seen, "body": body.decode()})
                special = stub.next_headers.get(seen["operation"]) or [{}]
                headers = special.pop(0) if special else {}
                self._send(*stub.answer(seen["service"], seen["operation"]), headers)

        return Handler


def account(identifier: str, ou_ids: list[str], **more: str) -> dict[str, Any]:
    """Returns an account as /_sim/organization lists it."""
    return {
        "id": identifier,
        "name": identifier,
        "state": "ACTIVE",
        "memberRole": "present",
        "ouPath": "",
        "ouIds": ou_ids,
        **more,
    }


def instance(account_id: str, identifier: str, tags: dict[str, str]) -> dict[str, Any]:
    """Returns an instance as /_sim/instances lists it."""
    return {"account": account_id, "region": "ap-northeast-1", "instanceId": identifier, "tags": tags}


def main() -> None:
    """Runs the stub as `fleet-sim --scenario FILE [--port 0]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenario", required=True)
    parser.add_argument("--port")
    scenario = json.loads(Path(parser.parse_args().scenario).read_text(encoding="utf-8"))
    stub = StubSimulator(
        float(scenario.get("speed", 100)), scenario.get("faults"), running=False, limits=scenario.get("lambda")
    )
    print(json.dumps({"listening": stub.address}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
