"""What another machine's clock says."""

from datetime import UTC, datetime, timedelta

import pytest

from udi.kit import clock
from udi.kit.clock import read_difference


def test_an_answer_tells_by_how_much_its_clock_is_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 2, 4, tzinfo=UTC))

    ahead = read_difference("Wed, 02 Dec 2026 04:10:00 GMT")
    behind = read_difference("Wed, 02 Dec 2026 03:50:00 GMT")

    assert (ahead, behind) == (timedelta(minutes=10), timedelta(minutes=-10))


@pytest.mark.parametrize("answered_at", ["", "soon", "Wed, 02 Dec 2026 04:00:00 -0000"])
def test_an_answer_without_a_date_tells_no_difference(answered_at: str) -> None:
    assert read_difference(answered_at) is None
