"""A pytest plugin: files of tests in a random order, which finds the ones that lean on others.

`UDI_TEST_ORDER=7 ./udi test tests/journeys` shuffles the files by the seed 7; within a file, tests keep their order.
"""

import os
import random
from collections.abc import Sequence
from typing import Any

import pytest

SEED = "UDI_TEST_ORDER"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shuffle the files, the same way in each process of the run."""
    seed = os.environ.get(SEED)
    if seed:
        items[:] = shuffle_files(items, seed)


def pytest_report_header() -> list[str]:
    """Name the seed, so that the order can be had again."""
    seed = os.environ.get(SEED)
    if seed:
        return [f"order of files: {SEED}={seed}"]
    return []


def shuffle_files(items: Sequence[Any], seed: str) -> list[Any]:
    """Return the tests with their files shuffled; each has a `path`."""
    by_file: dict[Any, list[Any]] = {}
    for item in items:
        by_file.setdefault(item.path, []).append(item)
    files = list(by_file.values())
    random.Random(seed).shuffle(files)  # noqa: S311 - an order, no secret
    return [item for file in files for item in file]
