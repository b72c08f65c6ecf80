"""Lets EventBridge Scheduler start executions: by the simulated clock, in the schedule's time zone, with its role.

Natively a schedule runs by the real clock, its role and the keywords in its input are ignored, and CloudFormation drops
its time zone. Here a schedule's target may be a state machine, or Step Functions' StartExecution as a universal target.
A failed delivery is not repeated. A fault of the scenario on `scheduler:Deliver` makes one fail (`error`), or happen
twice (`lostResponse`): delivery is at least once. The second comes some seconds after the first.

Patches `scheduler._ticker_loop`, `._create_schedule`, `._update_schedule`, `._delete_schedule`, and the schedules that
CloudFormation creates.
"""

from __future__ import annotations

import json
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ministack.core import iam_evaluator
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import eventbridge, scheduler
from ministack.services import stepfunctions as sf

from .clock import CLOCK, Signal
from .faults import FAULTS, Fate
from .service_trust import trusts
from .stack_resources import after
from .step_functions import role

UNIVERSAL = "arn:aws:scheduler:::aws-sdk:sfn:startExecution"
_SECONDS_BETWEEN_DELIVERIES = 20
# Every attempt to start an execution, in order; the driver asks for them.
deliveries: list[dict[str, Any]] = []
# Schedule → when it was created or changed, or last due: the next occurrence comes after that.
_since: dict[tuple[str, str, str], datetime] = {}
_lock = threading.Lock()
_changed: Signal = CLOCK.signal()
_awaited: set[str] = set()


class Refused(Exception):
    """The target refuses a delivery, or its role may not make it."""


def await_delivery(schedule: str) -> None:
    """Releases the clock, lets time move until the schedule is due, even for nothing else, and holds the clock."""
    _awaited.add(schedule)
    # At once: if the schedule became due in between, its hold would be released again.
    with CLOCK.lock:
        CLOCK.await_schedule(True)
        CLOCK.release()


def install() -> None:
    """Replaces the names."""
    scheduler._create_schedule = _noticed(scheduler._create_schedule)
    scheduler._update_schedule = _noticed(scheduler._update_schedule)
    scheduler._delete_schedule = _noticed(scheduler._delete_schedule)
    scheduler._ticker_loop = _run
    after("AWS::Scheduler::Schedule", "create", _from_stack)
    after("AWS::Scheduler::Schedule", "update", _from_stack)


def _noticed(native: Any) -> Any:
    def handle(name: str, details: dict[str, Any]) -> Any:
        answer = native(name, details)
        _notice(details.get("GroupName") or "default", name)
        return answer

    return handle


def _from_stack(physical_id: str, properties: dict[str, Any]) -> None:
    group = properties.get("GroupName") or "default"
    schedule = scheduler._schedules.get(f"{group}/{physical_id}")
    if schedule:
        schedule["ScheduleExpressionTimezone"] = properties.get("ScheduleExpressionTimezone", "UTC")
        schedule["StartDate"], schedule["EndDate"] = properties.get("StartDate"), properties.get("EndDate")
        _notice(group, physical_id)


def _notice(group: str, name: str) -> None:
    """Begins the time of a new or changed schedule, and lets the thread below look at it."""
    global _changed
    for key in [key for key in scheduler._schedules._data if key[2] == f"{group}/{name}"]:
        _since[key] = CLOCK.now()
    with _lock:
        earlier, _changed = _changed, CLOCK.signal()
    earlier.set()


def _run() -> None:
    """Delivers what is due, for ever; this is the body of the scheduler's thread."""
    work = CLOCK.begin("EventBridge Scheduler")
    with CLOCK.as_work(work):
        while True:
            with _lock:
                changed = _changed
            due = [(moment, key) for key in list(scheduler._schedules._data) if (moment := next_time(key))]
            moment = min(due)[0] if due else None
            if CLOCK.wait_until(moment, changed, is_schedule=True) or moment is None:
                continue
            for at, key in sorted(due):
                if at == moment:
                    _since[key] = at
                    _deliver(scheduler._schedules._data.get(key), key, at)


def next_time(key: tuple[str, str, str]) -> datetime | None:
    """Returns when a schedule is due next, or None if it never is again."""
    schedule = scheduler._schedules._data.get(key)
    if schedule is None or schedule.get("State") != "ENABLED":
        return None
    since = _since[key]
    start, end = scheduler._to_epoch(schedule.get("StartDate")), scheduler._to_epoch(schedule.get("EndDate"))
    if start is not None:
        since = max(since, datetime.fromtimestamp(start, UTC) - timedelta(seconds=1))
    moment = _occurrence(schedule["ScheduleExpression"], schedule.get("ScheduleExpressionTimezone") or "UTC", since)
    if moment is None or (end is not None and moment.timestamp() > end):
        return None
    return moment


