"""The clock of accounts that nobody uses, as a table: what is due when, and what a warning says."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.portal.identity.deletion.deadlines import (
    UnusedRecord,
    UnusedStep,
    deletion_at,
    find_step,
)
from udi.protocol.deadlines import add_months
from udi.settings import Settings

USED = datetime(2024, 3, 31, 10, tzinfo=UTC)
DUE = datetime(2026, 3, 31, 10, tzinfo=UTC)
"""Twenty-four months later."""
NONE, FIRST, SECOND, DELETION = UnusedStep


def before(days: float) -> datetime:
    return DUE - timedelta(days=days)


@pytest.mark.parametrize(
    ("first", "second", "moment", "step"),
    [
        (None, None, USED, NONE),
        (None, None, before(61), NONE),
        (None, None, before(60), FIRST),
        (None, None, before(-400), FIRST),
        (before(60), None, before(60), NONE),
        (before(60), None, before(15), NONE),
        (before(60), None, before(14), SECOND),
        (before(60), before(14), before(14), NONE),
        (before(60), before(14), before(1), NONE),
        (before(60), before(14), DUE, DELETION),
        # Warned late, as where the relay was away for a month: both notices keep their length.
        (before(30), None, before(14), NONE),
        (before(30), None, before(-15), NONE),
        (before(30), None, before(-16), SECOND),
        (before(30), before(-16), before(-29), NONE),
        (before(30), before(-16), before(-30), DELETION),
        # They came back after the first, or after the second.
        (USED - timedelta(days=1), None, before(14), FIRST),
        (USED - timedelta(days=20), USED - timedelta(days=1), DUE, FIRST),
        (USED, USED, DUE, FIRST),
        # A second warning of an earlier round does not count for this one.
        (before(60), before(70), before(14), SECOND),
        (before(60), before(60), before(14), SECOND),
        # Something kept the account, or the installation deleted none, for longer than warnings last.
        (before(60), before(14), before(-45), DELETION),
        (before(60), before(14), before(-46), SECOND),
        (before(60), before(14), before(-120), FIRST),
    ],
)
def test_find_step_follows_the_table(
    first: datetime | None, second: datetime | None, moment: datetime, step: UnusedStep
) -> None:
    assert find_step(UnusedRecord(USED, first, second), moment, 24) is step


def test_a_warning_of_the_moment_of_the_last_use_does_not_count() -> None:
    record = UnusedRecord(USED, USED)

    assert find_step(record, USED + timedelta(days=130), 6) is FIRST


@pytest.mark.parametrize("moment", [USED, before(60), DUE, before(-4000)])
def test_nothing_is_due_where_accounts_are_not_deleted(moment: datetime) -> None:
    record = UnusedRecord(USED, before(60), before(14))

    assert find_step(record, moment, 0) is NONE


@pytest.mark.parametrize(
    ("step", "moment", "until"),
    [
        (FIRST, before(60), DUE),
        (FIRST, before(30), before(-30)),
        (SECOND, before(14), DUE),
        (SECOND, before(-16), before(-30)),
    ],
)
def test_a_warning_names_the_first_moment_at_which_the_account_may_go(
    step: UnusedStep, moment: datetime, until: datetime
) -> None:
    assert deletion_at(UnusedRecord(USED), step, moment, 24) == until


def test_twenty_four_months_after_a_leap_day_end_with_february() -> None:
    record = UnusedRecord(datetime(2024, 2, 29, tzinfo=UTC))

    until = deletion_at(record, SECOND, datetime(2026, 1, 1, tzinfo=UTC), 24)

    assert until == datetime(2026, 2, 28, tzinfo=UTC)


@given(
    used=st.datetimes(
        datetime(2020, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
        datetime(2030, 1, 1),  # noqa: DTZ001 - likewise
        timezones=st.just(UTC),
    ),
    months=st.integers(6, 120),
    gaps=st.lists(st.integers(1, 40), min_size=1, max_size=50),
)
@settings(max_examples=examples(25, 200))
def test_whenever_the_task_runs_nobody_goes_without_two_notices(
    used: datetime, months: int, gaps: list[int]
) -> None:
    """The task runs at any distance, and each mail is taken: sixty days pass after the first, fourteen after the second."""
    moment = used
    warnings: dict[UnusedStep, datetime] = {}
    days = itertools.cycle(gaps)
    step = NONE
    while step is not DELETION:
        moment += timedelta(days=next(days))
        record = UnusedRecord(used, warnings.get(FIRST), warnings.get(SECOND))
        step = find_step(record, moment, months)
        warnings[step] = moment

    assert warnings[FIRST] < warnings[SECOND]
    assert moment - warnings[FIRST] >= timedelta(days=60)
    assert moment - warnings[SECOND] >= timedelta(days=14)
    assert moment.date() >= add_months(used.date(), months)


@pytest.mark.parametrize("months", [-1, 1, 5, 121])
def test_settings_refuse_months_too_short_for_two_warnings(months: int) -> None:
    with pytest.raises(ValueError, match="unused_account_months"):
        Settings(unused_account_months=months)


@pytest.mark.parametrize("months", [0, 6, 24, 120])
def test_settings_take_none_or_months_long_enough(months: int) -> None:
    assert Settings(unused_account_months=months).unused_account_months == months
