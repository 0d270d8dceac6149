"""How deep a run goes: `./udi test` proves what must hold, `./udi test --all` proves it on everything there is."""

import os
from collections.abc import Collection, Iterable
from typing import Any

import pytest

SWITCH = "UDI_TEST_ALL"
"""The one environment variable that says so; `./udi test --all` sets it to 1."""
FAST_SWITCH = "UDI_TEST_FAST"
"""What `./udi test --fast` sets to 1, for the plugin that leaves tests out; no test looks at it."""
FOLDER_BY_DEFAULT = pytest.mark.parametrize(
    "each_store",
    ["folder", pytest.param("s3", marks=pytest.mark.thorough)],
    indirect=True,
)
"""For what does not depend on the store of the files: S3 is tried under `--all`."""


def thorough() -> bool:
    """Whether this run is of everything."""
    return os.environ.get(SWITCH) == "1"


def examples(default: int, thorough: int) -> int:
    """Return how many examples a property is tried on: `default`, or `thorough` under `--all`."""
    if os.environ.get(SWITCH) == "1":
        return thorough
    return default


def one_in(number: int, values: Iterable[Any]) -> list[Any]:
    """The values as parameters of a test, of which a usual run tries the first and then one in `number`."""
    return [
        value
        if place % number == 0
        else pytest.param(value, marks=pytest.mark.thorough)
        for place, value in enumerate(values)
    ]


def only(chosen: Collection[Any], values: Iterable[Any]) -> list[Any]:
    """The values as parameters of a test, of which a usual run tries those that are chosen."""
    parameters = list(values)
    assert not set(chosen) - set(parameters)
    return [
        value if value in chosen else pytest.param(value, marks=pytest.mark.thorough)
        for value in parameters
    ]


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
