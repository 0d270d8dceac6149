"""Rows of a small table are corrected on its pages: exactly these cells, as a version that passes the usual doors."""

import asyncio
import json
import re
from html import unescape
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from tests.journeys.steps import wait_until
from tests.node import personal_set
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.sending import objects, rows
from tests.tabular.test_document_changes import NAMES as DOCUMENT_NAMES
from tests.tabular.test_document_changes import (
    NOTICE,
    document,
    flat_document,
    sheet,
)
from tests.tabular.test_sheet_changes import NAMES as SHEET_NAMES
from tests.tabular.test_sheet_changes import workbook
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.draft import request_preparation
from udi.node.datasets.actions.rows import (
    MOST_ATTEMPTS,
    ReplacedVersionError,
    read_again,
)
from udi.node.datasets.models import Dataset
from udi.node.datasets.queries import find_dataset
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces.models import Space

NAMES = ["nom", "commune", "création"]
FIRST = ["Les Amis du Phare", "Kerlévan", "12/03/1987"]


async def shown_digest(producer: Producer, dataset: str, number: int = 1) -> str:
    """What the form of a row keeps of it."""
    page = await producer.page(f"/datasets/{dataset}/rows/{number}")
    match = re.search(r'name="r0-digest" value="([0-9a-f]{16})"', page)
    assert match
    return match[1]


def shown_identity(page: str, place: int = 0) -> dict[str, str]:
    """What a page keeps of a row in its form."""
    fields = re.findall(
        rf'name="(r{place}-(?:number|digest|position|gone))" value="([^"]*)"', page
    )
    assert fields
    return dict(fields)


def row_form(
    digest: str, cells: list[str], number: int = 1, **others: str
) -> dict[str, str]:
    """What a browser sends of the form of one row."""
    return {
        "names": json.dumps(NAMES),
        "rows": "1",
        "view": "row",
        "r0-number": str(number if digest else 0),
        "r0-digest": digest,
        **{f"r0-c{column}": cell for column, cell in enumerate(cells)},
        **others,
    }


async def save(
    producer: Producer, dataset: str, form: dict[str, str]
) -> httpx.Response:
    return await producer.client.post(f"/datasets/{dataset}/rows", data=form)


async def newest_file(producer: Producer, dataset: str) -> bytes:
    """The bytes of the newest version."""
    page = await producer.page(f"/datasets/{dataset}")
    match = re.search(r'href="(/files/[^"]+)"', page)
    assert match
    return (await producer.client.get(match[1])).content


async def test_a_cell_is_corrected_and_the_other_bytes_stay(producer: Producer) -> None:
    dataset = await producer.publish()
    page = await producer.page(f"/datasets/{dataset}/rows")
    assert f'href="/datasets/{dataset}/rows/1"' in page

    digest = await shown_digest(producer, dataset)
    answer = await save(
        producer, dataset, row_form(digest, ["Les Amis du phare", *FIRST[1:]])
    )

    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/datasets/{dataset}/rows",
    )
    assert await newest_file(producer, dataset) == TABLE.replace(b"Phare", b"phare")
    page = await producer.page(f"/datasets/{dataset}/rows")
    assert f'href="/datasets/{dataset}/check"' in page
    history = (await producer.client.get(f"/datasets/{dataset}/history.csv")).text
    assert "Lignes corrigées sur la page" in history
    open_file = await producer.client.get(f"/datasets/{dataset}/file")
    assert open_file.content == TABLE


@pytest.mark.thorough
async def test_a_correction_is_published_by_the_usual_way(producer: Producer) -> None:
    dataset = await producer.publish()
    digest = await shown_digest(producer, dataset)
    await save(producer, dataset, row_form(digest, ["Phare", *FIRST[1:]]))

    changes = unescape(await producer.page(f"/datasets/{dataset}/rows?view=changes"))
    assert '<td class="was" dir="auto">Les Amis du Phare</td>' in changes
    assert '<td class="now" dir="auto">Phare</td>' in changes
    review = await producer.page(f"/datasets/{dataset}/review")
    assert 'id="difference"' in review
    published = await producer.client.post(f"/datasets/{dataset}/publish")

    assert published.status_code == 303
    open_file = await producer.client.get(f"/datasets/{dataset}/file")
    assert open_file.content == TABLE.replace(b"Les Amis du Phare", b"Phare")


