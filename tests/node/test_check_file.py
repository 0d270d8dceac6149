"""Step 2: what was understood of a file is shown, corrected for ever, and kept as a typed table beside the file."""

import asyncio
import io
import uuid
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from sqlalchemy import select

from tests.node.producer import TABLE, Producer
from tests.node.sending import desk_for
from tests.node.test_clam import EICAR, clamd, serving
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions import draft, prepare
from udi.node.datasets.actions.prepare import prepare_version
from udi.node.datasets.models import Dataset, Preparation, PreparationState
from udi.node.datasets.pages import upload
from udi.node.datasets.queries import find_dataset
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.storage.store import ObjectStore

FAULTY_TABLE = (
    b"nom;ouverture\nPhare;12/03/1987\nMus\xe9e;31/02/2004\n=Port;04/09/1999\n"
    + b"Tour;01/01/2001\n" * 60
)


async def latest(database: Database, territory: Territory, dataset: str) -> Any:
    async with database.session(territory.id, role="worker") as session:
        stored_dataset = await find_dataset(session, uuid.UUID(dataset))
        assert stored_dataset
        return stored_dataset.latest


async def table_of(node_site: Any, version: Any, folder: Path) -> list[tuple[Any, ...]]:
    store: ObjectStore = node_site.services[OBJECTS]
    copy = folder / "table.parquet"
    copy.write_bytes(
        b"".join(store.read(version.file.derived_key(version.preparation.table)))
    )
    return duckdb.sql(f"select * from read_parquet('{copy}')").fetchall()


async def test_a_dropped_file_becomes_a_typed_table(
    producer: Producer,
    node_database: Database,
    node_site: Any,
    demo: Territory,
    tmp_path: Path,
) -> None:
    version = await latest(node_database, demo, await producer.draft())

    assert version.preparation.state == PreparationState.READY
    assert [column["type"] for column in version.profile["columns"]] == [
        "text",
        "text",
        "date",
    ]
    rows = await table_of(node_site, version, tmp_path)
    assert [(row[0], row[1], str(row[3])) for row in rows] == [
        (2, "Les Amis du Phare", "1987-03-12"),
        (3, "École de voile", "1999-09-04"),
    ]


async def test_cells_that_do_not_fit_are_told_one_by_one(producer: Producer) -> None:
    dataset = await producer.draft(FAULTY_TABLE, "lieux.csv")

    checked = await producer.page(f"/datasets/{dataset}/check")
    cells = await producer.page(f"/datasets/{dataset}/cells")
    listed = await producer.client.get(f"/datasets/{dataset}/cells.csv")

    assert "1 cellule ne correspond pas au type de sa colonne" in checked
    assert "31/02/2004 n’existe pas." in cells
    assert (
        listed.content.decode("utf-8-sig")
        .splitlines()[1]
        .startswith("3;ouverture;31/02/2004;")
    )


@pytest.mark.thorough
async def test_what_the_producer_corrects_wins_also_for_the_next_version(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft()

    corrected = await producer.client.post(
        f"/datasets/{dataset}/understood",
        data={"encoding": "ISO-8859-1", "type-1": "code", "type-2": "text"},
    )
    first = await latest(node_database, demo, dataset)
    await producer.send(
        TABLE + b"Tennis;Brest;01/01/2001\n", path=f"/datasets/{dataset}/versions"
    )
    second = await latest(node_database, demo, dataset)

    assert corrected.headers["location"] == f"/datasets/{dataset}/check"
    for version in (first, second):
        assert [column["type"] for column in version.profile["columns"]] == [
            "text",
            "code",
            "text",
        ]
        assert version.profile["encoding"] == "ISO-8859-1"
    assert 'value="ISO-8859-1" selected' in await producer.page(
        f"/datasets/{dataset}/understood"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("encoding", "klingon"),
        ("header_line", "deux"),
        ("type-0", "poem"),
        ("header_line", "9999"),
    ],
)
async def test_a_wrong_correction_is_named(
    producer: Producer, field: str, value: str
) -> None:
    dataset = await producer.draft()

    refused = await producer.client.post(
        f"/datasets/{dataset}/understood", data={field: value}
    )

    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text


