"""«To do» at the node: an automatic update that stopped waits with its reason, and goes with the act that mends it."""

import pytest

from tests.node.producer import TABLE
from tests.node.sending import rows
from tests.node.sources.renewal import Renewal
from tests.node.sources.webdav_server import PASSWORD, WebdavServer
from udi.node.datasets.models import DatasetEvent
from udi.node.datasets.upkeep.pending_work import (
    WaitingDataset,
    count_waiting,
    list_waiting,
)
from udi.protocol.inbox import NodeInboxKind


async def waiting(renewal: Renewal) -> list[WaitingDataset]:
    """What waits for the producer."""
    async with renewal.database.session(renewal.territory.id, role="worker") as session:
        return await list_waiting(session, renewal.territory)


async def press(renewal: Renewal, button: str) -> None:
    """Press a button of the source on the page of the dataset."""
    answer = await renewal.producer.client.post(
        f"/datasets/{renewal.dataset}/source/{button}"
    )
    assert answer.status_code == 303


async def test_a_source_that_waits_for_a_person_is_in_the_inbox_with_its_reason(
    renewal: Renewal, webdav: WebdavServer
) -> None:
    webdav.put("a.csv", TABLE)
    await renewal.save(webdav.address(), password="autre")
    before = await waiting(renewal)

    source = await renewal.look()
    [item] = await waiting(renewal)
    page = await renewal.producer.page("/inbox")

    assert before == []
    assert item.kind == NodeInboxKind.SOURCE
    assert item.since == source.paused_at
    [number] = count_waiting([item])
    assert (number.kind, number.number, number.due_on) == ("source", 1, None)
    assert "Mise à jour automatique suspendue" in page
    assert "Le serveur refuse le mot de passe ou la clé" in page
    assert "Saisissez de nouveau" in page
    assert f'href="/datasets/{renewal.dataset}#source"' in page

    await renewal.save(webdav.address(), password=PASSWORD)
    assert await waiting(renewal) == []
    assert not (await renewal.look()).paused
    assert await waiting(renewal) == []


async def test_a_source_that_is_tried_again_by_itself_waits_for_nobody(
    renewal: Renewal, webdav: WebdavServer
) -> None:
    await renewal.save(webdav.address(), password=PASSWORD)

    source = await renewal.look()

    assert source.error
    assert await waiting(renewal) == []


async def test_a_source_that_somebody_paused_waits_until_it_is_looked_at(
    renewal: Renewal, webdav: WebdavServer
) -> None:
    webdav.put("a.csv", TABLE)
    await renewal.save(webdav.address(), password=PASSWORD)
    await press(renewal, "pause")

    paused = await renewal.look()
    [item] = await waiting(renewal)
    page_text = await renewal.page()
    listed = await renewal.producer.page("/inbox")

    assert webdav.list_answers() == []
    assert (paused.paused, item.since) == (True, paused.paused_at)
    assert (item.kind, item.paused_source.reason) == ("source", "")  # type: ignore[union-attr]  # it is there, or the test fails
    assert "Quelqu’un l’a suspendue" in page_text
    assert "Quelqu’un l’a suspendue" in listed
    assert "Suspendre la mise à jour" not in page_text
    events = await rows(renewal.database, renewal.territory, DatasetEvent)
    paused_events = [e for e in events if e.action == "source.paused_by_person"]
    await press(renewal, "pause")
    assert (await renewal.source()).paused_at == paused.paused_at
    assert len(paused_events) == 1
    assert paused_events[0].person_id is not None

    await press(renewal, "look")
    assert (await renewal.look()).paused_at is None
    assert await waiting(renewal) == []
    assert webdav.list_answers() == [("GET", 200)]


@pytest.mark.thorough
async def test_what_waits_first_of_a_dataset_says_that_its_source_is_paused_too(
    renewal: Renewal, webdav: WebdavServer
) -> None:
    await renewal.save(webdav.address(), password=PASSWORD)
    await press(renewal, "pause")
    path = f"/datasets/{renewal.dataset}/versions"
    await renewal.producer.send(TABLE + b"Port;Brest;01/02/2001\n", path=path)

    [item] = await waiting(renewal)
    page = await renewal.producer.page("/inbox")

    assert item.kind == NodeInboxKind.VERSION
    assert f'href="/datasets/{renewal.dataset}/check"' in page
    assert f'href="/datasets/{renewal.dataset}#source"' in page
    assert "La mise à jour automatique est suspendue" in page


async def test_a_source_of_a_withdrawn_dataset_waits_for_nobody(
    renewal: Renewal, webdav: WebdavServer
) -> None:
    await renewal.save(webdav.address(), password=PASSWORD)
    await press(renewal, "pause")
    answer = await renewal.producer.client.post(
        f"/datasets/{renewal.dataset}/withdraw", data={"reason": "Périmé"}
    )

    assert answer.status_code == 303
    assert await waiting(renewal) == []


async def test_pausing_needs_a_source(renewal: Renewal) -> None:
    path = f"/datasets/{renewal.dataset}/source/pause"
    assert (await renewal.producer.client.post(path)).status_code == 404
