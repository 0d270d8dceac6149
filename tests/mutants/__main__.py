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
    mutants = [each for each in load() if _is_chosen(each, options.only)]
    faults = list(_lost(mutants))
    for fault in faults:
        print(f"LOST: {fault}", file=sys.stderr)
    if faults or not mutants:
        print("No mutant was run.", file=sys.stderr)
        return 2
    if options.list:
        for each in mutants:
            print(f"{each.id}  {each.module}  {each.cut}")
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
    wanted = [
        each.removeprefix("=") if each.startswith("=") else f"*{each}*"
        for each in patterns
    ]
    return not patterns or any(
        fnmatch.fnmatch(name, pattern) for name in names for pattern in wanted
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
                places[0], list(threads.map(lambda each: _judge(free, each), mutants))
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
    found = place.run(mutant.tests, mutant)
    used = found.processor
    if found.forked and found.status == 0:
        found = place.run(mutant.tests, mutant, cold=True)
        used += found.processor
    if found.status is None:
        return Outcome(mutant, TIMED_OUT, processor=used)
    if failed := [name for name in found.of("failed") if "::test_" in name]:
        return Outcome(mutant, KILLED, failed[0], used, forked=found.forked)
    if found.status == 0 and found.of("passed"):
        return Outcome(mutant, SURVIVED, processor=used)
    if found.status == 0:
        reason = "its tests are skipped here"
    else:
        reason = _last_line(found.output)
    return Outcome(mutant, ERROR, reason, used)


def _doubt(place: Workshop, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes, once every test that killed was run without any change: one that fails then kills nothing."""
    failing: set[tuple[str, bool]] = set()
    for forked in (True, False):
        killers = sorted(
            {
                each.by
                for each in outcomes
                if each.what == KILLED and each.forked is forked
            }
        )
        if not killers:
            continue
        print(
            f"{len(killers)} tests that killed, once more without any change",
            flush=True,
        )
        found = place.run(killers, stop=False, cold=not forked)
        if not found.results:  # a name that cannot be asked for with its parameters
            found = place.run(
                sorted({name.partition("[")[0] for name in killers}),
                stop=False,
                cold=not forked,
            )
        passed = set(found.of("passed"))
        failing |= {(name, forked) for name in killers if name not in passed}
    for name, _ in sorted(failing):
        print(f"FAILS WITHOUT ANY CHANGE: {name}", flush=True)
    why = "its test fails without any change"
    return [
        replace(each, what=ERROR, by=f"{why}: {each.by}")
        if (each.by, each.forked) in failing
        else each
        for each in outcomes
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
        for each in outcomes:
            mutant = each.mutant
            facts = (
                mutant.id,
                mutant.module,
                mutant.function,
                mutant.cut,
                each.what,
                each.by,
                mutant.survives,
            )
            writer.writerow([*facts, f"{each.processor:.1f}"])


def _summarise(outcomes: Sequence[Outcome]) -> int:
    """Print the survivors and the figures; the status of the command."""
    killed = [each for each in outcomes if each.what in {KILLED, TIMED_OUT}]
    survivors = [each for each in outcomes if each.what == SURVIVED]
    errors = [each for each in outcomes if each.what == ERROR]
    unexplained = [each for each in survivors if not each.mutant.survives]
    for each in survivors:
        print(
            f"\nSURVIVES: {each.mutant.id} ({each.mutant.module}.{each.mutant.function})"
        )
        print(f"  cut: {each.mutant.cut}: {each.mutant.old!r} -> {each.mutant.new!r}")
        print(f"  reason: {each.mutant.survives or 'NONE WAS GIVEN'}")
    for each in errors:
        print(f"\nERROR: {each.mutant.id}: {each.by}")
    for each in killed:
        if each.mutant.survives:
            print(
                f"\nKILLED, though its table says why it would survive: {each.mutant.id}"
            )
    share = 100 * len(killed) / len(outcomes)
    seconds = sum(each.processor for each in outcomes)
    print(
        f"\n{len(outcomes)} mutants: {len(killed)} killed ({share:.1f} %), {len(survivors)} survive, {len(errors)} errors"
    )
    print(f"{seconds:.0f} processor seconds of tests")
    return int(bool(errors or unexplained) or share < LEAST_KILLED)


if __name__ == "__main__":
    sys.exit(main())
