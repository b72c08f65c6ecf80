"""Adds parameters of queries, and Athena's functions by their names.

Natively ExecutionParameters are ignored, and a function exists only if DuckDB has the same name for it. The macros of
duckdb_for_athena.py are the only substitutes for Athena's functions; a query that uses another one fails. Patches
`athena._start_query_execution` and `._rewrite_data_paths`.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import athena

from ...duckdb_for_athena import SETUP


def install() -> None:
    """Wraps both names."""
    native_start, native_rewrite = athena._start_query_execution, athena._rewrite_data_paths

    def start_query_execution(request: dict[str, Any]) -> Any:
        try:
            query = _with_parameters(request.get("QueryString", ""), request.get("ExecutionParameters") or [])
        except ValueError as error:
            return error_response_json("InvalidRequestException", str(error), 400)
        return native_start({**request, "QueryString": query})

    async def rewrite_data_paths(query: str, *more: Any) -> Any:
        rewritten, *others = await native_rewrite(query, *more)
        return "; ".join((*SETUP, rewritten)), *others

    athena._start_query_execution, athena._rewrite_data_paths = start_query_execution, rewrite_data_paths


def _with_parameters(query: str, parameters: list[str]) -> str:
    """Puts the parameters into the text of the query. A parameter that is a string contains its quotes."""
    places = [start for kind, text, start, _ in athena._sql_tokens(query) if (kind, text) == ("punct", "?")]
    if len(places) != len(parameters):
        raise ValueError(f"the query has {len(places)} parameters, {len(parameters)} are given")
    for place, parameter in reversed(list(zip(places, parameters, strict=True))):
        query = query[:place] + parameter + query[place + 1 :]
    return query
