"""`./udi test`: everything that must hold before a change lands."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bench.browser import ensure_browser
from tests.packages import ensure_packages
from udi.cli.main import run

ROOT = Path(__file__).resolve().parents[1]
CHECKS = {
    "format": ["ruff", "format", "--check", "--quiet", "."],
    "lint": ["ruff", "check", "--quiet", "."],
    "types": ["mypy"],
    "imports": ["lint-imports"],
}
CLUSTER = [
    "tests/ansible/test_patroni.py",
    "tests/ansible/test_cluster.py",
    "tests/ansible/test_machine_upgrade.py",
]
DECLARATIONS = [
    "tests/pages/test_every_page.py",
    "tests/journeys/test_light_pages.py::test_every_page_keeps_its_budgets_with_a_full_catalogue",
]
"""What finds the facts of the statements of accessibility and of eco-design, and writes them where the environment says so."""
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(context_settings=CONTEXT, name="test")
def check_and_test(
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
    ensure_browser()
    ensure_packages()
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}"}
    arguments = context.args or ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
    if cluster:
        environment |= {"UDI_TEST_ALL": "1"}
        arguments = [*CLUSTER, *context.args]
    elif declarations:
        environment |= {"UDI_DECLARATIONS": "1"}
        arguments = [*DECLARATIONS, *context.args]
    elif not context.args:
        _check_style(environment)
    raise typer.Exit(_pytest(environment, arguments))


def _pytest(environment: dict[str, str], arguments: Sequence[str]) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _check_style(environment: dict[str, str]) -> None:
    binaries = Path(sys.executable).parent
    for name, command in CHECKS.items():
        started = time.monotonic()
        done = subprocess.run([binaries / command[0], *command[1:]], cwd=ROOT, env=environment, check=False)
        print(f"{name}: {'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - started:.0f} s)", flush=True)
        if done.returncode:
            raise typer.Exit(1)


if __name__ == "__main__":
    run(app)
