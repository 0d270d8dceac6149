"""A pytest plugin: what a run leaves out or could not run, by name, with the command or the remedy.

`./udi test` leaves out what is marked `thorough`. `./udi test --fast` leaves out what needs a server as well: tests that
take one of the `SERVERS`, and those marked `programs`, which start programs of their own. One that does so unmarked fails.
"""

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests import depth

THOROUGH = "thorough"
PROGRAMS = "programs"
SERVERS = {"postgres", "keycloak", "chromium", "s3", "own_s3", "each_store"}
STARTS = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.exec"}
"""What Python says to its auditors when a program is started."""
EVERYTHING = "./udi test --all"
DEFAULT = "./udi test"
MOST_FILES = 40
LEFT_OUT = pytest.StashKey[dict[str, list[str]]]()
OUTPUT = "udi_left_out"


def pytest_configure(config: pytest.Config) -> None:
    """Start with nothing left out."""
    config.stash[LEFT_OUT] = {}
    if _is_fast():
        config.pluginmanager.register(Starts())


def _is_fast() -> bool:
    return os.environ.get(depth.FAST_SWITCH) == "1"


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave tests out, and note by which command each is run."""
    left_out: dict[str, list[str]] = defaultdict(list)
    selection = []
    for item in items:
        if command := find_command(item):
            left_out[command].append(item.nodeid)
        else:
            selection.append(item)
    if left_out:
        config.hook.pytest_deselected(
            items=[item for item in items if find_command(item)]
        )
    items[:] = selection
    config.stash[LEFT_OUT] = dict(left_out)


def find_command(item: pytest.Item) -> str:
    """The command that runs a test which this run leaves out; empty for one that it runs."""
    if item.get_closest_marker(THOROUGH) and not depth.thorough():
        return EVERYTHING
    needs_server = SERVERS.intersection(getattr(item, "fixturenames", ()))
    if _is_fast() and (needs_server or item.get_closest_marker(PROGRAMS)):
        return DEFAULT
    return ""


class Starts:
    """Sees to it that no fast test starts a program."""

    def __init__(self) -> None:
        self._started: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in STARTS:
            self._started.append(str(arguments[0]) if arguments else event)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[Any]:
        """Fail a test that started one, in its set-up too."""
        outcome = yield
        if self._started:
            pytest.fail(
                f"{item.nodeid} starts {self._started[0]}: mark it with «{PROGRAMS}»",
                pytrace=False,
            )
        return outcome

    def pytest_runtest_logstart(self) -> None:
        """Begin anew with each test."""
        self._started.clear()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands what it left out to its controller."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[OUTPUT] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects the same tests, so the last that ends speaks for all."""
    node.config.stash[LEFT_OUT] = (
        getattr(node, "workeroutput", {}).get(OUTPUT) or node.config.stash[LEFT_OUT]
    )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say at the end what was left out, and what could not be run here."""
    left_out = config.stash[LEFT_OUT]
    if left_out:
        terminalreporter.section("left out")
        for command, names in left_out.items():
            for line in describe_left_out(command, names):
                terminalreporter.line(line)
    skipped = [
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", ())
    ]
    if skipped:
        terminalreporter.section("not whole")
        for reason, count in Counter(skipped).most_common():
            terminalreporter.line(f"{count:5} {reason}")
        terminalreporter.line(
            f"This run was not whole: {count_tests(len(skipped))} could not run here."
        )


def describe_left_out(command: str, names: Sequence[str]) -> list[str]:
    """How many tests of each file a command would run besides; of each folder where there are many files."""
    files = Counter(name.partition("::")[0] for name in names)
    places = files
    if len(files) > MOST_FILES:
        places = Counter(f"{Path(name.partition('::')[0]).parent}/" for name in names)
    lines = [f"{count:5} {place}" for place, count in sorted(places.items())]
    return [
        *lines,
        f"{count_tests(len(names))} left out. To run what was left out: {command}",
    ]


def count_tests(count: int) -> str:
    """«1 test», «2 tests»."""
    if count == 1:
        return f"{count} test"
    return f"{count} tests"
