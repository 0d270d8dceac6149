"""`udi outlines`: the outlines of municipalities and other areas that maps stand on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli import output
from udi.cli.local.errors import LocalError
from udi.cli.outline_files import (
    GroupingOutlines,
    OutlineFile,
    OutlineSelection,
    draw_areas,
    draw_groupings,
    read_areas,
)
from udi.kit.db import Database
from udi.kit.outlines import Box, OutlineUnit
from udi.node.territories import models as node_models
from udi.portal.tenants import models as portal_models
from udi.settings import ProgramName, Settings, get_settings
from udi.tabular.columns.groupings import SOURCE as GROUPINGS_SOURCE

app = typer.Typer(
    help="Outlines of municipalities and other areas, which maps stand on.",
    no_args_is_help=True,
)
TerritorySlug = Annotated[
    str,
    typer.Option(
        help="Slug of the territory whose outlines they are; without it, they are every territory's."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
FilePath = Annotated[
    Path,
    typer.Argument(
        help="GeoPackage, GeoJSON or Shapefile (or a ZIP of one) of surfaces with a code and a name."
    ),
]
Source = Annotated[
    str,
    typer.Option(
        help="Whose outlines they are and of which year; written on each map."
    ),
]
Licence = Annotated[
    str, typer.Option(help="Name of their licence; written on each map.")
]
OutlinesName = Annotated[
    str,
    typer.Option(
        help="Name of these outlines, by which they are replaced and removed; that of the file by default."
    ),
]
Prefixes = Annotated[
    list[str] | None,
    typer.Option(help="Only codes that begin so (such as 35); repeat."),
]
Codes = Annotated[list[str] | None, typer.Option(help="Only this code; repeat.")]
CodesFile = Annotated[
    Path | None,
    typer.Option(help="Only the codes of this text file, one a line.", exists=True),
]
BoxSides = Annotated[
    str,
    typer.Option(
        help="Only what touches this rectangle: west,south,east,north in degrees."
    ),
]
LayerName = Annotated[str, typer.Option(help="Layer of the file, if it has several.")]
CodeColumn = Annotated[
    str, typer.Option(help="Column of the codes; looked for by default.")
]
NameColumn = Annotated[
    str, typer.Option(help="Column of the names; looked for by default.")
]
Groupings = Annotated[
    bool,
    typer.Option(
        help="Keep the areas of groupings (EPCI) of French municipalities too."
    ),
]
ROWS_AT_ONCE = 500
OF_GROUPINGS = "-epci"
"""After the name of the outlines of which they are made."""
MOST_NAMED = 5
COLUMNS = {
    "name": "Name",
    "territory": "Territory",
    "units": "Areas",
    "source": "Source",
    "licence": "Licence",
    "imported_at": "Imported",
}


@dataclass(frozen=True)
class OutlineImport:
    """Outlines to keep under a name, and what maps say of them; without a territory, for all."""

    name: str
    source: str
    licence: str
    territory: str
    units: Sequence[OutlineUnit]


@app.command("import")
def import_(
    file: FilePath,
    source: Source,
    licence: Licence,
    name: OutlinesName = "",
    territory: TerritorySlug = "",
    prefix: Prefixes = None,
    code: Codes = None,
    codes: CodesFile = None,
    box: BoxSides = "",
    layer: LayerName = "",
    code_column: CodeColumn = "",
    name_column: NameColumn = "",
    groupings: Groupings = True,
    json: AsJson = False,
) -> None:
    """Read outlines of a file, simplify them and keep them. May be repeated: those of the same name are replaced.

    Maps of the portal and the node stand on them a few seconds later. Where a map shows too many areas, those of a
    coarser file stand in: import communes, and departments or regions beside them. Of French municipalities, the areas
    of their groupings (EPCI) are kept too, under the same name with `-epci` after it.
    """
    listed_codes = codes.read_text().split() if codes else []
    selection = OutlineSelection(
        tuple(prefix or ()), frozenset([*(code or ()), *listed_codes]), _read_box(box)
    )
    outline_file = OutlineFile(file, layer, code_column, name_column)
    areas = read_areas(outline_file, selection)
    units = draw_areas(areas, outline_file)
    imports = [OutlineImport(name or file.stem, source, licence, territory, units)]
    drawn = draw_groupings(areas) if groupings else None
    if drawn and drawn.units:
        imports.append(
            OutlineImport(
                f"{name or file.stem}{OF_GROUPINGS}",
                f"{source}; {GROUPINGS_SOURCE}",
                licence,
                territory,
                drawn.units,
            )
        )
    settings = get_settings()
    for outlines in imports:
        asyncio.run(import_outlines(settings, outlines))
    if len(imports) == 1:
        _remove_groupings(settings, imports[0].name, territory)
    rows = [
        {"name": outlines.name, "territory": territory, "units": len(outlines.units)}
        for outlines in imports
    ]
    if json:
        output.show(rows, {}, as_json=True, empty="")
        return
    for row in rows:
        print(f"{row['name']}: {row['units']} areas imported")
    if drawn:
        _tell_left_out(drawn)


def _tell_left_out(drawn: GroupingOutlines) -> None:
    """Say which groupings are not drawn, and that some municipalities are of none; of areas that are none of France, nothing."""
    if drawn.incomplete:
        names = ", ".join(drawn.incomplete[:MOST_NAMED])
        more = "…" if len(drawn.incomplete) > MOST_NAMED else ""
        print(
            f"Not drawn, since the file lacks some of their municipalities: {names}{more}"
        )
    if drawn.ungrouped and (drawn.units or drawn.incomplete):
        print(f"Areas of no grouping that is known: {drawn.ungrouped}")


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the outlines that are kept, for all territories or for one."""
    output.show(
        asyncio.run(list_outlines(get_settings())),
        COLUMNS,
        as_json=json,
        empty="No outlines yet: `udi outlines import` reads a file.",
    )


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Name of the outlines.")],
    territory: TerritorySlug = "",
) -> None:
    """Remove outlines, and those of groupings that were made of them: maps stand on what else is kept, or on plain paper."""
    settings = get_settings()
    removed = [
        asyncio.run(_remove(settings, program, name, territory))
        for program in list_programs(settings)
    ]
    _remove_groupings(settings, name, territory)
    if not any(removed):
        raise LocalError(f"There are no outlines «{name}».", "See `udi outlines list`.")
    print(f"{name}: removed")


