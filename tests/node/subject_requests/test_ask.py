"""From a ticket of the portal to a request at the node, and back."""

import asyncio
import hashlib
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import select

from tests.node.subject_requests.askers import FORM, Asker, read_return
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.keys import Signer
from udi.kit.tenancy import Territory
from udi.node.subject_requests.models import (
    HeldTicket,
    SubjectFile,
    SubjectPerson,
    SubjectRequest,
)
from udi.protocol.credentials import READING
from udi.protocol.deadlines import answer_day

PDF = b"%PDF-1.7 un justificatif"


async def read_all(database: Database, territory: Territory, model: Any) -> list[Any]:
    async with database.session(territory.id, role="worker") as session:
        return list((await session.scalars(select(model))).all())


async def test_a_ticket_leads_to_the_form_and_a_request(
    asker: Asker, node_database: Database
) -> None:
    request_id = uuid.uuid4()

    brought = await asker.bring(request_id, number="7F3K-2M")
    form = await asker.client.get(brought.headers["location"])
    sent = await asker.write(request_id)

    assert brought.status_code == 303
    assert brought.headers["location"] == f"/subjects/new?ticket={request_id}"
    assert form.status_code == 200
    assert "7F3K-2M" in form.text
    assert "Mairie de Kerlévan" in form.text
    address, confirmation = read_return(sent)
    portal = asker.territory.links["portal"]
    assert address == f"{portal}/my-data/requests/{request_id}/return"
    [row] = await read_all(node_database, asker.territory, SubjectRequest)
    [person] = await read_all(node_database, asker.territory, SubjectPerson)
    assert (row.id, row.number, row.state) == (request_id, "7F3K-2M", "submitted")
    assert (row.concerns, row.known_by) == (FORM["concerns"], FORM["known_by"])
    assert (row.confirmation, row.subject_id) == (confirmation, person.id)
    assert row.due_on == answer_day(row.received_on, "FR")
    assert (person.subject, person.name, person.email) == (asker.login.subject, "", "")


async def test_the_form_may_lead_to_the_portal(asker: Asker) -> None:
    await asker.bring()

    form = await asker.client.get("/subjects/new")

    policy = form.headers["content-security-policy"]
    [targets] = [part for part in policy.split(";") if "form-action" in part]
    assert asker.territory.links["portal"] in targets


async def test_a_ticket_works_once(asker: Asker) -> None:
    ticket = asker.ticket()
    first = await asker.client.post("/subjects/tickets", data={"ticket": ticket})

    second = await asker.client.post("/subjects/tickets", data={"ticket": ticket})

    assert (first.status_code, second.status_code) == (303, 403)


async def test_a_ticket_of_another_kind_or_hand_is_refused(
    asker: Asker, signer: Signer, demo: Territory
) -> None:
    reading = signer.sign(
        READING,
        subject=str(uuid.uuid4()),
        issuer=demo.links["portal"],
        audience=demo.links["node"],
    )
    for token in ("", "x", reading, asker.ticket(right="everything"), asker.ticket(time_zone="Mars/North")):  # fmt: skip
        answer = await asker.client.post("/subjects/tickets", data={"ticket": token})
        assert answer.status_code == 403, token


async def test_a_ticket_for_a_producer_without_a_space_says_so(asker: Asker) -> None:
    await asker.bring(producer="port")

    answer = await asker.client.get("/subjects/new")

    assert answer.status_code == 403


async def test_the_form_opens_for_the_browser_that_brought_the_ticket_alone(
    asker: Asker, neighbour: Asker
) -> None:
    request_id = uuid.uuid4()
    brought = await asker.bring(request_id)

    for address in ("/subjects/new", brought.headers["location"]):
        assert (await neighbour.client.get(address)).status_code == 403
    assert (await neighbour.write(request_id)).status_code == 403


async def test_the_form_is_open_for_an_hour(
    asker: Asker, node_database: Database
) -> None:
    await asker.bring()
    async with node_database.session(asker.territory.id, role="worker") as session:
        ticket = (await session.scalars(select(HeldTicket))).one()
        ticket.expires_at = now() - timedelta(seconds=1)

    assert (await asker.client.get("/subjects/new")).status_code == 403


async def test_the_form_leads_to_the_login_first(
    passer_by: httpx.AsyncClient, asker: Asker
) -> None:
    ticket = {"ticket": asker.ticket()}
    brought = await passer_by.post("/subjects/tickets", data=ticket)

    answer = await passer_by.get(brought.headers["location"])

    assert answer.status_code == 303
    back = quote(brought.headers["location"], safe="/")
    assert answer.headers["location"] == f"/subjects/login?back={back}"


async def test_a_request_is_written_once(asker: Asker, node_database: Database) -> None:
    request_id = await asker.ask()

    await asker.write(uuid.UUID(request_id), FORM | {"words": "Une autre fois"})
    await asker.bring(uuid.UUID(request_id))

    assert len(await read_all(node_database, asker.territory, SubjectRequest)) == 1


async def test_a_form_that_is_sent_twice_at_once_is_written_once(
    asker: Asker, node_database: Database
) -> None:
    request_id = uuid.uuid4()
    await asker.bring(request_id)

    answers = await asyncio.gather(*(asker.write(request_id) for _ in range(4)))

    assert [answer.status_code for answer in answers] == [303] * 4
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await read_all(node_database, asker.territory, SubjectRequest)) == 1


@pytest.mark.parametrize(
    ("right", "form", "field"),
    [
        ("access", {"known_by": ""}, "known_by"),
        ("erasure", {"known_by": "carte 12", "concerns": ""}, "concerns"),
    ],
)
async def test_what_is_missing_is_named_and_nothing_is_kept(
    asker: Asker,
    node_database: Database,
    right: str,
    form: dict[str, str],
    field: str,
) -> None:
    request_id = uuid.uuid4()
    await asker.bring(request_id, right=right)

    answer = await asker.write(request_id, {"words": "Des mots gardés"} | form)

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "Des mots gardés" in answer.text
    assert await read_all(node_database, asker.territory, SubjectRequest) == []


async def test_a_document_is_sealed(asker: Asker, node_database: Database) -> None:
    request_id = uuid.uuid4()
    await asker.bring(request_id)

    files = {"file": ("justificatif.pdf", PDF, "application/pdf")}
    sent = await asker.write(request_id, files=files)

    assert sent.status_code == 303
    [row] = await read_all(node_database, asker.territory, SubjectFile)
    assert (row.name, row.size, row.role) == ("justificatif.pdf", len(PDF), "person")
    async with node_database.session(asker.territory.id, role="worker") as session:
        stored = await session.scalar(select(SubjectFile.content))
    assert stored is not None
    assert PDF not in stored
    address = f"/subjects/requests/{row.request_id}/files/{row.id}"
    read = await asker.client.get(address)
    assert hashlib.sha256(read.content).digest() == hashlib.sha256(PDF).digest()
    assert read.headers["content-disposition"].startswith("attachment")


async def test_a_document_of_another_kind_is_refused(
    asker: Asker, node_database: Database
) -> None:
    request_id = uuid.uuid4()
    await asker.bring(request_id)

    files = {"file": ("page.html", b"<script>", "text/html")}
    answer = await asker.write(request_id, files=files)

    assert answer.status_code == 422
    assert await read_all(node_database, asker.territory, SubjectFile) == []
