"""`./udi test`: everything that must hold before a change lands."""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from bench.browser import find_or_install
from tests import depth
from tests.changed import (
    Suite,
    UnknownRevisionError,
    describe,
    is_revision,
    list_changes,
)
from tests.interrupts import heed_interrupts
from tests.packages import ensure_keycloak, ensure_packages
from tests.reaper import COMMAND
from udi.cli.execution import run
from udi.cli.local.errors import LocalError
from udi.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
CHECKS = {
    "format": ["ruff", "format", "--check", "--quiet", "."],
    "lint": ["ruff", "check", "--quiet", "."],
    "imports": ["lint-imports"],
    "types": ["mypy"],
}
"""What is checked, all at once."""
SLOW = frozenset({"types"})
"""What is still checked while the tests are imported, and beside the first of them."""
REMEMBERING = {"types": "MYPY_CACHE_DIR"}
"""Checks that know a file again by the hash of its text and of what it imports, in any clone; the variable that says where."""
YIELDING = 10
"""How much a check leaves the processors to the tests beside it, as `nice` counts it."""
FEWEST_PROCESSES = 3
MOST_PROCESSES = 6
CLUSTER = [
    "tests/ansible/test_patroni.py",
    "tests/ansible/test_cluster.py",
    "tests/ansible/test_machine_upgrade.py",
]
EVERYTHING = {depth.SWITCH: "1"}
DECLARATIONS = [
    "tests/pages/test_every_page.py",
    "tests/journeys/test_light_pages.py::test_every_page_keeps_its_budgets_with_a_full_catalogue",
]
"""What finds the facts of the statements of accessibility and of eco-design, and writes them where the environment says so."""
MUTANTS = "tests.mutants"
INTERRUPTED = 130
UNCOMPILED = "PYTHONDONTWRITEBYTECODE"
"""Under which each process of a run, and each program that it starts, would compile everything again."""
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}
app = typer.Typer(
    add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


class Check:
    """A check of style, which begins at once; Ctrl-C does not reach it, whoever began it ends it."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self.name = name
        self.started = time.monotonic()
        self.is_ended = False
        self.holds = False
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it is read
        program, *arguments = CHECKS[name]
        with _lock_memory(name) as lock:
            if lock is not None:
                memory = str(_find_memory(name))
                environment = {**environment, REMEMBERING[name]: memory}
            self._process = subprocess.Popen(
                [Path(sys.executable).parent / program, *arguments],
                cwd=ROOT,
                env=environment,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[] if lock is None else [lock],
            )
        if name in SLOW:
            os.setpriority(os.PRIO_PROCESS, self._process.pid, YIELDING)

    def wait(self) -> tuple[int, str]:
        """Its status and what it printed, once it is through."""
        with self._output:
            status = self._process.wait()
            self._output.seek(0)
            return status, self._output.read().decode(errors="replace")

    def end(self) -> None:
        """End it, if it is not through."""
        self.is_ended = True
        self._process.terminate()


def _find_memory(name: str) -> Path:
    """Where a check finds what it knows of files, whichever clone they are in."""
    return Settings().cache / name


@contextmanager
def _lock_memory(name: str) -> Iterator[int | None]:
    """The descriptor of a lock on what a check knows of files, which its process inherits and holds until it ends.

    None where the check knows nothing from before, or while that of another run has it: it is not written by two at once.
    """
    if name not in REMEMBERING:
        yield None
        return
    folder = _find_memory(name)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield lock.fileno()


@dataclass
class Run:
    """What a call does, one step after the other, and how each went."""

    environment: dict[str, str]
    preparations: Sequence[Callable[[], object]] = ()
    """What this machine still lacks for the tests: made beside the checks of style, else before the tests."""
    figures: list[str] = field(default_factory=list)
    status: int = 0

    def do(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
        beside: Sequence[Check] = (),
    ) -> bool:
        """Run one step to its end, and the checks beside it, which end it where one does not hold; whether it went well."""
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment | dict(environment or {})
        )
        watchers = [
            threading.Thread(target=self._watch, args=(check, process))
            for check in beside
        ]
        for watcher in watchers:
            watcher.start()
        try:
            status = process.wait()
            for watcher in watchers:
                watcher.join()
        except KeyboardInterrupt:
            if not sys.stdin.isatty():  # a terminal tells every process in front of it
                process.send_signal(signal.SIGINT)
            process.wait()
            raise typer.Exit(INTERRUPTED) from None
        self._note(name, status, started)
        return status == 0

    def _watch(self, check: Check, process: subprocess.Popen[bytes]) -> None:
        """Have a step be interrupted when the check beside it fails, which says why."""
        if not self._finish(check):
            process.send_signal(signal.SIGINT)

    def _note(self, name: str, status: int, started: float) -> None:
        self.status = self.status or status
        self.figures.append(
            f"{name}: {'ok' if status == 0 else 'FAILED'} ({time.monotonic() - started:.0f} s)"
        )
        print(self.figures[-1], flush=True)

    def check_and_test(
        self, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        """Check format, style, types and imports, all at once, then run the tests; end where a check does not hold."""
        checks = [Check(name, self.environment) for name in CHECKS]
        slow = [check for check in checks if check.name in SLOW]
        try:
            with ThreadPoolExecutor(len(checks) + len(self.preparations)) as pool:
                preparations = [pool.submit(prepare) for prepare in self.preparations]
                quick = [check for check in checks if check not in slow]
                outcomes = list(pool.map(self._finish, quick))
                for preparation in preparations:
                    preparation.result()
            self.preparations = ()
            if all(outcomes):
                self.test(arguments, environment, slow)
            else:
                list(map(self._finish, slow))
        finally:
            for check in checks:
                check.end()
        if not all(check.holds for check in checks):
            raise typer.Exit(1)

    def _finish(self, check: Check) -> bool:
        """Wait for a check, and say how it went; whether it holds."""
        status, output = check.wait()
        if not check.is_ended:
            check.holds = status == 0
            if status:
                print(output)
            self._note(check.name, status, check.started)
        return check.holds

    def test(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        beside: Sequence[Check] = (),
    ) -> None:
        """Run pytest, with what it needs of this machine."""
        for prepare in self.preparations:
            prepare()
        command = [sys.executable, "-m", "pytest", *arguments]
        self.do("tests", command, environment, beside)

    def try_mutants(self, arguments: Sequence[str]) -> None:
        """Change the code in one place after the other, and see that a test fails."""
        self.do("mutants", [sys.executable, "-m", MUTANTS, *arguments])


@app.command(context_settings=CONTEXT, name="test")
def check_and_test(
    context: typer.Context,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Only what needs no server: style, types, imports, and three minutes of tests.",
        ),
    ] = False,
    changed: Annotated[
        bool,
        typer.Option(
            "--changed",
            help="Only what a change can break: what differs from main, or from a revision.",
        ),
    ] = False,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Everything there is, for a night: machines, S3, every kill point, mutants.",
        ),
    ] = False,
    mutants: Annotated[
        bool,
        typer.Option(
            "--mutants",
            help="Only the mutants: changes of the code, each of which a test must see.",
        ),
    ] = False,
    cluster: Annotated[
        bool,
        typer.Option(
            "--cluster",
            help="Only what needs several machines: each in turn loses its power under load.",
        ),
    ] = False,
    declarations: Annotated[
        bool,
        typer.Option(
            "--declarations",
            help="Visit every page, and write anew what the statements of the service say.",
        ),
    ] = False,
    times: Annotated[
        Path | None,
        typer.Option(help="Write where the time went, by test and by fixture."),
    ] = None,
) -> None:
    """Check style, types and imports, then run the tests; with paths or pytest's options, only those tests.

    `--changed` takes a revision of git: `--changed HEAD~3`. With --cluster, as root on Linux, eight machines are booted,
    made one installation by the play, and killed one after the other while records are pushed, pages read and people
    log in. It takes about an hour, and prints what each loss cost.
    """
    modes = [
        name for name, is_enabled in _name_modes(context.params).items() if is_enabled
    ]
    if len(modes) > 1:
        raise typer.BadParameter(f"choose one of {' and '.join(modes)}")
    preparations = () if fast or mutants else (install_programs, build_keycloak)
    steps = Run(make_environment(times), preparations)
    arguments = list(context.args)
    if mutants:
        steps.try_mutants(arguments)
        raise typer.Exit(steps.status)
    if changed:
        _test_changed(steps, arguments)
    elif everything:
        _test_everything(steps, arguments)
    elif cluster:
        steps.test([*CLUSTER, *arguments], EVERYTHING)
    elif declarations:
        steps.test([*DECLARATIONS, *arguments], {"UDI_DECLARATIONS": "1"})
    else:
        switches = {depth.FAST_SWITCH: "1"} if fast else {}
        if arguments:
            steps.test(arguments, switches)
        else:
            steps.check_and_test(share_out(), switches)
    raise typer.Exit(steps.status)


def install_programs() -> None:
    """Install the browser and Debian's packages, where that is possible; without them, tests say why they skip."""
    find_or_install()
    ensure_packages()


def build_keycloak() -> None:
    """Fetch and build Keycloak into the cache; without it, tests say why they skip."""
    with suppress(LocalError):
        ensure_keycloak(Settings())


def share_out() -> list[str]:
    """Pytest's options for one process more than there are processors: tests wait for servers and for programs."""
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    else:
        processors = os.cpu_count() or 1
    processes = min(max(processors + 1, FEWEST_PROCESSES), MOST_PROCESSES)
    return ["-n", str(processes), "--dist", "loadscope", "--no-loadscope-reorder"]


def _name_modes(parameters: Mapping[str, object]) -> dict[str, object]:
    names = {
        "fast": "--fast",
        "changed": "--changed",
        "everything": "--all",
        "mutants": "--mutants",
    }
    names |= {"cluster": "--cluster", "declarations": "--declarations"}
    return {option: parameters[name] for name, option in names.items()}


def make_environment(times: Path | None) -> dict[str, str]:
    """The environment of every step: the code of this clone, and byte code that is kept."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}",
        COMMAND: str(os.getpid()),
    }
    environment.pop(UNCOMPILED, None)
    if times:
        environment["UDI_TEST_TIMES"] = str(times.absolute())
    return environment


def _test_changed(steps: Run, given: list[str]) -> None:
    """Run what a change can break; a first argument that git knows is the revision to compare with."""
    revision = given.pop(0) if given and is_revision(given[0]) else ""
    suite = Suite()
    try:
        selection = suite.select(list_changes(revision))
    except UnknownRevisionError as error:
        raise LocalError(
            "What changed cannot be told", f"name a revision that git knows ({error})"
        ) from error
    print("\n".join(describe(selection, suite)), flush=True)
    steps.check_and_test([*share_out(), *given, *selection.files])
    left = len(suite.files) - len(selection.files)
    print(
        f"{left} test files were left out, which this change cannot break. To run them too: ./udi test"
    )


def _test_everything(steps: Run, given: list[str]) -> None:
    """Run everything there is, and say how long each part took."""
    if given:
        steps.test(given, EVERYTHING)
        return
    steps.check_and_test(share_out(), EVERYTHING)
    steps.try_mutants([])
    print("\n".join(["", "What ran:", *steps.figures]))


def main() -> None:
    """Run the command; Ctrl-C ends it in the background too, where it would be ignored."""
    heed_interrupts()
    run(app)


if __name__ == "__main__":
    main()
