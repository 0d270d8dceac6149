"""A pytest plugin: what a run leaves out, by name, and the command that runs it."""

from collections import Counter
from typing import Any

import pytest

from tests import depth

MARKER = "thorough"
LEFT_OUT = pytest.StashKey[list[str]]()
OUTPUT = "udi_left_out"


def pytest_configure(config: pytest.Config) -> None:
    """Start with nothing left out."""
    config.stash[LEFT_OUT] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the thorough tests, unless the run is of everything."""
    if depth.thorough():
        return
    left_out = [item for item in items if item.get_closest_marker(MARKER)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(MARKER)]
        config.stash[LEFT_OUT] = [item.nodeid for item in left_out]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands what it left out to its controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[OUTPUT] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects the same tests, so the last that ends speaks for all."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get(OUTPUT) or node.config.stash[LEFT_OUT]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say at the end what was left out, file by file."""
    left_out = config.stash[LEFT_OUT]
    if not left_out:
        return
    files = Counter(name.partition("::")[0] for name in left_out)
    terminalreporter.section("left out")
    for file, count in sorted(files.items()):
        terminalreporter.line(f"{count:5} {file}")
    terminalreporter.line(f"{len(left_out)} tests were left out. To run them too: ./udi test --all")
