"""How often days follow one another; empty where it is not clear."""

from datetime import date, timedelta

import pytest

from udi.tabular.profiles.regularity import find_regularity

START = date(2024, 1, 31)


def step(days: int, times: int) -> list[date]:
    return [START + timedelta(days=days * place) for place in range(times)]


@pytest.mark.parametrize(
    ("days", "regularity"),
    [
        (step(1, 30), "daily"),
        (step(7, 4), "weekly"),
        ([date(2024, month, 1) for month in range(1, 13)], "monthly"),
        ([date(2024, month, 15) for month in (1, 4, 7, 10)], "quarterly"),
        ([date(year, 1, 1) for year in range(2019, 2024)], "yearly"),
        # Three different days at least.
        (step(7, 2), ""),
        ([START] * 9, ""),
        ([], ""),
        (step(2, 30), ""),
        ([*step(1, 6), *(START + timedelta(days=40 * n) for n in range(1, 6))], ""),
        # Nine gaps in ten are enough: a month was left out.
        ([date(2024, month, 1) for month in range(1, 13) if month != 5], "monthly"),
    ],
)
def test_find_regularity_needs_nearly_equal_gaps(
    days: list[date], regularity: str
) -> None:
    assert find_regularity(days) == regularity