@pytest.mark.thorough
async def test_rows_are_added_and_removed_in_the_grid(producer: Producer) -> None:
    dataset = await producer.draft()
    page = await producer.page(f"/datasets/{dataset}/rows?view=grid")
    digests = re.findall(r'name="r\d+-digest" value="([0-9a-f]*)"', page)
    assert [bool(digest) for digest in digests] == [True] * 2 + [False] * 5
    form = {
        "names": json.dumps(NAMES),
        "rows": "4",
        "view": "grid",
        **row_form(digests[0], FIRST),
        "r0-remove": "1",
        "r1-number": "2",
        "r1-digest": digests[1],
        "r1-c0": "École de voile",
        "r1-c1": "Brest",
        "r1-c2": "04/09/1999",
        "r2-number": "0",
        "r2-digest": "",
        "r2-c0": "Club; neuf",
        "r2-c1": "Ré",
        "r2-c2": "01/01/2026",
        "r3-number": "0",
        "r3-digest": "",
    }
    form |= {"rows": "4", "view": "grid"}

    answer = await save(producer, dataset, form)

    assert answer.headers["location"] == f"/datasets/{dataset}/rows?view=grid"
    expected = 'nom;commune;création\nÉcole de voile;Brest;04/09/1999\n"Club; neuf";Ré;01/01/2026\n'
    assert await newest_file(producer, dataset) == expected.encode("cp1252")


async def test_what_somebody_changed_meanwhile_is_said_and_nothing_is_lost(
    producer: Producer,
) -> None:
    dataset = await producer.draft()
    identity = shown_identity(await producer.page(f"/datasets/{dataset}/rows/1"))
    form = row_form(identity["r0-digest"], FIRST) | identity
    await save(producer, dataset, {**form, "r0-c0": "Les Amies"})

    late = await save(producer, dataset, {**form, "r0-c0": "Le Phare"})

    page = unescape(late.text)
    assert late.status_code == 409
    assert 'value="Le Phare"' in page
    assert "Les Amies" in page
    assert b"Les Amies" in await newest_file(producer, dataset)
    again = await save(
        producer, dataset, {**form, **shown_identity(late.text), "r0-c0": "Le Phare"}
    )
    assert again.status_code == 303
    assert b"Le Phare" in await newest_file(producer, dataset)


@pytest.mark.thorough
async def test_a_row_that_somebody_removed_is_said_and_no_other_is_changed(
    producer: Producer,
) -> None:
    dataset = await producer.draft(TABLE + b"Judo;Brest;31/01/2001\n")
    identity = shown_identity(await producer.page(f"/datasets/{dataset}/rows/2"))
    form = row_form(identity["r0-digest"], ["Mine", "Brest", "01/01/2000"]) | identity
    other = await save(producer, dataset, {**form, "r0-remove": "1"})
    left = await newest_file(producer, dataset)

    late = await save(producer, dataset, form)

    page = unescape(late.text)
    assert (other.status_code, late.status_code) == (303, 409)
    assert "ne sont plus dans le tableau" in page
    assert 'value="Mine"' in page
    assert 'name="r0-remove"' not in page
    gone = {**form, **shown_identity(late.text)}
    assert (gone["r0-gone"], gone["r0-digest"]) == ("1", identity["r0-digest"])
    again = await save(producer, dataset, gone)
    assert again.status_code == 303
    assert await newest_file(producer, dataset) == left
    grid = await save(producer, dataset, {**form, "view": "grid"})
    assert 'name="r0-add"' in grid.text
    added = await save(producer, dataset, {**gone, "r0-add": "1"})
    assert added.status_code == 303
    assert await newest_file(producer, dataset) == left + b"Mine;Brest;01/01/2000\n"


@pytest.mark.thorough
async def test_the_removal_of_a_row_that_somebody_removed_is_done(
    producer: Producer,
) -> None:
    dataset = await producer.draft(TABLE + b"Judo;Brest;31/01/2001\n")
    for number in (3, 1):
        page = await producer.page(f"/datasets/{dataset}/rows/{number}")
        identity = shown_identity(page)
        form = row_form(identity["r0-digest"], FIRST) | identity | {"r0-remove": "1"}
        await save(producer, dataset, form)
        left = await newest_file(producer, dataset)

        answer = await save(producer, dataset, form)

        assert answer.status_code == 303
        assert await newest_file(producer, dataset) == left


