"""What is done without pause while something falls: records pushed, pages and files read, people who log in."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

import httpx

from tests.ansible.load import PUBLISHER, Pusher, log_in
from tests.ansible.operator_folder import Names
from tests.ansible.pulse import AttemptError, Pulse, Pulses, Pulsing
from tests.node.producer import Producer

MEMBERS = (
    PUBLISHER,
    "responsable@kerlevan.example",
    "equipe@armorine.example",
    "habitante@armorine.example",
)
PATIENCE = 5.0


class LoadedPlace(Protocol):
    """An installation with the accounts of the demonstration."""

    @property
    def names(self) -> Names:
        """The names under which its territory answers."""

    def portal(self) -> str:
        """Origin of the territory's portal."""

    def node(self) -> str:
        """Origin of its hosted node."""

    def secret(self, name: str) -> str:
        """A secret of the installation."""

    def visitor(self, host: str, patience: float = PATIENCE) -> httpx.AsyncClient:
        """A client for one of its names."""


@asynccontextmanager
async def loading(place: LoadedPlace, reports: list[str]) -> AsyncIterator[Pulses]:
    """Records pushed, pages and files read, people who log in, for as long as the block lasts."""
    portal = place.portal()
    node = place.node()
    secret = {
        member: await asyncio.to_thread(
            place.secret, f"account_{place.names.slug}_{member}"
        )
        for member in MEMBERS
    }
    credential = await asyncio.to_thread(
        place.secret, f"node_credential_{place.names.slug}"
    )
    async with AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(place.visitor(place.names.node, 60))
        await log_in(publisher, node, PUBLISHER, secret[PUBLISHER])
        records = [
            await find_record(publisher, await Producer(publisher).publish())
            for _ in range(2)
        ]
        file = records[0]["available_formats"][0]["connector"]["url"]
        clients = [
            await stack.enter_async_context(place.visitor(place.names.portal))
            for _ in range(6)
        ]
        pushers = [
            Pusher(client, f"{place.names.slug}-node-hosted", credential, record)
            for client, record in zip(clients, records, strict=False)
        ]
        pulses = {
            "write": Pulse([writing(pusher, reports) for pusher in pushers], 10, 0.1),
            "page": Pulse(
                [reading(client, f"{portal}/data") for client in clients[2:4]], 5, 0.1
            ),
            "download": Pulse(
                [reading(client, file) for client in clients[4:6]], 5, 0.1
            ),
            "login": Pulse(
                [
                    logging_in(place, portal, member, secret[member])
                    for member in MEMBERS[1:]
                ],
                12,
                0.5,
            ),
        }
        async with Pulsing(pulses):
            yield pulses


def reading(client: httpx.AsyncClient, address: str) -> Any:
    """Somebody without an account reads something."""

    async def read() -> None:
        require(await client.get(address))

    return read


def writing(pusher: Pusher, reports: list[str]) -> Any:
    """A node pushes the next version of a record; what it is answered is noted."""

    async def write() -> None:
        answer = await pusher.push()
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            pusher.token = ""
        reports.append(str(require(answer).json()))

    return write


def logging_in(place: LoadedPlace, portal: str, member: str, password: str) -> Any:
    """Somebody comes with no cookie, and logs in by the pages."""

    async def attempt() -> None:
        async with place.visitor(place.names.portal) as client:
            try:
                await log_in(client, portal, member, password)
            except AssertionError as error:
                msg = "not logged in"
                raise AttemptError(msg) from error
            require(await client.get(f"{portal}/my-space"))

    return attempt


def require(answer: httpx.Response) -> httpx.Response:
    """The answer, when it is the right one."""
    if answer.status_code != httpx.codes.OK:
        msg = f"{answer.status_code} at {answer.request.url.path}"
        raise AttemptError(msg)
    return answer


async def find_record(publisher: httpx.AsyncClient, dataset: str) -> dict[str, Any]:
    """The record of a dataset, once the portal accepted it."""
    until = time.monotonic() + 60
    while (
        answer := await publisher.get(f"/api/v1/resources/{dataset}")
    ).status_code != httpx.codes.OK:
        assert time.monotonic() < until, answer.text
        await asyncio.sleep(0.3)
    return dict(answer.json())
