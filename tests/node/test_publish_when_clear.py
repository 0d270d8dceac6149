"""What a script or an address brings is published once its file was looked at, and only if nothing stops that."""

import errno
import io
import zipfile
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from tests.node.distant import Distant
from tests.node.producer import TABLE, Producer
from tests.node.scripts import OTHER, Script, new_key
from tests.node.sending import Sender, desk_for, rows
from tests.node.test_check_file import PEOPLE
from tests.node.test_clam import EICAR, clamd, serving
from udi.kit.db import Database
from udi.kit.disk_space import DiskFullError
from udi.kit.errors import UnavailableError
from udi.kit.jobs import Handler, Job
from udi.kit.tenancy import Territory
from udi.node.datasets.actions import draft, prepare
from udi.node.datasets.actions.draft import PREPARE_VERSION
from udi.node.datasets.actions.prepare import prepare_version
from udi.node.datasets.actions.source import REFRESH_SOURCE
from udi.node.datasets.exchange.portal import PortalClient
from udi.node.datasets.intake.tasks import task_handlers
from udi.node.datasets.models import (
    DatasetEvent,
    Delivery,
    PreparationState,
    Version,
)
from udi.node.datasets.renewal.models import DatasetSource
from udi.node.datasets.tasks import task_handlers as dataset_jobs
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.ui.site import Site

NIGHT = "?publish=true"


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/passwd", b"0" * 20_000_000)
    return packed.getvalue()


@pytest.fixture
async def script(manager: httpx.AsyncClient, passer_by: httpx.AsyncClient) -> Script:
    return Script(passer_by, await new_key(manager))


@pytest.fixture
async def patrolled(
    monkeypatch: pytest.MonkeyPatch, node_site: Site
) -> AsyncIterator[None]:
    """A node that has its files searched for viruses."""
    async with serving(clamd) as address:
        settings = node_site.settings.model_copy(update={"clamd_socket": address})
        monkeypatch.setattr(node_site, "settings", settings)
        yield


async def current(client: httpx.AsyncClient, dataset: str) -> bytes:
    return (await client.get(f"/datasets/{dataset}/file")).content


def looks(site: Site) -> Mapping[str, Handler]:
    """What the worker does with a file that waits."""
    portal = PortalClient(site.settings, site.outgoing)
    return dataset_jobs(site.database, site.registry, portal, site.services[OBJECTS])


async def newest(database: Database, territory: Territory) -> Version:
    newest_version: Version = max(
        await rows(database, territory, Version), key=lambda version: version.number
    )
    return newest_version


async def stopped(database: Database, territory: Territory) -> list[list[str]]:
    events = await rows(database, territory, DatasetEvent)
    return [
        event.detail["stops"] for event in events if event.action == "version.stopped"
    ]


@pytest.mark.usefixtures("patrolled")
@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (PEOPLE, "adherents.csv", ["people", "columns"]),
        (bomb(), "photos.zip", ["danger", "unsearched", "format"]),
        (TABLE + EICAR, "associations.csv", ["virus"]),
    ],
    ids=["people", "a danger", "a virus"],
)
async def test_what_a_stop_holds_waits_for_a_person(
    producer: Producer, script: Script, node_database: Database, demo: Territory, content: bytes, name: str, why: list[str]
) -> None:  # fmt: skip
    dataset = await producer.publish()

    sent = await script.put(dataset, content, f"{NIGHT}&name={name}")
    again = await script.put(dataset, content, f"{NIGHT}&name={name}")
    address = await Sender(script.client, script.headers).address(
        len(content), name=name, dataset=dataset, publish="true"
    )
    await Sender(script.client, script.headers).send(address, 0, content)

    for answer in (sent, again):
        payload = answer.json()
        assert (
            payload["published"],
            payload["publication"]["state"],
            len(payload["publication"]["why"]),
        ) == (
            False,
            "stopped",
            len(why),
        )
        assert payload["publication"]["page"].endswith(f"/datasets/{dataset}")
    assert (sent.status_code, again.status_code) == (201, 200)
    assert (await Sender(script.client, script.headers).look(address))[
        "state"
    ] == "failed"
    assert await current(script.client, dataset) == TABLE
    assert await stopped(node_database, demo) == [why]
    page = await producer.page(f"/datasets/{dataset}")
    assert "La nouvelle version est bloquée" in page
    assert f'href="/datasets/{dataset}/check"' in page
    assert "Publication automatique bloquée" in page


