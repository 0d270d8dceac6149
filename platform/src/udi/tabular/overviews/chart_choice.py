"""The first chart of a table: the one that says most, by rules in their order."""

from collections.abc import Callable, Sequence

from udi.tabular.columns.column import ColumnType
from udi.tabular.overviews import role_words as words
from udi.tabular.overviews.chart_request import ChartKind, ChartRequest
from udi.tabular.overviews.chart_steps import choose_step, count_periods
from udi.tabular.overviews.roles import ColumnProfile, ColumnRole
from udi.tabular.queries.query import Aggregate

FEWEST_PERIODS = 3
FEWEST_FILLED = 0.5
MOST_CATEGORIES = 30
MOST_REPEATED = 200
MOST_FOR_ONE = 0.97
"""Share of the rows in one category, from which the others cannot be seen."""
WELL_FILLED = 0.9
MOSTLY_FILLED = 0.8
FEWEST_VALUES = 8
"""Of a rate, below which its median says little."""
Choice = Callable[[Sequence[ColumnProfile]], ChartRequest | None]


def choose_chart(profiles: Sequence[ColumnProfile]) -> ChartRequest | None:
    """The chart that says most; None when nothing of the table compares."""
    return next(
        (chart for rule in RULES if (chart := rule(profiles)) is not None), None
    )


def _extensive_by_time(profiles: Sequence[ColumnProfile]) -> ChartRequest | None:
    measure = _best_measure(profiles, ColumnRole.EXTENSIVE)
    time = _best_time(profiles)
    if measure is None or time is None or _is_stock_at_events(measure, time):
        return None
    return ChartRequest(time.name, measure.name, Aggregate.SUM, step=choose_step(time))


def _is_stock_at_events(measure: ColumnProfile, time: ColumnProfile) -> bool:
    """Whether people or land would be added up by the days of something else; by year they are a series."""
    dated = time.column.type in {ColumnType.DATE, ColumnType.DATETIME}
    return dated and bool(set(words.words_of(measure.name)) & words.STOCKS)


def _extensive_by_category(profiles: Sequence[ColumnProfile]) -> ChartRequest | None:
    measure = _best_measure(profiles, ColumnRole.EXTENSIVE)
    group = _best_category(profiles) or _best_label(profiles)
    if measure is None or group is None:
        return None
    return ChartRequest(group.name, measure.name, Aggregate.SUM)


def _intensive_by_category(profiles: Sequence[ColumnProfile]) -> ChartRequest | None:
    measure = _best_measure(profiles, ColumnRole.INTENSIVE)
    group = _best_category(profiles)
    if measure is None or group is None or measure.share_filled < MOSTLY_FILLED:
        return None
    if measure.statistics.distinct < FEWEST_VALUES:
        return None
    return ChartRequest(group.name, measure.name, Aggregate.MEDIAN)


def _rows_by_time(profiles: Sequence[ColumnProfile]) -> ChartRequest | None:
    time = _best_time(profiles)
    if time is None or count_periods(time) >= time.statistics.rows:
        return None
    return ChartRequest(time.name, step=choose_step(time))


def _rows_by_category(profiles: Sequence[ColumnProfile]) -> ChartRequest | None:
    group = _best_category(profiles) or _best_code(profiles)
    if group is None:
        return None
    return ChartRequest(group.name)


def _spread(profiles: Sequence[ColumnProfile]) -> ChartRequest | None:
    for role in (ColumnRole.EXTENSIVE, ColumnRole.INTENSIVE, ColumnRole.UNSURE):
        for profile in profiles:
            if (
                profile.role is role
                and profile.share_filled >= FEWEST_FILLED
                and (step := choose_step(profile))
            ):
                return ChartRequest(profile.name, step=step, draw=ChartKind.SPREAD)
    return None


RULES: tuple[Choice, ...] = (
    _extensive_by_time,
    _extensive_by_category,
    _intensive_by_category,
    _rows_by_time,
    _rows_by_category,
    _spread,
)


