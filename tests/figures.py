"""A pytest plugin: under `./udi test --all`, a table of what ran and how long it took, by folder."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests import depth

OUTCOMES = ("passed", "failed", "error", "skipped")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table."""
    if not depth.thorough():
        return
    terminalreporter.section("figures")
    for line in describe(terminalreporter.stats):
        terminalreporter.line(line)


def describe(stats: Mapping[str, Sequence[Any]]) -> list[str]:
    """A line for each folder, and one for all: seconds of set-ups, tests and tear-downs, and tests by outcome."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    for outcome, reports in stats.items():
        for report in reports:
            if not hasattr(report, "nodeid") or not hasattr(report, "duration"):
                continue
            folder = str(Path(report.nodeid.partition("::")[0]).parent)
            for place in (folder, "all"):
                seconds[place] += report.duration
                counts[place][outcome] += outcome in OUTCOMES
    lines = [f"{'seconds':>9} {''.join(f'{outcome:>8}' for outcome in OUTCOMES)}"]
    for place in sorted(counts, key=lambda place: (place == "all", place)):
        cells = "".join(f"{counts[place][outcome]:8}" for outcome in OUTCOMES)
        lines.append(f"{seconds[place]:9.1f} {cells}  {place}")
    return lines
