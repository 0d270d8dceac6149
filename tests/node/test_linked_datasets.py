"""A dataset of links: started, described, published, changed, withdrawn and erased with nothing of it kept here."""

import re
from typing import Any

import httpx
import pytest

from tests.node.counterpart import PortalDouble
from tests.node.producer import ANSWERS, SLUG, TABLE, Producer
from tests.node.scripts import OTHER, Script, new_key
from tests.node.sending import Sender
from tests.node.test_erase_dataset import Do, rows, withdraw
from tests.node.test_erase_dataset import erase_job as erase_job
from tests.node.test_erase_dataset import push as push
from tests.node.test_erase_dataset import settle as settle
from tests.ui.tab import Tab
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset, DatasetState, Delivery
from udi.node.files.models import Upload
from udi.protocol.validation import validate

ADDRESS = "https://donnees.example.org/arbres.csv"
LINK = {"link": ADDRESS, "link_title": "Arbres d’Armorine", "link_role": "link"}
SERVICE = {
    "address": "https://cartes.example.org/wms",
    "title": "Carte des arbres",
    "role": "service",
}


async def start(producer: Producer, **fields: str) -> httpx.Response:
    return await producer.client.post(f"/spaces/{SLUG}/links", data=LINK | fields)


async def start_draft(producer: Producer) -> str:
    """The id of a draft with one link."""
    started = await start(producer)
    match = re.fullmatch(
        r"/datasets/([0-9a-f-]{36})/describe", started.headers["location"]
    )
    assert match
    return match[1]


async def test_a_dataset_of_links_is_published_like_others(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
    portal: PortalDouble,
    push: Do,
    settle: Do,
) -> None:
    dataset = await start_draft(producer)
    assert "Arbres d’Armorine" in await producer.page(f"/datasets/{dataset}/describe")
    added = await producer.client.post(f"/datasets/{dataset}/parts/links", data=SERVICE)
    assert added.status_code == 303

    await producer.publish(dataset)

    [delivery] = await rows(node_database, demo, Delivery)
    link, service = delivery.record["available_formats"]
    assert validate(delivery.record) == []
    assert (link["connector"]["url"], link["media_role"]) == (ADDRESS, "link")
    assert (link["media_name"], link.get("file_size")) == ("Arbres d’Armorine", None)
    assert (service["connector"]["url"], service["media_role"]) == (
        SERVICE["address"],
        "service",
    )
    assert "geography" not in delivery.record
    assert "dataset_size" not in delivery.record
    for path in ("", "/review", "/describe", "/parts/new", "/withdraw"):
        await producer.page(f"/datasets/{dataset}{path}")
    assert ADDRESS in await producer.page(f"/datasets/{dataset}")
    assert ANSWERS["title"] in await producer.page(f"/spaces/{SLUG}")
    assert "Jeu de liens commencé" in await producer.page(f"/datasets/{dataset}")
    assert (await passer_by.get(f"/datasets/{dataset}/file")).status_code == 404
    assert (await passer_by.get(f"/datasets/{dataset}/data")).status_code == 404


@pytest.mark.thorough
async def test_pages_of_a_dataset_of_links_are_shown_at_every_width(
    producer: Producer, tab: Tab, demo: Territory
) -> None:
    dataset = await start_draft(producer)
    await producer.describe(dataset)
    node = demo.links["node"]

    for path in (
        f"/spaces/{SLUG}/datasets/new",
        f"/datasets/{dataset}",
        f"/datasets/{dataset}/describe",
        f"/datasets/{dataset}/review",
        f"/datasets/{dataset}/parts/new",
    ):
        address = f"{node}{path}"
        faults = await tab.find_faults(producer.client, address, path, "fr", "en")
        assert faults == []


