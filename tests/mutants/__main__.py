"""`python -m tests.mutants`: change the program in one place after the other, and see that some test fails."""

import argparse
import csv
import fnmatch
import signal
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.catalogue import ROOT, LostPlaceError, Mutant, load
from tests.mutants.running import Workshop, workshop

KILLED = "killed"
TIMED_OUT = "timed out"
SURVIVED = "survived"
ERROR = "error"
LEAST_KILLED = 95
"""Per cent."""
COLUMNS = (
    "mutant",
    "module",
    "function",
    "cut",
    "outcome",
    "by",
    "reason",
    "processor_seconds",
)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: killed `by` a test, or not; an error says what is wrong with its tests."""

    mutant: Mutant
    what: str
    by: str = ""
    processor: float = 0.0
    forked: bool = True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen mutants; 0 when enough are killed and every other has its reason."""
    options = _read_options(arguments)
    mutants = [mutant for mutant in load() if _is_chosen(mutant, options.only)]
    faults = list(_lost(mutants))
    for fault in faults:
        print(f"LOST: {fault}", file=sys.stderr)
    if faults or not mutants:
        print("No mutant was run.", file=sys.stderr)
        return 2
    if options.list:
        for mutant in mutants:
            print(f"{mutant.id}  {mutant.module}  {mutant.description}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    outcomes = _run_all(mutants, options.jobs)
    if options.csv:
        _write_csv(Path(options.csv), outcomes)
    return _summarise(outcomes)


def _read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./udi test --mutants", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="mutants or modules of this name",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=2,
        metavar="N",
        help="how many at once, each on services of its own",
    )
    parser.add_argument(
        "--csv", metavar="FILE", help="write what became of each mutant"
    )
    parser.add_argument(
        "--list", action="store_true", help="name the mutants, and run none"
    )
    return parser.parse_args(arguments)


def _is_chosen(mutant: Mutant, patterns: Sequence[str]) -> bool:
    """By a part of its name or of its module's, with `*` for anything; after a sign `=`, by the whole of it."""
    names = (mutant.id, mutant.module)
    globs = [
        pattern.removeprefix("=") if pattern.startswith("=") else f"*{pattern}*"
        for pattern in patterns
    ]
    return not patterns or any(
        fnmatch.fnmatch(name, pattern) for name in names for pattern in globs
    )


def _lost(mutants: Iterable[Mutant]) -> Iterable[str]:
    for mutant in mutants:
        try:
            mutant.apply((ROOT / mutant.path).read_text())
        except (LostPlaceError, SyntaxError) as error:
            yield str(error)


def _run_all(mutants: Sequence[Mutant], jobs: int) -> list[Outcome]:
    """What became of each, in their order; whoever interrupts this ends what was started."""
    modules = sorted(set(_modules(mutants)))
    with ExitStack() as stack:
        places = [
            stack.enter_context(workshop(modules))
            for _ in range(min(jobs, len(mutants)))
        ]
        free: SimpleQueue[Workshop] = SimpleQueue()
        for place in places:
            free.put(place)
        threads = ThreadPoolExecutor(len(places))
        try:
            return _doubt(
                places[0],
                list(threads.map(lambda mutant: _judge(free, mutant), mutants)),
            )
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for place in places:
                place.interrupt()
            threads.shutdown()


def _modules(mutants: Iterable[Mutant]) -> Iterable[str]:
    """The modules of their tests that need the suite."""
    for test in {
        test for mutant in mutants if not mutant.fresh for test in mutant.tests
    }:
        path = ROOT / test.partition("::")[0]
        for file in path.rglob("test_*.py") if path.is_dir() else [path]:
            yield ".".join(file.relative_to(ROOT).with_suffix("").parts)


def _judge(free: "SimpleQueue[Workshop]", mutant: Mutant) -> Outcome:
    place = free.get()
    try:
        with place.changed(mutant):
            outcome = _try(place, mutant)
    finally:
        free.put(place)
    print(
        f"{outcome.what:10} {outcome.processor:6.1f} s  {mutant.id}  {outcome.by}",
        flush=True,
    )
    return outcome


