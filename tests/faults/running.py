"""A node as it runs in production: its web process and its worker, started, killed and started again."""

import contextlib
import json
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests import commands
from udi.kit.crash import VARIABLE
from udi.settings import ProgramName, Settings

ROOT = Path(__file__).parents[2]
PATIENCE = 120
PARTS = ("serve", "work")


@dataclass
class RunningNode:
    """Both processes, each in a group of its own."""

    settings: Settings
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    program: ProgramName = "node"
    processes: dict[str, commands.Process] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.settings.port(1)}"

    def start(self, *parts: str, crash_at: str = "") -> None:
        """Start both, or some; the web process answers when this returns."""
        for part in parts or PARTS:
            self.stop(part)
            with (self.folder / f"{part}.log").open("ab") as log_file:
                self.processes[part] = commands.start(
                    part, self.program, environment=self._environment(crash_at), stdout=log_file, stderr=log_file,
                    new_session=True, folder=self.folder,
                )  # fmt: skip
        if "serve" in (parts or PARTS):
            self._wait()

    def stop(self, *parts: str) -> None:
        """As a power cut: nothing is told."""
        for part in parts or PARTS:
            process = self.processes.pop(part, None)
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def family(self, part: str) -> list[psutil.Process]:
        """A part and the processes that it started."""
        parent = psutil.Process(self.processes[part].pid)
        return [parent, *parent.children(recursive=True)]

    def has_died(self) -> bool:
        """Whether a process of either part was killed: the server outlives its worker by a moment."""
        for part in self.processes:
            try:
                if self.processes[part].poll() is not None or (
                    part == "serve" and len(self.family(part)) == 1
                ):
                    return True
            except psutil.NoSuchProcess:
                return True
        return False

    def memory(self, part: str) -> int:
        """Resident bytes of the largest process of a part."""
        sizes = []
        for process in self.family(part):
            with contextlib.suppress(psutil.NoSuchProcess):
                sizes.append(process.memory_info().rss)
        return max(sizes)

    def log(self, part: str) -> str:
        return (self.folder / f"{part}.log").read_text(errors="replace")

    def _environment(self, crash_at: str) -> dict[str, str]:
        settings = self.settings
        return {
            **os.environ, "PYTHONPATH": str(ROOT / "platform/src"), VARIABLE: crash_at,
            "UDI_STATE": str(settings.state), "UDI_SECRETS": str(settings.secrets_folder),
            "UDI_BASE_PORT": str(settings.base_port), "UDI_PRIVATE_HOSTS": json.dumps(settings.private_hosts), "UDI_DATABASE_PORT": str(settings.database_port),
            "UDI_DATABASE_NAMES": json.dumps(settings.database_names), "UDI_OBJECT_STORE": settings.object_store_url,
            # One, so that its death ends the program: a second would go on, and the dead be replaced.
            "UDI_WEB_WORKERS": "1", **self.environment,
        }  # fmt: skip

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/health").status_code == 200:
                    return
            assert self.processes["serve"].poll() is None, self.log("serve")[-2000:]
            time.sleep(0.1)
        raise AssertionError(self.log("serve")[-2000:])
