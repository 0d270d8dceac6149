"""`python -m tests.mutants`: change the program in one place after the other, and see that some test fails."""

import argparse
import csv
import fnmatch
import signal
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.catalogue import ROOT, LostPlaceError, Mutant, load
from tests.mutants.running import FAILED, LEAST_PATIENCE, PATIENCE, TestRun, Workshop, workshop

KILLED, TIMED_OUT, SURVIVED, ERROR = "killed", "timed out", "survived", "error"
LEAST_KILLED = 95
"""Per cent."""
COLUMNS = ("mutant", "module", "function", "cut", "outcome", "by", "reason", "processor_seconds")


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: killed `by` a test, or not; an error says what is wrong with its tests."""

    mutant: Mutant
    what: str
    by: str = ""
    processor: float = 0.0


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
        "--only", action="append", default=[], metavar="PATTERN", help="mutants or modules of this name"
    )
    parser.add_argument(
        "--jobs", type=int, default=2, metavar="N", help="how many at once, each on services of its own"
    )
    parser.add_argument("--csv", metavar="FILE", help="write what became of each mutant")
    parser.add_argument("--list", action="store_true", help="name the mutants, and run none")
    return parser.parse_args(arguments)


def _is_chosen(mutant: Mutant, patterns: Sequence[str]) -> bool:
    """By a part of its name or of its module's, with `*` for anything; after a sign `=`, by the whole of it."""
    names = (mutant.id, mutant.module)
    wanted = [each.removeprefix("=") if each.startswith("=") else f"*{each}*" for each in patterns]
    return not patterns or any(fnmatch.fnmatch(name, pattern) for name in names for pattern in wanted)


def _lost(mutants: Iterable[Mutant]) -> Iterable[str]:
    for mutant in mutants:
        try:
            mutant.apply((ROOT / mutant.path).read_text())
        except (LostPlaceError, SyntaxError) as error:
            yield str(error)


def _run_all(mutants: Sequence[Mutant], jobs: int) -> list[Outcome]:
    """What became of each, in their order; whoever interrupts this ends what was started."""
    with ExitStack() as stack:
        places = [stack.enter_context(workshop()) for _ in range(min(jobs, len(mutants)))]
        free: SimpleQueue[Workshop] = SimpleQueue()
        for place in places:
            free.put(place)
        threads = ThreadPoolExecutor(len(places))
        try:
            plain = threads.submit(_run_unchanged, free, mutants).result()
            return list(threads.map(lambda each: _judge(free, each, plain), mutants))
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for place in places:
                place.interrupt()
            threads.shutdown()


def _run_unchanged(free: "SimpleQueue[Workshop]", mutants: Sequence[Mutant]) -> TestRun:
    """Every test that is needed, without any change: what fails then kills nothing."""
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    print(f"{len(mutants)} mutants; first their tests without any change, of {len(tests)} files and names", flush=True)
    place = free.get()
    try:
        plain = place.run(tests, stop=False)
    finally:
        free.put(place)
    for name in plain.of("failed"):
        print(f"FAILS WITHOUT ANY CHANGE: {name}", flush=True)
    print(f"{len(plain.results)} tests in {plain.processor:.0f} processor seconds", flush=True)
    if not plain.results:
        print(plain.output)
    return plain


def _judge(free: "SimpleQueue[Workshop]", mutant: Mutant, plain: TestRun) -> Outcome:
    place = free.get()
    try:
        outcome = _try(place, mutant, plain)
    finally:
        free.put(place)
    print(f"{outcome.what:10} {outcome.processor:6.1f} s  {mutant.id}  {outcome.by}", flush=True)
    return outcome


def _try(place: Workshop, mutant: Mutant, plain: TestRun) -> Outcome:
    expected = [name for name in plain.of("passed") if is_among(name, mutant.tests)]
    if not expected:
        return Outcome(mutant, ERROR, "none of its tests runs here without a change")
    usual = sum(plain.durations[name] for name in expected)
    with place.changed(mutant):
        found = place.run(
            mutant.tests, patience=LEAST_PATIENCE + PATIENCE * usual, fresh=mutant.fresh, alone=mutant.alone
        )
    if found.status is None:
        return Outcome(mutant, TIMED_OUT, processor=found.processor)
    by = [name for name in found.of("failed") if name in expected]
    if by:
        return Outcome(mutant, KILLED, by[0], found.processor)
    if found.status == 0:
        return Outcome(mutant, SURVIVED, processor=found.processor)
    failed = found.of("failed") if found.status == FAILED else []
    reason = f"only tests that fail without it: {failed[0]}" if failed else _last_line(found.output)
    return Outcome(mutant, ERROR, reason, found.processor)


def is_among(test: str, chosen: Sequence[str]) -> bool:
    """Whether a test is one of those chosen by file, by name, or by name and parameters."""
    return any(test == each or test.startswith((f"{each}::", f"{each}[", f"{each}/")) for each in chosen)


def _last_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "pytest said nothing"


def _write_csv(path: Path, outcomes: Sequence[Outcome]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for each in outcomes:
            mutant = each.mutant
            facts = (mutant.id, mutant.module, mutant.function, mutant.cut, each.what, each.by, mutant.survives)
            writer.writerow([*facts, f"{each.processor:.1f}"])


def _summarise(outcomes: Sequence[Outcome]) -> int:
    """Print the survivors and the figures; the status of the command."""
    killed = [each for each in outcomes if each.what in {KILLED, TIMED_OUT}]
    survivors = [each for each in outcomes if each.what == SURVIVED]
    errors = [each for each in outcomes if each.what == ERROR]
    unexplained = [each for each in survivors if not each.mutant.survives]
    for each in survivors:
        print(f"\nSURVIVES: {each.mutant.id} ({each.mutant.module}.{each.mutant.function})")
        print(f"  cut: {each.mutant.cut}: {each.mutant.old!r} -> {each.mutant.new!r}")
        print(f"  reason: {each.mutant.survives or 'NONE WAS GIVEN'}")
    for each in errors:
        print(f"\nERROR: {each.mutant.id}: {each.by}")
    for each in killed:
        if each.mutant.survives:
            print(f"\nKILLED, though its table says why it would survive: {each.mutant.id}")
    share = 100 * len(killed) / len(outcomes)
    seconds = sum(each.processor for each in outcomes)
    print(
        f"\n{len(outcomes)} mutants: {len(killed)} killed ({share:.1f} %), {len(survivors)} survive, {len(errors)} errors"
    )
    print(f"{seconds:.0f} processor seconds of tests")
    return int(bool(errors or unexplained) or share < LEAST_KILLED)


if __name__ == "__main__":
    sys.exit(main())
