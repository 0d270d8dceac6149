"""`./udi test` runs what its options say, and says what it left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.changed import ROOT
from tests.command import CHECKS, Check, Run, app, make_environment
from tests.reaper import is_gone
from tests.runs.test_omissions import WITHOUT_PLUGINS
from tests.runs.test_reaper import PATIENCE, wait_for

pytestmark = pytest.mark.programs


APART = """
import pytest

@pytest.mark.thorough
def test_long():
    pass

@pytest.mark.thorough
def test_longer():
    pass

@pytest.mark.programs
def test_program():
    pass

def test_short():
    pass
"""
SETTINGS = """[pytest]
addopts = -p tests.omissions
markers =
  thorough
  programs
"""
CHOICES = {
    "by default": (
        (),
        "1/10 tests collected (9 deselected)",
        "    9 tests/runs/test_reaper.py\n9 tests left out.",
    ),
    "fast": (
        ("--fast",),
        "no tests collected (10 deselected)",
        "To run what was left out: ./udi test\n",
    ),
    "all": (("--all",), "10 tests collected", ""),
}
"""Of a file of the suite: an option, what is collected, and what is said of the rest."""
CHOICES_APART = {
    "by default": (
        (),
        "2/4 tests collected (2 deselected)",
        "2 tests left out. To run what was left out: ./udi test --all",
    ),
    "fast": (
        ("--fast",),
        "1/4 tests collected (3 deselected)",
        "1 test left out. To run what was left out: ./udi test\n",
    ),
    "all": (("--all",), "4 tests collected", ""),
}
"""The same of a file apart, whose run imports nothing of the suite."""
COLLECT = ("--collect-only", "-q", "-p", "no:cacheprovider")


def run_command(
    *arguments: str | Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as the launcher does, as a run of its own."""
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "UDI_TEST_"))
    }
    surroundings["PYTHONPATH"] = f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}"
    surroundings |= environment
    command = [sys.executable, "-P", "-m", "tests.command", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False
    )


@pytest.mark.thorough
@pytest.mark.parametrize("choice", CHOICES)
def test_an_option_chooses_and_the_rest_is_named(choice: str) -> None:
    option, collected, left = CHOICES[choice]

    done = run_command(*option, *COLLECT, "tests/runs/test_reaper.py")

    assert f"\n{collected} in" in done.stdout
    assert left in done.stdout
    assert (left == "") == ("left out" not in done.stdout)


@pytest.mark.parametrize("choice", CHOICES_APART)
def test_a_switch_reaches_the_tests(tmp_path: Path, choice: str) -> None:
    option, collected, left = CHOICES_APART[choice]
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    (tmp_path / "test_it.py").write_text(APART)

    done = run_command(*option, *COLLECT, tmp_path / "test_it.py", **WITHOUT_PLUGINS)

    assert f"\n{collected} in" in done.stdout
    assert left in done.stdout
    assert (left == "") == ("left out" not in done.stdout)


def test_options_that_choose_differently_are_refused() -> None:
    result = CliRunner().invoke(app, ["--fast", "--all"])

    assert result.exit_code == 2
    assert "choose one of --fast and --all" in result.output


def test_each_step_is_said_and_the_first_failure_is_the_status(
    capfd: pytest.CaptureFixture[str],
) -> None:
    steps = Run(dict(os.environ))
    outcomes = [
        steps.do("good", [sys.executable, "-c", ""]),
        steps.do("bad", [sys.executable, "-c", "raise SystemExit(3)"]),
        steps.do("worse", [sys.executable, "-c", "raise SystemExit(4)"]),
    ]

    assert outcomes == [True, False, False]
    assert steps.status == 3
    assert [
        line.partition(" (")[0] for line in capfd.readouterr().out.splitlines()
    ] == [
        "good: ok",
        "bad: FAILED",
        "worse: FAILED",
    ]


def start_run() -> Run:
    """What a call does, whose tests load no plugin: those that are installed take a second of processor."""
    return Run({**os.environ, **WITHOUT_PLUGINS})


def set_checks(monkeypatch: pytest.MonkeyPatch, slow: str, /, **codes: str) -> None:
    """Have the checks be programs in Python, one of which is slow."""
    checks = {name: ["python", "-c", code] for name, code in codes.items()}
    monkeypatch.setattr("tests.command.CHECKS", checks)
    monkeypatch.setattr("tests.command.SLOW", {slow})


