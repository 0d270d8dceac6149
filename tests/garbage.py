"""A pytest plugin: what a file of tests leaves behind is collected at its end, and what was imported is not looked through again.

A socket that nobody closed is told when it is collected: that is then in the file that left it, not in a later one.
"""

import gc
from collections.abc import Iterator

import pytest


def pytest_collection_finish() -> None:
    """Nothing that was made until now goes before the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def garbage() -> Iterator[None]:
    """Collect what the tests of this file left."""
    yield
    gc.collect()
