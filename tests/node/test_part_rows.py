"""Rows of the table of a part are corrected on its pages as those of the main file, as a version of that part alone."""

import json
import re
from html import unescape

import httpx
import pytest

from tests.node import personal_set
from tests.node.producer import TABLE, Producer
from tests.node.test_correct_rows import (
    FIRST,
    newest_file,
    row_form,
    shown_digest,
)
from tests.node.test_correct_rows import save as save_rows
from tests.node.test_part_checks import FAULTY_TABLE, NAMES, choose_model
from tests.node.test_parts import NOTICE, add
from tests.node.test_parts import save as publish_part
from udi.node.datasets.models import PartRole


@pytest.mark.thorough
async def test_a_cell_of_a_part_is_corrected_as_a_version_of_that_part(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, TABLE, "clubs.csv")
    await publish_part(producer, dataset, part, role=PartRole.DATA)
    path = f"{dataset}/parts/{part}"
    address = f"/datasets/{path}"
    file_address = f"/datasets/{dataset}/files/{part}/clubs.csv"
    part_page = await producer.page(address)
    understood_page = await producer.page(f"{address}/check")
    rows_page = await producer.page(f"{address}/rows")
    digest = await shown_digest(producer, path)

    saved = await save_rows(producer, path, row_form(digest, ["Phare", *FIRST[1:]]))
    waiting_page = await producer.page(f"{address}/rows")
    changes_page = unescape(await producer.page(f"{address}/rows?view=changes"))
    before = await passer_by.get(file_address)
    await publish_part(producer, dataset, part, role=PartRole.DATA)
    after = await passer_by.get(file_address)
    main = await passer_by.get(f"/datasets/{dataset}/file")
    history = (await producer.client.get(f"/datasets/{dataset}/history.csv")).text

    for page in (part_page, understood_page):
        assert f'href="{address}/rows"' in page
    assert f'href="{address}/rows/1"' in rows_page
    assert f"/datasets/{dataset}/rows" not in rows_page
    assert (saved.status_code, saved.headers["location"]) == (303, f"{address}/rows")
    assert f'href="{address}/rows?view=changes"' in waiting_page
    assert f'<a href="{address}">Vérifier et publier' in waiting_page
    assert '<td class="was" dir="auto">Les Amis du Phare</td>' in changes_page
    assert '<td class="now" dir="auto">Phare</td>' in changes_page
    assert before.content == main.content == TABLE
    assert after.content == TABLE.replace(b"Les Amis du Phare", b"Phare")
    assert "Lignes d’un autre fichier corrigées" in history


@pytest.mark.thorough
async def test_rows_of_a_part_that_others_changed_stay_changed(
    producer: Producer,
) -> None:
    dataset = await producer.draft()
    part = await add(producer, dataset, TABLE, "clubs.csv")
    path = f"{dataset}/parts/{part}"
    address = f"/datasets/{path}/rows"
    first = await shown_digest(producer, path)
    second = await shown_digest(producer, path, 2)
    added = row_form("", ["Judo", "Brest", "31/01/2001"], next="1")

    await save_rows(
        producer, path, row_form(second, ["Voile", "Brest", "04/09/1999"], 2)
    )
    new = await save_rows(producer, path, added)
    late = await save_rows(
        producer, path, row_form(second, ["Kayak", "Brest", "04/09/1999"], 2)
    )
    form = row_form(first, ["Phare", *FIRST[1:]]) | {"view": "grid"}
    saved = await save_rows(producer, path, form)

    assert new.headers["location"] == f"{address}/new"
    assert late.status_code == 409
    assert f'action="{address}"' in late.text
    assert 'value="Kayak"' in late.text
    assert saved.headers["location"] == f"{address}?view=grid"
    expected = "nom;commune;création\nPhare;Kerlévan;12/03/1987\nVoile;Brest;04/09/1999\nJudo;Brest;31/01/2001\n"
    assert (await newest_file(producer, path)).decode("cp1252") == expected
    assert await newest_file(producer, dataset) == TABLE