@pytest.mark.thorough
async def test_a_page_of_long_texts_is_saved(producer: Producer) -> None:
    texts = "".join(f"n{place},{'é' * 4_000}\n" for place in range(50))
    dataset = await producer.draft(f"nom,note\n{texts}".encode(), "notes.csv")
    page = await producer.page(f"/datasets/{dataset}/rows?view=grid")
    form = {"names": '["nom", "note"]', "rows": "50", "view": "grid"}
    for place in range(50):
        form |= shown_identity(page, place)
        form |= {f"r{place}-c0": f"n{place}", f"r{place}-c1": "é" * 4_000}
    form["r49-c0"] = "last"

    answer = await save(producer, dataset, form)

    assert answer.status_code == 303
    assert b"last" in await newest_file(producer, dataset)


@pytest.mark.thorough
async def test_too_many_rows_are_all_there_again(producer: Producer) -> None:
    dataset = await producer.draft()
    form = {"names": json.dumps(NAMES), "rows": "501", "view": "grid"}
    for place in range(501):
        form |= {f"r{place}-c0": f"typed {place}", f"r{place}-c1": "Brest"}
        form |= {f"r{place}-c2": "01/01/2026"}
    blank = {f"r0-c{column}": " " for column in range(3)}

    many = await save(producer, dataset, form)
    fewer = await save(producer, dataset, {**form, **blank})

    assert many.status_code == 422
    assert 'value="typed 0"' in many.text
    assert 'value="typed 500"' in many.text
    assert fewer.status_code == 303


@pytest.mark.thorough
async def test_a_file_that_went_meanwhile_is_no_fault_of_the_server(
    producer: Producer, store: ObjectStore, demo: Territory
) -> None:
    dataset = await producer.draft()
    digest = await shown_digest(producer, dataset)
    for key in await objects(store, demo):
        await store.delete(key)

    pages = [
        await producer.client.get(f"/datasets/{dataset}/rows{path}")
        for path in ("", "?view=grid", "?line=2", "/1", "/new")
    ]
    late = await save(producer, dataset, row_form(digest, ["Phare", *FIRST[1:]]))

    assert [page.status_code for page in pages] == [409] * 5
    assert late.status_code == 409
    assert 'value="Phare"' in late.text


async def test_read_again_asks_for_the_newest_version() -> None:
    answers = [ReplacedVersionError(), ReplacedVersionError(), None]

    async def read() -> str:
        if error := answers.pop(0):
            raise error
        return "rows"

    assert await read_again(read) == "rows"
    answers += [ReplacedVersionError() for _ in range(MOST_ATTEMPTS)]
    with pytest.raises(ReplacedVersionError):
        await read_again(read)


