"""A table is recognised as following a schema; once its producer says so, each cell is checked, and the record says it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.node.distant import Distant
from tests.node.producer import Producer
from tests.node.test_check_file import latest
from tests.service_overrides import ServiceOverrides
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.versions.preparation import preload_imports
from udi.tabular.queries.readers import READERS, FileReaderPool
from udi.tabular.schemas.declarations import LARGEST
from udi.ui.site import Site

SCHEMA = {
    "name": "bancs",
    "title": "Bancs publics",
    "path": "https://schemas.example.org/bancs.json",
    "fields": [
        {
            "name": "id_banc",
            "type": "string",
            "constraints": {"required": True, "unique": True},
        },
        {
            "name": "matiere",
            "type": "string",
            "constraints": {"enum": ["bois", "pierre"]},
        },
        {"name": "date_pose", "type": "date"},
        {"name": "places", "type": "integer", "constraints": {"maximum": 9}},
    ],
}
RIGHT = (
    "id_banc;matiere;date_pose;places\nB1;bois;2024-01-31;3\nB2;pierre;2023-05-02;2\n"
)
FAULTY_TABLE = (
    RIGHT + 'B1;fer;31/02/2024;12\n"B\n4";bois;2024-02-01;4\nB5;=bois;2024-02-02;1\n'
)


@pytest.fixture
def installed(node_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of schemas of the operator's, with one."""
    (tmp_path / "bancs.json").write_text(json.dumps(SCHEMA))
    settings = node_site.settings.model_copy(update={"schemas": tmp_path})
    monkeypatch.setattr(node_site, "settings", settings)
    return tmp_path


@pytest.fixture
def distant() -> Iterator[Distant]:
    server = Distant(json.dumps(SCHEMA).encode())
    yield server
    server.stop()


async def declare(producer: Producer, dataset: str, **form: str) -> Any:
    return await producer.client.post(f"/datasets/{dataset}/schema", data=form)


@pytest.mark.thorough
@pytest.mark.usefixtures("installed")
async def test_a_table_that_looks_like_a_schema_is_checked_cell_by_cell(
    producer: Producer,
) -> None:
    dataset = await producer.draft(FAULTY_TABLE.encode(), "bancs.csv")
    proposed = await producer.page(f"/datasets/{dataset}/check")

    declared = await declare(producer, dataset, name="bancs")
    checked = await producer.page(f"/datasets/{dataset}/check")
    cells = (await producer.page(f"/datasets/{dataset}/cells")).replace(
        "\N{NO-BREAK SPACE}", " "
    )
    listed = await producer.client.get(f"/datasets/{dataset}/cells.csv")

    assert "ressemble à «\N{NO-BREAK SPACE}Bancs publics\N{NO-BREAK SPACE}»" in proposed
    assert "4 de vos 4 colonnes" in proposed
    assert declared.headers["location"] == f"/datasets/{dataset}/check"
    assert "5 cellules ne respectent pas le modèle" in checked
    assert "31/02/2024 n’existe pas dans le calendrier" in cells
    assert "«fer» n’est pas une des réponses" in cells.replace("« ", "«").replace(
        " »", "»"
    )
    rows = listed.content.decode("utf-8-sig").splitlines()
    assert [row.split(";")[:2] for row in rows[1:]] == [
        ["4", "id_banc"], ["4", "matiere"], ["4", "date_pose"], ["4", "places"], ["7", "matiere"]
    ]  # fmt: skip
    assert "'=bois" in rows[5]


