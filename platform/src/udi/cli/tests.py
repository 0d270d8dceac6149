"""`udi test`: everything that must hold before a change lands."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from udi.cli.browser import ensure_browser
from udi.cli.local.errors import LocalError
from udi.cli.packages import ensure_packages

ROOT = Path(__file__).resolve().parents[4]
CHECKS = {
    "format": ["ruff", "format", "--check", "--quiet", "."],
    "lint": ["ruff", "check", "--quiet", "."],
    "types": ["mypy"],
    "imports": ["lint-imports"],
}
CLUSTER = [
    "tests/node/test_object_store.py",
    "tests/ansible/test_patroni.py",
    "tests/ansible/test_cluster.py",
    "tests/ansible/test_machine_upgrade.py",
]
DECLARATIONS = [
    "tests/pages/test_every_page.py",
    "tests/journeys/test_light_pages.py::test_every_page_keeps_its_budgets_with_a_full_catalogue",
]
"""What finds the facts of the statements of accessibility and of eco-design, and writes them where the environment says so."""
FAILED = 1
"""Pytest's status when tests failed."""
MOST_UNSTEADY = 3
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(context_settings=CONTEXT, name="test")(run)


def run(
    context: typer.Context,
    cluster: Annotated[
        bool,
        typer.Option("--cluster", help="Only what needs several machines: each in turn loses its power under load."),
    ] = False,
    declarations: Annotated[
        bool,
        typer.Option("--declarations", help="Visit every page, and write anew what the statements of the service say."),
    ] = False,
) -> None:
    """Check style, types and imports, then run the tests; with paths or pytest's options, only those tests.

    With --cluster, as root on Linux, eight machines are booted, made one installation by the play, and killed one
    after the other while records are pushed, pages read and people log in. It takes about an hour, and prints what
    each loss cost.
    """
    if not (ROOT / "tests").is_dir():
        raise LocalError("There are no tests here", "run this command from a clone of the project")
    ensure_browser()
    ensure_packages()
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}"}
    arguments = context.args or ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
    if cluster:
        environment |= {"UDI_TEST_CLUSTER": "1", "UDI_TEST_MACHINES": "all"}
        arguments = [*CLUSTER, *context.args]
    elif declarations:
        environment |= {"UDI_DECLARATIONS": "1"}
        arguments = [*DECLARATIONS, *context.args]
    elif not context.args:
        _check_style(environment)
    status = _pytest(ROOT, environment, arguments)
    if status == FAILED and not (context.args or cluster or declarations):
        status = look_again(ROOT, environment)
    raise typer.Exit(status)


def _pytest(root: Path, environment: dict[str, str], arguments: Sequence[str]) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode


def look_again(root: Path, environment: dict[str, str]) -> int:
    """Run the files of a few tests that failed again, by themselves: pytest's status, and the names of those that pass now.

    Whole files, since a test may stand on what those before it in its file did. More than `MOST_UNSTEADY` failures are
    not asked again. A test that passes now is no less at fault: it is named, to be mended.
    """
    failed = failed_tests(root)
    if not 0 < len(failed) <= MOST_UNSTEADY:
        return FAILED
    print(f"\n{len(failed)} test(s) failed among the others; their files again, alone:", flush=True)
    status = _pytest(root, environment, sorted({name.partition("::")[0] for name in failed}))
    for name in sorted(set(failed) - set(failed_tests(root))):
        print(
            f"UNSTEADY: {name} fails among the others and not in its file alone; what it shares with them is to be found."
        )
    return status


def failed_tests(root: Path) -> list[str]:
    """The tests that failed when last run, as pytest keeps them."""
    kept = root / ".pytest_cache/v/cache/lastfailed"
    return list(json.loads(kept.read_text())) if kept.exists() else []


def _check_style(environment: dict[str, str]) -> None:
    binaries = Path(sys.executable).parent
    for name, command in CHECKS.items():
        started = time.monotonic()
        done = subprocess.run([binaries / command[0], *command[1:]], cwd=ROOT, env=environment, check=False)
        print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - started:.0f} s)", flush=True)
        if done.returncode:
            raise typer.Exit(1)
