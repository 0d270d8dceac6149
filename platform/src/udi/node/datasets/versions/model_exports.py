"""A published table as the file of its model: the columns that the model names, in its order, in its formats."""

from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import quote

from udi.node.datasets.models import Dataset, Version
from udi.tabular.profiles.profile import Profile
from udi.tabular.schemas.column_pairs import match_columns
from udi.tabular.schemas.schema import FieldType, TableSchema

PLACES = frozenset({FieldType.GEOJSON, FieldType.GEOPOINT})


@dataclass(frozen=True)
class ModelExport:
    """A format, and the address of the table in it."""

    label: str
    address: str


def find_published(dataset: Dataset) -> Version | None:
    """The version that everybody, or whoever has an agreement, reads."""
    if dataset.withdrawn_at is not None:
        return None
    published = [version for version in dataset.versions if version.published_at]
    return published[0] if published else None


def list_model_exports(
    dataset: Dataset, version: Version, schema: TableSchema
) -> list[ModelExport]:
    """The files of a model: CSV, JSON where it describes records, GeoJSON where it describes places.

    None where a column that the model requires is missing, or has another name.
    """
    profile = Profile.from_json(version.profile)
    pairs = match_columns([column.name for column in profile.columns], schema)
    columns = [column for field, column in pairs if field.name == column]
    if not profile.is_table or not columns or set(schema.required) - set(columns):
        return []
    kinds = {"csv": "CSV"}
    if schema.is_json:
        kinds["json"] = "JSON"
    if profile.geometry and any(field.type in PLACES for field in schema.fields):
        kinds["geojson"] = "GeoJSON"
    stem = quote(PurePath(version.file.name).stem or "data", safe="")
    listed = quote(",".join(map(_quoted, columns)), safe="")
    return [
        ModelExport(label, f"/datasets/{dataset.id}/{stem}.{kind}?columns={listed}")
        for kind, label in kinds.items()
    ]


def _quoted(name: str) -> str:
    r"""A name as lists of the API write it: between quotes where it holds a sign of theirs, `\` before a quote."""
    if any(sign in name for sign in ',"\\()'):
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return name
