"""`udi serve` and `udi work`: the processes that `udi up` and systemd start.

Each imports its own program only, and the process that watches over one web worker none: an import is memory for as long
as they run. Several web workers are forked from one that has loaded it for all, and share what none of them changes.
"""

import asyncio
import multiprocessing
import os
import signal
import socket
from functools import partial
from importlib import import_module
from typing import Annotated, Any

import typer
from granian import _signals
from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.server.mp import MPServer

from udi.kit import logs, web_workers
from udi.kit.memory import (
    begin_collection,
    limit_data,
    postpone_collection,
    use_single_arena,
)
from udi.settings import ProgramName, get_settings

OWNER_ONLY = 0o077
"""What a program takes away of the rights of each file that it makes (umask): only its account reads it."""
PORT_OFFSETS: dict[ProgramName, int] = {"portal": 0, "node": 1}
WORKER_DATA = 3 * 1024**3
"""Bytes of data that a job worker may hold: what it fetches and reads is of others."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(work)


def serve(
    program: Annotated[ProgramName, typer.Argument(help="portal or node")],
    port: Annotated[
        int | None, typer.Option(help="Port; by default the program's own.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    workers: Annotated[
        int | None,
        typer.Option(
            help="Number of web workers; by default by the machine's size.", min=1
        ),
    ] = None,
) -> None:
    """Answer web requests of one program."""
    os.umask(OWNER_ONLY)
    settings = get_settings()
    logs.configure_program(settings, f"udi-{program}")
    count = workers or settings.web_workers
    if count is None:
        processors, memory = web_workers.measure_machine()
        count = web_workers.count_web_workers(processors, memory, settings.web_units)
    own_port = port or settings.port(PORT_OFFSETS[program])
    web_workers.prepare_metrics(settings.state, f"{program}-{own_port}", count)
    multiprocessing.set_start_method("fork", force=True)  # not so by itself from 3.14
    server = WebServer(
        f"udi.{program}.app:create",
        address=host,
        port=own_port,
        interface=Interfaces.ASGI,
        workers=count,
        respawn_failed_workers=count > 1,
        factory=True,
        websockets=False,
        log_enabled=True,
        log_dictconfig=logs.find_server_logging(),
        log_access=False,
    )
    use_single_arena()
    pass_termination_to_forks()
    end_between_runs()
    postpone_collection()
    if count > 1:
        app = load_app(program)
        server.serve(target_loader=lambda: app, wrap_loader=False)
    else:
        os.register_at_fork(after_in_parent=begin_collection)
        server.serve(target_loader=partial(load_app, program), wrap_loader=False)


def load_app(program: ProgramName) -> Any:
    """The application of a program, whose web worker collects garbage from then on."""
    app = import_module(f"udi.{program}.app").create()
    begin_collection()
    return app


class WebServer(MPServer):
    """Listens on the socket that systemd passes, if it does: who comes while the program restarts waits, and is served.

    What it waits for is woken by any signal, whatever the moment.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.main_loop_interrupt = web_workers.SignalEvent()

    def _init_shared_socket(self) -> None:
        passed = web_workers.take_passed_socket()
        if passed is None:
            super()._init_shared_socket()  # type: ignore[no-untyped-call]  # the library leaves it so
            return
        listener: Any = socket.socket(fileno=passed)
        listener.setblocking(False)
        make_holder: Any = SocketHolder
        self._sso = listener
        self._sfd = listener.fileno()
        self._shd = make_holder(passed, False, self.backlog)

    def _respawn_workers(self, *arguments: Any, **options: Any) -> None:
        """Replace web workers that died, unless the program is to end.

        Where they were signalled to end together with it, their end may hide that signal from the loop that waits for it.
        """
        if not self.interrupt_signal:
            super()._respawn_workers(*arguments, **options)
        if self.interrupt_signal:
            self.main_loop_interrupt.set()


def pass_termination_to_forks() -> None:
    """Let SIGTERM end a web worker that is still starting: what it inherits only notes the signal, for its parent.

    The signal is held back around the fork, so that one sent before the worker has put that right is kept, not lost.
    """
    held = {signal.SIGTERM}

    def hold() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, held)

    def release() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)

    def reset_and_release() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        release()

    os.register_at_fork(
        before=hold, after_in_parent=release, after_in_child=reset_and_release
    )


def end_between_runs() -> None:
    """Let a web worker heed a signal at any moment of its start.

    It runs its loop twice, to start the application and then to serve; uvloop forgets a signal that comes between the two
    where the loop itself was to handle it.
    """
    set_signals: Any = _signals.set_sync_signals
    _signals.set_loop_signals = lambda _loop: set_signals()


def work(
    program: Annotated[ProgramName, typer.Argument(help="portal or node")],
) -> None:
    """Do the jobs of one program: push, report, index, clean up."""
    os.umask(OWNER_ONLY)
    settings = get_settings()
    logs.configure_program(settings, f"udi-{program}")
    use_single_arena()
    limit_data(WORKER_DATA)
    postpone_collection()
    asyncio.run(_run_worker(program))


async def _run_worker(program: ProgramName) -> None:
    running = asyncio.create_task(
        import_module(f"udi.{program}.work").work(get_settings())
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return
