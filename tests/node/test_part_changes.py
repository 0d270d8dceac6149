"""What pages do with the main file they do with that of a part: people removed, cells listed, versions compared, given up."""

import csv
import io
import uuid
from html import unescape
from typing import Any

import httpx
import pytest

from tests.node.producer import TABLE, Producer
from tests.node.test_correct_rows import newest_file
from tests.node.test_erase_dataset import withdraw
from tests.node.test_file_properties import AUTHOR, BUTTON
from tests.node.test_file_safety import workbook
from tests.node.test_parts import NOTICE, SECOND, add, save
from tests.node.test_rights import Crowd, outcome
from tests.node.test_rights import crowd as crowd
from tests.node.test_take_people_out import ALL_AWAY, ROWS, everything, members
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import PartRole, Version
from udi.node.datasets.queries import find_dataset
from udi.ui.site import Site

PLACES = [f"{number};place {number};{number * 3}" for number in range(1, 31)]
FIRST = "id;nom;places\n" + "\n".join(PLACES) + "\n"
FEWER = "id;nom\n" + "\n".join(place.rpartition(";")[0] for place in PLACES[:12]) + "\n"
RENAMED = FIRST.replace("place 5;15", "place renouvelée;99")


def plain(page: str) -> str:
    """A page with ordinary spaces."""
    return unescape(page).replace("\N{NO-BREAK SPACE}", " ")


async def newest_version(
    database: Database, territory: Territory, dataset: str, part: str
) -> Version:
    async with database.session(territory.id) as session:
        row = await find_dataset(session, uuid.UUID(dataset))
        assert row is not None
        return row.list_versions_of(uuid.UUID(part))[0]


async def published_places(producer: Producer) -> tuple[str, str]:
    """A dataset, and the address of a part of it whose table of places is published."""
    dataset = await producer.publish()
    part = await add(producer, dataset, FIRST.encode(), "places.csv")
    await save(producer, dataset, part, role=PartRole.DATA)
    return dataset, f"/datasets/{dataset}/parts/{part}"


async def test_people_are_removed_from_the_file_of_a_part_alone(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    node_site: Site,
    demo: Territory,
) -> None:
    content, identifying_values = members()
    dataset = await producer.publish()
    part = await add(producer, dataset, content, "adhérents.csv")
    address = f"/datasets/{dataset}/parts/{part}"
    part_page = await producer.page(address)
    check_page = await producer.page(f"{address}/check")
    form_page = await producer.page(f"{address}/personal-data")

    treated = await producer.client.post(f"{address}/personal-data", data=ALL_AWAY)
    checked_page = plain(await producer.page(f"{address}/check"))
    await save(producer, dataset, part, role=PartRole.DATA)
    path = f"/datasets/{dataset}/files/{part}/adhérents.csv"
    lines = (await passer_by.get(path)).text.splitlines()
    main = await passer_by.get(f"/datasets/{dataset}/file")
    after = await everything(node_database, node_site, demo, dataset)
    history = (await producer.client.get(f"/datasets/{dataset}/history.csv")).text

    for page in (part_page, check_page):
        assert f'href="{address}/personal-data"' in page
    assert f'action="{address}/personal-data"' in form_page
    assert treated.headers["location"] == f"{address}/check"
    assert "Colonnes retirées : Courriel, NIR, Nom, Prénom" in checked_page
    assert "Ce fichier contient des données personnelles" not in checked_page
    assert [lines[0], len(lines)] == ["Né le,sexe,activité", ROWS + 1]
    assert [cell for cell in identifying_values if cell.encode() in after] == []
    assert main.content == TABLE
    assert "Données personnelles retirées d’un autre fichier" in history


async def test_a_treatment_of_a_part_that_cannot_be_is_refused(
    producer: Producer, stranger: Any, node_app: Any, demo: Territory, browse: Any
) -> None:
    content, _ = members()
    dataset = await producer.publish()
    part = await add(producer, dataset, content, "adhérents.csv")
    address = f"/datasets/{dataset}/parts/{part}/personal-data"

    nothing_chosen = await producer.client.post(address, data={})
    async with browse(node_app, demo, stranger) as client:
        of_a_stranger = await client.post(address, data=ALL_AWAY)
    await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Trop vieux."}
    )
    withdrawn = await producer.client.post(address, data=ALL_AWAY)

    assert (nothing_chosen.status_code, of_a_stranger.status_code) == (422, 404)
    assert f'action="{address}"' in nothing_chosen.text
    assert withdrawn.status_code == 409
    assert await newest_file(producer, f"{dataset}/parts/{part}") == content