async def test_what_is_no_table_is_published_as_it_is(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft(b"%PDF-1.4 a poster", "affiche.pdf")

    version = await latest(node_database, demo, dataset)

    assert version.preparation.state == PreparationState.PLAIN
    assert version.preparation.derived == []
    page = await producer.page(f"/datasets/{dataset}/check")
    assert "Rien n’est publié pour l’instant" in page
    assert "Il sera donné tel quel" in page
    assert "publié tel quel" not in page


@pytest.mark.thorough
async def test_the_check_of_a_new_version_says_that_the_published_one_stays(
    producer: Producer,
) -> None:
    dataset = await producer.publish()
    await producer.send(TABLE * 2, path=f"/datasets/{dataset}/versions")

    page = await producer.page(f"/datasets/{dataset}/check")

    assert "Le fichier publié reste tel quel" in page
    assert "Rien n’est publié" not in page


async def test_a_large_file_is_read_by_the_worker(
    producer: Producer,
    node_database: Database,
    node_site: Any,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(draft, "PROMPT", 10)
    dataset = await producer.draft()
    waiting = await latest(node_database, demo, dataset)
    page = await producer.page(f"/datasets/{dataset}/check")
    workspace = desk_for(node_site, demo)

    await prepare_version(workspace, waiting.id, waiting.preparation.revision)
    await prepare_version(workspace, waiting.id, waiting.preparation.revision)

    assert waiting.preparation.state == PreparationState.WAITING
    assert "Nous lisons encore votre fichier" in page
    assert (
        await latest(node_database, demo, dataset)
    ).preparation.state == PreparationState.READY


async def test_two_looks_at_once_leave_one_table(
    producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, node_site: Any, demo: Territory,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(draft, "PROMPT", 10)
    dataset = await producer.draft()
    waiting = await latest(node_database, demo, dataset)
    workspace = desk_for(node_site, demo)

    await asyncio.gather(*(prepare_version(workspace, waiting.id, 1) for _ in range(2)))
    await producer.publish(dataset)

    assert (
        len(
            await table_of(
                node_site, await latest(node_database, demo, dataset), tmp_path
            )
        )
        == 2
    )
    assert (await passer_by.get(f"/api/resources/{dataset}/data/")).status_code == 200


async def test_an_answer_to_an_earlier_question_changes_nothing(
    producer: Producer, node_database: Database, node_site: Any, demo: Territory
) -> None:
    dataset = await producer.draft()
    before = await latest(node_database, demo, dataset)
    async with node_database.session(demo.id) as session:
        preparation = await session.scalar(
            select(Preparation).where(Preparation.version_id == before.id)
        )
        assert preparation
        preparation.revision = 7
        preparation.state = PreparationState.WAITING

    await prepare_version(desk_for(node_site, demo), before.id, 1)

    assert (
        await latest(node_database, demo, dataset)
    ).preparation.state == PreparationState.WAITING


async def test_a_reading_that_never_ends_is_reported(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prepare, "SECONDS", 0.001)

    dataset = await producer.draft()

    assert (
        await latest(node_database, demo, dataset)
    ).preparation.failure == "too_long"
    assert "La lecture du fichier a pris trop de temps" in await producer.page(
        f"/datasets/{dataset}/check"
    )


async def test_giving_up_a_draft_leaves_nothing_in_the_store(
    producer: Producer, node_database: Database, node_site: Any, demo: Territory
) -> None:
    dataset = await producer.draft()

    await producer.client.post(f"/datasets/{dataset}/discard")

    store: ObjectStore = node_site.services[OBJECTS]
    assert [
        entry async for entry in store.list(str(demo.id)) if dataset in entry["path"]
    ] == []
    async with node_database.session(demo.id, role="worker") as session:
        assert await session.get(Dataset, (demo.id, uuid.UUID(dataset))) is None


PEOPLE = "nom;prénom;courriel\nLe Goff;Yann;yann.legoff@orange.fr\nMartin;Sophie;sophie.martin@free.fr\n".encode()


async def test_people_stop_a_publication_until_its_producer_says_why(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft(PEOPLE, "adherents.csv")
    await producer.describe(dataset)

    checked = await producer.page(f"/datasets/{dataset}/check")
    refused = await producer.client.post(f"/datasets/{dataset}/publish")
    closed = await passer_by.get(f"/datasets/{dataset}/file")
    published = await producer.client.post(
        f"/datasets/{dataset}/publish", data={"reason": "Élus, loi de 1884"}
    )

    assert "Ce fichier contient des données personnelles" in checked
    assert "Retirez la colonne" in checked
    assert refused.status_code == 422
    assert 'href="#reason"' in refused.text
    assert closed.status_code == 404
    assert published.status_code == 303
    assert "Élus, loi de 1884" in await producer.page(f"/datasets/{dataset}")


async def test_a_file_that_would_harm_is_not_published(producer: Producer) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/passwd", b"0" * 20_000_000)
    dataset = await producer.draft(bomb.getvalue(), "photos.zip")
    await producer.describe(dataset)

    refused = await producer.client.post(f"/datasets/{dataset}/publish")

    assert refused.status_code == 409
    assert "il ne peut pas être publié" in refused.text


async def test_a_published_table_answers_questions_and_goes_with_its_dataset(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft()
    closed = await passer_by.get(f"/api/resources/{dataset}/data/")
    await producer.publish(dataset)

    response = await passer_by.get(
        f"/api/resources/{dataset}/data/?nom__contains=voile"
    )
    await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Erreur"}
    )
    gone = await passer_by.get(f"/api/resources/{dataset}/data/")

    assert closed.status_code == 404
    assert [row["nom"] for row in response.json()["data"]] == ["École de voile"]
    assert response.json()["data"][0]["création"] == "1999-09-04"
    assert gone.status_code == 410


async def test_a_virus_is_told_and_never_published(
    producer: Producer,
    node_site: Any,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(clamd) as address:
        workspace = desk_for(node_site, demo, clamd=address)
        monkeypatch.setattr(upload, "build_preparation_context", lambda *_: workspace)
        clean = await producer.draft(TABLE + b"Tennis;Brest;01/01/2001\n")
        dataset = await producer.draft(TABLE + EICAR)
    await producer.describe(dataset)

    checked = await producer.page(f"/datasets/{dataset}/check")
    refused = await producer.client.post(f"/datasets/{dataset}/publish")

    assert "Un virus a été trouvé dans ce fichier" in checked
    assert refused.status_code == 409
    assert "Un virus" not in await producer.page(f"/datasets/{clean}/check")
