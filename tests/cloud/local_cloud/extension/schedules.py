"""Runs schedules in their time zone.

Natively every at() and cron() is UTC. Here the expression is a string with its zone as an attribute, which ministack
passes through its own scheduler. Patches `scheduler._create_schedule`, `._update_schedule`, `._at_time_epoch`,
`eventbridge._parse_cron_fields`, `._cron_next_fire`, and the schedules that CloudFormation creates.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ministack.services import eventbridge, scheduler

from .stack_resources import after


class ZonedExpression(str):
    """A schedule expression with its time zone."""

    zone: ZoneInfo


class ZonedFields(tuple[Any, ...]):
    """Parsed cron fields with their time zone."""

    zone: ZoneInfo


def _zone(schedule: dict[str, Any]) -> None:
    name = schedule.get("ScheduleExpressionTimezone") or "UTC"
    if name != "UTC":
        expression = ZonedExpression(schedule["ScheduleExpression"])
        expression.zone = ZoneInfo(name)
        schedule["ScheduleExpression"] = expression


def install() -> None:
    """Replaces the names."""
    native_parse, native_next = eventbridge._parse_cron_fields, eventbridge._cron_next_fire
    native_at = scheduler._at_time_epoch

    def parse(expression: str) -> Any:
        fields = native_parse(expression)
        if fields is not None and isinstance(expression, ZonedExpression):
            fields = ZonedFields(fields)
            fields.zone = expression.zone
        return fields

    def next_fire(fields: Any, after_moment: datetime) -> datetime | None:
        if not isinstance(fields, ZonedFields):
            return native_next(fields, after_moment)
        # ministack takes the local time of the zone for UTC and computes with it.
        local = native_next(tuple(fields), after_moment.astimezone(fields.zone).replace(tzinfo=UTC))
        return local and local.replace(tzinfo=fields.zone).astimezone(UTC)

    def at_epoch(expression: str) -> float | None:
        moment = native_at(expression)
        if moment is None or not isinstance(expression, ZonedExpression):
            return moment
        return datetime.fromtimestamp(moment, UTC).replace(tzinfo=expression.zone).timestamp()

    eventbridge._parse_cron_fields = parse
    eventbridge._cron_next_fire = next_fire
    scheduler._at_time_epoch = at_epoch
    scheduler._create_schedule = _zoning(scheduler._create_schedule)
    scheduler._update_schedule = _zoning(scheduler._update_schedule)
    after("AWS::Scheduler::Schedule", "create", _from_stack)
    after("AWS::Scheduler::Schedule", "update", _from_stack)


def _zoning(native: Any) -> Any:
    def handle(name: str, body: dict[str, Any]) -> Any:
        answer = native(name, body)
        schedule = scheduler._schedules.get(f"{body.get('GroupName', 'default')}/{name}")
        if schedule:
            _zone(schedule)
        return answer

    return handle


def _from_stack(physical_id: str, properties: dict[str, Any]) -> None:
    schedule = scheduler._schedules.get(f"{properties.get('GroupName', 'default')}/{physical_id}")
    if schedule:
        schedule["ScheduleExpressionTimezone"] = properties.get("ScheduleExpressionTimezone", "UTC")
        schedule["StartDate"], schedule["EndDate"] = properties.get("StartDate"), properties.get("EndDate")
        _zone(schedule)
