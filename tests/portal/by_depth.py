"""Cases of a test of which a usual run tries some, and `--all` each."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def by_depth(
    names: str | tuple[str, ...],
    cases: Iterable[Any],
    *,
    by_default: Collection[int],
    ids: Any = None,
) -> pytest.MarkDecorator:
    """Like `pytest.mark.parametrize`: the cases at the places `by_default` in each run, the others under `--all`."""
    is_one = isinstance(names, str) and "," not in names
    listed = list(cases)
    assert 0 < len(by_default) < len(listed)
    assert set(by_default) < set(range(len(listed)))
    return pytest.mark.parametrize(
        names,
        [
            pytest.param(
                *([case] if is_one else case),
                marks=() if place in by_default else pytest.mark.thorough,
            )
            for place, case in enumerate(listed)
        ],
        ids=ids,
    )