async def test_pages_about_a_file_are_not_there_without_one(
    producer: Producer,
) -> None:
    dataset = await start_draft(producer)

    answers = {
        path: (await producer.client.get(f"/datasets/{dataset}/{path}")).status_code
        for path in (
            "check",
            "cells",
            "schema",
            "personal-data",
            "data?version=1",
            "versions/new",
        )
    }

    sent = await producer.send(path=f"/datasets/{dataset}/versions")
    renewed = await producer.client.post(
        f"/datasets/{dataset}/source", data={"address": ADDRESS, "frequency": "daily"}
    )

    assert answers == dict.fromkeys(answers, 404)
    assert (sent.status_code, renewed.status_code) == (404, 404)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"link": ""}, "link"),
        ({"link": "donnees.example.org"}, "link"),
        ({"link": "https://jo:secret@donnees.example.org/"}, "link"),
        ({"link_title": ""}, "link_title"),
        ({"link_title": "a" * 151}, "link_title"),
        ({"link_role": "data"}, "link_role"),
    ],
)
async def test_what_is_no_link_is_refused_and_kept_in_the_form(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    fields: dict[str, str],
    field: str,
) -> None:
    refused = await start(producer, **fields)

    assert refused.status_code == 422
    assert f'id="{field}-e"' in refused.text
    assert (LINK | fields)["link_title"] in refused.text.replace("&#39;", "’")
    assert await rows(node_database, demo, Dataset) == []


