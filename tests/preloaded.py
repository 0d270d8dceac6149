"""A process that has imported a program and forks one each time that it is asked: the server of `tests.forks`.

Run as `python -P tests/preloaded.py <program> <descriptor of a socket>`. One message is one start: its arguments,
environment and folder in JSON, and with it the descriptors of its input, output, errors and of a pipe for its status.
It has one thread, so that a fork is whole. When whoever started it is gone, what it started is ended.
"""

import atexit
import gc
import io
import json
import os
import runpy
import select
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import IO, Any, Self

DESCRIPTORS = 4
"""Input, output, errors, status."""
STATUS_FORMAT = struct.Struct("iid")
"""What is told, its number or status, and the processor seconds that it and what it waited for took."""
STARTED = 0
ENDED = 1
"""What is told of a process, with its number or its status."""
LONGEST = 1 << 20
MEBIBYTE = 1 << 20
NEW = 200
"""Mebibytes of address space that a new process takes with what a child imports (`udi.kit.child.run`)."""
OWN_NODE = ("node", "serve")
"""The command that starts a web server and a worker of its own; each would import the node again, as under `--all`."""
WHOLE = "UDI_TEST_ALL"
"""The switch of `tests.depth`, as this process was started with it."""
RUN = "UDI_TEST_RUN"
"""The folder of the run, as `tests.reaper` names it."""
COLLECTED = "UDI_TEST_COLLECTED"
"""What a run collects, in JSON: the arguments of pytest that name files."""
INHERITED = "UDI_TEST_INHERITED"
"""The sockets by which all processes of a run ask for forks, in JSON: program to open descriptor."""
INTERRUPTION = "UDI_TEST_INTERRUPTION"
"""Where a worker is to end, as `tests/faults/interruptions.py` reads it."""
LISTENING = "UDI_TEST_LISTENING"
"""Set where the input of a command is the socket on which it listens: it is passed on as systemd passes one."""
FIRST_PASSED = 3
"""The descriptor of the first socket that systemd passes (sd_listen_fds(3))."""
COMMAND = (sys.executable, "-P", "-m", "udi")
COMMANDS = ("portal.app", "portal.work", "node.app", "node.work", "cli.local.mailbox")
TABLES = (
    "node.datasets.versions.preparation",
    "tabular.sandbox.engine",
    "kit.child_program",
    "tabular.geo.map_conversion",
    "portal.nodes.harvest.document_pages",
)

ANSIBLE = (
    "cli.playbook",
    "executor.task_executor",
    "plugins.strategy.linear",
    "plugins.callback.default",
    "plugins.connection.local",
)
UNCOMPILED = "PYTHONDONTWRITEBYTECODE"
COLLECT = ("--collect-only", "-qq", "--capture=no", "-p", "no:cacheprovider")
"""Streams that pytest captures are closed once it ends: a module that notes them when it is imported would keep those."""
READY = 6
"""Databases that a fork which reads tables finds."""
FIRST_TABLE = """nom;commune;création;courriel;adhérents;latitude;longitude
Amicale;Kerlévan;12/03/1987;amicale@kerlevan.example;12;47,1;-2,5
École de voile;Kerlévan;04/09/1999;;1,5;47,2;-2,6
"""
"""A table that a process which forks reads before its first fork: what is kept from it need not be found again."""


@dataclass(frozen=True)
class Program:
    """What is imported once, and what a fork runs."""

    load: Callable[[], None]
    run: Callable[[list[str]], None]

    def preload(self) -> dict[str, str]:
        """Import everything; return what the imports themselves wrote into the environment."""
        before = dict(os.environ)
        self.load()
        gc.collect()
        gc.freeze()
        threads = len(list(Path("/proc/self/task").iterdir()))
        if threads > 1:
            message = (
                f"{threads} threads after the imports: a fork would be no whole process"
            )
            raise RuntimeError(message)
        return {
            name: value
            for name, value in os.environ.items()
            if before.get(name) != value
        }


def load_commands() -> None:
    """Every command, the programs that some of them import when they run, and the translations of their pages."""
    import_module("udi.cli.main").build_app()
    for name in COMMANDS:
        import_module(f"udi.{name}")
    domains = import_module("udi.ui.domains")
    pages = import_module("udi.ui.pages")
    for program in ("portal", "node"):
        program_domains = domains.list_domains(program)
        for domain in program_domains:
            for reference in (domain.web_services, domain.routes, domain.tasks):
                if reference:
                    domains.resolve(reference)
        locales = import_module(f"udi.{program}.site").LOCALES
        pages.PageRenderer({}, [*locales, *domains.list_locales(program_domains)])
    if RUN in os.environ and WHOLE not in os.environ:
        share_templates()