def _try(place: Workshop, mutant: Mutant) -> Outcome:
    test_run = place.run(mutant.tests, mutant)
    used = test_run.processor
    if test_run.forked and test_run.status == 0:
        test_run = place.run(mutant.tests, mutant, cold=True)
        used += test_run.processor
    if test_run.status is None:
        return Outcome(mutant, TIMED_OUT, processor=used)
    if failed := [name for name in test_run.of("failed") if "::test_" in name]:
        return Outcome(mutant, KILLED, failed[0], used, forked=test_run.forked)
    if test_run.status == 0 and test_run.of("passed"):
        return Outcome(mutant, SURVIVED, processor=used)
    if test_run.status == 0:
        reason = "its tests are skipped here"
    else:
        reason = _last_line(test_run.output)
    return Outcome(mutant, ERROR, reason, used)


def _doubt(place: Workshop, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes, once every test that killed was run without any change: one that fails then kills nothing."""
    failing: set[tuple[str, bool]] = set()
    for forked in (True, False):
        killers = sorted(
            {
                outcome.by
                for outcome in outcomes
                if outcome.what == KILLED and outcome.forked is forked
            }
        )
        if not killers:
            continue
        print(
            f"{len(killers)} tests that killed, once more without any change",
            flush=True,
        )
        test_run = place.run(killers, stop=False, cold=not forked)
        if not test_run.results:  # a name that cannot be asked for with its parameters
            test_run = place.run(
                sorted({name.partition("[")[0] for name in killers}),
                stop=False,
                cold=not forked,
            )
        passed = set(test_run.of("passed"))
        failing |= {(name, forked) for name in killers if name not in passed}
    for name, _ in sorted(failing):
        print(f"FAILS WITHOUT ANY CHANGE: {name}", flush=True)
    why = "its test fails without any change"
    return [
        replace(outcome, what=ERROR, by=f"{why}: {outcome.by}")
        if (outcome.by, outcome.forked) in failing
        else outcome
        for outcome in outcomes
    ]


def _last_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    if lines:
        return lines[-1][:200]
    return "pytest said nothing"


def _write_csv(path: Path, outcomes: Sequence[Outcome]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for outcome in outcomes:
            mutant = outcome.mutant
            facts = (
                mutant.id,
                mutant.module,
                mutant.function,
                mutant.description,
                outcome.what,
                outcome.by,
                mutant.survives,
            )
            writer.writerow([*facts, f"{outcome.processor:.1f}"])


def _summarise(outcomes: Sequence[Outcome]) -> int:
    """Print the survivors and the figures; the status of the command."""
    killed = [outcome for outcome in outcomes if outcome.what in {KILLED, TIMED_OUT}]
    survivors = [outcome for outcome in outcomes if outcome.what == SURVIVED]
    errors = [outcome for outcome in outcomes if outcome.what == ERROR]
    unexplained = [outcome for outcome in survivors if not outcome.mutant.survives]
    for outcome in survivors:
        print(
            f"\nSURVIVES: {outcome.mutant.id} ({outcome.mutant.module}.{outcome.mutant.function})"
        )
        print(
            f"  cut: {outcome.mutant.description}: {outcome.mutant.old!r} -> {outcome.mutant.new!r}"
        )
        print(f"  reason: {outcome.mutant.survives or 'NONE WAS GIVEN'}")
    for outcome in errors:
        print(f"\nERROR: {outcome.mutant.id}: {outcome.by}")
    for outcome in killed:
        if outcome.mutant.survives:
            print(
                f"\nKILLED, though its table says why it would survive: {outcome.mutant.id}"
            )
    share = 100 * len(killed) / len(outcomes)
    seconds = sum(outcome.processor for outcome in outcomes)
    print(
        f"\n{len(outcomes)} mutants: {len(killed)} killed ({share:.1f} %), {len(survivors)} survive, {len(errors)} errors"
    )
    print(f"{seconds:.0f} processor seconds of tests")
    return int(bool(errors or unexplained) or share < LEAST_KILLED)


if __name__ == "__main__":
    sys.exit(main())