def test_a_check_of_style_that_does_not_hold_is_shown_and_no_test_begins(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    set_checks(monkeypatch, "slow", good="", bad="1 / 0", slow="")
    steps = start_run()

    with pytest.raises(typer.Exit) as ended:
        steps.check_and_test(["--version"])

    printed = capfd.readouterr().out
    assert ended.value.exit_code == 1
    assert "ZeroDivisionError" in printed
    figures = {figure.partition(" (")[0] for figure in steps.figures}
    assert figures == {"good: ok", "bad: FAILED", "slow: ok"}


KNOWING = """
import os, pathlib, time

print(os.environ.get("MYPY_CACHE_DIR"))
while not pathlib.Path({ended!r}).exists():
    time.sleep(0.05)
"""


def test_types_are_known_again_in_any_clone_to_one_run_at_a_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UDI_CACHE", str(tmp_path))
    monkeypatch.delenv("MYPY_CACHE_DIR", raising=False)
    ended = tmp_path / "ended"
    code = KNOWING.format(ended=str(ended))
    monkeypatch.setattr("tests.command.CHECKS", {"types": ["python", "-c", code]})

    beside_each_other = [Check("types", os.environ) for _ in range(2)]
    ended.touch()
    outputs = [check.wait() for check in beside_each_other]
    outputs.append(Check("types", os.environ).wait())

    assert outputs == [
        (0, f"{tmp_path / 'types'}\n"),
        (0, "None\n"),
        (0, f"{tmp_path / 'types'}\n"),
    ]


WAITING = """
import pathlib, threading

def test_wait():
    pathlib.Path({begun!r}).touch()
    threading.Event().wait(60)
"""
FAILING = """
import pathlib, time

while not pathlib.Path({begun!r}).exists():
    time.sleep(0.05)
1 / 0
"""


def test_a_slow_check_that_does_not_hold_is_shown_and_ends_the_tests(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    begun = str(tmp_path / "begun")
    tests = tmp_path / "test_waiting.py"
    tests.write_text(WAITING.format(begun=begun))
    set_checks(monkeypatch, "slow", good="", slow=FAILING.format(begun=begun))
    steps = start_run()

    with pytest.raises(typer.Exit) as ended:
        steps.check_and_test(["-p", "no:cacheprovider", str(tests)])

    printed = capfd.readouterr().out
    assert ended.value.exit_code == 1
    assert "KeyboardInterrupt" in printed.partition("ZeroDivisionError")[2]
    figures = [figure.partition(" (")[0] for figure in steps.figures]
    assert figures == ["good: ok", "slow: FAILED", "tests: FAILED"]


PASSING = """
import os, pathlib

def test_pass():
    pathlib.Path({begun!r}).write_text(str(os.getpid()))
"""
LATE = """
import pathlib, time

begun = pathlib.Path({begun!r})
while not (begun.exists() and begun.read_text()):
    time.sleep(0.05)
while pathlib.Path("/proc", begun.read_text()).exists():
    time.sleep(0.05)
1 / 0
"""


def test_a_slow_check_that_does_not_hold_once_the_tests_passed_is_the_status(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    begun = str(tmp_path / "begun")
    tests = tmp_path / "test_passing.py"
    tests.write_text(PASSING.format(begun=begun))
    set_checks(monkeypatch, "slow", good="", slow=LATE.format(begun=begun))
    steps = start_run()

    with pytest.raises(typer.Exit) as ended:
        steps.check_and_test(["-p", "no:cacheprovider", str(tests)])

    assert ended.value.exit_code == 1
    assert "ZeroDivisionError" in capfd.readouterr().out
    figures = [figure.partition(" (")[0] for figure in steps.figures]
    assert figures == ["good: ok", "slow: FAILED", "tests: ok"]


def test_tests_that_fail_do_not_hide_that_the_checks_hold(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tests = tmp_path / "test_failing.py"
    tests.write_text("def test_fail():\n    assert not 1\n")
    set_checks(monkeypatch, "slow", good="", slow="")
    steps = start_run()

    steps.check_and_test(["-p", "no:cacheprovider", "-q", str(tests)])

    assert "1 failed" in capfd.readouterr().out
    assert steps.status != 0
    assert {figure.partition(" (")[0] for figure in steps.figures} == {
        "good: ok",
        "slow: ok",
        "tests: FAILED",
    }


def test_byte_code_is_kept_whatever_the_surroundings_say(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    code = "import sys; print('kept' if not sys.dont_write_bytecode else 'not kept')"

    Run(make_environment(None)).do("programs", [sys.executable, "-c", code])

    assert capfd.readouterr().out.startswith("kept\n")


def test_every_check_of_style_is_installed() -> None:
    binaries = Path(sys.executable).parent

    assert [
        name
        for name, [program, *_] in CHECKS.items()
        if not (binaries / program).exists()
    ] == []


INTERRUPTED = """
import os, signal, sys
from tests import command
from tests.interrupts import heed_interrupts

heed_interrupts()
command.CHECKS = {{"slow": ["python", "-c", {waiting!r}]}}
command.SLOW = {{"slow"}}
command.Run(dict(os.environ)).check_and_test(["-p", "no:cacheprovider", {tests!r}])
"""
ENDLESS = """
import os, pathlib, time

pathlib.Path({slow!r}).write_text(str(os.getpid()))
time.sleep(600)
"""


def test_an_interrupt_ends_the_tests_once_and_the_check_beside_them(
    tmp_path: Path,
) -> None:
    begun, slow = tmp_path / "begun", tmp_path / "slow"
    tests = tmp_path / "test_waiting.py"
    tests.write_text(WAITING.format(begun=str(begun)))
    waiting = ENDLESS.format(slow=str(slow))
    code = INTERRUPTED.format(waiting=waiting, tests=str(tests))
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **WITHOUT_PLUGINS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        wait_for(lambda: begun.exists() and slow.exists() and slow.read_text() != "")

        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=PATIENCE)

    assert printed.count("KeyboardInterrupt\n") == 1
    assert "slow: " not in printed
    assert is_gone(int(slow.read_text()))