async def test_a_dataset_that_is_withdrawn_during_a_correction_takes_none(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.publish()
    digest = await shown_digest(producer, dataset)
    form = row_form(digest, ["Phare", *FIRST[1:]])

    async def is_waiting() -> bool:
        query = text(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()"
        )
        async with node_database.session(demo.id, role="worker") as session:
            return bool(await session.scalar(query))

    async with node_database.session(demo.id, role="worker") as session:
        locked = await find_dataset(session, UUID(dataset), lock=True)
        assert locked is not None
        correction = asyncio.create_task(save(producer, dataset, form))
        await wait_until(is_waiting)
        locked.withdrawn_at = now()
    late = await correction
    [dataset_now] = await rows(node_database, demo, Dataset)

    assert late.status_code == 409
    assert "est retiré" in unescape(late.text)
    assert len(dataset_now.versions) == 1


@pytest.mark.thorough
async def test_other_rows_that_changed_meanwhile_stay_changed(
    producer: Producer,
) -> None:
    dataset = await producer.draft()
    first = await shown_digest(producer, dataset)
    second = await shown_digest(producer, dataset, 2)
    await save(producer, dataset, row_form(second, ["Voile", "Brest", "04/09/1999"], 2))

    answer = await save(producer, dataset, row_form(first, ["Phare", *FIRST[1:]]))

    assert answer.status_code == 303
    written = (await newest_file(producer, dataset)).decode("cp1252")
    assert "Phare;Kerlévan;12/03/1987\nVoile;Brest;04/09/1999\n" in written


@pytest.mark.thorough
async def test_columns_that_changed_meanwhile_are_said(producer: Producer) -> None:
    dataset = await producer.draft()
    digest = await shown_digest(producer, dataset)
    other = TABLE.replace(b"commune", b"ville")
    await producer.send(other, path=f"/datasets/{dataset}/versions")

    late = await save(producer, dataset, row_form(digest, ["Le Phare", *FIRST[1:]]))

    assert late.status_code == 409
    assert 'value="Le Phare"' in late.text
    assert await newest_file(producer, dataset) == other


@pytest.mark.thorough
async def test_a_letter_that_the_file_cannot_hold_is_said_at_its_cell(
    producer: Producer,
) -> None:
    dataset = await producer.draft()
    digest = await shown_digest(producer, dataset)

    answer = await save(producer, dataset, row_form(digest, ["Ω", *FIRST[1:]]))

    assert answer.status_code == 422
    assert 'href="#r0-c0"' in answer.text
    assert 'id="r0-c0-e"' in answer.text
    assert "Windows-1252" in answer.text
    assert await newest_file(producer, dataset) == TABLE


@pytest.mark.thorough
async def test_a_form_that_is_none_changes_nothing(producer: Producer) -> None:
    dataset = await producer.draft()
    digest = await shown_digest(producer, dataset)
    forms = [
        {},
        {"names": "{}", "rows": "1"},
        {"names": json.dumps(NAMES), "rows": "100000"},
        {"names": json.dumps(NAMES), "rows": "1", "r0-digest": "short"},
        {"names": json.dumps(NAMES), "rows": "1", "r0-digest": digest},
    ]

    answers = [await save(producer, dataset, form) for form in forms]

    assert [answer.status_code for answer in answers] == [409, 409, 422, 422, 422]
    assert await newest_file(producer, dataset) == TABLE


async def test_a_row_that_is_not_there_is_not_found(producer: Producer) -> None:
    dataset = await producer.draft()

    answer = await producer.client.get(f"/datasets/{dataset}/rows/3")

    assert answer.status_code == 404


@pytest.mark.thorough
async def test_a_cell_that_does_not_fit_leads_to_its_row(producer: Producer) -> None:
    rows = b"".join(b"Club %d,%d\n" % (place, place) for place in range(60))
    dataset = await producer.draft(b"nom,membres\n" + rows + b"Phare,douze\n")
    cells = await producer.page(f"/datasets/{dataset}/cells")
    assert f'href="/datasets/{dataset}/rows?line=62"' in cells

    answer = await producer.client.get(f"/datasets/{dataset}/rows?line=62")

    assert answer.headers["location"] == f"/datasets/{dataset}/rows/61"


async def test_a_table_that_the_node_made_without_people_is_not_corrected(
    producer: Producer,
) -> None:
    people = "nom;mail\n" + "".join(
        f"Club {place};personne{place}@kerlevan.example\n" for place in range(8)
    )
    dataset = await producer.draft(people.encode())
    treated = await producer.client.post(
        f"/datasets/{dataset}/personal-data", data={"column-1": "drop"}
    )
    assert treated.status_code == 303

    answer = await producer.client.get(f"/datasets/{dataset}/rows")

    assert answer.status_code == 409
    assert "sans les données personnelles" in unescape(answer.text)
    assert "/rows" not in await producer.page(f"/datasets/{dataset}")


async def test_personal_data_in_a_correction_stops_the_publication(
    producer: Producer,
) -> None:
    lines = [f"Club {place};Quai {place}" for place in range(8)]
    dataset = await producer.publish(
        await producer.draft("\n".join(["nom;mail", *lines]).encode() + b"\n")
    )
    page = await producer.page(f"/datasets/{dataset}/rows?view=grid")
    digests = re.findall(r'name="r\d+-digest" value="([0-9a-f]+)"', page)
    draw = personal_set.Draw(11)
    form = {"names": '["nom", "mail"]', "rows": "8", "view": "grid"}
    for place, digest in enumerate(digests):
        form |= {
            f"r{place}-number": str(place + 1),
            f"r{place}-digest": digest,
            f"r{place}-c0": f"Club {place}",
            f"r{place}-c1": personal_set.mail(draw),
        }
    assert (await save(producer, dataset, form)).status_code == 303

    published = await producer.client.post(f"/datasets/{dataset}/publish")

    assert published.status_code == 422
    assert 'id="reason"' in published.text


@pytest.mark.thorough
async def test_other_formats_and_withdrawn_datasets_are_refused(
    producer: Producer,
) -> None:
    record = b'[{"nom": "Phare", "membres": 3}, {"nom": "Voile", "membres": 4}]'
    other = await producer.draft(record, "associations.json")
    dataset = await producer.publish()
    digest = await shown_digest(producer, dataset)
    await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Trop vieux."}
    )

    assert (await producer.client.get(f"/datasets/{other}/rows")).status_code == 409
    late = await save(producer, dataset, row_form(digest, ["x", "y", "z"]))
    assert late.status_code == 409


