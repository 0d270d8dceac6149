"""A dataset of several files: each is added, published, replaced, moved and removed without touching the others."""

import base64
import hashlib
import re
import uuid
from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tests.node.conftest import Browse
from tests.node.counterpart import PortalDouble, report
from tests.node.producer import TABLE, Producer
from tests.node.scripts import OTHER, new_key
from tests.node.test_erase_dataset import Do, erase, rows, weigh, withdraw
from tests.node.test_erase_dataset import erase_job as erase_job
from tests.node.test_erase_dataset import push as push
from tests.node.test_erase_dataset import settle as settle
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.remove import set_version_retention
from udi.node.datasets.models import Dataset, DatasetPart, Delivery, Version
from udi.node.datasets.queries import find_dataset
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import RemovedVersion, StoredFile
from udi.node.spaces.senders import Sender
from udi.protocol.rdf import write_dataset
from udi.protocol.record import read_record
from udi.protocol.serialisations import group_triples, write_turtle
from udi.ui.site import Site

NOTICE = b"# Notice\n\nUne ligne par association.\n"
SECOND = NOTICE + b"\nDeux colonnes de dates.\n"
PEOPLE = "nom;email;telephone\n" + "".join(
    f"Le Goff {number};jo{number}@orange.fr;06 12 34 56 {number}\n"
    for number in range(10, 60)
)
PART = re.compile(r"/datasets/[0-9a-f-]{36}/parts/([0-9a-f-]{36})")


async def add(
    producer: Producer, dataset: str, content: bytes, name: str = "notice.md"
) -> str:
    """The id of a part with this file, which waits."""
    sent = await producer.send(content, name, f"/datasets/{dataset}/parts")
    assert sent.status_code == 303, sent.text
    match = PART.fullmatch(sent.headers["location"])
    assert match
    return match[1]


async def save(
    producer: Producer, dataset: str, part: str, **fields: str
) -> httpx.Response:
    """Post the form of a part."""
    data = {"title": "Notice", "role": "documentation", "publish": "1"} | fields
    return await producer.client.post(f"/datasets/{dataset}/parts/{part}", data=data)


async def announced(database: Database, territory: Territory) -> dict[str, Any]:
    """The record that the portal is to be told."""
    [delivery] = await rows(database, territory, Delivery)
    record: dict[str, Any] = delivery.record
    return record


async def keep_last(database: Database, territory: Territory, dataset: str) -> None:
    """Keep the last published version of each file only."""
    async with database.session(territory.id, role="worker") as session:
        dataset_row = await find_dataset(session, uuid.UUID(dataset), lock=True)
        assert dataset_row is not None
        await set_version_retention(session, Sender(), dataset_row, 1)


def media_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    return list(record["available_formats"])


