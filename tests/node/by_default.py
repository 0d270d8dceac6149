"""Which parameters of a test a usual run tries; the others are a night's proof."""

from collections.abc import Collection, Iterable
from typing import Any

import pytest

FOLDER_BY_DEFAULT = pytest.mark.parametrize(
    "each_store",
    ["folder", pytest.param("s3", marks=pytest.mark.thorough)],
    indirect=True,
)
"""For what does not depend on the store of the files: S3 is tried under `--all`."""


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
