"""A pytest plugin: what a file of tests leaves behind is collected at its end, and what outlives it is not looked through again.

A socket that nobody closed is told when it is collected: that is then in the file that left it, not in a later one.
"""

import gc
from collections.abc import Iterator

import pytest

YOUNGEST = 5_000
"""New objects after which the collector looks through them, where Python's 700 come seven times as often."""


def pytest_collection() -> None:
    """Nothing that is imported goes again: what grows meanwhile is not looked through, a seventh of the collection."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Nothing that was made until now goes before the end; where no test is run, nothing is looked through at all."""
    if session.config.option.collectonly:
        gc.freeze()
        return
    gc.enable()
    gc.set_threshold(YOUNGEST)
    set_survivors_aside()


def set_survivors_aside() -> None:
    """Collect what nobody holds any more; what is left is looked through at the end of the run only.

    Programs, their caches and what was imported grow to a million objects: looking through them again at the end of each
    file took half a second, hundreds of times.
    """
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Collect at the end what outlived its file and was left later; pytest looks through the rest ten times more."""
    if session.config.option.collectonly:
        return
    gc.unfreeze()
    set_survivors_aside()


@pytest.fixture(scope="module", autouse=True)
def garbage() -> Iterator[None]:
    """Collect what the tests of this file left."""
    yield
    set_survivors_aside()
