"""What the database keeps of the files of sealed spaces: what was found out, and no cell of them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from udi.kit.db import Database
from udi.kit.schedules import Schedule, run_in_each_territory
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.node.datasets.models import Dataset, Preparation, Version
from udi.node.datasets.versions.findings import NAMED_TABLES
from udi.node.datasets.versions.tables import DatasetTableCache
from udi.node.datasets.versions.view_values import holds_values
from udi.node.spaces.models import Sealing, Space
from udi.tabular.profiles.named_tables import NamedTable
from udi.tabular.profiles.profile import Profile

CELLS = '$ ? (@.errors.value != "" || @.schema.errors.value != "" || exists(@.difference.examples[*]) || exists(@.coverage.*) || exists(@.tables[*].bbox[*] ? (@ != @.floor())))'
"""Findings of which some hold a cell, as PostgreSQL asks for them."""


def strip_findings(findings: Mapping[str, Any]) -> dict[str, Any]:
    """The findings of `Preparation`, or the part of them that is there, without what cells hold.

    Lines, columns and numbers stay; the cells themselves are read again where they are sealed.
    """
    stripped: dict[str, Any] = {}
    if "errors" in findings:
        stripped["errors"] = [{**error, "value": ""} for error in findings["errors"]]
    if "coverage" in findings:
        stripped["coverage"] = {}
    if findings.get(NAMED_TABLES):
        stripped[NAMED_TABLES] = [
            NamedTable.from_json(table).without_cells().as_json()
            for table in findings[NAMED_TABLES]
        ]
    if findings.get("schema"):
        schema = findings["schema"]
        stripped["schema"] = {
            **schema,
            "errors": [{**error, "value": ""} for error in schema.get("errors", ())],
        }
    if findings.get("difference"):
        stripped["difference"] = {**findings["difference"], "examples": []}
    return stripped


async def forget_cells(session: AsyncSession) -> list[UUID]:
    """Take every cell of sealed spaces out of the rows of a territory; the datasets of these spaces."""
    sealed = (
        await session.scalars(
            select(Dataset.id).join(Dataset.space).where(Space.sealing != Sealing.OPEN)
        )
    ).all()
    await _forget_views(session, sealed)
    holding = (Version.profile["sample"] != cast([], JSONB)) | func.jsonb_path_exists(
        Preparation.findings, cast(literal(CELLS), JSONPATH)
    )
    query = (
        select(Version)
        .join(Preparation)
        .where(Version.dataset_id.in_(sealed), holding)
        .options(selectinload(Version.preparation))  # after a lock was waited for
    )
    for version in await session.scalars(query.with_for_update(of=Version)):
        version.profile = Profile.from_json(version.profile).without_cells().as_json()
        if version.preparation is not None:
            findings = version.preparation.findings
            version.preparation.findings = {**findings, **strip_findings(findings)}
    await session.flush()
    return list(sealed)


async def _forget_views(session: AsyncSession, sealed: Sequence[UUID]) -> None:
    """Give up the opening views that hold cells; the history of their datasets says so."""
    query = select(Dataset).where(Dataset.id.in_(sealed), Dataset.default_view != "")
    for dataset in await session.scalars(query.with_for_update(of=Dataset)):
        if holds_values(dataset.default_view):
            dataset.default_view = ""
            dataset.record_event(None, "view.removed")


def schedule_cell_removal(
    database: Database, registry: TerritoryRegistry, tables: DatasetTableCache
) -> Schedule:
    """Keep the rows, and the disk of each machine, without cells of sealed spaces, every ten minutes.

    A space may have been sealed on another machine, or have arrived with an archive.
    """

    async def forget(territory: Territory) -> None:
        async with database.session(territory.id, role="worker") as session:
            sealed = await forget_cells(session)
        await tables.forget_on_disk(territory.id, sealed)

    async def run() -> None:
        await run_in_each_territory(registry, forget)

    return Schedule("forget_sealed_cells", "8-59/10 * * * *", run, per_machine=True)