def share_templates() -> None:
    """Have forks read what templates of the run were compiled to: to compile one takes 6 ms of processor."""
    compiled = import_file(Path(__file__).with_name("compiled.py"))
    compiled.share(Path(os.environ[RUN]))


def import_file(place: Path) -> Any:
    """A module of the tests, which are no package of a program's."""
    spec: Any = spec_from_file_location(place.stem, place)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_command(arguments: list[str]) -> None:
    """As `python -P -m udi` does, and to its end, unless a trial ends it before."""
    if INTERRUPTION in os.environ:
        place = Path(__file__).parent / "faults/interruptions.py"
        import_file(place).install()
    if os.environ.pop(LISTENING, ""):
        os.dup2(0, FIRST_PASSED)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
    sys.argv = ["udi", *arguments]
    runpy.run_module("udi", run_name="__main__", alter_sys=True)


def load_tables() -> None:
    """What a child that reads tables imports before its first table, and what it reads and compiles for that one."""
    import_module("udi.kit.memory").use_single_arena()
    preparation, *_ = (import_module(f"udi.{name}") for name in TABLES)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "first.csv")
        source.write_text(FIRST_TABLE, encoding="utf-8")
        preparation.preload_imports()
        preparation.prepare(source, source.name, {}, Path(folder, "first.parquet"))
    tempfile.tempdir = None
    keep_databases_ready(import_module("udi.tabular.sandbox.duckdb_sandbox"))


def keep_databases_ready(sandbox: Any) -> None:
    """Have each fork find some databases made: to make one takes 12 ms of processor, and the table of a child takes five."""
    open_database = sandbox.open_database
    ready = [open_database(sandbox.IN_MEMORY) for _ in range(READY)]

    def find_or_open(place: str) -> Any:
        if ready and place == sandbox.IN_MEMORY:
            return ready.pop()
        return open_database(place)

    sandbox.open_database = find_or_open


def load_readers() -> None:
    """The same, and what others import before their first document or picture: formats are found in all packages' metadata."""
    load_tables()
    import_module("udi.portal.projects.resizing")
    formats = import_module("udi.portal.nodes.harvest.harvest_format").list_formats()
    for document_format in formats.values():
        import_module(document_format.reader.partition(":")[0])


@contextmanager
def silent_streams() -> Iterator[None]:
    """Meanwhile, output and errors of this process go nowhere."""
    with ExitStack() as opened:
        nowhere = opened.enter_context(Path(os.devnull).open("wb"))
        for descriptor in (1, 2):
            opened.callback(_put_back, os.dup(descriptor), descriptor)
            os.dup2(nowhere.fileno(), descriptor)
        yield


def _put_back(copy: int, descriptor: int) -> None:
    os.dup2(copy, descriptor)
    os.close(copy)


def load_ansible() -> None:
    """What `ansible-playbook` imports before it reads a play, and for its first task; compiled once for all forks.

    It refuses to be imported where a stream does not block, as those of a run once a browser's program has them.
    """
    sys.dont_write_bytecode = False
    with silent_streams():
        for name in ANSIBLE:
            import_module(f"ansible.{name}")


def run_ansible(arguments: list[str]) -> None:
    """As `ansible-playbook` does, with a temporary folder of its own."""
    name, *others = arguments
    sys.argv = [name, *others]
    constants: Any = import_module("ansible.constants")
    constants.DEFAULT_LOCAL_TMP = constants.config.get_config_value("DEFAULT_LOCAL_TMP")
    import_module("ansible.cli.playbook").main(sys.argv)


def run_child(arguments: list[str]) -> None:
    """As `python -m udi.kit.child_program` does; its parent is this server."""
    limits, *others = arguments
    sys.argv = ["inside", str(os.getppid()), make_room(limits), *others]
    import_module("udi.kit.child_program").main()


def make_room(limits: str) -> str:
    """The limits of a child, with the address space that a fork has of this server and a new process would not have."""
    values = json.loads(limits)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    held = pages * os.sysconf("SC_PAGE_SIZE") // MEBIBYTE
    return json.dumps({**values, "memory_mb": values["memory_mb"] + held - NEW})


def load_suite() -> None:
    """What the tests of a mutant import."""
    import_module("tests.mutants.warm").load()


def run_suite(arguments: list[str]) -> None:
    """Run tests against a changed program."""
    import_module("tests.mutants.warm").run(arguments)