def _best_measure(
    profiles: Sequence[ColumnProfile], role: ColumnRole
) -> ColumnProfile | None:
    """The measure that says most: well filled, of many values, a total before its parts, the first of equals."""
    candidates = [
        profile
        for profile in profiles
        if profile.role is role
        and profile.share_filled >= FEWEST_FILLED
        and profile.statistics.distinct > 1
    ]
    return max(candidates, key=_measure_rank, default=None)


def _measure_rank(profile: ColumnProfile) -> tuple[bool, int, int]:
    tokens = set(words.words_of(profile.name))
    named_score = 0
    if profile.role is ColumnRole.EXTENSIVE:
        named_score = bool(tokens & words.EXTENSIVE) + bool(tokens & words.TOTALS)
    people = bool(tokens & {"population", "pop", "popolazione", "poblacion"})
    return profile.share_filled >= WELL_FILLED, named_score + people, -profile.rank


def _best_time(profiles: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The first column that says when things happened: days before years, since the year may repeat them."""
    events = [profile for profile in profiles if _is_event(profile)]
    days = [
        profile
        for profile in events
        if profile.column.type is not ColumnType.YEAR
        and profile.share_filled >= WELL_FILLED
    ]
    return next(iter([*days, *events]), None)


def _is_event(profile: ColumnProfile) -> bool:
    if profile.role is not ColumnRole.TIME or profile.share_filled < FEWEST_FILLED:
        return False
    name = words.plain(profile.name)
    if any(part in name for part in words.NOT_AN_EVENT):
        return False
    return profile.statistics.distinct >= FEWEST_PERIODS and count_periods(profile) >= (
        FEWEST_PERIODS
    )


def _best_category(profiles: Sequence[ColumnProfile]) -> ColumnProfile | None:
    candidates = [
        profile
        for profile in profiles
        if profile.role is ColumnRole.CATEGORY and _compares(profile)
    ]
    return max(candidates, key=_category_score, default=None)


def _compares(profile: ColumnProfile) -> bool:
    """Whether it has several values, none of which hides the others."""
    figures = profile.statistics
    if figures.distinct < 2 or profile.share_filled < FEWEST_FILLED:  # noqa: PLR2004 - one bar compares nothing
        return False
    return bool(figures.top) and figures.top[0][1] <= figures.filled * MOST_FOR_ONE


def _category_score(profile: ColumnProfile) -> tuple[float, int]:
    """Filled, between three and thirty values of which none is nearly all, the first of equals."""
    figures = profile.statistics
    top_share = sum(rows for _, rows in figures.top) / figures.filled
    even = 1 - figures.top[0][1] / figures.filled
    if figures.distinct < FEWEST_PERIODS or profile.column.type is ColumnType.BOOLEAN:
        size = 0.5
    elif figures.distinct <= MOST_CATEGORIES:
        size = 1.0
    else:
        size = 0.6
    tokens = set(words.words_of(profile.name))
    if tokens & words.TELLING_CATEGORIES:
        size *= 1.5
    if tokens & words.PERSONS:
        size *= 0.4
    score = profile.share_filled * size * min(even * 2, 1) * top_share
    return round(score, 1), -profile.rank


def _best_label(profiles: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The names of what each row is about, where no category groups them."""
    labels = [
        profile
        for profile in profiles
        if profile.role is ColumnRole.LABEL and profile.share_filled >= WELL_FILLED
    ]
    named = [
        profile for profile in labels if set(words.words_of(profile.name)) & words.NAMES
    ]
    codes = [
        profile
        for profile in profiles
        if profile.role is ColumnRole.IDENTIFIER
        and profile.share_filled >= WELL_FILLED
        and 1 < profile.statistics.distinct <= MOST_REPEATED
    ]
    return next(iter([*named, *labels, *codes]), None)


def _best_code(profiles: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """Codes that come back, where nothing in words does."""
    return next(
        (
            profile
            for profile in profiles
            if profile.role is ColumnRole.IDENTIFIER
            and profile.statistics.top
            and profile.statistics.distinct
            <= min(MOST_REPEATED, profile.statistics.filled / 2)
            and _compares(profile)
        ),
        None,
    )
