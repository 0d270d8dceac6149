"""The portal killed at each step of an agreement: nothing is lost or done twice, and what is revoked does not come back.

Nobody has a browser here: what people see of these steps is looked at by `test_restricted.py`.
A usual run kills it once in each way: while it writes, once it has written, while it tells a node that hangs, and with a node
that is cut off; a run of everything does so at each step.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import httpx
import pytest

from tests.depth import thorough
from tests.faults.power import LATER
from tests.journeys.forms import logged_in, publish_restricted
from tests.journeys.installation import PARTS, Installation
from tests.journeys.steps import wait_until
from tests.journeys.test_publish_and_find import wait_until_found
from tests.journeys.test_restricted import (
    COLUMNS,
    INHABITANT,
    TABLE,
    answers,
    read,
)
from udi.settings import ProgramName

TITLE = "Courbes de charge des rues"
PORTAL = ("serve-portal", "work-portal")
NODE = ("serve-node", "work-node")
REQUEST_FORM = {
    "title": "Ombrager dix rues", "summary": "Choisir où planter.", "requester": "person", "purpose": "research",
    "words": "Repérer les rues où la consommation grimpe la nuit.", "months": "6", "columns": list(COLUMNS[:2]),
}  # fmt: skip
TERMS = {
    "requesters": ["person", "research"], "purposes": ["research"], "prohibitions": ["distribute"], "months": "24",
    "renewals": "1", "columns": "\n".join(COLUMNS), "answer_days": "15", "revision": "0",
}  # fmt: skip
WHY = {"words": "Le programme est arrêté.", "revision": "1"}
EVENTS = {
    "access_request.submitted",
    "access_request.granted",
    "agreement.made",
    "project_credential.made",
    "agreement.revoked",
}


@dataclass
class Trial:
    """The installation, a restricted dataset, its producer and who asks; what each of them sends, and what is kept."""

    place: Installation
    dataset: str
    producer: httpx.AsyncClient
    person: httpx.AsyncClient

    @property
    def path(self) -> str:
        return f"/datasets/{self.dataset}/file"

    async def list_rows(self, program: ProgramName, query: str) -> list[Any]:
        """Rows of the territory, as a job sees them."""
        async with self._connected(program) as connection, connection.transaction():
            tenant = await connection.fetchval(
                "SELECT id FROM platform.territory WHERE slug = 'demo'"
            )
            await connection.execute(f"SET LOCAL app.tenant = '{tenant}'")
            rows: list[Any] = await connection.fetch(query)
            return rows

    async def killed_in_the_middle(
        self, by: httpx.AsyncClient, address: str, form: dict[str, Any], table: str
    ) -> None:
        """The portal dies while it does what is asked: it waits to write in a table that somebody else holds."""
        async with (
            self._connected("portal", "owner") as connection,
            connection.transaction(),
        ):
            await connection.execute(f"LOCK TABLE app.{table} IN SHARE MODE")
            request_task = asyncio.create_task(by.post(address, data=form))
            await wait_until(lambda: self._is_waiting(connection, table))
            self.place.kill(*PORTAL)
            with pytest.raises(httpx.TransportError):
                await request_task
        self.start()

    async def _is_waiting(self, connection: Any, table: str) -> bool:
        query = (
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE d.datname = current_database() AND NOT l.granted"
            f" AND l.relation = 'app.{table}'::regclass"
        )
        return bool(await connection.fetchval(query))

    def start(self) -> None:
        """Start the portal again, with one web worker; the first kill is of as many as the machine has room for."""
        self.place.start("serve", "portal", "--workers", "1")
        self.place.start("work", "portal")
        self.place.wait("portal")

    async def let_time_pass(self) -> None:
        """What the next half minute would do: jobs whose worker died are taken again."""
        async with self._connected("portal") as connection:
            await connection.execute(str(LATER))

    @asynccontextmanager
    async def _connected(
        self, program: ProgramName, role: Any = "worker"
    ) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(
            self.place.settings.dsn(program, role).replace("+asyncpg", "")
        )
        try:
            yield connection
        finally:
            await connection.close()


@pytest.fixture
async def trial(installation: Installation) -> AsyncIterator[Trial]:
    async with logged_in(installation, "node") as node:
        dataset = await publish_restricted(node, TABLE, TITLE)
    await wait_until_found(installation, "courbes charge", TITLE)
    async with (
        logged_in(installation, "portal") as producer,
        logged_in(installation, "portal", INHABITANT) as person,
    ):
        set_terms = await producer.post(
            f"/data/{dataset}/access-policy/edit", data=TERMS
        )
        assert set_terms.status_code == 303, set_terms.text
        yield Trial(installation, dataset, producer, person)
    for verb, program in PARTS:
        if f"{verb}-{program}" not in installation.processes:
            installation.start(verb, program)
    installation.wait("portal")
    installation.wait("node")


async def test_the_portal_killed_at_each_step_loses_nothing_and_brings_nothing_back(
    trial: Trial,
) -> None:
    request = await ask(trial)
    agreement = await grant(trial, request)
    secret = await deliver(trial, agreement)
    await read_while_away(trial, secret)
    await revoke(trial, agreement, secret)

    done = [
        row["name"]
        for row in await trial.list_rows(
            "portal", EVENT_NAMES.format(request=request, agreement=agreement)
        )
    ]
    assert sorted(name for name in done if name in EVENTS) == sorted(EVENTS)
    [agreement_row] = await trial.list_rows("node", HELD.format(agreement=agreement))
    await trial.let_time_pass()
    await wait_until(
        lambda: is_acknowledged(trial, agreement, agreement_row["revision"])
    )
    assert agreement_row["state"] == "revoked"


EVENT_NAMES = """SELECT e.name FROM app.audit_event e WHERE e.subject_id::text IN ('{request}', '{agreement}',
  (SELECT project_id::text FROM app.access_agreement WHERE id = '{agreement}'))"""
HELD = "SELECT state, revision FROM app.held_agreement WHERE id = '{agreement}'"


async def is_acknowledged(trial: Trial, agreement: str, revision: int) -> bool:
    """Whether the portal knows that the node holds this."""
    [row] = await trial.list_rows(
        "portal",
        f"SELECT delivered, revision FROM app.access_agreement WHERE id = '{agreement}'",
    )
    return bool(row["delivered"] == row["revision"] == revision)


async def ask(trial: Trial) -> str:
    """The request; under `--all`, lost with the portal that was writing it, sent again, kept by the one that dies just after."""
    home = f"/data/{trial.dataset}/access-requests/new"
    mine = f"SELECT id FROM app.access_request WHERE dataset_id = '{trial.dataset}'"
    if thorough():
        await trial.killed_in_the_middle(
            trial.person, home, REQUEST_FORM, "access_step"
        )
        assert await trial.list_rows("portal", mine) == []
    address = (await trial.person.post(home, data=REQUEST_FORM)).headers["location"]
    if thorough():
        trial.place.kill(*PORTAL)
        trial.start()

    [row] = await trial.list_rows("portal", mine)
    assert address.endswith(str(row["id"]))
    for side in (trial.person, trial.producer):
        assert (await side.get(address)).status_code == 200
    return str(row["id"])


async def grant(trial: Trial, request: str) -> str:
    """The grant: undone with the portal that was making it; once made, the node is told by whoever comes after."""
    address = f"/access-requests/{request}/grant"
    mine = f"SELECT id FROM app.access_agreement WHERE request_id = '{request}'"
    await trial.killed_in_the_middle(trial.producer, address, WHY, "public_agreement")
    assert await trial.list_rows("portal", mine) == []
    trial.place.freeze("work-portal", "work-node")
    assert (await trial.producer.post(address, data=WHY)).status_code == 303
    trial.place.kill(*PORTAL)
    trial.place.thaw("work-node")
    [row] = await trial.list_rows("portal", mine)
    agreement = str(row["id"])
    assert await trial.list_rows("node", HELD.format(agreement=agreement)) == []
    trial.start()

    again = await trial.producer.post(address, data=WHY)
    assert again.status_code == 409
    await wait_until(lambda: holds(trial, agreement))
    assert len(await trial.list_rows("portal", mine)) == 1
    return agreement


async def holds(trial: Trial, agreement: str) -> bool:
    return bool(await trial.list_rows("node", HELD.format(agreement=agreement)))


async def deliver(trial: Trial, agreement: str) -> str:
    """A credential: the portal dies while it tells a node that hangs; the secret is good once both are there."""
    [row] = await trial.list_rows(
        "portal",
        f"SELECT project_id, node_id FROM app.access_agreement WHERE id = '{agreement}'",
    )
    trial.place.freeze(*NODE)
    form = {"name": "Le portable", "node": str(row["node_id"]), "days": "30"}
    page = await trial.person.post(
        f"/projects/{row['project_id']}/access/credentials", data=form
    )
    assert page.status_code == 201, page.text
    secret = page.text.partition('id="secret" value="')[2].partition('"')[0]
    await wait_until(lambda: is_delivering(trial))
    trial.place.kill(*PORTAL)
    trial.place.thaw(*NODE)
    trial.start()

    await wait_until(answers(trial.place, trial.path, secret, 200))
    assert (
        len(
            await trial.list_rows(
                "node",
                f"SELECT id FROM app.held_credential WHERE agreement_id = '{agreement}'",
            )
        )
        == 1
    )
    return secret


async def is_delivering(trial: Trial) -> bool:
    """Whether the worker is at it: it waits for the node's answer."""
    query = "SELECT 1 FROM queue.pgqueuer WHERE entrypoint = 'deliver_agreement' AND status = 'picked'"
    return bool(await trial.list_rows("portal", query))


