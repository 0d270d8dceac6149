"""`udi down` and `udi reset`."""

import signal
import time

import psutil
from rich.console import Console
from rich.prompt import Confirm

from udi.cli.local import state
from udi.cli.local.errors import LocalError, explain_refusal
from udi.settings import Settings

PATIENCE = 90.0


def down(settings: Settings, *, console: Console | None = None) -> int:
    """Stop what `udi up` started, and wait for it."""
    console = console or Console()
    if not state.is_running(settings):
        console.print("Nothing is running.")
        return 0
    try:
        _stop(settings)
    except LocalError as error:
        console.print(f"[red]✗[/red] {error}", highlight=False, soft_wrap=True)
        return 1
    console.print("Everything is stopped; the data are kept.")
    return 0


def reset(
    settings: Settings, *, yes: bool = False, console: Console | None = None
) -> int:
    """Stop everything and delete the data of this installation; asks first unless `yes`. Downloads are kept."""
    console = console or Console()
    if not settings.state.exists():
        console.print("There is nothing to delete.")
        return 0
    console.print(
        f"This deletes every account, dataset, file and mail under {settings.state}.",
        highlight=False,
    )
    if not yes and not Confirm.ask("Delete them all?", console=console, default=False):
        console.print("Nothing was deleted.")
        return 1
    try:
        if state.is_running(settings):
            _stop(settings)
        state.delete_data(settings)
    except OSError as error:
        console.print(
            f"[red]✗[/red] {explain_refusal(error)}", highlight=False, soft_wrap=True
        )
        return 1
    except LocalError as error:
        console.print(f"[red]✗[/red] {error}", highlight=False, soft_wrap=True)
        return 1
    console.print("Deleted. `udi up` starts afresh.")
    return 0


def _stop(settings: Settings) -> None:
    pid = state.read_status(settings).get("pid")
    if not pid:
        raise LocalError(
            "The running `udi up` did not say its process",
            "stop it where it was started",
        )
    if not _end_process(pid):
        raise LocalError(
            f"The process {pid} did not stop within {PATIENCE:.0f} s",
            f"end it with: kill -9 {pid}",
        )


def _end_process(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
    except psutil.NoSuchProcess:
        return True
    return True