def _occurrence(expression: str, zone_name: str, since: datetime) -> datetime | None:
    zone = ZoneInfo(zone_name)
    once = scheduler._at_time_epoch(expression)
    if once is not None:
        # ministack takes the local time of the zone for UTC. Here and below this is put right afterwards.
        moment = datetime.fromtimestamp(once, UTC).replace(tzinfo=zone).astimezone(UTC)
        return moment if moment > since else None
    interval = eventbridge._parse_rate_seconds(expression)
    if interval is not None:
        return since + timedelta(seconds=interval)
    fields = eventbridge._parse_cron_fields(expression)
    local = fields and eventbridge._cron_next_fire(fields, since.astimezone(zone).replace(tzinfo=UTC))
    return local.replace(tzinfo=zone).astimezone(UTC) if local else None


def _deliver(schedule: dict[str, Any] | None, key: tuple[str, str, str], at: datetime) -> None:
    if schedule is None:
        return
    account, region, _ = key
    set_request_account_id(account)
    set_request_region(region)
    # No request leads here. The Scheduler calls its target by TLS, and policies ask for that.
    iam_evaluator.pin_request_origin("scheduler.amazonaws.com", True)
    name = schedule["Name"]
    fate = FAULTS.meet("scheduler:Deliver", {account}, json.dumps(schedule["Target"]))
    for number in range(2 if fate.lost else 1):
        if number:
            CLOCK.wait(_SECONDS_BETWEEN_DELIVERIES)
        if name in _awaited:
            _awaited.discard(name)
            CLOCK.await_schedule(bool(_awaited))
            # Before the delivery is in the list: who finds it there may release the clock at once.
            CLOCK.hold()
        delivery = {"schedule": name, "scheduledTime": _utc(at), "at": CLOCK.now_iso()}
        try:
            delivery["executionArn"] = _start(schedule, _filled_in(schedule, at), fate)
        except Refused as refused:
            delivery["error"] = str(refused)
            sf.logger.warning("EventBridge Scheduler could not deliver %s: %s", name, refused)
        deliveries.append(delivery)
    if schedule.get("ActionAfterCompletion") == "DELETE" and next_time(key) is None:
        scheduler._schedules._data.pop(key, None)


def _filled_in(schedule: dict[str, Any], at: datetime) -> str:
    """Returns the target's input with the keywords of "Adding context attributes" in the Scheduler user guide."""
    text = str(schedule["Target"].get("Input") or "{}")
    values = {
        "schedule-arn": schedule["Arn"],
        "scheduled-time": _utc(at),
        # Of each attempted invocation, so a second delivery has another one.
        "execution-id": secrets.token_hex(8),
        "attempt-number": "1",
    }
    for keyword, value in values.items():
        text = text.replace(f"<aws.scheduler.{keyword}>", value)
    return text


def _start(schedule: dict[str, Any], text: str, fate: Fate) -> str:
    if fate.error:
        raise Refused(f"{fate.error}: {fate.message}")
    target = schedule["Target"]
    request = {"stateMachineArn": target["Arn"], "input": text}
    if target["Arn"] == UNIVERSAL:
        request = {f"{field[0].lower()}{field[1:]}": value for field, value in json.loads(text).items()}
    machine = request["stateMachineArn"]
    _require_trust(target["RoleArn"], schedule["Arn"])
    if not role.may(target["RoleArn"], "scheduler", "states:StartExecution", machine):
        raise Refused(f"{target['RoleArn']} may not call states:StartExecution on {machine}")
    # The caller that CloudTrail names.
    iam_evaluator._request_caller_arn.set(role.assumed(target["RoleArn"], "scheduler"))
    status, _, body = sf._start_execution(request)
    answer = json.loads(body)
    if status != 200:
        raise Refused(f"{answer.get('__type')}: {answer.get('message')}")
    return str(answer["executionArn"])


def _require_trust(role_arn: str, schedule_arn: str) -> None:
    """Requires that the role's trust policy names the Scheduler.

    The source is the group of the schedule and not the schedule (the guide's "Confused deputy prevention").
    """
    group = schedule_arn.rpartition("/")[0].replace(":schedule/", ":schedule-group/")
    if not trusts(role_arn, "scheduler.amazonaws.com", group):
        raise Refused(f"scheduler.amazonaws.com may not assume {role_arn}")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