async def test_the_space_has_no_place_left_for_a_correction(
    producer: Producer, node_database: Database, demo: Territory, space: Space
) -> None:
    dataset = await producer.publish()
    digest = await shown_digest(producer, dataset)
    async with node_database.session(demo.id, role="owner") as session:
        (await session.merge(space)).quota_bytes = len(TABLE) + 9

    answer = await save(producer, dataset, row_form(digest, ["Phare", *FIRST[1:]]))

    assert answer.status_code == 413
    assert 'value="Phare"' in answer.text
    assert await newest_file(producer, dataset) == TABLE


@pytest.mark.thorough
async def test_a_model_says_what_is_wrong_at_the_cell(producer: Producer) -> None:
    names = ["COMMUNE_NOM", "COLL_INSEE", "ENFANT_SEXE", "ENFANT_PRENOM", "NOMBRE_OCCURRENCES", "ANNEE"]  # fmt: skip
    cells = ["Brest", "29019", "F", "Nolwenn", "3", "2025"]
    content = f"{','.join(names)}\n{','.join(cells)}\n"
    dataset = await producer.draft(content.encode(), "prenoms.csv")
    await producer.client.post(f"/datasets/{dataset}/schema", data={"name": "prenoms"})
    page = await producer.page(f"/datasets/{dataset}/rows/new")
    assert '<select id="r0-c2"' in page
    form = row_form("", ["Brest", "29019", "X", "Yann", "", "2025"])
    form["names"] = json.dumps(names)

    refused = await save(producer, dataset, form)
    saved = await save(producer, dataset, {**form, "keep": "1"})

    assert refused.status_code == 422
    assert 'href="#r0-c2"' in refused.text
    assert 'href="#r0-c4"' in refused.text
    assert 'name="keep"' in refused.text
    assert saved.status_code == 303
    assert b"Brest,29019,X,Yann,,2025\n" in await newest_file(producer, dataset)


