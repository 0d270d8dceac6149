"""What waits beside the main file: published, opened, closed and removed by nothing but what was asked for it."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.node.conftest import Browse
from tests.node.counterpart import PortalDouble, report
from tests.node.producer import TABLE, Producer
from tests.node.scripts import OTHER, Script, new_key
from tests.node.test_erase_dataset import Do, rows
from tests.node.test_erase_dataset import push as push
from tests.node.test_erase_dataset import settle as settle
from tests.node.test_parts import (
    NOTICE,
    PEOPLE,
    SECOND,
    add,
    announced,
    media_of,
    save,
)
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.intake import put
from udi.node.datasets.intake.finish import finish_upload
from udi.node.datasets.models import Dataset, DatasetState, Delivery, Version
from udi.node.files.intake.clam import ScanState, UnscannedReason
from udi.node.files.models import Upload


async def change_findings(
    database: Database, territory: Territory, part: str, **findings: Any
) -> None:
    """Have these be what was found in the newest file of a part."""
    async with database.session(territory.id, role="worker") as session:
        query = select(Version).where(Version.part_id == UUID(part))
        version = (await session.scalars(query)).one()
        assert version.preparation is not None
        version.preparation.findings = findings


async def test_publishing_the_main_file_publishes_no_part_of_a_public_dataset(
    producer: Producer,
    manager: httpx.AsyncClient,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, NOTICE)
    address = f"/datasets/{dataset}/files/{part}/notice.md"

    await producer.publish(dataset, title="Associations, corrigées")
    script = Script(passer_by, await new_key(manager))
    sent = await script.put(dataset, OTHER, "?publish=true")
    assert sent.json()["published"], sent.text
    assert len(media_of(await announced(node_database, demo))) == 1
    assert (await passer_by.get(address)).status_code == 404
    assert f"/parts/{part}" not in await producer.page(f"/datasets/{dataset}/review")

    await save(producer, dataset, part)
    await producer.publish(dataset, title="Associations, encore")
    assert len(media_of(await announced(node_database, demo))) == 2
    assert (await passer_by.get(address)).content == NOTICE


@pytest.mark.thorough
async def test_the_review_of_a_draft_says_which_parts_go_with_it(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft()
    notice = await add(producer, dataset, NOTICE)
    people = await add(producer, dataset, PEOPLE.encode(), "adherents.csv")
    await producer.describe(dataset)

    page = await producer.page(f"/datasets/{dataset}/review")
    joining = page.index("en même temps que le jeu de données")
    staying = page.index("ne sont pas encore publiés")
    assert joining < page.index(f"/parts/{notice}") < staying
    assert staying < page.index(f"/parts/{people}")
    await producer.publish(dataset)
    media = media_of(await announced(node_database, demo))
    assert [entry["media_id"] for entry in media[1:]] == [notice]


async def test_a_key_opens_no_file_of_restricted_data(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft()
    part = await add(producer, dataset, OTHER, "associations-2024.csv")
    await producer.publish(dataset, access="restricted")
    headers = {"Authorization": f"Bearer {await new_key(manager)}"}
    parts = f"/api/v1/datasets/{dataset}/parts"
    address = f"/datasets/{dataset}/files/{part}/associations-2024.csv"
    opening = {"title": "x", "role": "documentation", "is_public": True}

    added = await passer_by.post(parts, json=opening, headers=headers)
    changed = await passer_by.patch(f"{parts}/{part}", json=opening, headers=headers)
    assert (added.status_code, changed.status_code) == (403, 403)
    assert "page" in changed.json()["remedy"]
    response = await passer_by.patch(
        f"{parts}/{part}", json={"role": "documentation"}, headers=headers
    )
    assert (response.status_code, response.json()["is_public"]) == (200, False)
    assert (await passer_by.get(address)).status_code == 401

    await save(producer, dataset, part, is_public="1")
    assert (await passer_by.get(address)).content == OTHER
    opened = await passer_by.patch(
        f"{parts}/{part}", json=opening | {"title": "y"}, headers=headers
    )
    assert (opened.status_code, opened.json()["is_public"]) == (200, True)
    closed = await passer_by.patch(
        f"{parts}/{part}", json={"role": "data"}, headers=headers
    )
    assert (closed.status_code, closed.json()["is_public"]) == (200, False)
    assert (await passer_by.get(address)).status_code == 401


async def test_documentation_that_nobody_could_check_waits_for_a_reason(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, NOTICE)
    scan = {"state": ScanState.UNSCANNED, "reason": UnscannedReason.AWAY}
    await change_findings(node_database, demo, part, virus=scan)
    refused = await save(producer, dataset, part)
    assert refused.status_code == 422
    assert len(media_of(await announced(node_database, demo))) == 1

    await change_findings(node_database, demo, part, unsearched=["notice.md"])
    published = await save(producer, dataset, part)
    assert published.status_code == 303
    assert len(media_of(await announced(node_database, demo))) == 2


async def test_after_a_refusal_everything_newer_is_closed_until_somebody_publishes_again(
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
    notice = await add(producer, dataset, NOTICE)
    await save(producer, dataset, notice)
    await push(dataset, 2)
    await settle(dataset, "POST")
    other = await add(producer, dataset, OTHER, "autres.csv")
    await save(producer, dataset, other, role="data")
    path = f"/datasets/{dataset}/parts/{other}/file"
    await producer.send(OTHER + b"Chorale;Brest;01/01/2001\n", "autres.csv", path)
    await save(producer, dataset, other, role="data")
    for content in (OTHER, OTHER + b"Tennis;Brest;01/01/2001\n"):
        await producer.send(content, path=f"/datasets/{dataset}/versions")
        await producer.publish(dataset)
    await push(dataset, 6)
    [delivery] = await rows(node_database, demo, Delivery)
    fault = {"error_code": "ERR-301", "error_message": "x", "field_name": "theme"}
    document = report(dataset, "PUT", report_id=delivery.report_id, errors=[fault])
    async with browse(node_app, demo) as client:
        headers = portal.bearer(demo.links["node"], dataset)
        await client.put(f"/resources/{dataset}/report", json=document, headers=headers)

    versions = await rows(node_database, demo, Version)
    still_open = {
        (version.part_id, version.number)
        for version in versions
        if version.published_at is not None
    }
    assert still_open == {(None, 1), (UUID(notice), 1)}
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE

    gone = await producer.client.post(
        f"/datasets/{dataset}/parts/{notice}/remove", data={"reason": "Périmée"}
    )
    assert gone.status_code == 303
    [row] = await rows(node_database, demo, Dataset)
    assert row.state == DatasetState.REFUSED, "nothing but a person's act ends that"
    await producer.publish(dataset)
    record = await announced(node_database, demo)
    names = {media["media_name"] for media in media_of(record)}
    assert "notice.md" not in names
    assert "autres.csv" in names


async def test_a_file_for_a_part_that_is_gone_changes_nothing_of_the_main_one(
    producer: Producer,
    manager: httpx.AsyncClient,
    passer_by: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, NOTICE)
    await producer.send(OTHER, path=f"/datasets/{dataset}/versions")

    async def finish_and_remove(context: Any, upload_id: UUID) -> Upload | None:
        ended = await finish_upload(context, upload_id)
        await producer.client.post(
            f"/datasets/{dataset}/parts/{part}/remove", data={"reason": "Fausse"}
        )
        return ended

    monkeypatch.setattr(put, "finish_upload", finish_and_remove)
    answer = await passer_by.put(
        f"/api/v1/datasets/{dataset}/parts/{part}/file?publish=true",
        content=SECOND,
        headers={"Authorization": f"Bearer {await new_key(manager)}"},
    )
    assert answer.status_code == 404
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE
    main = Version(number=1)
    assert Dataset(versions=[main]).list_versions_of(uuid4()) == []
    assert Dataset(versions=[main]).list_versions_of(None) == [main]