@pytest.mark.thorough
async def test_every_cell_of_a_part_that_does_not_fit_is_listed(
    producer: Producer,
) -> None:
    days = "".join(
        f"lieu {number};{'31/02/2004' if number % 30 == 0 else '12/02/2004'}\n"
        for number in range(1, 901)
    )
    dataset = await producer.draft()
    table = f"nom;ouverture\n{days}".encode()
    part = await add(producer, dataset, table, "lieux.csv")
    address = f"/datasets/{dataset}/parts/{part}"

    await producer.client.post(f"{address}/understood", data={"type-1": "date"})
    part_page = await producer.page(address)
    cells_page = await producer.page(f"{address}/cells")
    downloaded = await producer.client.get(f"{address}/cells.csv")
    lines = list(csv.reader(io.StringIO(downloaded.text), delimiter=";"))
    of_the_main_file = await producer.page(f"/datasets/{dataset}/cells")

    assert f'href="{address}/cells"' in part_page
    assert "30 cellules à vérifier" in cells_page
    assert f'href="{address}/rows?line=31"' in cells_page
    assert [row[2] for row in lines[1:]] == ["31/02/2004"] * 30
    assert "0 cellule à vérifier" in of_the_main_file


@pytest.mark.thorough
async def test_a_name_in_the_properties_of_a_part_is_removed_on_request(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft()
    part = await add(producer, dataset, workbook(author=AUTHOR), "classeur.xlsx")
    address = f"/datasets/{dataset}/parts/{part}"
    check_page = await producer.page(f"{address}/check")

    answer = await producer.client.post(f"{address}/properties")
    cleaned = await newest_version(node_database, demo, dataset, part)
    again = await producer.client.post(f"{address}/properties")

    assert f'action="{address}/properties"' in check_page
    assert answer.headers["location"] == f"{address}/check"
    assert BUTTON not in await producer.page(f"{address}/check")
    assert cleaned.number == 1
    assert again.status_code == 409


@pytest.mark.thorough
async def test_versions_of_a_part_say_what_they_change(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset, address = await published_places(producer)
    part = address.rpartition("/")[2]
    await producer.send(RENAMED.encode(), "places.csv", f"{address}/file")
    difference_path = f"{address}/versions/2/difference"

    waiting_page = await producer.page(address)
    difference_page = await producer.page(difference_path)
    closed = await passer_by.get(difference_path)
    await save(producer, dataset, part, role=PartRole.DATA)
    opened = await passer_by.get(difference_path)
    table_page = (await passer_by.get(f"/datasets/{dataset}/tables/{part}")).text
    of_the_main_file = await passer_by.get(f"/datasets/{dataset}/versions/2/difference")
    unknown = await passer_by.get(
        f"/datasets/{dataset}/parts/{dataset}/versions/1/difference"
    )

    assert f'href="{difference_path}"' in waiting_page
    assert f'href="{difference_path}"' in table_page
    for page in (waiting_page, difference_page, opened.text):
        assert "1 ligne modifiée" in page
    assert "place renouvelée" in difference_page
    assert "place renouvelée" not in opened.text
    statuses = [closed.status_code, of_the_main_file.status_code, unknown.status_code]
    assert statuses == [404, 404, 404]


async def test_a_version_of_a_part_that_takes_something_is_asked_about(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset, address = await published_places(producer)
    part = address.rpartition("/")[2]
    file_path = f"/datasets/{dataset}/files/{part}/places.csv"
    await producer.send(FEWER.encode(), "places.csv", f"{address}/file")

    question_page = plain(await producer.page(address))
    refused = await save(producer, dataset, part, role=PartRole.DATA)
    before = await passer_by.get(file_path)
    published = await save(
        producer, dataset, part, role=PartRole.DATA, intended="columns rows"
    )
    after = await passer_by.get(file_path)

    assert (
        "Elle perd des colonnes dont les lecteurs se servent : places." in question_page
    )
    assert 'value="columns rows"' in question_page
    assert refused.status_code == 422
    assert 'href="#intended"' in refused.text
    assert before.text == FIRST
    assert (published.status_code, after.text) == (303, FEWER)


@pytest.mark.thorough
async def test_what_was_wanted_of_a_part_is_published_with_its_withdrawn_dataset(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset, address = await published_places(producer)
    part = address.rpartition("/")[2]
    await producer.send(FEWER.encode(), "places.csv", f"{address}/file")
    await withdraw(producer, dataset)

    unexplained = await save(producer, dataset, part, role=PartRole.DATA)
    accepted = await save(
        producer, dataset, part, role=PartRole.DATA, intended="columns rows"
    )
    published = await producer.client.post(f"/datasets/{dataset}/publish")
    places = await passer_by.get(f"/datasets/{dataset}/files/{part}/places.csv")

    assert unexplained.status_code == 422
    assert (accepted.status_code, published.status_code) == (303, 303)
    assert places.text == FEWER


async def test_the_version_of_a_part_that_waits_is_given_up(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset, address = await published_places(producer)
    part = address.rpartition("/")[2]
    notice = await add(producer, dataset, NOTICE)
    await producer.send(RENAMED.encode(), "places.csv", f"{address}/file")
    waiting_page = await producer.page(address)

    given_up = await producer.client.post(f"{address}/discard")
    again = await producer.client.post(f"{address}/discard")
    never_published = await producer.client.post(
        f"/datasets/{dataset}/parts/{notice}/discard"
    )
    newest = await newest_version(node_database, demo, dataset, part)

    assert f'action="{address}/discard"' in waiting_page
    assert given_up.headers["location"] == address
    assert (again.status_code, never_published.status_code) == (409, 409)
    assert newest.number == 1
    assert newest.published_at is not None
    assert await newest_file(producer, f"{dataset}/parts/{part}") == FIRST.encode()


async def test_an_old_version_of_a_part_is_removed_alone(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    dataset, address = await published_places(producer)
    part = address.rpartition("/")[2]
    first = await newest_version(node_database, demo, dataset, part)
    current = await producer.client.get(f"{address}/versions/1/remove")
    await producer.send(RENAMED.encode(), "places.csv", f"{address}/file")
    waiting = await producer.client.get(f"{address}/versions/2/remove")
    await save(producer, dataset, part, role=PartRole.DATA)
    part_page = await producer.page(address)
    removal_page = await producer.page(f"{address}/versions/1/remove")

    unexplained = await producer.client.post(f"{address}/versions/1/remove")
    reason = {"reason": "Une ligne était fausse."}
    removed = await producer.client.post(f"{address}/versions/1/remove", data=reason)
    again = await producer.client.post(f"{address}/versions/1/remove", data=reason)
    gone = await passer_by.get(first.file.path)
    newest_file_response = await passer_by.get(
        f"/datasets/{dataset}/files/{part}/places.csv"
    )
    main = await passer_by.get(f"/datasets/{dataset}/file")

    assert f'href="{address}/versions/1/remove"' in part_page
    assert f'action="{address}/versions/1/remove"' in removal_page
    statuses = [current.status_code, waiting.status_code, unexplained.status_code]
    assert statuses == [409, 409, 422]
    assert removed.headers["location"] == f"{address}#versions"
    assert [again.status_code, gone.status_code] == [410, 410]
    assert "Une ligne était fausse." in gone.text
    assert (newest_file_response.text, main.content) == (RENAMED, TABLE)


@pytest.mark.thorough
async def test_documents_are_replaced_without_a_question(producer: Producer) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, NOTICE)
    await save(producer, dataset, part)
    path = f"/datasets/{dataset}/parts/{part}"
    await producer.send(SECOND + b"\n\x00", "notice.bin", f"{path}/file")

    assert 'id="intended"' not in await producer.page(path)


async def test_an_editor_does_with_a_part_what_they_do_with_the_main_file(
    crowd: Crowd, producer: Producer
) -> None:
    dataset = await producer.draft()
    part = await add(producer, dataset, FIRST.encode(), "places.csv")
    await crowd.let_in(dataset)
    address = f"/datasets/{dataset}/parts/{part}"
    pages = ("", "/check", "/understood", "/rows", "/cells", "/personal-data")
    final = ("", "/discard", "/remove", "/versions/1/remove")
    read = {}
    sent = {}
    ended = {}

    for person in ("stranger", "reader", "editor"):
        client = crowd.clients[person]
        read[person] = {outcome(await client.get(f"{address}{page}")) for page in pages}
        files = {"file": ("places.csv", RENAMED.encode(), "text/csv")}
        sent[person] = outcome(await client.post(f"{address}/file", files=files))
        ended[person] = {
            outcome(await client.post(f"{address}{path}", data={"title": "Lieux"}))
            for path in final
        }
    editors_page = (await crowd.clients["editor"].get(address)).text

    assert read == {"stranger": {"404"}, "reader": {"403"}, "editor": {"may"}}
    assert sent == {"stranger": "404", "reader": "403", "editor": "may"}
    assert ended == {"stranger": {"404"}, "reader": {"403"}, "editor": {"403"}}
    assert f'action="{address}/file"' in editors_page
    assert f'action="{address}/remove"' not in editors_page
