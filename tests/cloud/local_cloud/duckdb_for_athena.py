"""What DuckDB is told so that it stands in for Athena: in the local cloud's API, and in the check that reads the files."""

# The functions that the saved queries use and DuckDB calls otherwise; a query that uses another one fails.
SETUP = (
    "SET TimeZone = 'UTC'",
    "CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ)",
    "CREATE MACRO to_unixtime(moment) AS epoch(moment)",
    "CREATE MACRO contains(list, element) AS list_contains(list, element)",
)
# DuckDB's type for each of Glue's that the tables use.
TYPES = {"string": "VARCHAR", "int": "INTEGER", "array<string>": "VARCHAR[]"}