async def test_a_stranger_corrects_nothing(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()
    digest = await shown_digest(producer, dataset)

    answer = await passer_by.post(
        f"/datasets/{dataset}/rows", data=row_form(digest, ["x", "y", "z"])
    )

    assert answer.status_code == 401
    assert await newest_file(producer, dataset) == TABLE
    assert SLUG in await producer.page(f"/datasets/{dataset}")


@pytest.mark.thorough
async def test_a_page_of_the_grid_of_a_wide_table_is_saved(producer: Producer) -> None:
    names = [f"colonne {place}" for place in range(30)]
    lines = [
        [f"v{row}" if column == 0 else str(row * column) for column in range(30)]
        for row in range(60)
    ]
    content = "\n".join(";".join(line) for line in [names, *lines]) + "\n"
    dataset = await producer.draft(content.encode(), "large.csv")
    page = await producer.page(f"/datasets/{dataset}/rows?view=grid")
    tags = re.findall(r"<input[^>]*>", page)
    form = {}
    for tag in tags:
        name = re.search(r'name="(r\d+-[^"]+|rows|names|view)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and value and 'type="checkbox"' not in tag:
            form[name[1]] = unescape(value[1])
    assert form["r49-c29"] == str(49 * 29)
    form["r49-c29"] = "7"

    answer = await save(producer, dataset, form)

    assert answer.status_code == 303
    expected = content.replace(f";{49 * 29}\n", ";7\n")
    assert await newest_file(producer, dataset) == expected.encode()


async def test_two_corrections_at_once_are_both_there(producer: Producer) -> None:
    dataset = await producer.draft()
    first = await shown_digest(producer, dataset)
    second = await shown_digest(producer, dataset, 2)

    answers = await asyncio.gather(
        save(producer, dataset, row_form(first, ["Phare", *FIRST[1:]])),
        save(producer, dataset, row_form(second, ["Voile", "Brest", "04/09/1999"], 2)),
    )

    assert [answer.status_code for answer in answers] == [303, 303]
    written = (await newest_file(producer, dataset)).decode("cp1252")
    assert "Phare;Kerlévan;12/03/1987\nVoile;Brest;04/09/1999\n" in written


@pytest.mark.thorough
async def test_a_correction_comes_after_one_whose_file_is_not_looked_at_yet(
    producer: Producer, node_database: Database, demo: Territory
) -> None:
    dataset = await producer.draft()
    digest = await shown_digest(producer, dataset)
    async with node_database.session(demo.id) as session:
        version = (await session.get_one(Dataset, (demo.id, UUID(dataset)))).latest
        await request_preparation(session, version, promptly=True)

    answer = await save(producer, dataset, row_form(digest, ["Phare", *FIRST[1:]]))

    assert answer.status_code == 303, answer.text
    assert (await newest_file(producer, dataset)).startswith(
        TABLE.splitlines()[0] + b"\nPhare;"
    )


async def test_a_cell_of_a_sheet_is_corrected_and_published(
    producer: Producer, tmp_path: Path
) -> None:
    path = workbook(tmp_path)
    dataset = await producer.draft(path.read_bytes(), "clubs.xlsx")
    digest = await shown_digest(producer, dataset)
    cells = ["Les Amis", "Ré", "13", "1988-02-29", "true"]
    form = row_form(digest, cells) | {"names": json.dumps(SHEET_NAMES)}

    answer = await save(producer, dataset, form)

    assert answer.status_code == 303
    await producer.publish(dataset)
    table = await producer.client.get(f"/datasets/{dataset}/clubs.csv")
    assert "Les Amis,Ré,13" in table.text
    workbook_file = await producer.client.get(f"/datasets/{dataset}/file")
    assert workbook_file.content.startswith(b"PK")


@pytest.mark.thorough
async def test_a_cell_of_an_open_document_is_corrected_and_published(
    producer: Producer, tmp_path: Path
) -> None:
    path = document(tmp_path, NOTICE + sheet())
    dataset = await producer.draft(path.read_bytes(), "clubs.ods")
    digest = await shown_digest(producer, dataset)
    cells = ["Les Amis", "Ré", "13", "1988-02-29", "true"]
    form = row_form(digest, cells) | {"names": json.dumps(DOCUMENT_NAMES)}

    answer = await save(producer, dataset, form)

    assert answer.status_code == 303, answer.text
    await producer.publish(dataset)
    table = await producer.client.get(f"/datasets/{dataset}/clubs.csv")
    document_file = await producer.client.get(f"/datasets/{dataset}/file")
    assert "Les Amis,Ré,13" in table.text
    assert b"mimetypeapplication/vnd.oasis.opendocument" in document_file.content[:120]


@pytest.mark.thorough
async def test_a_cell_of_a_flat_document_is_corrected(
    producer: Producer, tmp_path: Path
) -> None:
    path = flat_document(tmp_path, NOTICE + sheet())
    dataset = await producer.draft(path.read_bytes(), "clubs.fods")
    digest = await shown_digest(producer, dataset)
    cells = ["Les Amis", "Ré", "13", "1988-02-29", "true"]
    form = row_form(digest, cells) | {"names": json.dumps(DOCUMENT_NAMES)}

    answer = await save(producer, dataset, form)

    assert answer.status_code == 303, answer.text
    corrected = await newest_file(producer, dataset)
    assert b"<text:p>Les Amis</text:p>" in corrected
    assert "<text:p>À lire</text:p>".encode() in corrected


@pytest.mark.thorough
async def test_a_formula_is_said_and_what_was_written_stays(
    producer: Producer, tmp_path: Path
) -> None:
    path = workbook(tmp_path, formula=True)
    dataset = await producer.draft(path.read_bytes(), "clubs.xlsx")
    digest = await shown_digest(producer, dataset)
    cells = ["Les Amis du Phare", "Kerlévan", "14", "1987-03-12", "true"]
    form = row_form(digest, cells) | {"names": json.dumps(SHEET_NAMES)}

    answer = await save(producer, dataset, form)

    assert answer.status_code == 409
    assert 'value="14"' in answer.text
    assert await newest_file(producer, dataset) == path.read_bytes()
