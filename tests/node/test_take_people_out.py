"""A table that says things about people is made harmless by its producer: what was removed is found nowhere after."""

import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.node import personal_set as made
from tests.node.producer import Producer
from tests.node.test_check_file import latest
from tests.node.test_parts import NOTICE, SECOND, add, save
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory
from udi.node.datasets.actions import anonymise
from udi.node.datasets.actions.anonymise import TREAT_VERSION
from udi.node.datasets.models import PreparationState
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.upkeep import producer_tasks
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.ui.site import Site

ROWS = 40
NAMES = ("Nom", "Prénom", "Courriel", "Né le", "NIR", "sexe", "activité")
ALL_AWAY = {
    "column-0": "drop", "column-1": "drop", "column-2": "drop", "column-3": "generalise:year", "column-4": "drop"
}  # fmt: skip


def members() -> tuple[bytes, list[str]]:
    """A club's members as a spreadsheet writes them, and the values that name somebody."""
    draw = made.Draw(11)
    columns = [
        [value(draw) for _ in range(ROWS)]
        for value in (
            made.upper_family,
            made.given,
            made.mail,
            made.day(1940, 2010),
            made.nir,
        )
    ]
    rows = [
        [*row, "FH"[n % 2], "Judo"] for n, row in enumerate(zip(*columns, strict=True))
    ]
    lines = [";".join(NAMES), *(";".join(row) for row in rows)]
    identifying_values = [cell for column in columns[2:] for cell in column if cell]
    return ("\n".join(lines) + "\n").encode("cp1252"), identifying_values


async def everything(
    database: Database, site: Site, territory: Territory, dataset: str
) -> bytes:
    """All that the node holds of a territory: every row of every table, every object."""
    content = b""
    async with database.session(territory.id, role="owner") as session:
        tables = await session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'app'")
        )
        for table in tables.all():
            rows = await session.scalars(text(f'SELECT t::text FROM app."{table}" t'))
            content += "\n".join(rows.all()).encode()
        jobs = await session.scalars(
            text(
                "SELECT convert_from(payload, 'UTF8') FROM queue.pgqueuer"
                " WHERE convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
            ),
            {"tenant": str(territory.id)},
        )
        content += "\n".join(jobs.all()).encode()
    store = site.services[OBJECTS]
    async for entry in store.list(str(territory.id)):
        if dataset in entry["path"]:
            content += b"".join(store.read(entry["path"]))
    return content


async def test_a_stop_is_treated_and_nothing_of_it_is_left(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    node_site: Site,
    demo: Territory,
) -> None:
    content, identifying_values = members()
    dataset = await producer.draft(content, "adhérents.csv")
    async with node_database.session(demo.id, role="worker") as session:
        row = await find_dataset(session, uuid.UUID(dataset))
        assert row is not None
        row.default_view = f"q={identifying_values[-1]}&view=cards"
    before = await everything(node_database, node_site, demo, dataset)
    personal_data_page = await producer.page(f"/datasets/{dataset}/personal-data")

    treated = await producer.client.post(
        f"/datasets/{dataset}/personal-data", data=ALL_AWAY
    )
    checked = await producer.page(f"/datasets/{dataset}/check")
    await producer.publish(dataset)
    response = await passer_by.get(f"/datasets/{dataset}/file")
    after = await everything(node_database, node_site, demo, dataset)

    assert sum(cell.encode() in before for cell in identifying_values) > ROWS
    assert 'name="column-4"' in personal_data_page
    assert treated.headers["location"] == f"/datasets/{dataset}/check"
    assert "Colonnes retirées : Courriel, NIR, Nom, Prénom" in checked
    assert "Ce fichier contient des données personnelles" not in checked
    assert [cell for cell in identifying_values if cell.encode() in after] == []
    lines = response.text.splitlines()
    assert lines[0] == "Né le,sexe,activité"
    assert len(lines) == ROWS + 1
    assert all(
        line.split(",")[0].isdigit() and len(line.split(",")[0]) == 4
        for line in lines[1:]
    )
    assert "Données personnelles retirées du fichier" in await producer.page(
        f"/datasets/{dataset}"
    )


