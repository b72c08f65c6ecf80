"""The history in template.yaml: saved queries equal their files, and the tables are where `report` writes."""

import re

import pytest

from . import sources

QUERIES = sources.ROOT / "queries"
TABLES = sources.resources(sources.template(), "AWS::Glue::Table")
NAMED = sources.resources(sources.template(), "AWS::Athena::NamedQuery")


def test_every_file_is_a_saved_query_and_every_saved_query_a_file() -> None:
    saved = {query["Properties"]["Name"]: query["Properties"]["QueryString"] for query in NAMED.values()}
    files = {path.stem: path.read_text() for path in QUERIES.glob("*.sql")}
    assert saved == files and files


@pytest.mark.parametrize("logical_id", NAMED)
def test_a_saved_query_is_described_and_asks_the_history(logical_id: str) -> None:
    properties = NAMED[logical_id]["Properties"]
    assert properties["Description"] and properties["QueryString"].startswith("-- ")
    assert (properties["Database"], properties["WorkGroup"]) == ({"Ref": "History"}, {"Ref": "HistoryQueries"})
    # Athena runs one statement, without a semicolon.
    assert ";" not in properties["QueryString"]


@pytest.mark.parametrize("logical_id", TABLES)
def test_a_table_is_projected_by_date_and_lies_below_results(logical_id: str) -> None:
    table = TABLES[logical_id]["Properties"]["TableInput"]
    location = table["StorageDescriptor"]["Location"]["Fn::Sub"]
    assert location == f"s3://${{Runs}}/results/{table['Name']}/"
    assert table["Parameters"]["storage.location.template"] == {"Fn::Sub": f"{location}date=${{!date}}/"}
    assert table["PartitionKeys"] == [{"Name": "date", "Type": "string"}]
    projection = {key.removeprefix("projection."): value for key, value in table["Parameters"].items()}
    assert (projection["enabled"], projection["date.type"], projection["date.format"]) == ("true", "date", "yyyy-MM-dd")
    assert projection["date.range"].endswith(",NOW+1DAY")
    columns = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
    assert len(columns) == len(set(columns)) and "date" not in columns
    # Glue stores names in lower case, and Athena looks the columns up in the lines by these names.
    assert all(re.fullmatch(r"[a-z_]+", column) for column in columns)


def test_a_database_name_needs_no_quotes() -> None:
    # Glue and Athena know lower case only, and CloudFormation cannot change the case of the stack's name.
    name = sources.template()["Resources"]["History"]["Properties"]["DatabaseInput"]["Name"]
    assert name == {"Ref": "HistoryDatabaseName"}
    assert sources.template()["Parameters"]["HistoryDatabaseName"]["AllowedPattern"] == "^[a-z0-9_]{1,128}$"


def test_answers_expire_and_a_query_cannot_cost_much() -> None:
    group = sources.template()["Resources"]["HistoryQueries"]["Properties"]["WorkGroupConfiguration"]
    assert group["EnforceWorkGroupConfiguration"] is True
    assert group["BytesScannedCutoffPerQuery"] <= 10_000_000_000
    answers = group["ResultConfiguration"]["OutputLocation"]["Fn::Sub"].removeprefix("s3://${Runs}/")
    rules = sources.template()["Resources"]["Runs"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule} == {answers: 30}
