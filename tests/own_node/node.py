"""A producer's own node, as its technician knows it: a folder, commands, a process."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests import commands
from tests.identity.browser import form_action
from tests.journeys.installation import ROOT, Installation

SPACE = "mairie-kerlevan"
PATIENCE = 120.0
START = 300.0
"""Seconds until a node answers, at most: a crowded machine takes its time for a new database."""


@dataclass
class Node:
    """A node in a folder; nothing of it needs the installation's settings."""

    folder: Path
    port: int
    process: commands.Process | None = None
    web_workers: int | None = 1
    """None: as many as this machine has room for."""

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """A command of the technician."""
        return commands.run(*arguments, environment=environment())

    def init(self, link: str) -> subprocess.CompletedProcess[str]:
        return self.run(
            "node",
            "init",
            self.folder,
            "--invitation",
            link,
            "--port",
            str(self.port),
            "--json",
        )

    def join(self, link: str, *more: str) -> subprocess.CompletedProcess[str]:
        return self.run(
            "node", "join", self.folder, "--invitation", link, "--json", *more
        )

    def take_database(self, folder: Path) -> None:
        """Have the database that was made in another folder, with the password that opens it."""
        (self.folder / "secrets").mkdir(parents=True)
        for name in ("postgres", "secrets/postgres_password"):
            copy = ["cp", "-a", folder / name, self.folder / name]
            subprocess.run(copy, check=True)

    def start(self) -> None:
        """`udi node serve`, until its pages answer."""
        workers = {"UDI_WEB_WORKERS": str(self.web_workers)} if self.web_workers else {}
        with (self.folder / "serve.log").open("a") as log:
            self.process = commands.start(
                "node",
                "serve",
                self.folder,
                environment=environment() | workers,
                stdout=log,
                stderr=log,
            )
        wait_for(self.answers, START)

    def answers(self) -> bool:
        """Whether it answers; fails when its process has ended."""
        assert self.process is not None
        assert self.process.poll() is None, self.log("serve")
        try:
            return httpx.get(f"{self.url}/health", timeout=10).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> int | None:
        """As Ctrl-C does; its status."""
        if self.process is None:
            return None
        process = self.process
        self.process = None
        process.terminate()
        return process.wait(PATIENCE)

    def log(self, name: str) -> str:
        path = self.folder / ("serve.log" if name == "serve" else f"logs/{name}.log")
        return path.read_text(errors="replace")

    def get(self, path: str = "/", **headers: str) -> httpx.Response:
        """What anybody gets at an address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(f"{self.url}{path}", timeout=60, headers=named)

    def catalogue(self) -> dict[str, Any]:
        """What is public here, by identifier."""
        page = self.get("/api/v1/resources").json()
        return {record["global_id"]: record for record in page["items"]}


def environment() -> dict[str, str]:
    """Nothing of any installation."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith("UDI_")
    }
    return {**variables, "PYTHONPATH": str(ROOT / "platform/src")}


def invite(
    installation: Installation,
    slug: str,
    url: str,
    producer: str,
    *more: str,
    territory: str = "demo",
) -> str:
    """The link that the operator gets."""
    done = installation.run(
        "node",
        "invite",
        territory,
        slug,
        "--url",
        url,
        "--producer",
        producer,
        "--json",
        *more,
    )
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["invitation"])


def on_portal(
    installation: Installation, dataset: str, slug: str = "demo"
) -> httpx.Response:
    """A dataset's page for machines, as anybody reads it."""
    address = f"http://127.0.0.1:{installation.settings.port(0)}/konsult/v1/datasets/{dataset}/metadatas"
    return httpx.get(address, headers={"Host": f"{slug}.localhost"}, timeout=60)


def wait_for(true: Callable[[], object], patience: float = PATIENCE) -> None:
    """Until something is so."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.2)


async def log_in(
    client: httpx.AsyncClient, username: str, password: str, origin: str = ""
) -> None:
    """Through the real forms of Keycloak, and back to the node (known as `origin` there) with a session."""
    async with httpx.AsyncClient(timeout=60) as keycloak:

        async def drop_secure(_response: httpx.Response) -> None:
            for cookie in keycloak.cookies.jar:
                cookie.secure = False

        keycloak.event_hooks = {"response": [drop_secure]}
        leaving = await client.get("/login")
        assert leaving.status_code == 303, leaving.text
        page = await keycloak.get(leaving.headers["location"])
        page = await keycloak.post(form_action(page), data={"username": username})
        page = await keycloak.post(
            form_action(page), data={"username": username, "password": password}
        )
        assert page.status_code == 302, page.text
    opened = await client.get(
        page.headers["location"].removeprefix(origin)
        if origin
        else page.headers["location"]
    )
    assert opened.status_code == 303, opened.text
