"""pandas runs the lines given: the columns of the table that they make, how many rows, and the first of them."""

import json
import sys
from typing import Any

import loopback  # noqa: F401 - before anything opens a socket

scope: dict[str, Any] = {}
exec(sys.argv[1], scope)  # noqa: S102 - the lines of our own page
table = scope["table"]
print(
    json.dumps(
        {
            "columns": list(table.columns),
            "types": [str(kind) for kind in table.dtypes],
            "rows": len(table),
            "first": json.loads(table.head(1).to_json(orient="values"))[0],
        }
    )
)
