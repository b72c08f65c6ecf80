"""Settings that let DuckDB stand in for Athena, in the local cloud's API and in the check that reads the files."""

# Functions of the saved queries that have another name in DuckDB. A query that uses any other such function fails.
SETUP = (
    "SET TimeZone = 'UTC'",
    "CREATE MACRO from_iso8601_timestamp(text) AS CAST(text AS TIMESTAMPTZ)",
    "CREATE MACRO to_unixtime(moment) AS epoch(moment)",
    "CREATE MACRO contains(list, element) AS list_contains(list, element)",
)
# Glue type → DuckDB type, for the types that the tables use.
TYPES = {"string": "VARCHAR", "int": "INTEGER", "array<string>": "VARCHAR[]"}
