"""What the map that moves is given: its tiles, the colours of a column, and the legend that says them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udi.node.datasets.pages.explore.cells import display_cell, shorten
from udi.node.datasets.pages.explore.explore_query import join_query, quote_items
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.node.files.delivery.base_map import ADDRESS
from udi.node.tables.api import ANSWERS
from udi.tabular.columns.column import ROW_NAME, ColumnType
from udi.tabular.overviews.overview import SHOWING
from udi.tabular.overviews.roles import MEASURED, ColumnProfile, ColumnRole
from udi.tabular.overviews.statistics import ColumnStatistics
from udi.tabular.queries.query import Aggregate, Filter, Measure, Operator, Query
from udi.ui.maps.classes import ValueClass
from udi.ui.maps.grounds import credit_of
from udi.ui.site import site_of

MOST_CATEGORIES = 5
"""Values that have a colour of their own; the rows of the others share one."""
MOST_VALUES = 5_000
"""Different numbers of which the classes are of as many values; of more, they are intervals of the spread."""
CLASSES = 5
MOST_LISTED = 20
"""Rows of the list beside the map."""
WORDS = {ColumnType.TEXT, ColumnType.CODE, ColumnType.COMMUNE, ColumnType.DEPARTMENT}
"""Types of columns whose values tiles hold as they are written."""


@dataclass(frozen=True)
class MapColour:
    """One colour of the legend: its class in the style sheet, and what has it; of what is left, the text is empty."""

    style: str
    text: str


@dataclass(frozen=True)
class MapColours:
    """The colours of a column: `rule` says to the script which feature has which."""

    column: str
    colours: tuple[MapColour, ...]
    rule: str


async def read_moving_map(context: ExploreContext) -> Mapping[str, Any]:
    """The tiles with the column that colours them, if one does, and the columns that may."""
    overview = (
        await site_of(context.request).services[SHOWING].read_overview(context.table)
    )
    profiles = [profile for profile in overview.profiles if may_colour(profile)]
    chosen = next(
        (profile for profile in profiles if profile.name == context.query.chart.split),
        None,
    )
    colours = await _read_colours(context, chosen) if chosen else None
    names = [ROW_NAME, *([chosen.name] if chosen else [])]
    api = f"{context.addresses.api}/data/pmtiles"
    settings = site_of(context.request).settings
    return {
        "moving": True,
        "base_map": _find_base_map(context),
        "base_map_credit": settings.base_map_credit,
        "base_map_host": settings.base_map_origin.partition("//")[2],
        "outline_credits": [credit_of(layer) for layer in context.territory.outlines],
        "tiles_url": join_query(
            api, [*context.query.row_pairs, ("columns", quote_items(names))]
        ),
        "items_url": join_query(
            f"{context.addresses.map}/collections/data/items",
            [*context.query.row_pairs, ("limit", str(MOST_LISTED))],
        ),
        "name_column": find_name_column(overview.profiles),
        "colours": colours,
        "colour_columns": [(profile.name, profile.name) for profile in profiles],
        "colour_fields": context.query.hidden_fields("split"),
    }


def _find_base_map(context: ExploreContext) -> str:
    """What the map lies on: an archive of our own, or tiles of others, which learn nothing of restricted data."""
    settings = site_of(context.request).settings
    if settings.own_base_map:
        return ADDRESS
    return settings.base_map if context.table.is_open else ""


def may_colour(profile: ColumnProfile) -> bool:
    """Whether the values of a column make classes or categories that a map can show."""
    if profile.statistics.distinct < 2:  # noqa: PLR2004 - one value colours nothing
        return False
    if profile.column.type in {ColumnType.INTEGER, ColumnType.NUMBER}:
        return profile.role in MEASURED
    return profile.role is ColumnRole.CATEGORY and profile.column.type in WORDS


def find_name_column(profiles: Sequence[ColumnProfile]) -> str:
    """The column whose words stand after the first cell of a row: that in which nearly each row has its own, else the first of words; or none."""
    worded = [
        profile
        for role in (ColumnRole.LABEL, ColumnRole.CATEGORY)
        for profile in profiles
        if profile.role is role and profile.column.type is ColumnType.TEXT
    ]
    return worded[0].name if worded else ""


async def _read_colours(
    context: ExploreContext, profile: ColumnProfile
) -> MapColours | None:
    if profile.column.type in WORDS:
        return _colour_values(profile.name, profile.statistics)
    classes = await _read_classes(context, profile)
    if not classes:
        return None
    colours = [
        MapColour(f"m{place}", _write_class(context, profile, one))
        for place, one in enumerate(classes, start=1)
    ]
    limits = [one.greatest for one in classes]
    return MapColours(
        profile.name,
        (*colours, MapColour("m0", "")),
        json.dumps({"limits": limits}),
    )


def _colour_values(name: str, statistics: ColumnStatistics) -> MapColours:
    values = [str(value) for value, _ in statistics.top[:MOST_CATEGORIES]]
    colours = [
        MapColour(f"s{place}", shorten(value)) for place, value in enumerate(values)
    ]
    return MapColours(
        name, (*colours, MapColour("s5", "")), json.dumps({"values": values})
    )


def _write_class(
    context: ExploreContext, profile: ColumnProfile, one: ValueClass
) -> str:
    least, greatest = (
        display_cell(value, profile.column.type, context.locale)
        for value in (one.least, one.greatest)
    )
    return least if least == greatest else f"{least} – {greatest}"


async def _read_classes(
    context: ExploreContext, profile: ColumnProfile
) -> tuple[ValueClass, ...]:
    """At most five classes of about as many rows; of very many different numbers, cut where the spread was counted."""
    statistics = profile.statistics
    if statistics.distinct > MOST_VALUES:
        return classes_of_spread(statistics)
    query = Query(
        where=(Filter(profile.rank, Operator.IS_NOT_NULL),),
        groups=(profile.rank,),
        measures=(Measure(profile.rank, Aggregate.COUNT),),
        size=2 * MOST_VALUES,
    )
    page = (
        await site_of(context.request).services[ANSWERS].read_page(context.table, query)
    )
    return join_intervals([(value, value, rows) for value, rows in page.rows])


def classes_of_spread(statistics: ColumnStatistics) -> tuple[ValueClass, ...]:
    """The intervals of the spread of a column, joined."""
    return join_intervals(
        [(interval.low, interval.high, interval.rows) for interval in statistics.bins]
    )


def join_intervals(
    intervals: Sequence[tuple[float, float, int]],
) -> tuple[ValueClass, ...]:
    """Neighbours (least, greatest, rows) joined from the least, into at most five classes of about as many rows."""
    counted = [interval for interval in intervals if interval[2]]
    share = sum(rows for _, _, rows in counted) / CLASSES
    classes: list[ValueClass] = []
    part: list[tuple[float, float, int]] = []
    before = 0
    rows = 0
    for interval in counted:
        part.append(interval)
        rows += interval[2]
        if before + rows >= share * (len(classes) + 1) or interval is counted[-1]:
            classes.append(ValueClass(part[0][0], interval[1], rows))
            before += rows
            rows = 0
            part = []
    return tuple(classes)
