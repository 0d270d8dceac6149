"""The tables of a file of a dataset as they are listed: its main one first, then those beside it."""

from collections.abc import Iterator
from dataclasses import dataclass

from udi.node.datasets.models import Dataset, Version
from udi.node.datasets.versions.findings import is_table, named_tables_of
from udi.node.datasets.versions.table_places import TablePlace
from udi.node.tables.addresses import TableAddresses
from udi.tabular.profiles.named_tables import clean_title
from udi.tabular.profiles.profile import Profile


@dataclass(frozen=True)
class TableEntry:
    """A line of the list: a table, its size, and the path of the page of its data.

    `sheet_title` is its own title beside the main table of its file; empty for that one.
    """

    table_name: str
    title: str
    rows: int
    columns: int
    address: str
    sheet_title: str = ""


def list_tables_of(dataset: Dataset, version: Version) -> list[TableEntry]:
    """The tables of one version of the main file, or of a part."""
    return list(_iterate_tables(dataset, version))


def _iterate_tables(dataset: Dataset, version: Version) -> Iterator[TableEntry]:
    part_id = version.part_id
    part = dataset.find_part(part_id)
    prefix = [part.title] if part else []
    if is_table(version):
        profile = Profile.from_json(version.profile)
        title = clean_title(profile.sheet)
        if not title and part is None:
            title = clean_title(version.file.name)
        yield _entry(
            dataset,
            TablePlace(part_id),
            [*prefix, title],
            profile.rows or 0,
            len(profile.columns),
        )
    for sheet in named_tables_of(version):
        yield _entry(
            dataset,
            TablePlace(part_id, sheet.name),
            [*prefix, sheet.title],
            sheet.rows,
            len(sheet.columns),
            sheet.title,
        )


def _entry(
    dataset: Dataset,
    place: TablePlace,
    titles: list[str],
    rows: int,
    columns: int,
    sheet_title: str = "",
) -> TableEntry:
    name = place.table_name
    title = " – ".join(filter(None, titles))
    address = TableAddresses(dataset.id, name).page
    return TableEntry(name, title, rows, columns, address, sheet_title)
