"""Loads JSON Lines into a table of a new DuckDB database with one thread: duckdb_load.py SOURCE DATABASE"""

import sys

import duckdb

source, database = sys.argv[1:]
connection = duckdb.connect(database, config={"threads": 1})
# Naming the columns spares it the detection of types; 'JSON' keeps the tags as they are, as perftop does.
connection.execute(
    """
    CREATE TABLE samples AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {
        metric_name: 'VARCHAR', value: 'DOUBLE', "timestamp": 'BIGINT', context: 'JSON'})
    """,
    [source],
)
connection.close()