@pytest.mark.thorough
async def test_a_stop_is_told_to_who_sends_in_parts(
    producer: Producer, script: Script
) -> None:
    dataset = await producer.publish()
    sender = Sender(script.client, script.headers)

    address = await sender.address(len(PEOPLE), dataset=dataset, publish="true")
    before = await sender.look(address)
    await sender.send(address, 0, PEOPLE)
    after = await sender.look(address)

    assert before["publication"] is None
    assert (after["state"], after["publication"]["state"]) == ("done", "stopped")
    assert await current(script.client, dataset) == TABLE


@pytest.mark.thorough
async def test_a_person_publishes_what_was_stopped(
    producer: Producer, script: Script
) -> None:
    dataset = await producer.publish()
    await script.put(dataset, PEOPLE, NIGHT)

    refused = await producer.client.post(f"/datasets/{dataset}/publish")
    published = await producer.client.post(
        f"/datasets/{dataset}/publish",
        data={"reason": "Élus, loi de 1884", "intended": "columns"},
    )

    assert (refused.status_code, published.status_code) == (422, 303)
    assert await current(script.client, dataset) == PEOPLE


async def test_an_address_publishes_what_is_clear_and_nothing_else(
    producer: Producer, passer_by: httpx.AsyncClient, distant: Distant, node_site: Site, node_database: Database,
    demo: Territory,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    form = {"address": f"{distant.origin}/a.csv", "frequency": "daily"}
    await producer.client.post(f"/datasets/{dataset}/source", data=form)
    [source] = await rows(node_database, demo, DatasetSource)
    contents = []

    for turn, content in enumerate((PEOPLE, OTHER)):
        distant.content = content
        job = Job(
            REFRESH_SOURCE,
            demo.id,
            {"source": str(source.id), "turn": str(turn)},
            0,
            last=False,
        )
        await task_handlers(node_site)[REFRESH_SOURCE](job)
        contents.append(await current(passer_by, dataset))

    assert contents == [TABLE, OTHER]
    assert await stopped(node_database, demo) == [["people", "columns"]]


@pytest.mark.thorough
async def test_what_is_still_being_read_is_published_at_the_end_of_it(
    producer: Producer, script: Script, node_site: Site, node_database: Database, demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    monkeypatch.setattr(draft, "PROMPT", 10)

    payload = (await script.put(dataset, query=NIGHT)).json()
    page = await producer.page(f"/datasets/{dataset}")
    before = await current(script.client, dataset)
    version = await newest(node_database, demo)
    for _ in range(2):
        await prepare_version(desk_for(node_site, demo), version.id, 1)

    assert (payload["published"], payload["publication"]["state"]) == (False, "reading")
    assert "Elle est publiée dès que son fichier est lu" in page
    assert (before, await current(script.client, dataset)) == (TABLE, OTHER)
    events = [
        event
        for event in await rows(node_database, demo, DatasetEvent)
        if event.detail.get("version") == 2
    ]
    assert [(event.action, "key" in event.detail) for event in events] == [
        ("dataset.published", True)
    ]


async def test_what_was_withdrawn_meanwhile_is_not_published(
    producer: Producer, script: Script, node_site: Site, node_database: Database, demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    monkeypatch.setattr(draft, "PROMPT", 10)
    await script.put(dataset, query=NIGHT)
    await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Erreur"}
    )

    version = await newest(node_database, demo)
    await prepare_version(desk_for(node_site, demo), version.id, 1)

    assert (await newest(node_database, demo)).published_at is None
    assert (await script.client.get(f"/datasets/{dataset}/file")).status_code == 410


async def test_a_script_does_not_publish_what_no_person_published_though_it_is_described(
    producer: Producer, script: Script, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft()
    await producer.describe(dataset)
    await script.put(dataset, OTHER)

    payload = (await script.put(dataset, OTHER, NIGHT)).json()

    assert (payload["published"], payload["publication"]["state"]) == (False, "waiting")
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 404


@pytest.mark.thorough
async def test_a_file_that_nobody_could_look_at_waits_for_a_person_once(
    producer: Producer,
    script: Script,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = await producer.publish()
    monkeypatch.setattr(prepare, "SECONDS", 0.001)

    payload = (await script.put(dataset, query=NIGHT)).json()
    preparation = (await newest(node_database, demo)).preparation
    page = await producer.page(f"/datasets/{dataset}/check")
    refused = await producer.client.post(f"/datasets/{dataset}/publish")
    published = await producer.client.post(
        f"/datasets/{dataset}/publish", data={"reason": "Des arbres, sans personne"}
    )
    [delivery] = await rows(node_database, demo, Delivery)
    next_night = (
        await script.put(dataset, OTHER + b"Golf;Brest;01/02/2003\n", NIGHT)
    ).json()

    assert preparation is not None
    assert (preparation.state, payload["publication"]["state"]) == (
        PreparationState.FAILED,
        "stopped",
    )
    assert "Nous n’avons pas pu vérifier ce fichier" in page
    assert (refused.status_code, published.status_code) == (422, 303)
    # A record that names columns announces an API.
    assert payload["understood"]["columns"]
    assert "file_columns" not in delivery.record["available_formats"][0]
    rows_by_api = await script.client.get(f"/api/resources/{dataset}/data/")
    assert rows_by_api.status_code == 404
    assert next_night["publication"]["state"] == "published"
    assert await stopped(node_database, demo) == [["unread"]]


async def test_people_that_a_person_cleared_once_stop_no_other_night(
    producer: Producer, script: Script, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish(
        await producer.draft(PEOPLE), reason="Élus, loi de 1884"
    )
    lines = PEOPLE.decode().splitlines()
    born = "\n".join(
        [
            f"{lines[0]};né le",
            *(f"{line};12/03/197{rank}" for rank, line in enumerate(lines[1:])),
        ]
    ).encode()

    same = (
        await script.put(dataset, PEOPLE + PEOPLE.splitlines(keepends=True)[-1], NIGHT)
    ).json()
    more = (await script.put(dataset, born, NIGHT)).json()

    assert (same["publication"]["state"], more["publication"]["state"]) == (
        "published",
        "stopped",
    )
    assert await stopped(node_database, demo) == [["people"]]


async def test_a_search_for_viruses_that_does_not_answer_is_asked_again_then_left_to_a_person(
    producer: Producer, script: Script, node_site: Site, node_database: Database, demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    settings = node_site.settings.model_copy(update={"clamd_socket": "127.0.0.1:9"})
    monkeypatch.setattr(node_site, "settings", settings)
    await script.put(dataset, query=NIGHT)
    version = await newest(node_database, demo)
    workspace = desk_for(node_site, demo, clamd="127.0.0.1:9")

    with pytest.raises(UnavailableError):
        await prepare_version(workspace, version.id, 1)
    waiting_version = await newest(node_database, demo)
    await prepare_version(workspace, version.id, 1, last=True)

    assert waiting_version.preparation is not None
    assert waiting_version.preparation.state == PreparationState.WAITING
    assert await current(script.client, dataset) == TABLE
    assert await stopped(node_database, demo) == [["unread"]]


async def test_a_file_whose_look_fails_each_time_waits_no_longer(
    producer: Producer, script: Script, node_site: Site, node_database: Database, demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    monkeypatch.setattr(draft, "PROMPT", 10)
    await script.put(dataset, query=NIGHT)
    version = await newest(node_database, demo)

    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(prepare, "write_copy", full)
    states = []
    for last in (False, True):
        job = Job(
            PREPARE_VERSION,
            demo.id,
            {"version": str(version.id), "revision": "1"},
            0,
            last=last,
        )
        with pytest.raises(DiskFullError):
            await looks(node_site)[PREPARE_VERSION](job)
        states.append((await newest(node_database, demo)).preparation)

    assert [state and state.state for state in states] == [
        PreparationState.WAITING,
        PreparationState.FAILED,
    ]


async def test_what_a_person_corrects_is_not_published_behind_their_back(
    producer: Producer, script: Script
) -> None:
    dataset = await producer.publish()
    await script.put(dataset, PEOPLE, NIGHT)

    corrected = await producer.client.post(
        f"/datasets/{dataset}/understood", data={"type-2": "text"}
    )

    assert corrected.status_code == 303
    assert await current(script.client, dataset) == TABLE
    assert "La nouvelle version est bloquée" in await producer.page(
        f"/datasets/{dataset}"
    )