async def test_a_file_is_added_replaced_and_removed_without_touching_the_main_one(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
    push: Do,
    settle: Do,
) -> None:
    dataset = await producer.publish()
    [before] = media_of(await announced(node_database, demo))
    part = await add(producer, dataset, NOTICE)
    address = f"/datasets/{dataset}/files/{part}/notice.md"
    assert (await passer_by.get(address)).status_code == 404

    published = await save(producer, dataset, part, first_day="2026-01-01")
    assert published.status_code == 303, published.text
    main, notice = media_of(await announced(node_database, demo))
    assert main == before
    assert notice["media_id"] == part
    assert notice["connector"]["url"] == demo.links["node"] + address
    assert notice["media_caption"] == "Notice (2026-01-01 –)"
    assert notice["media_role"] == "documentation"
    assert notice["checksum"]["hash"] == hashlib.sha256(NOTICE).hexdigest()

    given = await passer_by.get(address, headers={"Range": "bytes=2-7"})
    assert (given.status_code, given.content) == (206, NOTICE[2:8])
    digest = base64.b64encode(hashlib.sha256(NOTICE).digest()).decode()
    assert given.headers["repr-digest"] == f"sha-256=:{digest}:"

    sent = await producer.send(
        SECOND, "notice-2.md", f"/datasets/{dataset}/parts/{part}/file"
    )
    assert sent.status_code == 303
    assert (await passer_by.get(address)).content == NOTICE
    await save(producer, dataset, part)
    assert (await passer_by.get(address)).content == SECOND
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE
    main, notice = media_of(await announced(node_database, demo))
    assert main == before
    assert notice["media_id"] == part
    await push(dataset, 3)
    await settle(dataset, "POST")

    await keep_last(node_database, demo, dataset)
    [former] = await rows(node_database, demo, RemovedVersion)
    answer = await passer_by.get(f"/files/{former.id}/notice.md")
    assert answer.status_code == 410
    assert "ne garde que les dernières versions" in answer.text
    assert f"/datasets/{dataset}/files/{part}/notice-2.md" in answer.text

    gone = await producer.client.post(
        f"/datasets/{dataset}/parts/{part}/remove", data={"reason": ""}
    )
    assert gone.status_code == 422
    await producer.client.post(
        f"/datasets/{dataset}/parts/{part}/remove", data={"reason": "Périmée"}
    )
    assert media_of(await announced(node_database, demo)) == [before]
    for path in (address, f"/files/{former.id}/notice.md"):
        answer = await passer_by.get(path)
        assert answer.status_code == 410
        assert "Périmée" in answer.text
    removed = await rows(node_database, demo, RemovedVersion)
    assert {str(row.part_id) for row in removed} == {part}
    assert len(removed) == 2


async def test_cells_of_a_former_version_are_forgotten(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, OTHER, "autres.csv")
    await save(producer, dataset, part, title="Autres", role="data")
    async with node_database.session(demo.id, role="worker") as session:
        former = await find_version(session, part, 1)
        assert former.preparation is not None
        former.preparation.findings = {
            **former.preparation.findings,
            "errors": [{"line": 2, "value": "Amicale"}],
        }
    newer = OTHER + b"Tennis;Kerl\xe9van;01/02/2020\n"
    path = f"/datasets/{dataset}/parts/{part}/file"
    assert (await producer.send(newer, "autres.csv", path)).status_code == 303
    await save(producer, dataset, part, title="Autres", role="data")

    async with node_database.session(demo.id, role="worker") as session:
        former, newest = [await find_version(session, part, n) for n in (1, 2)]
        assert former.preparation is not None
        assert newest.preparation is not None
        assert former.preparation.findings["errors"] == []
        assert newest.preparation.findings["difference"]["with"] == 1
    await keep_last(node_database, demo, dataset)
    async with node_database.session(demo.id, role="worker") as session:
        newest = await find_version(session, part, 2)
        assert newest.preparation is not None
        assert newest.preparation.findings["difference"] == {}


async def find_version(session: AsyncSession, part: str, number: int) -> Version:
    """A version of the file of a part."""
    query = select(Version).where(
        Version.part_id == uuid.UUID(part), Version.number == number
    )
    return (await session.scalars(query)).one()


