"""A chart of the rows that the filters leave: chosen by the page, or by hand in a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udi.node.datasets.pages.explore.explore_query import ExploreQuery, join_query
from udi.node.datasets.pages.explore.views import ExploreContext
from udi.tabular.columns.column import ColumnType
from udi.tabular.overviews.chart_figures import figures_parameters, plan_chart
from udi.tabular.overviews.chart_request import (
    MEASURE,
    SPLITS,
    WORDS,
    ChartKind,
    ChartRequest,
    parse_chart,
)
from udi.tabular.overviews.chart_steps import choose_step
from udi.tabular.overviews.chart_view import ChartView
from udi.tabular.overviews.overview import SHOWING
from udi.tabular.overviews.roles import (
    AGGREGATES,
    DIMENSIONS,
    MEASURED,
    ColumnProfile,
    ColumnRole,
)
from udi.tabular.queries.query import PERIODS, Aggregate, StepUnit
from udi.ui.site import site_of

MOST_MEASURES = 12
"""Columns of which every aggregate is offered; of more, the most usual one alone."""
KINDS = tuple(ChartKind)


@dataclass(frozen=True)
class ChartChoices:
    """What the form offers for the chart that is drawn."""

    measures: Sequence[tuple[str, str, str]]
    """(value, aggregate, column) of each."""
    dimensions: Sequence[str]
    splits: Sequence[str]
    steps: Sequence[str]
    """Empty where the dimension has none."""
    kinds: Sequence[ChartKind] = KINDS


@dataclass(frozen=True)
class ChartAnswer:
    """The chart that an address asks for, as the page and the picture show it."""

    request: ChartRequest | None
    view: ChartView | None
    unknown_words: Sequence[str] = ()
    profiles: Sequence[ColumnProfile] = ()
    figures: Sequence[tuple[str, str]] = ()
    """The parameters of the tabular API that give the same figures."""


async def answer_chart(context: ExploreContext) -> ChartAnswer:
    """The chart that an address asks for, over the rows that its filters leave.

    Raises:
        QueryTooHeavyError: it takes more time or memory than a question may.
    """
    showing = site_of(context.request).services[SHOWING]
    overview = await showing.read_overview(context.table)
    query = context.query
    request, unknown_words = parse_chart(
        dict(query.chart.pairs), overview.profiles, overview.first_chart
    )
    if request is None:
        return ChartAnswer(None, None, unknown_words, overview.profiles)
    where = query.query.where
    if request == overview.first_chart and not where:
        chart = overview.chart
    else:
        chart = await showing.read_chart(
            context.table, overview.profiles, request, where
        )
    plan = plan_chart(request, overview.profiles, where)
    return ChartAnswer(
        request,
        ChartView(chart, context.locale) if chart else None,
        unknown_words,
        overview.profiles,
        figures_parameters(plan) if plan else (),
    )


async def read_chart(context: ExploreContext) -> Mapping[str, Any]:
    """The chart, the form that changes it, and what is taken away of it."""
    answer = await answer_chart(context)
    query = context.query
    api = f"{context.addresses.api}/data"
    figures = [*query.row_pairs, *answer.figures]
    return {
        "answer": answer,
        "choices": list_choices(answer),
        "hidden_fields": query.hidden_fields(*WORDS, MEASURE),
        "picture_url": picture_url(context, query, "svg"),
        "png_url": picture_url(context, query, "png"),
        "figures_url": join_query(f"{api}/csv/", figures),
        "figures_api_url": join_query(f"{api}/", figures),
    }


def picture_url(context: ExploreContext, query: ExploreQuery, kind: str) -> str:
    """The address of the picture of the chart, as `svg` or `png`."""
    path = f"{context.addresses.folder}/chart.{kind}"
    pairs = [(name, value) for name, value in query.pairs if name != "view"]
    return join_query(path, pairs)


def list_choices(answer: ChartAnswer) -> ChartChoices:
    """The columns and aggregates that make sense, for the form."""
    profiles = answer.profiles
    dimension = next(
        (
            profile
            for profile in profiles
            if answer.request is not None and profile.name == answer.request.by
        ),
        None,
    )
    return ChartChoices(
        list(_list_measures(profiles)),
        [profile.name for profile in profiles if _is_dimension(profile)],
        [
            profile.name
            for profile in profiles
            if profile.role in SPLITS and profile.statistics.distinct > 1
        ],
        _list_steps(dimension),
    )


def _list_measures(
    profiles: Sequence[ColumnProfile],
) -> Sequence[tuple[str, str, str]]:
    measured = [profile for profile in profiles if profile.role in MEASURED]
    count = str(Aggregate.COUNT)
    measures = [(count, count, "")]
    for profile in measured:
        aggregates = AGGREGATES[profile.role]
        if len(measured) > MOST_MEASURES:
            aggregates = aggregates[:1]
        measures += [
            (f"{aggregate}.{profile.name}", str(aggregate), profile.name)
            for aggregate in aggregates
        ]
    distinct = str(Aggregate.COUNT_DISTINCT)
    return measures + [
        (f"{distinct}.{profile.name}", distinct, profile.name)
        for profile in profiles
        if profile.role in {ColumnRole.IDENTIFIER, ColumnRole.LABEL}
    ]


def _is_dimension(profile: ColumnProfile) -> bool:
    if profile.role in MEASURED:
        return bool(choose_step(profile)) or profile.role is ColumnRole.UNSURE
    return profile.role in DIMENSIONS and profile.statistics.distinct > 1


def _list_steps(dimension: ColumnProfile | None) -> list[str]:
    if dimension is None:
        return []
    if dimension.column.type in {ColumnType.DATE, ColumnType.DATETIME}:
        return [str(unit) for unit in PERIODS]
    if dimension.role in MEASURED and choose_step(dimension):
        return [str(StepUnit.BIN)]
    return []