async def test_codes_are_the_same_in_the_next_version_and_what_was_chosen_is_proposed_again(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    content, _ = members()
    dataset = await producer.draft(content, "adhérents.csv")
    coded = {**ALL_AWAY, "column-0": "pseudonymise"}
    await producer.client.post(f"/datasets/{dataset}/personal-data", data=coded)
    await producer.publish(dataset)
    first = await producer.client.get(f"/datasets/{dataset}/file")
    await producer.send(
        content + b"RIOU;Anne;a.riou@free.fr;01/02/1990;;F;Judo\n",
        path=f"/datasets/{dataset}/versions",
    )

    again = await producer.page(f"/datasets/{dataset}/personal-data")
    await producer.client.post(f"/datasets/{dataset}/personal-data", data=coded)
    version = await latest(node_database, demo, dataset)
    second = await producer.client.get(version.file.path)

    assert '<option value="pseudonymise" selected>' in again
    assert version.number == 2
    assert [line.split(",")[0] for line in second.text.splitlines()[:-1]] == [
        line.split(",")[0] for line in first.text.splitlines()
    ]


async def test_the_published_file_stays_and_the_harmless_one_waits(
    producer: Producer,
    passer_by: httpx.AsyncClient,
    node_database: Database,
    demo: Territory,
) -> None:
    content, _ = members()
    dataset = await producer.draft(content, "adhérents.csv")
    await producer.publish(dataset, reason="Annuaire public, accord de chacun")
    part = await add(producer, dataset, NOTICE)
    await save(producer, dataset, part)
    path = f"/datasets/{dataset}/parts/{part}/file"
    assert (await producer.send(SECOND, "n.md", path)).status_code == 303

    await producer.client.post(
        f"/datasets/{dataset}/personal-data",
        data={**ALL_AWAY, "column-0": "pseudonymise"},
    )
    version = await latest(node_database, demo, dataset)

    assert (version.number, version.published_at) == (2, None)
    assert version.preparation.findings["difference"]["with"] == 1
    assert version.preparation.findings["difference"]["examples"] == []
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == content


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "count"),
        ({"column-0": "burn"}, "column-0"),
        ({"column-4": "pseudonymise"}, "column-4"),
        ({"count": "99"}, "count"),
    ],
)
async def test_what_was_not_offered_is_refused(
    producer: Producer, form: dict[str, str], field: str
) -> None:
    dataset = await producer.draft(members()[0], "adhérents.csv")

    refused = await producer.client.post(
        f"/datasets/{dataset}/personal-data", data=form
    )

    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text


async def test_rows_become_counts_in_which_nobody_is_alone(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft(members()[0], "adhérents.csv")

    await producer.client.post(
        f"/datasets/{dataset}/personal-data", data={"count": ["5", "6"]}
    )
    version = await latest(node_database, demo, dataset)
    file = await producer.client.get(version.file.path)

    assert file.text.splitlines() == ["sexe,activité,count", "F,Judo,20", "H,Judo,20"]
    assert version.preparation.findings["personal"] == []


@pytest.mark.thorough
async def test_a_large_file_is_treated_by_the_worker_once(
    producer: Producer,
    node_database: Database,
    node_site: Site,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = await producer.draft(members()[0], "adhérents.csv")
    monkeypatch.setattr(anonymise, "PROMPT", 10)
    await producer.client.post(f"/datasets/{dataset}/personal-data", data=ALL_AWAY)
    waiting = await latest(node_database, demo, dataset)
    payload = {
        "version": str(waiting.id),
        "revision": waiting.preparation.revision,
        "person": str(uuid.uuid4()),
    }
    handler = producer_tasks.task_handlers(node_site)[TREAT_VERSION]

    await handler(Job(TREAT_VERSION, demo.id, payload, 0, last=False))
    treated = await latest(node_database, demo, dataset)
    await handler(Job(TREAT_VERSION, demo.id, payload, 1, last=False))

    assert waiting.preparation.state == PreparationState.WAITING
    assert [column["name"] for column in treated.profile["columns"]] == [
        "Né le",
        "sexe",
        "activité",
    ]
    assert (await latest(node_database, demo, dataset)).file.id == treated.file.id


async def test_a_treatment_that_cannot_be_done_changes_nothing(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = await producer.draft(members()[0], "adhérents.csv")
    monkeypatch.setattr(anonymise, "SECONDS", 0.001)

    await producer.client.post(f"/datasets/{dataset}/personal-data", data=ALL_AWAY)
    version = await latest(node_database, demo, dataset)

    assert version.preparation.state == PreparationState.READY
    assert "le vôtre n’a pas changé" in await producer.page(
        f"/datasets/{dataset}/check"
    )


async def test_somebody_else_may_neither_see_nor_treat(
    producer: Producer, stranger: Any, node_app: Any, demo: Territory, browse: Any
) -> None:
    dataset = await producer.draft(members()[0], "adhérents.csv")

    async with browse(node_app, demo, stranger) as client:
        page = await client.get(f"/datasets/{dataset}/personal-data")
        done = await client.post(f"/datasets/{dataset}/personal-data", data=ALL_AWAY)

    assert (page.status_code, done.status_code) == (404, 404)
