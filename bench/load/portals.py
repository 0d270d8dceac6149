"""A portal started for a measure, one at a time: as shipped, with every cache of ours off, or a handler alone."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import httpx

from bench.load import floor, requests
from bench.load.corpus import Corpus
from bench.load.peer import Peer
from bench.load.scratch import environment_of
from udi.cli.local import ports, processes
from udi.cli.local.errors import LocalError
from udi.cli.local.plan import StartupPlan
from udi.cli.local.state import read_status
from udi.portal.tenants.files import TenantFolder
from udi.settings import Settings

WORKERS = 2
SHIPPED = "as shipped"
UNCACHED = "caches off"
CACHES = {SHIPPED: None, UNCACHED: "0"}
UNLIMITED = {"UDI_API_REQUESTS_PER_MINUTE": str(10**9)}
"""All requests come from one address: they are counted as in production, and never refused."""
OTHERS = "postgres, for others"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Stand:
    """What a measure needs: the installation, the corpus, the territories; and, while one answers, a portal of its own."""

    settings: Settings
    corpus: Corpus
    script: Path
    folders: Sequence[TenantFolder]
    tell: Tell
    peer: Peer | None = None
    port: int = 0
    pid: int = 0

    @property
    def dsn(self) -> str:
        password = self.settings.secret("postgres_password")
        return f"postgresql://postgres:{password}@127.0.0.1:{self.settings.port(4)}/udi_portal"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def host(self, folder: TenantFolder) -> str:
        return f"{folder.file.hosts.portal[0]}:{self.settings.port(0)}"

    def client(self, folder: TenantFolder) -> httpx.AsyncClient:
        """Someone in front of the portal that answers."""
        return httpx.AsyncClient(
            base_url=self.base,
            headers={"Host": self.host(folder)},
            timeout=60,
            trust_env=False,
        )

    def processor_times(self) -> dict[str, float]:
        """Seconds of processor that the portal, its worker and PostgreSQL took so far."""
        return {
            name: requests.processor_time(pid) for name, pid in self.parts().items()
        }

    def memory(self) -> dict[str, int]:
        """Bytes that each part holds; the processes of PostgreSQL that serve the node and Keycloak are told apart."""
        sizes = {name: requests.memory(pid) for name, pid in self.parts().items()}
        others = requests.memory_named(
            self.parts()["postgres"], ("udi_keycloak", "udi_node")
        )
        return {**sizes, "postgres": sizes["postgres"] - others, OTHERS: others}

    def parts(self) -> dict[str, int]:
        """Processes that serve the catalogue, by name, each with its children."""
        running = {
            part["name"]: part["pid"]
            for part in read_status(self.settings).get("parts", ())
            if part["pid"]
        }
        return {
            "web": self.pid,
            "worker": running["portal-worker"],
            "postgres": running["postgres"],
        }

    def producers(self, folder: TenantFolder) -> dict[str, uuid.UUID]:
        return {
            slug: uuid.uuid5(folder.tenant_id, slug) for slug in self.corpus.producers
        }


@contextmanager
def serving(stand: Stand, name: str = SHIPPED) -> Iterator[Stand]:
    """The stand with two web workers that answer on a port of their own, as `name` says, as long as the block lasts."""
    port = ports.free_port()
    guardian = processes.ProcessWatchdog()
    command = [*StartupPlan.command, "serve", "portal", "--workers", str(WORKERS)]
    environment = dict(UNLIMITED)
    if name == floor.KIND:
        command = floor.command(WORKERS)
    elif (size := CACHES[name]) is not None:
        environment["UDI_ANSWER_CACHE"] = size
    process = processes.spawn(
        [*command, "--port", str(port)],
        log=stand.settings.state / "portals.log",
        environment=environment_of(stand.settings) | environment,
        guardian=guardian,
    )
    try:
        _wait_until(
            partial(ports.answers, port, "/health"), "The portal does not answer"
        )
        yield replace(stand, port=port, pid=process.pid)
    finally:
        processes.stop(process, guardian=guardian)
        guardian.close()


def _wait_until(
    holds: Callable[[], object], fault: str, patience: float = 60.0
) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            raise LocalError(
                fault,
                f"see the log of the scratch installation; waited {patience:.0f} s",
            )
        time.sleep(0.2)
