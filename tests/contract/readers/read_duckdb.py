"""DuckDB runs the statement given over HTTP: columns, types, how many rows, and the first of them.

Its reader of addresses comes with the environment, in place of `INSTALL httpfs`, which fetches it from its makers.
"""

import json
import sys
from pathlib import Path

import duckdb
import duckdb_extension_httpfs

INSTALL = "INSTALL httpfs; LOAD httpfs;\n"
folder = Path(duckdb_extension_httpfs.__file__).parent
[extension] = folder.rglob("httpfs.duckdb_extension")
statement = sys.argv[1]
connection = duckdb.connect()
connection.execute(f"LOAD '{extension}'")
table = connection.sql(statement.replace(INSTALL, ""))
assert table is not None
rows = table.fetchall()
print(
    json.dumps(
        {
            "columns": table.columns,
            "types": [str(kind) for kind in table.types],
            "rows": len(rows),
            "first": rows[0],
        },
        default=str,
    )
)