async def test_a_dataset_that_leads_nowhere_is_not_published(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await start_draft(producer)
    [part] = re.findall(
        rf"/datasets/{dataset}/parts/([0-9a-f-]{{36}})",
        await producer.page(f"/datasets/{dataset}"),
    )
    await producer.client.post(f"/datasets/{dataset}/parts/{part}/remove", data={})
    await producer.describe(dataset)

    refused = await producer.client.post(f"/datasets/{dataset}/publish", data={})

    assert refused.status_code == 422
    assert "n’en a aucun" in refused.text
    assert await rows(node_database, demo, Delivery) == []


async def test_a_draft_of_links_is_given_up(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await start_draft(producer)

    gone = await producer.client.post(f"/datasets/{dataset}/discard")

    assert gone.headers["location"] == f"/spaces/{SLUG}"
    assert await rows(node_database, demo, Dataset) == []


@pytest.mark.thorough
async def test_a_dataset_of_links_is_withdrawn_and_comes_back(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish(await start_draft(producer))

    await withdraw(producer, dataset)
    [withdrawn] = await rows(node_database, demo, Dataset)
    await producer.publish(dataset)
    [back] = await rows(node_database, demo, Dataset)

    assert withdrawn.state == DatasetState.WITHDRAWING
    assert (back.state, back.withdrawn_at) == (DatasetState.PUBLISHING, None)


async def test_a_dataset_of_links_is_not_restricted(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await start_draft(producer)
    form = await producer.page(f"/datasets/{dataset}/describe")

    refused = await producer.describe(dataset, access="restricted")
    published = await producer.client.post(f"/datasets/{dataset}/publish", data={})

    assert 'value="restricted"' not in form
    assert "Un jeu de liens est ouvert à tous" in form
    for answer in (refused, published):
        assert answer.status_code == 422
        assert 'id="access-e"' in answer.text
        assert "ne peut pas être restreint" in answer.text
    assert 'name="licence"' in refused.text
    assert await rows(node_database, demo, Delivery) == []
    await producer.publish(dataset, access="public")


async def test_links_beside_a_restricted_file_are_public_on_the_page_and_in_the_record(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await producer.draft()
    added = await producer.client.post(f"/datasets/{dataset}/parts/links", data=SERVICE)
    described = await producer.page(f"/datasets/{dataset}/describe")
    await producer.publish(dataset, access="restricted")

    page = (await passer_by.get(f"/datasets/{dataset}/files")).text
    [delivery] = await rows(node_database, demo, Delivery)
    addresses = [
        media["connector"]["url"] for media in delivery.record["available_formats"]
    ]

    sentence = "le nœud ne protège que les fichiers qu’il conserve"
    assert sentence in described
    for path in (added.headers["location"], f"/datasets/{dataset}/parts/new"):
        assert sentence in await producer.page(path)
    assert f'href="{SERVICE["address"]}"' in page
    assert f'href="/datasets/{dataset}/file"' not in page
    assert addresses == [
        f"{demo.links['node']}/datasets/{dataset}/file",
        SERVICE["address"],
    ]


@pytest.mark.thorough
async def test_a_script_changes_the_parts_of_a_dataset_of_links(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await start_draft(producer))
    script = Script(passer_by, await new_key(manager))
    parts = f"/api/v1/datasets/{dataset}/parts"

    async def ask(method: str, path: str, **options: Any) -> httpx.Response:
        answer = await passer_by.request(
            method, path, headers=script.headers, **options
        )
        assert answer.is_success, answer.text
        return answer

    made = await ask("POST", parts, json={"title": "2024", "role": "data"})
    one = f"{parts}/{made.json()['id']}"
    sent = await ask("PUT", f"{one}/file?publish=true&name=a.csv", content=OTHER)
    renamed = await ask("PATCH", one, json={"title": "Année 2024"})
    address = await Sender(passer_by, script.headers).begin(
        len(TABLE), content=TABLE, dataset=dataset, part=made.json()["id"]
    )
    listed = (await ask("GET", parts)).json()["items"]
    await ask("DELETE", f"{one}?reason=Fausse")

    assert sent.json()["published"]
    assert renamed.json()["title"] == "Année 2024"
    assert address.status_code == 201, address.text
    assert [part["address"] for part in listed] == [ADDRESS, ""]
    assert listed[1]["file"]["version"] == 2
    assert len((await ask("GET", parts)).json()["items"]) == 1


async def test_a_file_for_no_main_file_is_refused_before_its_bytes(
    producer: Producer,
    manager: httpx.AsyncClient,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset = await start_draft(producer)
    script = Script(passer_by, await new_key(manager))

    answers = [
        await script.put(dataset),
        await Sender(passer_by, script.headers).begin(len(TABLE), dataset=dataset),
        await Sender(producer.client).begin(len(TABLE), dataset=dataset),
        await producer.client.post(
            f"/spaces/{SLUG}/fetch", data={"address": ADDRESS, "dataset": dataset}
        ),
    ]
    link = (
        await passer_by.get(f"/api/v1/datasets/{dataset}/parts", headers=script.headers)
    ).json()["items"][0]["id"]
    of_link = await Sender(passer_by, script.headers).begin(
        len(TABLE), dataset=dataset, part=link
    )

    assert [answer.status_code for answer in answers] == [404] * 4
    assert "n’a pas de fichier à lui" in answers[0].json()["detail"]
    assert of_link.status_code == 409
    assert await rows(node_database, demo, Upload) == []


async def test_the_only_link_of_a_published_dataset_is_not_removed(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await start_draft(producer))
    headers = {"Authorization": f"Bearer {await new_key(manager)}"}
    parts = f"/api/v1/datasets/{dataset}/parts"
    [link] = (await passer_by.get(parts, headers=headers)).json()["items"]
    remove = f"/datasets/{dataset}/parts/{link['id']}/remove"

    by_key = await passer_by.delete(f"{parts}/{link['id']}?reason=x", headers=headers)
    by_form = await producer.client.post(remove, data={"reason": "Fausse"})
    added = await passer_by.post(
        parts, json={**SERVICE, "publish": True}, headers=headers
    )
    removed = await producer.client.post(remove, data={"reason": "Fausse"})

    assert by_key.status_code == by_form.status_code == 409
    assert "C’est son seul lien" in by_key.json()["detail"]
    assert "C’est son seul lien" in by_form.text
    assert added.status_code == 201, added.text
    assert removed.status_code == 303
