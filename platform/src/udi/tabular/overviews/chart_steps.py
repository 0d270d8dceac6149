"""The steps of a dimension: the period of dates, the width of the bins of numbers."""

from datetime import date, datetime

from udi.tabular.columns.column import ColumnType
from udi.tabular.messages.query_errors import InvalidQueryError
from udi.tabular.overviews.roles import ColumnProfile, ColumnRole
from udi.tabular.queries.query import GroupStep, StepUnit, allowed_steps
from udi.tabular.queries.query_string import read_step

MOST_PERIODS = 120
MOST_DAYS = 62
MOST_MONTHS = 120
FEWEST_BINS = 3


def read_chart_step(profile: ColumnProfile, text: str) -> GroupStep | None:
    """The step of a dimension; None: its column has no such step."""
    if not text or not allowed_steps(profile.column):
        return None
    try:
        return read_step(profile.rank, profile.column, text)
    except InvalidQueryError:
        return None


def choose_step(profile: ColumnProfile) -> str:
    """The step of a dimension that gives a chart some dozens of points; empty: its own values."""
    figures = profile.statistics
    if profile.column.type is ColumnType.INTEGER and profile.role is ColumnRole.TIME:
        return ""
    if profile.column.type in {ColumnType.INTEGER, ColumnType.NUMBER}:
        return _bin_step(profile)
    if profile.column.type not in {ColumnType.DATE, ColumnType.DATETIME}:
        return ""
    days = _days(profile)
    if days is None:
        return ""
    if days <= 2 and figures.distinct <= MOST_PERIODS:  # noqa: PLR2004 - hours of a day or two
        return ""
    if days <= MOST_DAYS:
        return str(StepUnit.DAY)
    if days <= MOST_MONTHS * 30:
        return str(StepUnit.MONTH)
    return str(StepUnit.YEAR)


def _bin_step(profile: ColumnProfile) -> str:
    bins = profile.statistics.bins
    if len(bins) < FEWEST_BINS:
        return ""
    width = bins[0].high - bins[0].low
    text = f"{width:.9f}".rstrip("0").rstrip(".")
    if not float(text):
        return ""
    return f"{StepUnit.BIN}.{text}"


def count_periods(profile: ColumnProfile) -> int:
    """How many points a dimension of time has with its step, about."""
    days = _days(profile)
    step = choose_step(profile)
    if days is None or not step:
        return profile.statistics.distinct
    lengths = {StepUnit.DAY: 1, StepUnit.MONTH: 30.4, StepUnit.YEAR: 365.2}
    return min(profile.statistics.distinct, int(days / lengths[StepUnit(step)]) + 1)


def _days(profile: ColumnProfile) -> int | None:
    figures = profile.statistics
    if not isinstance(figures.least, str) or not isinstance(figures.greatest, str):
        return None
    first, last = map(_day, (figures.least, figures.greatest))
    return (last - first).days


def _day(text: str) -> date:
    return datetime.fromisoformat(text).date()
