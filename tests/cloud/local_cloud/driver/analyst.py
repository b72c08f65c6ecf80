"""Runs every saved query of the deployed stack through Athena, with a role that may do only that: answers.json."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import deployment

if TYPE_CHECKING:
    from .session import Session

_ANALYST = "local-cloud-analyst"
_POLL_SECONDS = 0.02
_COMMENT = re.compile(r"--.*")
_CVE = re.compile(r"CVE-\d{4}-\d+")
NO_SUCH_CVE = "CVE-1999-0000"
# An answer may have a line for every patch of every instance. After a few CVEs, another one proves nothing new.
MOST_CVES = 3


def keep_answers(session: Session, out: Path) -> None:
    """Writes answers.json: `[{query, parameters, columns: [[name, type]], rows: [[text or null]], error}]`.

    A query with a parameter asks for a CVE. It runs with a few CVEs of the reports, and with one that is in none.
    """
    work_group = session.deployed.outputs.get("HistoryWorkGroup")
    if work_group is None:
        return
    athena = _analyst(session, work_group).client("athena")
    reports = "".join(path.read_text() for path in out.glob("bucket/runs/*/report/report.json"))
    cves = [*sorted(set(_CVE.findall(reports)))[:MOST_CVES], NO_SUCH_CVE]
    answers = []
    for page in athena.get_paginator("list_named_queries").paginate(WorkGroup=work_group):
        for query_id in page["NamedQueryIds"]:
            query = athena.get_named_query(NamedQueryId=query_id)["NamedQuery"]
            has_parameter = "?" in _COMMENT.sub("", query["QueryString"])
            all_parameters: list[list[str]] = [[cve] for cve in cves] if has_parameter else [[]]
            answers += [_ask(athena, query, parameters) for parameters in all_parameters]
    (out / "answers.json").write_text(json.dumps(answers, indent=1))


def _ask(athena: Any, query: dict[str, Any], parameters: list[str]) -> dict[str, Any]:
    literals = [f"'{parameter}'" for parameter in parameters]
    started = athena.start_query_execution(
        QueryString=query["QueryString"],
        WorkGroup=query["WorkGroup"],
        QueryExecutionContext={"Database": query["Database"]},
        **({"ExecutionParameters": literals} if literals else {}),
    )["QueryExecutionId"]
    while (status := _status(athena, started))["State"] in ("QUEUED", "RUNNING"):
        time.sleep(_POLL_SECONDS)
    answer = {"query": query["Name"], "parameters": parameters, "columns": [], "rows": [], "error": None}
    if status["State"] != "SUCCEEDED":
        return {**answer, "error": status.get("StateChangeReason", status["State"])}
    pages = [page["ResultSet"] for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=started)]
    columns = [[column["Name"], column["Type"]] for column in pages[0]["ResultSetMetadata"]["ColumnInfo"]]
    # The first line holds the names of the columns.
    lines = [line["Data"] for page in pages for line in page["Rows"]][1:]
    return {**answer, "columns": columns, "rows": [[cell.get("VarCharValue") for cell in line] for line in lines]}


def _status(athena: Any, query_id: str) -> dict[str, Any]:
    return athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]


def _analyst(session: Session, work_group: str) -> deployment.Aws:
    """Returns a session with exactly the permissions that the documentation lists for queries of the history."""
    outputs, place = session.deployed.outputs, f"{session.cloud.region}:{session.cloud.account}"
    bucket, database = f"arn:aws:s3:::{session.deployed.bucket}", outputs["HistoryDatabase"]
    glue = f"arn:aws:glue:{place}"
    return deployment.assume(
        session.cloud,
        _ANALYST,
        [
            {
                "Effect": "Allow",
                "Action": [
                    "athena:GetNamedQuery",
                    "athena:GetQueryExecution",
                    "athena:GetQueryResults",
                    "athena:ListNamedQueries",
                    "athena:StartQueryExecution",
                ],
                "Resource": f"arn:aws:athena:{place}:workgroup/{work_group}",
            },
            {
                "Effect": "Allow",
                "Action": ["glue:GetDatabase", "glue:GetTable"],
                "Resource": [f"{glue}:catalog", f"{glue}:database/{database}", f"{glue}:table/{database}/*"],
            },
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket}/results/*"},
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{bucket}/athena/*"},
        ],
    )