async def test_the_schema_holds_for_the_next_version_and_is_in_the_record(
    producer: Producer, installed: Path, node_database: Database, demo: Territory
) -> None:
    assert installed
    dataset = await producer.draft(FAULTY_TABLE.encode(), "bancs.csv")
    await declare(producer, dataset, name="bancs")

    await producer.send(
        RIGHT.encode(), "bancs.csv", path=f"/datasets/{dataset}/versions"
    )
    version = await latest(node_database, demo, dataset)
    await producer.publish(dataset)
    async with node_database.session(demo.id, role="worker") as session:
        stored_dataset = await find_dataset(session, version.dataset_id)

    assert "Chaque colonne et chaque cellule respecte le modèle" in await producer.page(
        f"/datasets/{dataset}/check"
    )
    assert stored_dataset
    assert stored_dataset.delivery
    assert stored_dataset.delivery.record
    [media] = stored_dataset.delivery.record["available_formats"]
    assert media["file_structure"] == SCHEMA["path"]


@pytest.mark.thorough
async def test_a_schema_is_fetched_from_its_address(
    producer: Producer, distant: Distant, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft(FAULTY_TABLE.encode(), "bancs.csv")

    await declare(producer, dataset, address=f"{distant.origin}/bancs.json")
    version = await latest(node_database, demo, dataset)
    await declare(producer, dataset, none="1")
    given_up = await latest(node_database, demo, dataset)

    assert version.preparation.findings["schema"]["title"] == "Bancs publics"
    assert (
        version.preparation.findings["schema"]["address"]
        == f"{distant.origin}/bancs.json"
    )
    assert len(version.preparation.findings["schema"]["errors"]) == 5
    assert given_up.preparation.findings["schema"] == {}
    assert "Modèle déclaré" in await producer.page(f"/datasets/{dataset}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"<html>", "JSON", marks=pytest.mark.thorough),
        pytest.param(b'{"a": 1}', "schéma", marks=pytest.mark.thorough),
        (b"[" * 100_000, "JSON"),
        (b" " * (LARGEST + 1), "trop grand"),
        pytest.param(
            b'{"fields": [{"type": "string"}]}',
            "La colonne 1 de ce schéma",
            marks=pytest.mark.thorough,
        ),
    ],
)
async def test_what_is_no_schema_is_reported(
    producer: Producer, distant: Distant, content: bytes, words: str
) -> None:
    distant.content = content
    dataset = await producer.draft(FAULTY_TABLE.encode(), "bancs.csv")

    refused = await declare(producer, dataset, address=f"{distant.origin}/s.json")

    assert refused.status_code == 422
    assert 'href="#address"' in refused.text
    assert words in refused.text


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "http://169.254.169.254/s.json", "http://10.0.0.1/s.json"],
)
async def test_an_address_inside_is_not_reached(
    producer: Producer, address: str
) -> None:
    dataset = await producer.draft(FAULTY_TABLE.encode(), "bancs.csv")

    refused = await declare(producer, dataset, address=address)

    assert refused.status_code == 422
    assert 'href="#address"' in refused.text


async def test_a_schema_that_is_not_known_here_is_reported(producer: Producer) -> None:
    dataset = await producer.draft(FAULTY_TABLE.encode(), "bancs.csv")

    refused = await declare(producer, dataset, name="unheard-of")

    assert refused.status_code == 422
    assert "Choisissez un schéma" in refused.text


@pytest.mark.thorough
async def test_a_real_file_is_recognised_among_real_schemas(
    producer: Producer,
    node_site: Site,
    services: ServiceOverrides,
    shared_data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = node_site.settings.model_copy(
        update={"schemas": shared_data / "data/schemas"}
    )
    monkeypatch.setattr(node_site, "settings", settings)
    services[READERS] = FileReaderPool(preload_imports, schemas=settings.schemas)
    content = (
        shared_data / "data/tables/etalab-schema-irve_exemple-valide-statique.csv"
    ).read_bytes()
    dataset = await producer.draft(content, "bornes.csv")
    schema_page = await producer.page(f"/datasets/{dataset}/schema")
    name = schema_page.partition(" selected")[0].rpartition('value="')[2].strip('"')

    await declare(producer, dataset, name=name)

    assert "irve" in name
    assert "Chaque colonne et chaque cellule respecte le modèle" in await producer.page(
        f"/datasets/{dataset}/check"
    )
