"""Lines that read a view in the tools of others, each ready to be run."""

import json
from dataclasses import dataclass

from udi.node.datasets.pages.explore.explore_query import (
    GROUP,
    ExploreQuery,
    join_query,
)
from udi.tabular.queries.table import DatasetTable


@dataclass(frozen=True)
class Snippet:
    """The name of a tool and the lines."""

    tool: str
    code: str


def write_snippets(
    query: ExploreQuery, table: DatasetTable, origin: str, stem: str
) -> tuple[Snippet, ...]:
    """The same rows and columns in pandas, R, DuckDB, QGIS and Excel."""
    csv = join_query(f"{origin}{stem}.csv", query.api_pairs)
    parquet = join_query(f"{origin}{stem}.parquet", query.api_pairs)
    xlsx = join_query(f"{origin}{stem}.xlsx", query.api_pairs)
    snippets = [
        Snippet("Python (pandas)", _pandas(parquet)),
        Snippet("R", _r(csv)),
        Snippet("DuckDB", _duckdb(parquet, filtered=bool(query.api_pairs))),
        Snippet("Excel", xlsx),
    ]
    if table.has_geometry and query.view != GROUP:
        geojson = join_query(f"{origin}{stem}.geojson", query.api_pairs)
        snippets.insert(3, Snippet("QGIS", f"/vsicurl/{geojson}"))
    return tuple(snippets)


def _pandas(address: str) -> str:
    return f"import pandas as pd\n\ntable = pd.read_parquet({json.dumps(address)})"


def _r(address: str) -> str:
    return f"library(readr)\n\ntable <- read_csv({json.dumps(address)})"


def _duckdb(address: str, *, filtered: bool) -> str:
    """A part of a table is made when it is asked for, so that it is read in one piece."""
    whole = "SET force_download = true;\n" if filtered else ""
    text = address.replace("'", "''")
    return f"INSTALL httpfs; LOAD httpfs;\n{whole}FROM read_parquet('{text}');"