@pytest.mark.thorough
async def test_parts_are_in_the_order_that_the_producer_gives_them(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.draft()
    notice = await add(producer, dataset, NOTICE)
    former = await add(producer, dataset, OTHER, "associations-2024.csv")
    link = await producer.client.post(
        f"/datasets/{dataset}/parts/links",
        data={
            "address": "https://api.example.org/associations",
            "title": "API",
            "role": "service",
        },
    )
    service = PART.fullmatch(link.headers["location"])
    assert service
    await save(producer, dataset, former, title="2024", role="data", place="1")
    await producer.publish(dataset)

    media = media_of(await announced(node_database, demo))
    assert [entry["media_id"] for entry in media[1:]] == [former, notice, service[1]]
    assert media[3]["media_type"] == "SERVICE"
    assert media[3]["connector"]["interface_contract"] == "api"
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE

    turtle = write_turtle(
        group_triples(
            write_dataset(
                "https://p.example", read_record(await announced(node_database, demo))
            )
        )
    ).decode()
    assert turtle.count("dcat:downloadURL") == 3
    assert "dcat:accessService" in turtle
    assert "foaf:page" in turtle
    assert "distribution-type/DOWNLOADABLE_FILE" in turtle


@pytest.mark.thorough
async def test_everybody_reads_the_list_of_a_published_dataset(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    push: Do,
    settle: Do,
) -> None:
    dataset = await producer.draft()
    await add(producer, dataset, NOTICE)
    assert (await passer_by.get(f"/datasets/{dataset}/files")).status_code == 404
    await producer.publish(dataset)
    await push(dataset, 1)
    await settle(dataset, "POST")

    page = await passer_by.get(f"/datasets/{dataset}/files")
    assert page.status_code == 200
    assert page.text.index("associations.csv") < page.text.index("notice.md")
    assert hashlib.sha256(NOTICE).hexdigest() in page.text
    answer = await passer_by.get(f"/datasets/{dataset}/datapackage.json")
    package = answer.json()
    assert package["resources"][-1]["path"].endswith("/notice.md")


async def test_a_file_with_personal_data_waits_for_a_reason(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, PEOPLE.encode(), "adherents.csv")

    refused = await save(producer, dataset, part, role="data")
    assert refused.status_code == 422
    assert len(media_of(await announced(node_database, demo))) == 1
    [part_row] = await rows(node_database, demo, DatasetPart)
    assert (part_row.title, part_row.published) == ("adherents", None)

    granted = await save(producer, dataset, part, role="data", reason="Élus, publics")
    assert granted.status_code == 303
    assert len(media_of(await announced(node_database, demo))) == 2


async def test_files_of_restricted_data_are_closed_but_for_documentation_said_to_be_public(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.draft()
    closed = await add(producer, dataset, OTHER, "associations-2024.csv")
    notice = await add(producer, dataset, NOTICE)
    await save(producer, dataset, notice, is_public="1")
    await save(producer, dataset, closed, title="2024", role="data", is_public="1")
    await producer.publish(dataset, access="restricted")

    closed_file = await passer_by.get(f"/datasets/{dataset}/files/{closed}/a.csv")
    assert closed_file.status_code == 401
    given = await passer_by.get(f"/datasets/{dataset}/files/{notice}/notice.md")
    assert given.content == NOTICE
    record = await announced(node_database, demo)
    assert {media["file_size"] for media in media_of(record)} == {0}
    assert hashlib.sha256(OTHER).hexdigest() not in str(record)

    await save(producer, dataset, notice)
    again = await passer_by.get(f"/datasets/{dataset}/files/{notice}/notice.md")
    assert again.status_code == 401


async def test_what_the_portal_refuses_of_a_part_is_closed_again(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
    push: Do,
    settle: Do,
    node_app: Litestar,
    portal: PortalDouble,
    browse: Browse,
) -> None:
    dataset = await producer.publish()
    await push(dataset, 1)
    await settle(dataset, "POST")
    part = await add(producer, dataset, NOTICE)
    await save(producer, dataset, part)
    await push(dataset, 2)
    [delivery] = await rows(node_database, demo, Delivery)
    fault = {"error_code": "ERR-301", "error_message": "x", "field_name": "theme"}
    document = report(dataset, "PUT", report_id=delivery.report_id, errors=[fault])
    async with browse(node_app, demo) as client:
        headers = portal.bearer(demo.links["node"], dataset)
        await client.put(f"/resources/{dataset}/report", json=document, headers=headers)

    address = f"/datasets/{dataset}/files/{part}/notice.md"
    assert (await passer_by.get(address)).status_code == 404
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE


async def test_withdrawing_and_erasing_take_every_file(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
    node_site: Site,
    push: Do,
    settle: Do,
    erase_job: Do,
) -> None:
    store = node_site.services[OBJECTS]
    dataset = await producer.draft()
    part = await add(producer, dataset, OTHER, "autres.csv")
    await producer.publish(dataset)
    address = f"/datasets/{dataset}/files/{part}/autres.csv"
    assert (await passer_by.get(address)).content == OTHER
    await push(dataset, 1)
    await settle(dataset, "POST")

    await withdraw(producer, dataset)
    assert (await passer_by.get(address)).status_code == 410
    await erase(producer, dataset)
    await push(dataset, 2)
    await settle(dataset, "DELETE")
    await erase_job(dataset)
    for model in (StoredFile, Version, DatasetPart):
        assert await rows(node_database, demo, model) == []
    assert await weigh(store, demo) == (0, 0)
    assert (await passer_by.get(address)).status_code == 410


@pytest.mark.thorough
async def test_a_script_adds_sends_changes_and_removes_a_file(
    producer: Producer,
    manager: httpx.AsyncClient,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    headers = {"Authorization": f"Bearer {await new_key(manager)}"}
    parts = f"/api/v1/datasets/{dataset}/parts"
    made = await passer_by.post(
        parts, json={"title": "2024", "role": "data"}, headers=headers
    )
    assert made.status_code == 201, made.text
    one = f"{parts}/{made.json()['id']}"
    query = "?publish=true&name=associations-2024.csv"
    sent = await passer_by.put(f"{one}/file{query}", content=OTHER, headers=headers)
    assert sent.status_code == 201, sent.text
    assert sent.json()["published"]
    assert (await passer_by.get(sent.json()["current"])).content == OTHER
    same = await passer_by.put(f"{one}/file{query}", content=OTHER, headers=headers)
    assert same.status_code == 200

    strange = await passer_by.patch(one, json={"name": "x"}, headers=headers)
    assert strange.status_code == 422
    changed = await passer_by.patch(
        one, json={"title": "Année 2024", "last_day": None}, headers=headers
    )
    assert changed.json()["title"] == "Année 2024"
    listed = (await passer_by.get(parts, headers=headers)).json()["items"]
    assert listed == [changed.json()]
    assert media_of(await announced(node_database, demo))[1]["media_caption"] == (
        "Année 2024"
    )
    other = f"{parts}/{uuid.uuid4()}"
    assert (await passer_by.delete(other, headers=headers)).status_code == 404
    gone = await passer_by.delete(f"{one}?reason=Fausse", headers=headers)
    assert gone.status_code == 204
    assert (await passer_by.get(parts, headers=headers)).json()["items"] == []


async def test_a_stranger_and_a_reader_change_nothing(
    producer: Producer,
    node_app: Litestar,
    demo: Territory,
    browse: Browse,
    reader: Any,
    stranger: Any,
    node_database: Database,
) -> None:
    dataset = await producer.draft()
    part = await add(producer, dataset, NOTICE)
    statuses = []
    for person in (reader, stranger):
        async with browse(node_app, demo, person) as client:
            answer = await client.post(
                f"/datasets/{dataset}/parts/{part}", data={"title": "x", "role": "data"}
            )
            model = await client.post(
                f"/datasets/{dataset}/parts/{part}/schema", data={"name": ""}
            )
            corrected_rows = await client.post(
                f"/datasets/{dataset}/parts/{part}/rows", data={"names": '["nom"]'}
            )
            file = await client.get(f"/datasets/{dataset}/files/{part}/notice.md")
            answers = (answer, model, corrected_rows, file)
            statuses.append(tuple(one.status_code for one in answers))
    assert statuses == [(403, 403, 403, 404), (404, 404, 404, 404)]
    [dataset_row] = await rows(node_database, demo, Dataset)
    assert [stored_part.title for stored_part in dataset_row.parts] == ["notice"]