def load_tests() -> None:
    """Import the tests of a run and all that they import, as pytest does that only collects them.

    What cannot be imported is told by the processes that are to run it: they try again.
    """
    sys.dont_write_bytecode = UNCOMPILED in os.environ
    folder, *files = json.loads(os.environ.pop(COLLECTED))
    inherited: dict[str, int] = json.loads(os.environ.pop(INHERITED))
    for descriptor in inherited.values():
        os.set_inheritable(descriptor, False)
    os.chdir(folder)
    with silent_streams():
        import_module("pytest").main([*COLLECT, *files])
    import_module("tests.forks").inherited.update(inherited)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run_tests(arguments: list[str]) -> None:
    """As a process that execnet starts: a line of its input says what it is."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = arguments
    exec(eval(sys.stdin.readline()), {"__name__": "__main__"})  # noqa: S102, S307 - the words of our controller


PROGRAMS = {
    "tests": Program(load_tests, run_tests),
    "udi": Program(load_commands, run_command),
    "tables": Program(load_readers, run_child),
    "ansible": Program(load_ansible, run_ansible),
    "suite": Program(load_suite, run_suite),
}


def open_streams(*, unbuffered: bool) -> None:
    """Open the three streams as Python does when it starts."""
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
    sys.stdout = _open_output(1, "strict", unbuffered=unbuffered, by_line=os.isatty(1))
    sys.stderr = _open_output(
        2, "backslashreplace", unbuffered=unbuffered, by_line=True
    )


def _open_output(
    descriptor: int, errors: str, *, unbuffered: bool, by_line: bool
) -> io.TextIOWrapper:
    raw = open(descriptor, "wb", buffering=0 if unbuffered else -1, closefd=False)  # noqa: SIM115 - a descriptor
    return io.TextIOWrapper(
        raw,
        encoding="utf-8",
        errors=errors,
        line_buffering=by_line and not unbuffered,
        write_through=unbuffered,
    )


class Process:
    """A command that runs; the part of `subprocess.Popen` that tests use."""

    processor_seconds = 0.0
    """Of all that ended: they are children of the process that forks, so this one's own count does not hold them."""

    def __init__(
        self,
        arguments: list[str],
        status: int,
        stdout: IO[str] | None = None,
        stderr: IO[str] | None = None,
    ) -> None:
        self.args = arguments
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self._status = status
        self.pid = self._read(STARTED)

    def poll(self) -> int | None:
        """Its status, None while it runs."""
        if self._has_ended(0):
            return self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its status, when it has ended.

        Raises:
            TimeoutExpired: it has not within so many seconds.
        """
        if self.returncode is None:
            if not self._has_ended(timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._read(ENDED)
            os.close(self._status)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs; it may end, and be forgotten by its parent, while we look."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()

    def _has_ended(self, timeout: float | None) -> bool:
        return self.returncode is None and bool(
            select.select([self._status], [], [], timeout)[0]
        )

    def _read(self, expected: int) -> int:
        content = os.read(self._status, STATUS_FORMAT.size)
        if len(content) != STATUS_FORMAT.size:
            msg = "the preloaded process is gone"
            raise RuntimeError(msg)
        event, number, seconds = STATUS_FORMAT.unpack(content)
        Process.processor_seconds += seconds
        if event != expected:
            msg = f"the fork ended before its program began (status {number})"
            raise RuntimeError(msg)
        return int(number)


class Forker:
    """The commands that run, by the descriptor that says when one ends."""

    def __init__(self, requests: int, imported: dict[str, str]) -> None:
        self._requests = requests
        self._imported = imported
        self._running: dict[int, tuple[int, int]] = {}
        self._askers: dict[int, int] = {}
        """By the descriptor of its status, the number of a command: it is broken once nobody is left to read it."""
        self._events = selectors.DefaultSelector()
        self._events.register(requests, selectors.EVENT_READ)

    def serve(self) -> dict[str, Any] | None:
        """Fork until nobody asks any more; in a fork, return what it is to run."""
        while True:
            for event, _ in self._events.select():
                if event.fd in self._askers:
                    self._abandon(event.fd)
                elif event.fd != self._requests:
                    self._report(event.fd)
                elif (command := self._fork()) is None:
                    self._end_all()
                    return None
                elif command:
                    return command

    def _fork(self) -> dict[str, Any] | None:
        """None when nobody asks any more, nothing in this process, the command in the fork."""
        with socket.socket(fileno=os.dup(self._requests)) as requests:
            message, descriptors, _, _ = socket.recv_fds(requests, LONGEST, DESCRIPTORS)
        if not message:
            return None
        command: dict[str, Any] = json.loads(message)
        pid = os.fork()
        if pid == 0:
            self._become(command, descriptors)
            return command
        *streams, status = descriptors
        for descriptor in streams:
            os.close(descriptor)
        ended = os.pidfd_open(pid)
        self._running[ended] = (pid, status)
        self._askers[status] = pid
        self._events.register(ended, selectors.EVENT_READ)
        self._events.register(status, selectors.EVENT_READ)
        return {}

    def _become(self, command: dict[str, Any], descriptors: list[int]) -> None:
        """Let go of all that is the parent's, and take the command's environment, account, folder and streams."""
        *streams, status = descriptors
        self._events.close()
        if command["new_session"]:
            os.setsid()
        for target, descriptor in enumerate(streams):
            os.dup2(descriptor, target)
        for descriptor in (
            self._requests,
            *streams,
            *self._running,
            *(status_descriptor for _, status_descriptor in self._running.values()),
        ):
            os.close(descriptor)
        open_streams(unbuffered=bool(command["environment"].get("PYTHONUNBUFFERED")))
        os.environ.clear()
        os.environ.update(command["environment"] | self._imported)
        if command["account"]:
            uid, gid, name = command["account"]
            os.initgroups(name, gid)
            os.setgid(gid)
            os.setuid(uid)
        os.chdir(command["folder"])
        os.write(status, STATUS_FORMAT.pack(STARTED, os.getpid(), 0.0))
        os.close(status)

    def _report(self, ended: int) -> None:
        """Tell the status of a command that ended."""
        pid, status = self._running.pop(ended)
        self._events.unregister(ended)
        os.close(ended)
        if self._askers.pop(status, None):
            self._events.unregister(status)
        _, code, usage = os.wait4(pid, 0)
        content = STATUS_FORMAT.pack(
            ENDED, os.waitstatus_to_exitcode(code), usage.ru_utime + usage.ru_stime
        )
        with suppress(BrokenPipeError):
            os.write(status, content)
        os.close(status)

    def _abandon(self, status: int) -> None:
        """End a command of which nobody will ask how it ended: who started it is gone, others still ask."""
        self._events.unregister(status)
        with suppress(ProcessLookupError):
            os.kill(self._askers.pop(status), signal.SIGTERM)

    def _end_all(self) -> None:
        for pid, _ in self._running.values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def fork_parts(imported: dict[str, str]) -> dict[str, Any] | None:
    """Have the programs that this process starts forked from it as it is now, before it did anything.

    In such a fork, return what it is to run; in this process, None. They end with it: nobody asks any more.
    """
    requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        requests.close()
        command = Forker(theirs.fileno(), imported).serve()
        if command is None:
            os._exit(0)
        theirs.detach()
        return command
    theirs.close()
    processes: Any = import_module("udi.cli.local.processes")
    processes.spawn = partial(spawn_part, requests, processes.spawn)
    return None


def spawn_part(
    requests: socket.socket,
    spawn: Callable[..., Any],
    command: Sequence[str],
    *,
    log: Path,
    **options: Any,
) -> Any:
    """Start a program as `udi.cli.local.processes.spawn` does: forked if it is one of ours, else by that function."""
    if tuple(command[: len(COMMAND)]) != COMMAND:
        return spawn(command, log=log, **options)
    message = {
        "arguments": list(command[len(COMMAND) :]),
        "environment": dict(options["environment"]),
        "folder": "/",
        "account": None,
        "new_session": True,
    }
    status, reported = os.pipe()
    with Path(os.devnull).open() as nothing, log.open("ab") as output:
        streams = (nothing.fileno(), output.fileno(), output.fileno(), reported)
        socket.send_fds(requests, [json.dumps(message).encode()], streams)
    os.close(reported)
    part = Process(list(command), status)
    options["guardian"].watch(part.pid)
    return part


class QuickEnd:
    """Ends a process once all that its program registered for its end was done, without taking apart what was imported.

    That takes a tenth of a second of processor, for each command. An interrupt ends a process as Python has it.
    """

    def __init__(self) -> None:
        self._status: int | None = None
        atexit.register(self._end)  # the first is called last

    def run(self, program: Program, arguments: list[str]) -> None:
        """Run a program, and note its status."""
        try:
            program.run(arguments)
        except SystemExit as error:
            self._status = error.code if isinstance(error.code, int) else None
            if error.code is None:
                self._status = 0
            raise
        self._status = 0

    def skip(self) -> None:
        """Note that there is no program to run."""
        self._status = 0

    def _end(self) -> None:
        if self._status is None:
            return
        for stream in (sys.stdout, sys.stderr):
            with suppress(ValueError):
                stream.flush()
        os._exit(self._status & 0xFF)


def main() -> None:
    """Preload, serve, and in a fork run the program."""
    program = PROGRAMS[sys.argv[1]]
    is_whole = WHOLE in os.environ
    quick_end = QuickEnd()
    run = program.run if is_whole else partial(quick_end.run, program)
    imported = program.preload()
    command = Forker(int(sys.argv[2]), imported).serve()
    if command is None:
        quick_end.skip()
        return
    if not is_whole and tuple(command["arguments"][:2]) == OWN_NODE:
        command = fork_parts(imported) or command
    run(command["arguments"])


if __name__ == "__main__":
    main()
