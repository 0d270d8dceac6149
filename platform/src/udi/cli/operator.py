"""`udi operator`: who runs the installation, and the worker that does what they ask for on pages."""

import asyncio
import json as jsonlib
import os
import signal
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from udi.cli import output
from udi.cli.installation.archives import run_archiver
from udi.cli.installation.work import run_worker
from udi.kit import logs
from udi.kit.memory import use_single_arena
from udi.portal.identity.provision import admin, operators, realm
from udi.settings import Settings, get_settings

app = typer.Typer(help="The people who run the installation.", no_args_is_help=True)
Address = Annotated[str, typer.Argument(help="Mail address of the person.")]
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
OWNER_ONLY = 0o077


@app.command()
def add(mail: Address, json: AsJson = False) -> None:
    """Let somebody who has an account run the installation, at /installation on its own host. May be repeated.

    Where the installation requires a second factor, the page asks for it.
    """
    settings = get_settings()
    connection = admin.connect(settings)
    realm.apply_realm(connection, settings)
    operators.apply_operators_client(connection, settings)
    _print_outcome(mail, operators.add_operator(connection, mail), as_json=json)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List who runs the installation, and whether they have a second factor."""
    columns = {"email": "Address", "name": "Name", "second_factor": "Second factor"}
    output.show(
        operators.list_operators(admin.connect(get_settings())),
        columns,
        as_json=json,
        empty="Nobody yet: `udi operator add <mail>` adds somebody.",
    )


@app.command()
def remove(mail: Address, json: AsJson = False) -> None:
    """Let somebody run the installation no more; their sessions end at once. May be repeated."""
    connection = admin.connect(get_settings())
    _print_outcome(mail, operators.remove_operator(connection, mail), as_json=json)


@app.command()
def work(
    archives: Annotated[
        Path | None,
        typer.Option(
            help="Make archives too, in this folder: where one process does all."
        ),
    ] = None,
) -> None:
    """Gather the figures of territories, and do what operators ask for at /installation. Runs until it is stopped."""
    settings = get_settings()
    parts = [run_worker(settings)]
    if archives is not None:
        parts.append(run_archiver(settings, archives))
    _run_until_stopped(settings, parts)


@app.command()
def archive(
    to: Annotated[Path, typer.Option(help="Folder of the archives.")],
) -> None:
    """Make the whole archives that operators request at /installation, and delete them after a week. Runs until it is stopped.

    A process of its own, which alone has the keys of files beside the rights of an export.
    """
    settings = get_settings()
    _run_until_stopped(settings, [run_archiver(settings, to)])


def _run_until_stopped(
    settings: Settings, parts: Sequence[Coroutine[Any, Any, None]]
) -> None:
    os.umask(OWNER_ONLY)
    logs.configure_program(settings, "udi-operator")
    use_single_arena()
    asyncio.run(_work_until_stopped(parts))


async def _work_until_stopped(parts: Sequence[Coroutine[Any, Any, None]]) -> None:
    running = asyncio.ensure_future(_run_together(parts))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return


async def _run_together(parts: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run all of them; the first fault ends every one."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


def _print_outcome(mail: str, outcome: str, *, as_json: bool) -> None:
    if as_json:
        print(jsonlib.dumps({"mail": mail, "outcome": outcome}))
        return
    print(f"{mail}: {outcome}.")
