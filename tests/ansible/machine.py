"""A bare Debian machine with an address of its own, the play run on it, and a visitor who trusts its authority."""

import os
import re
import shlex
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests import depth
from tests.commands import Commands

ROOT = Path(__file__).parents[2]
PLAY = ROOT / "infra/ansible"
CONFIGURATION = {
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_CONFIG": str(PLAY / "ansible.cfg"),
    "ANSIBLE_LOCAL_TEMP": str(Path(tempfile.gettempdir(), "ansible-local")),
}
"""The temporary folder is said: a fork takes the default of Ansible for a name, and makes it in the folder of the play."""
PLAYBOOKS = Commands(program="ansible", imported=CONFIGURATION, is_shared=True)
TOOL = Path(
    os.environ.get("UDI_FRESH_MACHINE", ROOT.parent / "shared/tools/fresh-machine")
)
TASK = re.compile(
    r"^(?:TASK|RUNNING HANDLER) \[(.+?)\]|^changed: \[(\S+)\]", re.MULTILINE
)
RECAP = re.compile(
    r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)",
    re.MULTILINE,
)

PLAY_PATIENCE = 1800
"""Seconds that a whole play may take: four minutes on a quiet computer, more than fifteen on one with a load of 10."""


def require_tool() -> None:
    """Skip, with the reason, where no machine can be booted."""
    if os.geteuid() != 0:
        pytest.skip("booting a machine needs root")
    if not TOOL.exists():
        pytest.skip(f"needs fresh-machine: set UDI_FRESH_MACHINE (looked at {TOOL})")


def ansible(
    *arguments: str | Path, patience: float = 900, **variables: str
) -> subprocess.CompletedProcess[str]:
    """One of Ansible's programs, from the environment of the tests, in the folder of the play.

    `ansible-playbook` is forked from a process that has imported it, but for a run of everything, which starts it from nothing.
    """
    programs = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": "",
        **CONFIGURATION,
        **variables,
    }
    if arguments[0] == "ansible-playbook" and not depth.thorough():
        return PLAYBOOKS.run(
            *arguments, environment=environment, folder=PLAY, timeout=patience
        )
    command = [str(programs / arguments[0]), *map(str, arguments[1:])]
    return subprocess.run(
        command,
        cwd=PLAY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
    )


def build_wheel(folder: Path) -> Path:
    """The wheel of the checkout as it is now."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(folder),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@dataclass(frozen=True)
class Run:
    """What one run of the play did, on the machine."""

    output: str
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """How many tasks changed or failed, on all hosts together."""
        lines = RECAP.findall(self.output)
        assert lines, self.output[-3000:]
        return {
            "changed": sum(int(line[2]) for line in lines),
            "failed": sum(int(line[4]) for line in lines),
        }

    @property
    def changes(self) -> list[str]:
        """Which tasks changed something, and where."""
        changes = []
        task = ""
        for name, host in TASK.findall(self.output):
            task = name or task
            if host:
                changes.append(f"{host}: {task}")
        return changes


@dataclass
class Machine:
    """A booted machine and the inventory that names it."""

    name: str
    address: str
    inventory: Path
    tool: Path = TOOL

    def play(self) -> Run:
        """Run the whole play, over ssh, as an account that may use sudo."""
        started = time.monotonic()
        done = ansible(
            "ansible-playbook", "-i", self.inventory, "site.yml", patience=PLAY_PATIENCE
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return Run(done.stdout, time.monotonic() - started)

    def run(self, command: str) -> str:
        """What a shell command says on the machine, as root."""
        done = subprocess.run(
            [self.tool, "exec", self.name, "--", "sh", "-c", command],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def write(self, path: str, content: bytes) -> None:
        """Put a file on the machine, as root."""
        command = [self.tool, "exec", self.name, "--", "sh", "-c", f"cat >{path}"]
        subprocess.run(command, input=content, check=True)

    def visitor(
        self, host: str, authority: Path, patience: float = 30
    ) -> httpx.AsyncClient:
        """A client that resolves every name to this machine and trusts its authority only."""
        transport = ToMachine(
            self.address, ssl.create_default_context(cafile=str(authority))
        )
        headers = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "fr"}
        return httpx.AsyncClient(
            transport=transport,
            base_url=f"https://{host}",
            headers=headers,
            timeout=patience,
        )


class ToMachine(httpx.AsyncBaseTransport):
    """Connects to one address whatever the name, which is kept for TLS and Host."""

    def __init__(self, address: str, context: ssl.SSLContext) -> None:
        self._address = address
        self._inner = httpx.AsyncHTTPTransport(verify=context)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        pinned = request.url.copy_with(host=self._address)
        extensions = {**request.extensions, "sni_hostname": request.url.host}
        return await self._inner.handle_async_request(
            httpx.Request(
                request.method,
                pinned,
                headers=request.headers,
                stream=request.stream,
                extensions=extensions,
            )
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


def address_of_this_run() -> tuple[str, str]:
    """A name and an address that another run at the same time does not take."""
    number = os.getpid() % 100
    return f"udi{number}", f"10.99.0.{100 + number}"


def boot(name: str, address: str, tool: Path = TOOL) -> dict[str, str]:
    """Boot a bare machine, which is the caller's to stop; how Ansible reaches it."""
    done = subprocess.run(
        [tool, "boot", name, "--ip", address],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(
            f"no machine can be booted here: {(done.stderr or done.stdout).strip()[-300:]}"
        )
    require_packages(name, tool)
    line = subprocess.run(
        [tool, "inventory", name], check=True, capture_output=True, text=True
    ).stdout
    return dict(word.split("=", 1) for word in shlex.split(line)[1:])


@contextmanager
def booted(name: str, address: str, tool: Path = TOOL) -> Iterator[dict[str, str]]:
    """A bare machine that lives as long as the block; how Ansible reaches it."""
    try:
        yield boot(name, address, tool)
    finally:
        subprocess.run(
            [tool, "stop", name], check=False, capture_output=True, timeout=900
        )


def require_packages(name: str, tool: Path) -> None:
    """Skip, with the reason, where a machine reaches no packages."""
    command = [
        tool,
        "exec",
        name,
        "--",
        "apt-get",
        "update",
        "-qq",
        "-o",
        "APT::Update::Error-Mode=any",
    ]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=300
    )
    if done.returncode:
        pytest.skip(
            f"a machine booted here reaches no packages: {done.stderr.strip()[-300:]}"
        )
