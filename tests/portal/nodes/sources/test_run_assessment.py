"""Every row of the table of decisions, and what holds whatever the numbers."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from udi.kit.clock import now
from udi.portal.nodes.sources.models import SourceRhythm
from udi.portal.nodes.sources.reconciliation import (
    EVERY,
    KnownRecord,
    RecordAction,
    RunAssessment,
    assess_run,
    choose_record_action,
    next_reading,
)


@pytest.mark.parametrize(
    ("known", "becomes"),
    [
        (None, RecordAction.CREATED),
        (KnownRecord("a"), RecordAction.UNCHANGED),
        (KnownRecord("b"), RecordAction.UPDATED),
        (KnownRecord("a", is_published=False), RecordAction.CREATED),
        (KnownRecord("b", is_published=False), RecordAction.CREATED),
        (KnownRecord("a", is_in_current_run=True), RecordAction.REPEATED),
        (KnownRecord("b", is_in_current_run=True), RecordAction.REFUSED),
    ],
)
def test_what_becomes_of_a_record_that_is_there(
    known: KnownRecord | None, becomes: RecordAction
) -> None:
    assert choose_record_action(known, "a") is becomes


@pytest.mark.parametrize(
    ("complete", "known", "missing", "accepts", "expected"),
    [
        (False, 100, 100, False, RunAssessment.NOTHING),
        (False, 100, 100, True, RunAssessment.NOTHING),
        (True, 100, 0, False, RunAssessment.MISSING),
        (True, 100, 20, False, RunAssessment.MISSING),
        (True, 100, 21, False, RunAssessment.VANISHED),
        (True, 100, 21, True, RunAssessment.LOST),
        (True, 5, 5, False, RunAssessment.MISSING),
        (True, 6, 6, False, RunAssessment.VANISHED),
        (True, 30, 6, False, RunAssessment.MISSING),
        (True, 29, 6, False, RunAssessment.VANISHED),
        (True, 0, 0, False, RunAssessment.MISSING),
    ],
)
def test_what_a_reading_lets_be_reported(
    *, complete: bool, known: int, missing: int, accepts: bool, expected: RunAssessment
) -> None:
    assert (
        assess_run(
            complete=complete,
            published_count=known,
            missing=missing,
            accepts_loss=accepts,
        )
        is expected
    )


@pytest.mark.parametrize(
    ("renamed", "expected"),
    [(3, RunAssessment.MISSING), (4, RunAssessment.VANISHED)],
)
def test_a_catalogue_whose_records_are_there_under_other_names_is_asked_about(
    renamed: int, expected: RunAssessment
) -> None:
    assessment = assess_run(
        complete=True,
        published_count=5,
        missing=5,
        accepts_loss=False,
        renamed=renamed,
    )

    assert assessment is expected


@given(known=some.integers(0, 10_000), part=some.floats(0, 1), accepts=some.booleans())
def test_nothing_leaves_because_of_a_reading_that_is_not_complete(
    *, known: int, part: float, accepts: bool
) -> None:
    missing = int(known * part)

    assert (
        assess_run(
            complete=False, published_count=known, missing=missing, accepts_loss=accepts
        )
        is RunAssessment.NOTHING
    )


@given(rhythm=some.sampled_from(list(EVERY)), failures=some.integers(0, 100))
def test_the_next_reading_is_never_later_than_the_rhythm_says(
    rhythm: SourceRhythm, failures: int
) -> None:
    moment = now()
    coming = next_reading(rhythm, moment, failures=failures)

    assert coming is not None
    assert moment + timedelta(minutes=15) <= coming <= moment + EVERY[rhythm]


def test_what_is_read_by_hand_has_no_next_reading() -> None:
    assert next_reading(SourceRhythm.BY_HAND, now(), failures=0) is None
