"""The map of a table by municipality or region: outlines coloured by a count or a measure, and the list behind."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udi.kit.outlines import Box, OutlineUnit
from udi.kit.tenancy import Territory
from udi.node.datasets.pages.explore.explore_query import TABLE, ChartWords
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.tables.api import ANSWERS
from udi.tabular.columns.chosen_roles import ChosenRole, is_unmeasured
from udi.tabular.columns.column import ColumnType, TypedColumn
from udi.tabular.overviews.map_drawing import HEIGHT, WIDTH
from udi.tabular.queries.query import Aggregate, Measure, Query
from udi.tabular.queries.table import DatasetTable
from udi.ui.maps.classes import ValueClass, draw_classes, find_class, make_classes
from udi.ui.maps.frame import PaperFrame, fit_frame
from udi.ui.maps.ground import Ground
from udi.ui.maps.grounds import GROUNDS
from udi.ui.site import site_of

AREA_TYPES = (ColumnType.COMMUNE, ColumnType.DEPARTMENT, ColumnType.REGION)
AREA_WORDS = (
    "commune",
    "insee",
    "departement",
    "département",
    "municipality",
    "region",
    "epci",
    "intercommunal",
)
GROUPING_WORDS = ("epci", "intercommunal", "groupement")
"""In the names of columns of groupings of municipalities, whose codes are SIREN numbers."""
TEXTS = (ColumnType.TEXT, ColumnType.CODE)
NUMBERS = (ColumnType.INTEGER, ColumnType.NUMBER)
HOW = ("sum", "avg", "median", "min", "max")
"""What may be said of the numbers of an area."""
MOST_AREAS = 40_000
"""Values of the column that are read: France has 35,000 municipalities."""
MOST_BYTES = 14_000
GROUND_BYTES = 8_000
MARGIN = 16
SMALLEST_SPAN = 0.02


@dataclass(frozen=True)
class AreaValue:
    """One area: its name, its value, how many rows it has, its class, and the address of its rows."""

    name: str
    value: float
    rows: int
    place: int
    address: str


@dataclass(frozen=True)
class AreaMap:
    """The drawing, the list from the greatest value, and how much of the table is in it."""

    column: str
    measure: str
    how: str
    body: str
    ground: Ground | None
    classes: tuple[ValueClass, ...]
    areas: tuple[AreaValue, ...]
    joined_rows: int
    rows: int


@dataclass(frozen=True)
class AreaGroup:
    """The rows of one value of the column of areas."""

    key: str
    value: float
    rows: int


def find_area_columns(table: DatasetTable) -> list[TypedColumn]:
    """The columns that may hold codes or names of areas: those that the producer says, then by type, then by name."""
    by_choice = [
        column
        for column in table.columns
        if column.type not in NUMBERS
        and table.roles.get(column.name) is ChosenRole.PLACE
    ]
    by_rule = [column for column in table.columns if column.name not in table.roles]
    by_type = [column for column in by_rule if column.type in AREA_TYPES]
    by_name = [
        column
        for column in by_rule
        if column.type in TEXTS
        and any(word in column.name.lower() for word in AREA_WORDS)
    ]
    by_number = [
        column
        for column in by_rule
        if column.type is ColumnType.SIREN and is_of_groupings(column.name)
    ]
    return [*by_choice, *by_type, *by_name, *by_number]


def is_of_groupings(name: str) -> bool:
    """Whether a column is of groupings of municipalities, by its name."""
    return any(word in name.lower() for word in GROUPING_WORDS)


def list_measures(table: DatasetTable) -> list[TypedColumn]:
    """The numbers of which something may be said by area: not those of which the producer says that they are no measure."""
    return [
        column
        for column in table.columns
        if column.type in NUMBERS and not is_unmeasured(table.roles, column.name)
    ]


def list_calculations(table: DatasetTable, measure: TypedColumn) -> Sequence[str]:
    """What may be said of a number by area, the usual first: no sum of what its producer says is only averaged."""
    if table.roles.get(measure.name) is ChosenRole.MEAN:
        return [how for how in HOW if how != Aggregate.SUM]
    return HOW


def _choose_calculation(
    table: DatasetTable, measure: TypedColumn | None, how: str
) -> str:
    """What an address asks for where it may be said, else the usual; empty where rows are counted."""
    if measure is None:
        return ""
    allowed = list_calculations(table, measure)
    return how if how in allowed else allowed[0]


def has_areas(table: DatasetTable, territory: Territory) -> bool:
    """Whether the table may be drawn by area."""
    return bool(territory.outlines) and bool(find_area_columns(table))


def is_by_area(context: ExploreContext) -> bool:
    """Whether the address asks for the map by a column of areas."""
    names = [column.name for column in find_area_columns(context.table)]
    return context.query.chart.by in names


async def read_area_map(context: ExploreContext) -> AreaMap | None:
    """The map by area that an address asks for; None where no value is a code or a name of a known area."""
    columns = context.table.columns
    words = context.query.chart
    by_name = {column.name: column for column in find_area_columns(context.table)}
    column = by_name.get(words.by) or next(iter(by_name.values()))
    measures = {item.name: item for item in list_measures(context.table)}
    measure = measures.get(words.of)
    how = _choose_calculation(context.table, measure, words.how)
    groups = await _read_groups(context, columns.index(column), measure, how)
    grounds = site_of(context.request).services[GROUNDS]
    matched = await grounds.match_areas(
        context.territory, [group.key for group in groups]
    )
    if matched is None:
        return None
    members = _join(groups, matched[1])
    if not members:
        return None
    frame = _frame_of([unit for unit, _ in members])
    classes = make_classes([group.value for _, group in members])
    return AreaMap(
        column.name,
        measure.name if measure else "",
        how,
        await asyncio.to_thread(_draw, members, classes, frame),
        await grounds.draw(context.territory, frame, most_bytes=GROUND_BYTES),
        classes,
        _list_areas(context, column.name, members, classes),
        sum(group.rows for _, group in members),
        sum(group.rows for group in groups),
    )


async def _read_groups(
    context: ExploreContext, rank: int, measure: TypedColumn | None, how: str
) -> list[AreaGroup]:
    """The rows that the filters leave, by area; without a measure, the value is their number."""
    measures = [Measure(rank, Aggregate.COUNT)]
    if measure is not None:
        place = context.table.columns.index(measure)
        measures.append(Measure(place, Aggregate(how)))
    query = Query(
        where=context.query.query.where,
        groups=(rank,),
        measures=tuple(measures),
        size=MOST_AREAS,
    )
    answers = site_of(context.request).services[ANSWERS]
    page = await answers.read_page(context.table, query)
    return [
        AreaGroup(str(row[0]), float(row[-1]), int(row[1]))
        for row in page.rows
        if row[0] is not None and row[-1] is not None
    ]


def _join(
    groups: Sequence[AreaGroup], units: Sequence[OutlineUnit]
) -> list[tuple[OutlineUnit, AreaGroup]]:
    """Each group with the area of its code, else of its name."""
    by_code = {unit.code: unit for unit in units}
    by_name = {unit.name.lower(): unit for unit in units}
    members = []
    for group in groups:
        unit = by_code.get(group.key) or by_name.get(group.key.lower())
        if unit is not None:
            members.append((unit, group))
    return members


def _frame_of(units: Sequence[OutlineUnit]) -> PaperFrame:
    box: Box = (
        min(unit.box[0] for unit in units),
        min(unit.box[1] for unit in units),
        max(unit.box[2] for unit in units),
        max(unit.box[3] for unit in units),
    )
    return fit_frame(box, WIDTH, HEIGHT, MARGIN, SMALLEST_SPAN)


def _draw(
    members: Sequence[tuple[OutlineUnit, AreaGroup]],
    classes: Sequence[ValueClass],
    frame: PaperFrame,
) -> str:
    units: dict[int, list[OutlineUnit]] = {}
    for unit, group in members:
        units.setdefault(find_class(classes, group.value), []).append(unit)
    return draw_classes(units, frame, most_bytes=MOST_BYTES)


def _list_areas(
    context: ExploreContext,
    column: str,
    members: Sequence[tuple[OutlineUnit, AreaGroup]],
    classes: Sequence[ValueClass],
) -> tuple[AreaValue, ...]:
    query = context.query
    ordered = sorted(members, key=lambda member: (-member[1].value, member[0].name))
    return tuple(
        AreaValue(
            unit.name,
            group.value,
            group.rows,
            find_class(classes, group.value),
            query.address(
                context.path,
                view=TABLE,
                chart=ChartWords(),
                filters=(*query.filters, (f"{column}__exact", group.key)),
            ),
        )
        for unit, group in ordered
    )


def list_choices(context: ExploreContext) -> Mapping[str, Any]:
    """What the form of the map by area offers: columns of areas, numbers, and what is said of them.

    The calculations are those of the number that is shown; before one is, those of any.
    """
    measures = list_measures(context.table)
    visible = [one for one in measures if one.name == context.query.chart.of]
    allowed = {
        how
        for measure in visible or measures
        for how in list_calculations(context.table, measure)
    }
    return {
        "area_calculations": [how for how in HOW if how in allowed],
        "area_columns": [
            (column.name, column.name) for column in find_area_columns(context.table)
        ],
        "area_measures": [(column.name, column.name) for column in measures],
        "no_words": ChartWords(),
        "area_hidden": context.query.hidden_fields("by", "of", "how", "at"),
    }
