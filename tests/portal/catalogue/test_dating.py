"""The date of an answer moves with whatever the answer is made of, and is never said while it may still move."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from udi.portal.catalogue.responses import modification_dates
from udi.portal.catalogue.search.index import IndexReader

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
TERRITORY = ("armor", "Armorine")


def index(changed: datetime) -> IndexReader:
    nothing: Any = None
    mtime = int(changed.timestamp() * 10**6) * 1000
    return IndexReader(nothing, Path(), f"a-b-{mtime:x}-1f", nothing, nothing, None)


@pytest.fixture(autouse=True)
def instant(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """What time it is, in a list of one."""
    present = [NOON]
    monkeypatch.setattr(modification_dates, "now", lambda: present[0])
    monkeypatch.setattr(modification_dates, "_facts_by_territory", {})
    return present


def test_the_date_is_that_of_the_newest_of_index_texts_and_day(
    instant: list[datetime],
) -> None:
    assert (
        modification_dates.last_modified(index(NOON - timedelta(days=2)), TERRITORY)
        == NOON
    )
    instant[0] = NOON + timedelta(hours=1)
    assert modification_dates.last_modified(index(NOON), TERRITORY) == NOON
    assert modification_dates.last_modified(
        index(NOON + timedelta(minutes=5)), TERRITORY
    ) == NOON + timedelta(minutes=5)
    assert (
        modification_dates.last_modified(index(NOON), ("armor", "Armorine Métropole"))
        == instant[0]
    )
    instant[0] = NOON + timedelta(days=1)
    assert modification_dates.last_modified(
        index(NOON), ("armor", "Armorine Métropole")
    ) == NOON + timedelta(hours=12)


def test_no_date_is_said_in_the_second_of_the_change(instant: list[datetime]) -> None:
    modification_dates.last_modified(index(NOON), TERRITORY)
    changed = index(NOON + timedelta(seconds=10, milliseconds=200))

    instant[0] = NOON + timedelta(seconds=10, milliseconds=900)
    assert modification_dates.last_modified(changed, TERRITORY) is None
    instant[0] = NOON + timedelta(seconds=11)
    assert modification_dates.last_modified(changed, TERRITORY) == NOON + timedelta(
        seconds=11
    )


@pytest.mark.parametrize(
    ("since", "known"),
    [
        ("Thu, 26 Nov 2026 12:00:00 GMT", True), ("Thu, 26 Nov 2026 12:00:01 GMT", True), ("Thu, 26 Nov 2026 11:59:59 GMT", False),
        ("yesterday", False), ("", False),
    ],
)  # fmt: skip
def test_a_reader_has_what_is_no_older_than_the_last_change(
    since: str, *, known: bool
) -> None:
    assert (
        modification_dates.is_not_modified_since({"if-modified-since": since}, NOON)
        is known
    )
    assert modification_dates.is_not_modified_since({}, NOON) is False
    assert (
        modification_dates.is_not_modified_since({"if-modified-since": since}, None)
        is False
    )
