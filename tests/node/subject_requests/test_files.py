"""Files of requests: tables of any line ends, and how much each side may send."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import select

from tests.node.subject_requests.agents import Agent
from tests.node.subject_requests.askers import Asker
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.subject_requests.forms import LARGEST_FORM
from udi.node.subject_requests.models import SubjectRequest
from udi.node.subject_requests.pages import acts


@pytest.mark.parametrize(
    "content",
    [
        b"nom;repas\rLE FICTIF;214\r",
        b"nom;repas\x00\nLE FICTIF;214\n",
        b'"' + b"a" * 140_000,
    ],
)
async def test_a_table_with_other_line_ends_is_taken(
    asker: Asker, agent: Agent, content: bytes
) -> None:
    request_id = await asker.ask()

    files = {"file": ("repas.csv", content, "text/csv")}
    sent = await agent.client.post(f"/requests/{request_id}/files", files=files)

    assert sent.status_code == 303
    assert "repas.csv" in (await agent.see(request_id)).text


async def test_each_side_sends_so_many_files_and_no_more(
    asker: Asker, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "MOST_KEPT", 2)
    request_id = await asker.ask()
    messages = f"/subjects/requests/{request_id}/messages"
    theirs = f"/requests/{request_id}"
    words = {"text": "Voici."}

    async def send(client: httpx.AsyncClient, address: str) -> int:
        files = {"file": ("piece.pdf", b"%PDF-1.7", "application/pdf")}
        answer = await client.post(address, data=words, files=files)
        return answer.status_code

    person = [await send(asker.client, messages) for _ in range(3)]
    producer = [
        await send(agent.client, f"{theirs}/messages"),
        await send(agent.client, f"{theirs}/files"),
        await send(agent.client, f"{theirs}/messages"),
        await send(agent.client, f"{theirs}/files"),
    ]

    assert person == [303, 303, 422]
    assert producer == [303, 303, 422, 422]
    unburdened = await asker.client.post(messages, data=words)
    assert unburdened.status_code == 303


async def test_each_side_sends_so_many_bytes_and_no_more(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "MOST_BYTES", 20)
    request_id = await asker.ask()
    files = {"file": ("piece.pdf", b"%PDF-1.7 1234", "application/pdf")}
    address = f"/subjects/requests/{request_id}/messages"

    answers = [
        await asker.client.post(address, data={"text": "Voici."}, files=files)
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [303, 422]
    assert "30 fichiers" in answers[1].text


async def test_a_form_that_is_too_large_is_refused_in_words(
    asker: Asker, agent: Agent
) -> None:
    request_id = await asker.ask()
    large = b"%PDF-1.7" + bytes(LARGEST_FORM)
    files = {"file": ("piece.pdf", large, "application/pdf")}
    for client, address in (
        (asker.client, f"/subjects/requests/{request_id}/messages"),
        (agent.client, f"/requests/{request_id}/messages"),
    ):
        answer = await client.post(address, data={"text": "Voici."}, files=files)
        assert answer.status_code == 413
        assert "10 Mo" in answer.text


@pytest.mark.parametrize("way", ["person", "producer", "answer"])
async def test_a_slow_form_locks_nothing(
    asker: Asker, agent: Agent, node_database: Database, demo: Territory, way: str
) -> None:
    request_id = await asker.ask()
    client, address = {
        "person": (asker.client, f"/subjects/requests/{request_id}/messages"),
        "producer": (agent.client, f"/requests/{request_id}/messages"),
        "answer": (agent.client, f"/requests/{request_id}/files"),
    }[way]
    head = '--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nVoici.\r\n--b\r\n'
    tail = (
        'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        "%PDF-1.7\r\n--b--\r\n"
    )
    locked = select(SubjectRequest.id).with_for_update(nowait=True)

    async def send_slowly() -> AsyncIterator[bytes]:
        yield head.encode()
        async with node_database.session(demo.id, role="worker") as session:
            assert len((await session.scalars(locked)).all()) == 1
        yield tail.encode()

    answer = await client.post(
        address,
        content=send_slowly(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )

    assert answer.status_code == 303