def _remove_groupings(settings: Settings, name: str, territory: str) -> None:
    """Remove the outlines of groupings that were made of others, if there are any."""
    for program in list_programs(settings):
        asyncio.run(_remove(settings, program, f"{name}{OF_GROUPINGS}", territory))


def list_programs(settings: Settings) -> list[ProgramName]:
    """The programs whose maps stand on outlines here: a producer's own node has no portal."""
    if settings.own_node:
        return ["node"]
    return ["portal", "node"]


async def import_outlines(settings: Settings, outlines: OutlineImport) -> None:
    """Keep outlines in the databases of both programs, in the place of those of the same name.

    Raises:
        LocalError: there is no such territory.
    """
    for program in list_programs(settings):
        database = Database(settings, program, pool_size=1)
        try:
            async with database.platform_session(role="owner") as session:
                await _write(session, program, outlines)
        finally:
            await database.close()


async def list_outlines(settings: Settings) -> list[dict[str, Any]]:
    """The outlines of the first of the programs: each has the same."""
    program = list_programs(settings)[0]
    rows = _rows_of(program)
    database = Database(settings, program, pool_size=1)
    try:
        async with database.platform_session(role="owner") as session:
            layers = await session.execute(
                select(rows.OutlineLayerRow, rows.Tenant.slug)
                .outerjoin(
                    rows.Tenant, rows.OutlineLayerRow.territory_id == rows.Tenant.id
                )
                .order_by(rows.OutlineLayerRow.name, rows.Tenant.slug)
            )
            return [
                {
                    "name": layer.name,
                    "territory": slug or "",
                    "units": layer.units,
                    "source": layer.source,
                    "licence": layer.licence,
                    "imported_at": layer.imported_at.date(),
                }
                for layer, slug in layers
            ]
    finally:
        await database.close()


def _read_box(value: str) -> Box | None:
    if not value:
        return None
    try:
        west, south, east, north = (float(side) for side in value.split(","))
    except ValueError as error:
        raise LocalError(
            f"«{value}» is no rectangle.", "Write west,south,east,north in degrees."
        ) from error
    return west, south, east, north


def _rows_of(program: ProgramName) -> Any:
    return {"portal": portal_models, "node": node_models}[program]


async def _write(
    session: AsyncSession, program: ProgramName, outlines: OutlineImport
) -> None:
    rows = _rows_of(program)
    territory_id = await _find_territory(session, rows, outlines.territory)
    await _delete(session, rows, outlines.name, territory_id)
    layer = rows.OutlineLayerRow(
        name=outlines.name,
        source=outlines.source,
        licence=outlines.licence,
        units=len(outlines.units),
        territory_id=territory_id,
    )
    session.add(layer)
    await session.flush()
    values = [_values(layer.id, unit) for unit in outlines.units]
    for start in range(0, len(values), ROWS_AT_ONCE):
        await session.execute(
            insert(rows.OutlineUnitRow), values[start : start + ROWS_AT_ONCE]
        )


async def _find_territory(session: AsyncSession, rows: Any, slug: str) -> Any:
    if not slug:
        return None
    territory_id = await session.scalar(
        select(rows.Tenant.id).where(rows.Tenant.slug == slug)
    )
    if territory_id is None:
        raise LocalError(f"No territory is called «{slug}».", "See `udi tenant list`.")
    return territory_id


async def _delete(
    session: AsyncSession, rows: Any, name: str, territory_id: Any
) -> bool:
    is_same = rows.OutlineLayerRow.territory_id.is_not_distinct_from(territory_id)
    result = await session.execute(
        delete(rows.OutlineLayerRow)
        .where(rows.OutlineLayerRow.name == name, is_same)
        .returning(rows.OutlineLayerRow.id)
    )
    return bool(result.all())


async def _remove(
    settings: Settings, program: ProgramName, name: str, territory: str
) -> bool:
    rows = _rows_of(program)
    database = Database(settings, program, pool_size=1)
    try:
        async with database.platform_session(role="owner") as session:
            territory_id = await _find_territory(session, rows, territory)
            return await _delete(session, rows, name, territory_id)
    finally:
        await database.close()


def _values(layer: Any, unit: OutlineUnit) -> dict[str, Any]:
    west, south, east, north = unit.box
    return {
        "layer_id": layer,
        "code": unit.code,
        "name": unit.name,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "longitude": unit.point[0],
        "latitude": unit.point[1],
        "shape": unit.shape,
    }
