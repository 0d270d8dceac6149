"""A pytest plugin: the order in which the processes of a run take files of tests.

What mostly waits for programs and servers is spread among what computes, so that the processors always have something to
do; what takes longest, and is given to one process as a whole, begins first.

`UDI_TEST_ORDER=7 ./udi test tests/journeys` shuffles the files by the seed 7, which finds the ones that lean on others.
Within a file, tests keep their order, and the files of an installation that several share stay together.
"""

import os
import random
from collections.abc import Sequence
from typing import Any

import pytest

SEED = "UDI_TEST_ORDER"
WORKER = "PYTEST_XDIST_WORKER"
"""Set where a run is shared out among processes."""
LONGEST = ("tests/own_node", "tests/journeys")
"""Minutes each: most of them waiting, so both at once leave a processor to the third process."""
WAITING = (
    "tests/ansible",
    "tests/cli",
    "tests/contract",
    "tests/copier",
    "tests/extensions",
    "tests/faults",
    "tests/identity",
    "tests/kit",
    "tests/local",
    "tests/runs",
)


SHARED_INSTALLATIONS = ("tests/own_node/", "tests/contract/dataspace/")
"""Folders whose files share programs, started before the first of them and ended after the last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files, the same way in each process of the run."""
    seed = os.environ.get(SEED)
    if seed:
        items[:] = shuffle_files(items, seed)
    elif WORKER in os.environ:
        items[:] = spread_files(items)


def pytest_report_header() -> list[str]:
    """Name the seed, so that the order can be had again."""
    seed = os.environ.get(SEED)
    if seed:
        return [f"order of files: {SEED}={seed}"]
    return []


def shuffle_files(items: Sequence[Any], seed: str) -> list[Any]:
    """Return the tests with their files shuffled; each has a `path`."""
    files = list(_group_by_file(items).values())
    random.Random(seed).shuffle(files)  # noqa: S311 - an order, no secret
    together = dict[str, list[Any]]()
    for file in files:
        name = file[0].nodeid.partition("::")[0]
        shared = (part for part in SHARED_INSTALLATIONS if name.startswith(part))
        together.setdefault(next(shared, name), []).extend(file)
    return [item for part in together.values() for item in part]


def spread_files(items: Sequence[Any]) -> list[Any]:
    """Return the tests with the longest files first, and then those that wait evenly among those that compute.

    Each test has a `path` and a `nodeid`; what is alike keeps its order.
    """
    longest = list[list[Any]]()
    waiting = list[list[Any]]()
    computing = list[list[Any]]()
    for file in _group_by_file(items).values():
        name = file[0].nodeid
        if name.startswith(LONGEST):
            longest.append(file)
        elif name.startswith(WAITING):
            waiting.append(file)
        else:
            computing.append(file)
    longest.sort(key=_find_rank)
    places = [
        (number / max(len(kind), 1), file)
        for kind in (computing, waiting)
        for number, file in enumerate(kind)
    ]
    spread = [file for _, file in sorted(places, key=lambda place: place[0])]
    return [item for file in (*longest, *spread) for item in file]


def _find_rank(file: Sequence[Any]) -> int:
    """The place among the longest of the folder that a file is in."""
    return next(
        rank for rank, folder in enumerate(LONGEST) if file[0].nodeid.startswith(folder)
    )


def _group_by_file(items: Sequence[Any]) -> dict[Any, list[Any]]:
    by_file: dict[Any, list[Any]] = {}
    for item in items:
        by_file.setdefault(item.path, []).append(item)
    return by_file
