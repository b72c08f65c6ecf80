"""Requires the permissions that a query needs: Athena on its workgroup, and Glue and S3 for table, files and answer.

Natively only requests that name a workgroup are authorized on it, all others on `*`, and no caller needs Glue or S3.
Sources: Athena's guide, "Configure access to databases and tables in the AWS Glue Data Catalog", and, for the answer,
the reference of GetQueryResults. Patches `iam_actions.extract_resource_arn`, `iam_evaluator.enforce` (to know the
caller) and in `athena` `_table_relation`, `_empty_relation`, `_materialize_table_files`, `_save_query_results` and
`_get_query_results`.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlparse

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import athena

_caller: ContextVar[str] = ContextVar("athena_caller", default="")


def install() -> None:
    """Wraps the names; comes after `audit`, so that these decisions are recorded, too."""
    _name_the_workgroup()
    _remember_the_caller()
    native_relation, native_empty = athena._table_relation, athena._empty_relation
    native_files = athena._materialize_table_files
    native_save, native_results = athena._save_query_results, athena._get_query_results

    def table_relation(table: dict[str, Any], files: list[str]) -> str:
        _may_look_up(table)
        return native_relation(table, files)

    def empty_relation(table: dict[str, Any]) -> str:
        _may_look_up(table)
        return native_empty(table)

    def materialize_table_files(location: str, workdirs: list[str]) -> list[str]:
        place = urlparse(location)
        _require("s3:ListBucket", f"arn:aws:s3:::{place.netloc}")
        _require("s3:GetObject", f"arn:aws:s3:::{place.netloc}{place.path}any")
        return native_files(location, workdirs)

    async def save_query_results(query_id: str) -> None:
        _require("s3:PutObject", _answer(query_id))
        await native_save(query_id)

    def get_query_results(request: dict[str, Any]) -> Any:
        try:
            if request.get("QueryExecutionId") in athena._executions:
                _require("s3:GetObject", _answer(request["QueryExecutionId"]))
        except PermissionError as error:
            return error_response_json("AccessDeniedException", str(error), 400)
        return native_results(request)

    athena._table_relation, athena._empty_relation = table_relation, empty_relation
    athena._materialize_table_files = materialize_table_files
    athena._save_query_results, athena._get_query_results = save_query_results, get_query_results


def _name_the_workgroup() -> None:
    native = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        params: dict[str, Any],
        region: str,
        account: str,
    ) -> str:
        if service == "athena":
            request = json.loads(body or b"{}")
            of_query = athena._executions.get(request.get("QueryExecutionId")) or athena._named_queries.get(
                request.get("NamedQueryId")
            )
            if of_query:
                return f"arn:aws:athena:{region}:{account}:workgroup/{of_query['WorkGroup']}"
        return native(service, method, path, headers, body, params, region, account)

    iam_actions.extract_resource_arn = extract_resource_arn


def _remember_the_caller() -> None:
    native = iam_evaluator.enforce

    def enforce(access_key_id: str, iam_action: str, service: str, region: str, **more: Any) -> Any:
        if service == "athena":
            _caller.set(access_key_id)
        return native(access_key_id, iam_action, service, region, **more)

    iam_evaluator.enforce = enforce


def _may_look_up(table: dict[str, Any]) -> None:
    """Requires the permission on the database or table and on everything above it."""
    glue, database = f"arn:aws:glue:{get_region()}:{get_account_id()}", table["DatabaseName"]
    above = ["catalog", f"database/{database}"]
    for action, resources in (("GetDatabase", above), ("GetTable", [*above, f"table/{database}/{table['Name']}"])):
        for resource in resources:
            _require(f"glue:{action}", f"{glue}:{resource}")


def _answer(query_id: str) -> str:
    place = urlparse(athena._executions[query_id]["ResultConfiguration"]["OutputLocation"])
    return f"arn:aws:s3:::{place.netloc}{place.path}"


def _require(action: str, resource: str) -> None:
    service = action.split(":", maxsplit=1)[0]
    if iam_evaluator.enforce(_caller.get(), action, service, get_region(), resource_arn=resource):
        raise PermissionError(f"the caller is not authorized to perform: {action} on resource: {resource}")
