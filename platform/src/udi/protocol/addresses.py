"""Where a node of ours keeps a dataset: the node writes these addresses, the portal knows them in a record."""

import re
from dataclasses import dataclass
from uuid import UUID

ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?")
TABLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,149}")
VIEW = "view"
"""The dataset's own view, or its first rows where its producer chose none."""
OPENING = "opening"
"""The `view` of a framed table that asks for the same; a node that knows of none passes over it."""
PARTS = ("table", "map", "chart", VIEW)
"""What a node draws of a table for the pages of others."""
ANSWERS = {
    "title": "describe#title",
    "keywords": "describe#keywords",
    "theme": "describe#theme",
    "area": "describe#area",
    "period": "describe#first_day",
    "file": "versions/new",
    "format": "versions/new",
    "description": "describe#summary",
    "columns": "schema",
    "licence": "describe#licence",
    "contact": "describe#contact",
    "frequency": "describe#frequency",
    "update": "versions/new",
}
"""Under a dataset's address, where its producer gives what a criterion of `quality` asks."""


@dataclass(frozen=True)
class NodeAddresses:
    """The addresses of one dataset at a node of ours, or of one of its further tables; `origin` has no final slash."""

    origin: str
    dataset_id: UUID
    table_name: str = ""

    @property
    def file(self) -> str:
        """Always gives the newest version."""
        return f"{self.origin}/datasets/{self.dataset_id}/file"

    @property
    def page(self) -> str:
        """The first rows, the columns in figures, a chart and a map."""
        path = f"tables/{self.table_name}" if self.table_name else "data"
        return f"{self.origin}/datasets/{self.dataset_id}/{path}"

    @property
    def api(self) -> str:
        """Rows filtered, sorted and grouped, as JSON."""
        return f"{self._resource}/data/"

    def export(self, kind: str) -> str:
        """The whole table in one of the formats that its API gives."""
        return f"{self._resource}/data/{kind}/"

    @property
    def api_description(self) -> str:
        """The OpenAPI document of this very table: its columns as parameters, and whole views as Parquet and others."""
        return f"{self._resource}/swagger/"

    def answer(self, criterion: str) -> str:
        """Where its producer gives what a criterion asks, for who may change the dataset."""
        return f"{self.origin}/datasets/{self.dataset_id}/{ANSWERS[criterion]}"

    def embed(self, part: str) -> str:
        """One of `PARTS` alone, to be framed by a page of others."""
        return f"{self.origin}/embed/datasets/{self.dataset_id}/{part}"

    @property
    def preview(self) -> str:
        """The dataset's own view to be framed; its first rows at a node of an earlier release."""
        return f"{self.embed('table')}?view={OPENING}"

    @property
    def _resource(self) -> str:
        table = f"/tables/{self.table_name}" if self.table_name else ""
        return f"{self.origin}/api/resources/{self.dataset_id}{table}"


def find_addresses(file_url: str, dataset_id: UUID) -> NodeAddresses | None:
    """The addresses of a dataset whose file is at this address, where that is a node of ours."""
    origin, separator, rest = file_url.partition("/datasets/")
    if not separator or rest != f"{dataset_id}/file" or not ORIGIN.fullmatch(origin):
        return None
    return NodeAddresses(origin, dataset_id)


def find_table_addresses(page_url: str, dataset_id: UUID) -> NodeAddresses | None:
    """The addresses of a further table whose page is at this address, where that is a node of ours."""
    origin, separator, name = page_url.partition(f"/datasets/{dataset_id}/tables/")
    if not separator or not ORIGIN.fullmatch(origin) or not TABLE_NAME.fullmatch(name):
        return None
    return NodeAddresses(origin, dataset_id, name)
