"""A whole installation for the journeys: both programs as processes, two territories, real identity."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests import commands
from udi.cli import provision, schemas
from udi.portal.tenants.files import read_folder
from udi.settings import Settings

ROOT = Path(__file__).parents[2]
PARTS = (
    ("mailbox", ""),
    ("serve", "portal"),
    ("work", "portal"),
    ("serve", "node"),
    ("work", "node"),
)
PATIENCE = 300
"""Seconds that anything may take on a machine that does much besides; nothing is timed by it."""


@dataclass
class Installation:
    """Addresses and secrets of a running installation, and its processes."""

    settings: Settings
    folder: Path
    processes: dict[str, commands.Process]

    def portal(self, slug: str = "demo") -> str:
        return self.settings.origin("portal", f"{slug}.localhost")

    def node(self, slug: str = "demo") -> str:
        return self.settings.origin("node", f"node.{slug}.localhost")

    def password(self, username: str, slug: str = "demo") -> str:
        return self.settings.secret(f"account_{slug}_{username}")

    def log(self, part: str) -> str:
        return (self.folder / f"{part}.log").read_text(errors="replace")

    def mails(self) -> str:
        """Everything that was sent, as received by the mailbox."""
        folder = self.settings.state / "mail"
        return "".join(
            path.read_text(errors="replace")
            for path in folder.rglob("*")
            if path.is_file()
        )

    def run(
        self, *arguments: str, module: str = "udi"
    ) -> subprocess.CompletedProcess[str]:
        """One command, as an operator types it."""
        if module != "udi":
            command = [sys.executable, "-P", "-m", module, *arguments]
            return subprocess.run(
                command,
                env=self.environment(),
                capture_output=True,
                text=True,
                check=False,
            )
        return commands.run(*arguments, environment=self.environment())

    def environment(self) -> dict[str, str]:
        """The settings of this installation, for another process."""
        settings = self.settings
        return {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'platform/src'}{os.pathsep}{ROOT}",
            "UDI_STATE": str(settings.state),
            "UDI_SECRETS": str(settings.secrets_folder),
            "UDI_BASE_PORT": str(settings.base_port),
            "UDI_DATABASE_PORT": str(settings.database_port),
            "UDI_DATABASE_NAMES": json.dumps(settings.database_names),
            "UDI_IDENTITY_URL": settings.keycloak_url,
            "UDI_IDENTITY_REALM": settings.identity_realm,
            "UDI_TENANTS": str(ROOT / "tenants"),
            "UDI_PRIVATE_HOSTS": json.dumps(settings.private_hosts),
            "UDI_DATASPACE_HOSTS": json.dumps(settings.dataspace_hosts),
            **({"UDI_SCHEMAS": str(settings.schemas)} if settings.schemas else {}),
            **(
                {"UDI_WEB_WORKERS": str(settings.web_workers)}
                if settings.web_workers
                else {}
            ),
        }

    def start(self, verb: str, program: str, *options: str) -> None:
        """Start one part as `udi up` does."""
        with (self.folder / f"{verb}-{program}.log").open("ab") as log:
            self.processes[f"{verb}-{program}"] = commands.start(
                *filter(None, (verb, program, *options)),
                environment=self.environment(),
                stdout=log,
                stderr=log,
            )

    def stop(self, *parts: str) -> None:
        """Stop parts and wait for the end of each."""
        processes = [self.processes.pop(part) for part in parts]
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(PATIENCE)

    def family(self, part: str) -> list[psutil.Process]:
        """A part and the processes that it started."""
        parent = psutil.Process(self.processes[part].pid)
        return [parent, *parent.children(recursive=True)]

    def freeze(self, *parts: str) -> None:
        """Let parts do nothing, as a machine that hangs: who calls them is not answered."""
        for part in parts:
            for process in self.family(part):
                process.suspend()

    def thaw(self, *parts: str) -> None:
        """Let them go on."""
        for part in parts:
            for process in self.family(part):
                process.resume()

    def kill(self, *parts: str) -> None:
        """End parts as a power cut does: nothing is told."""
        families = [self.family(part) for part in parts]
        for process in (process for family in families for process in family):
            process.kill()
        for part, (_, *children) in zip(parts, families, strict=True):
            self.processes.pop(part).wait(PATIENCE)
            psutil.wait_procs(children, PATIENCE)

    def wait(self, program: str) -> None:
        """Wait until a program answers."""
        port = self.settings.port(0 if program == "portal" else 1)
        process = self.processes[f"serve-{program}"]
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if (
                    httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code
                    == 200
                ):
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError(self.log(f"serve-{program}"))


def second_territory(folder: Path) -> Path:
    """Files of another territory, made from the demonstration's; it shows its datasets at home only."""
    target = Path(shutil.copytree(ROOT / "tenants/demo", folder / "autre"))
    source = (target / "tenant.toml").read_text()
    source = source.replace('slug = "demo"', 'slug = "autre"').replace(
        "demo.localhost", "autre.localhost"
    )
    assert "shared = true" in source
    source = source.replace("shared = true", 'territories = ["nowhere"]')
    source = source.replace(
        'fr = "Armorine", en = "Armorine"', 'fr = "Hautes-Terres", en = "Hautes-Terres"'
    )
    (target / "tenant.toml").write_text(
        source.replace("@kerlevan", "@autre-kerlevan").replace(
            "@armorine", "@hautes-terres"
        )
    )
    return target


@contextmanager
def running(
    settings: Settings,
    folder: Path,
    *,
    with_second: bool = True,
    parts: Sequence[tuple[str, str]] = PARTS,
) -> Iterator[Installation]:
    """Both territories applied, or `demo` alone, and the processes up; stopped at the end.

    A territory more takes Keycloak seconds of processor, and so does a part that nobody asks anything.
    """
    schemas.migrate(settings)
    territories = [ROOT / "tenants/demo"]
    if with_second:
        territories.append(second_territory(folder))
    for path in territories:
        provision.apply_folder(settings, read_folder(path))
    installation = Installation(settings, folder, {})
    try:
        for verb, program in parts:
            installation.start(verb, program)
        for verb, program in parts:
            if verb == "serve":
                installation.wait(program)
        yield installation
    finally:
        installation.stop(*installation.processes)