async def read_while_away(trial: Trial, secret: str) -> None:
    """The node asks a portal that hangs: who has an agreement is answered meanwhile, and after it died (`--all`)."""
    trial.place.freeze(*PORTAL)
    await wait_until(lambda: is_answered_meanwhile(trial, secret))
    if not thorough():
        trial.place.thaw(*PORTAL)
        return
    trial.place.kill(*PORTAL)
    assert (await read(trial.place, trial.path, secret)).status_code == 200
    assert (await read(trial.place, trial.path, f"{secret}x")).status_code == 401
    trial.start()


async def is_answered_meanwhile(trial: Trial, secret: str) -> bool:
    """Whether somebody reads the data while the node waits for the portal's answer to one question."""
    before = await question(trial)
    response = await read(trial.place, trial.path, secret)
    assert response.status_code == 200
    return before is not None and before == await question(trial)


async def question(trial: Trial) -> datetime | None:
    """When the question began that the node waits for an answer to."""
    waiting = "SELECT tried_at FROM app.agreement_cursor WHERE tried_at > greatest(answered_at, failed_at)"
    rows = await trial.list_rows("node", waiting)
    if rows:
        return rows[0]["tried_at"]
    return None


async def revoke(trial: Trial, agreement: str, secret: str) -> None:
    """The node cut off, the portal killed before it tells: the first reading after both are back is refused, and stays so."""
    place = trial.place
    address = f"/agreements/{agreement}/revoke"
    if thorough():
        await trial.killed_in_the_middle(
            trial.producer, address, WHY, "public_agreement"
        )
    assert (await read(place, trial.path, secret)).status_code == 200
    place.kill(*NODE)
    assert (await trial.producer.post(address, data=WHY)).status_code == 303
    place.kill(*PORTAL)
    trial.start()
    await start_node(trial)
    refused = await read(place, trial.path, secret)
    assert refused.status_code == 403
    assert WHY["words"] in refused.text
    if thorough():
        await revive_without_portal(trial, secret)


async def revive_without_portal(trial: Trial, secret: str) -> None:
    """Both killed: a node that finds no portal refuses what was revoked, and so it does once the portal is there."""
    place = trial.place
    place.kill(*PORTAL, *NODE)
    await start_node(trial)
    refused = await read(place, trial.path, secret)
    assert refused.status_code == 403
    assert WHY["words"] in refused.text
    trial.start()
    assert (await read(place, trial.path, secret)).status_code == 403


async def start_node(trial: Trial) -> None:
    """Start the node; its worker has asked the portal, or tried, when this returns."""
    [before] = await trial.list_rows(
        "node", "SELECT tried_at FROM app.agreement_cursor"
    )
    for part in NODE:
        trial.place.start(*part.split("-"))
    trial.place.wait("node")

    async def tried() -> bool:
        query = "SELECT tried_at <= greatest(answered_at, failed_at) AND tried_at > $1 AS done FROM app.agreement_cursor"
        [row] = await trial.list_rows(
            "node", query.replace("$1", f"'{before['tried_at']}'")
        )
        return bool(row["done"])

    await wait_until(tried)
