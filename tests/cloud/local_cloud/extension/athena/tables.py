"""Reads JSON tables by their columns in Glue and by partition projection.

Natively DuckDB guesses the columns from the lines (a text that looks like a time becomes one, whatever the table says),
the partition comes from any folder named `key=value`, and a table without files has no arrays. A table could then be
wrong in everything except its location. Here a wrong table fails or has no lines. Projection is implemented as far as
the template uses it: one key, of type date. Patches `athena._table_relation` and `._empty_relation`, only for tables
with projection.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ministack.services import athena

from ...duckdb_for_athena import TYPES
from ..clock import CLOCK

Table = dict[str, Any]
_SERDES = {"org.openx.data.jsonserde.JsonSerDe", "org.apache.hive.hcatalog.data.JsonSerDe"}
_NOW = re.compile(r"NOW(?:([+-]\d+)DAYS?)?")


def install() -> None:
    """Replaces both names."""
    native, native_empty = athena._table_relation, athena._empty_relation

    def table_relation(table: Table, files: list[str]) -> str:
        return _relation(table, files) if _is_projected(table) else native(table, files)

    def empty_relation(table: Table) -> str:
        return _relation(table, []) if _is_projected(table) else native_empty(table)

    athena._table_relation, athena._empty_relation = table_relation, empty_relation


def _is_projected(table: Table) -> bool:
    return str(table.get("Parameters", {}).get("projection.enabled", "")).lower() == "true"


def _relation(table: Table, files: list[str]) -> str:
    """Returns the SQL that stands for the table in a FROM."""
    storage = table["StorageDescriptor"]
    if storage["SerdeInfo"]["SerializationLibrary"] not in _SERDES:
        raise ValueError(f"the local cloud cannot read {storage['SerdeInfo']['SerializationLibrary']}")
    [key] = table["PartitionKeys"]
    columns = {column["Name"]: TYPES[column["Type"]] for column in storage["Columns"]}
    value_of = dict(_projected(table, key["Name"], files))
    if not value_of:
        nothing = {**columns, key["Name"]: TYPES[key["Type"]]}
        names = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in nothing.items())
        return f"(SELECT {names} WHERE FALSE)"
    names = ", ".join(f'"{name}"' for name in columns)
    kinds = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in columns.items())
    values = ", ".join(f"{_text(file)}: {_text(value)}" for file, value in value_of.items())
    return (
        f'(SELECT {names}, MAP {{{values}}}[filename] AS "{key["Name"]}" FROM read_json({athena._sql_list(value_of)}, '
        f"columns = {{{kinds}}}, format = 'newline_delimited', filename = true, hive_partitioning = false))"
    )


def _projected(table: Table, key: str, files: list[str]) -> Iterator[tuple[str, str]]:
    """Yields the files in partitions of the range, each with the value of its partition."""
    parameters, location = table["Parameters"], table["StorageDescriptor"]["Location"]
    template = parameters["storage.location.template"]
    if not template.startswith(location):
        raise ValueError(f"the local cloud reads partitions below {location} only, not in {template}")
    prefix = f"projection.{key}."
    projection = {name.removeprefix(prefix): text for name, text in parameters.items() if name.startswith(prefix)}
    values = list(_values(projection))
    for file in files:
        # ministack has copied every object of the location to a folder of its own in the temporary directory.
        below = "/".join(Path(file).relative_to(tempfile.gettempdir()).parts[1:])
        for value in values:
            if below.startswith(template.removeprefix(location).replace(f"${{{key}}}", value)):
                yield file, value


def _values(projection: dict[str, str]) -> Iterator[str]:
    days = {"type": "date", "format": "yyyy-MM-dd", "interval": "1", "interval.unit": "DAYS"}
    if (found := {name: text for name, text in projection.items() if name != "range"}) != days:
        raise ValueError(f"the local cloud supports the projection {days} only, not {found}")
    first, last = map(_day, projection["range"].split(","))
    for day in range((last - first).days + 1):
        yield (first + timedelta(days=day)).isoformat()


def _day(text: str) -> date:
    now = _NOW.fullmatch(text)
    return CLOCK.now().date() + timedelta(days=int(now[1] or 0)) if now else date.fromisoformat(text)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
