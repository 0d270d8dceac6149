"""A command that is forked from a preloaded process is a process like any other."""

import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import commands, forks
from tests.cluster import free_ports
from tests.forks import ROOT, Preloaded, Process
from udi import __version__

PATIENCE = 60
pytestmark = pytest.mark.programs
ASKER = """
import subprocess, sys, time
from tests import commands, forks
environment = {"UDI_STATE": sys.argv[1], "UDI_BASE_PORT": sys.argv[2]}
print(commands.start("mailbox", environment=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid, flush=True)
time.sleep(600)
"""
RUN = """
import atexit, sys
from tests.preloaded import Program, QuickEnd

def run(arguments):
    atexit.register(print, "and the end", end="")
    print("the program ", end="")
    {ending}

QuickEnd().run(Program(lambda: None, run), [])
"""
SERVE = """
import socket, sys
from tests import preloaded

def load():
    {loading}

asker, requests = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
asker.close()
preloaded.PROGRAMS["tried"] = preloaded.Program(load, print)
sys.argv = ["preloaded", "tried", str(requests.fileno())]
preloaded.main()
"""
SLEEP = """
import sys, time
from tests import preloaded

preloaded.PROGRAMS["tried"] = preloaded.Program(lambda: None, lambda arguments: time.sleep(600))
sys.argv = ["preloaded", "tried", sys.argv[1]]
preloaded.main()
"""
PLAYBOOK = """
import os
from tests.ansible.machine import ansible

for descriptor in (1, 2):
    os.set_blocking(descriptor, False)
done = ansible("ansible-playbook", "--version")
print(done.returncode, done.stdout[:16])
"""


def run_code(code: str) -> subprocess.CompletedProcess[str]:
    """Run code that imports what these tests do."""
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}"
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )


def mailbox(folder: Path) -> dict[str, str]:
    """The environment of a mailbox of its own."""
    return {"UDI_STATE": str(folder), "UDI_BASE_PORT": str(free_ports(8))}


def start_mailbox(state: Path, **options: Any) -> Process:
    """A command that serves until it is stopped."""
    nowhere = subprocess.DEVNULL
    return commands.start(
        "mailbox", environment=mailbox(state), stdout=nowhere, stderr=nowhere, **options
    )


def test_a_command_has_its_status_and_its_streams() -> None:
    version = commands.run("version", environment={})
    unknown = commands.run("nothing", environment={})

    assert (version.returncode, version.stdout, version.stderr) == (
        0,
        f"{__version__}\n",
        "",
    )
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "No such command 'nothing'" in unknown.stderr


def test_a_command_has_its_own_environment_and_folder(
    run_folder: Path, tmp_path: Path
) -> None:
    process = start_mailbox(tmp_path, folder=tmp_path)
    running = psutil.Process(process.pid)

    assert (running.cwd(), os.getpgid(process.pid)) == (str(tmp_path), os.getpgid(0))
    process.kill()
    assert process.wait(PATIENCE) == -signal.SIGKILL
    assert not psutil.pid_exists(process.pid)


def test_a_command_may_lead_a_session(run_folder: Path, tmp_path: Path) -> None:
    process = start_mailbox(tmp_path, new_session=True)

    assert os.getsid(process.pid) == process.pid
    process.kill()
    process.wait(PATIENCE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_command_runs_as_the_account_that_is_named(run_folder: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        process = start_mailbox(Path(folder), account="nobody")
        uid = psutil.Process(process.pid).uids().real
        process.kill()
        process.wait(PATIENCE)

    assert uid == pwd.getpwnam("nobody").pw_uid


def test_a_command_that_takes_too_long_is_killed(
    run_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        commands.run("mailbox", environment=mailbox(tmp_path), timeout=0.2)


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGTERM, marks=pytest.mark.thorough), signal.SIGKILL],
)
def test_no_command_outlives_whoever_asked_for_it(
    run_folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}"
    }
    arguments = [sys.executable, "-c", ASKER, str(tmp_path), str(free_ports(8))]
    with subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, text=True
    ) as asker:
        assert asker.stdout
        command = psutil.Process(int(asker.stdout.readline()))
        asker.send_signal(number)

    command.wait(PATIENCE)
    assert not command.is_running()


def test_a_command_that_nobody_waits_for_any_more_ends_while_others_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process of a run that dies leaves no command behind in the process that all of them ask."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    monkeypatch.setitem(forks.inherited, "tried", ours.fileno())
    environment = {"PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", SLEEP, str(theirs.fileno())]
    server = subprocess.Popen(
        command, env=os.environ | environment, pass_fds=[theirs.fileno()]
    )
    theirs.close()
    asker = Preloaded("tried", environment, is_shared=True)
    try:
        gone, left = (asker.start([], environment) for _ in range(2))
        ended = psutil.Process(gone.pid)
        parents = {psutil.Process(process.pid).ppid() for process in (gone, left)}
        os.close(gone._status)
        ended.wait(PATIENCE)
        is_left = left.poll() is None
        left.kill()
        status = left.wait(PATIENCE)
    finally:
        server.kill()
        server.wait()
    ours.close()
    asker.close()

    assert parents == {server.pid}
    assert is_left
    assert status == -signal.SIGKILL


@pytest.mark.parametrize(
    ("ending", "status", "message"),
    [
        ("return", 0, ""),
        ("raise ValueError('words')", 1, "ValueError: words"),
        ("sys.exit()", 0, ""),
        ("sys.exit('words')", 1, "words"),
        ("sys.exit(3)", 3, ""),
    ],
)
def test_a_quick_end_has_the_status_of_its_program_and_does_what_that_registered(
    ending: str, status: int, message: str
) -> None:
    done = run_code(RUN.format(ending=ending))

    assert (done.returncode, done.stdout) == (status, "the program and the end")
    assert done.stderr.strip().endswith(message)
    assert bool(done.stderr) is bool(message)


@pytest.mark.parametrize(
    ("loading", "status"), [("pass", 0), ("raise ImportError('words')", 1)]
)
def test_what_fails_before_its_program_began_has_failed(
    loading: str, status: int
) -> None:
    done = run_code(SERVE.format(loading=loading))

    assert done.returncode == status, done.stderr


def test_ansible_is_forked_whatever_became_of_the_streams_of_the_run() -> None:
    """A browser's program has them not block, which Ansible refuses when it is imported."""
    done = run_code(PLAYBOOK)

    assert done.stdout == "0 ansible-playbook\n", done.stderr