@pytest.mark.thorough
async def test_a_cell_of_a_part_that_does_not_fit_leads_to_its_row(
    producer: Producer,
) -> None:
    lines = b"".join(b"Club %d,%d\n" % (place, place) for place in range(60))
    dataset = await producer.draft()
    table = b"nom,membres\n" + lines + b"Phare,douze\n"
    part = await add(producer, dataset, table, "membres.csv")
    address = f"/datasets/{dataset}/parts/{part}"

    part_page = await producer.page(address)
    row = await producer.client.get(f"{address}/rows?line=62")

    assert f'href="{address}/rows?line=62"' in part_page
    assert row.headers["location"] == f"{address}/rows/61"


@pytest.mark.thorough
async def test_the_model_of_a_part_says_what_is_wrong_at_the_cell(
    producer: Producer,
) -> None:
    dataset = await producer.draft()
    part = await add(producer, dataset, FAULTY_TABLE.encode(), "prenoms.csv")
    await choose_model(producer, dataset, part, "prenoms")
    path = f"{dataset}/parts/{part}"
    form = row_form("", ["Brest", "29019", "X", "Yann", "", "2025"])
    form["names"] = json.dumps(NAMES.strip().split(";"))

    new_row = await producer.page(f"/datasets/{path}/rows/new")
    refused = await save_rows(producer, path, form)
    saved = await save_rows(producer, path, {**form, "keep": "1"})
    part_page = await producer.page(f"/datasets/{path}")

    assert '<select id="r0-c2"' in new_row
    assert refused.status_code == 422
    assert 'href="#r0-c2"' in refused.text
    assert saved.status_code == 303
    assert b"Brest;29019;X;Yann;;2025\n" in await newest_file(producer, path)
    assert 'value="prenoms" selected' in part_page


async def test_personal_data_in_a_correction_of_a_part_stop_its_publication(
    producer: Producer,
) -> None:
    lines = "".join(f"Club {place};Quai {place}\n" for place in range(8))
    dataset = await producer.publish()
    part = await add(producer, dataset, f"nom;mail\n{lines}".encode(), "clubs.csv")
    await publish_part(producer, dataset, part, role=PartRole.DATA)
    path = f"{dataset}/parts/{part}"
    grid_page = await producer.page(f"/datasets/{path}/rows?view=grid")
    digests = re.findall(r'name="r\d+-digest" value="([0-9a-f]+)"', grid_page)
    draw = personal_set.Draw(11)
    form = {"names": '["nom", "mail"]', "rows": "8", "view": "grid"}
    for place, digest in enumerate(digests):
        form |= {
            f"r{place}-number": str(place + 1),
            f"r{place}-digest": digest,
            f"r{place}-c0": f"Club {place}",
            f"r{place}-c1": personal_set.mail(draw),
        }

    saved = await save_rows(producer, path, form)
    published = await publish_part(producer, dataset, part, role=PartRole.DATA)

    assert saved.status_code == 303
    assert published.status_code == 422
    assert 'id="reason"' in published.text


@pytest.mark.thorough
async def test_rows_of_a_part_that_cannot_be_corrected_are_refused(
    producer: Producer,
) -> None:
    dataset = await producer.publish()
    part = await add(producer, dataset, TABLE, "clubs.csv")
    notice = await add(producer, dataset, NOTICE)
    link = await producer.client.post(
        f"/datasets/{dataset}/parts/links",
        data={"title": "API", "role": "service", "address": "https://api.example/v1"},
    )
    path = f"{dataset}/parts/{part}"
    form = row_form(await shown_digest(producer, path), ["Phare", *FIRST[1:]])

    of_a_text = await producer.client.get(f"/datasets/{dataset}/parts/{notice}/rows")
    of_a_link = await producer.client.get(f"{link.headers['location']}/rows")
    of_none = await save_rows(producer, f"{dataset}/parts/{dataset}", form)
    await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Trop vieux."}
    )
    withdrawn = await save_rows(producer, path, form)

    assert "/rows" not in await producer.page(f"/datasets/{dataset}/parts/{notice}")
    assert [of_a_text.status_code, of_a_link.status_code] == [409, 409]
    assert [of_none.status_code, withdrawn.status_code] == [404, 409]
    assert 'value="Phare"' in withdrawn.text
    assert await newest_file(producer, path) == TABLE
