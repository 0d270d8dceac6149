"""A model is filled on a page: its rows are a draft, which is continued, corrected and published as a dropped file is."""

import json
import re
from html import unescape

import httpx
import pytest

from tests.depth import examples
from tests.node.producer import SLUG, Producer
from tests.node.test_correct_rows import newest_file

NAMES = ["COMMUNE_NOM", "COLL_INSEE", "ENFANT_SEXE", "ENFANT_PRENOM", "NOMBRE_OCCURRENCES", "ANNEE"]  # fmt: skip
ROW = ["Brest", "29019", "F", "Nolwenn", "3", "2025"]
ADDRESS = f"/spaces/{SLUG}/fill"


def fill_form(
    *rows: list[str], model: str = "prenoms", **others: str
) -> dict[str, str]:
    """What a browser sends of a grid of new rows."""
    cells = {
        f"r{place}-c{column}": value
        for place, row in enumerate(rows)
        for column, value in enumerate(row)
    }
    return {"model": model, "rows": str(len(rows)), "view": "grid", **cells, **others}


@pytest.mark.thorough
async def test_every_model_is_offered_and_shows_its_fields(producer: Producer) -> None:
    page = await producer.page(ADDRESS)
    models = [unescape(name) for name in re.findall(r"fill\?model=([^\"]+)\"", page)]
    assert len(models) == 31

    for model in models[:: examples(3, 1)]:
        grid = await producer.page(f"{ADDRESS}?model={model}")
        assert 'name="r9-c0"' in grid
        assert 'name="r0-c0"' in await producer.page(
            f"{ADDRESS}?model={model}&view=row"
        )


async def test_fields_say_what_the_model_asks(producer: Producer) -> None:
    page = await producer.page(f"{ADDRESS}?model=prenoms&view=row")
    taxis = await producer.page(f"{ADDRESS}?model=subventions&view=row")

    sex = re.search(r'<select id="r0-c2".*?</select>', page, re.DOTALL)
    assert sex
    assert re.findall(r'<option value="(.?)"', sex[0]) == ["", "M", "F", "I"]
    assert re.search(
        r'<input id="r0-c4"[^>]*aria-required="true"[^>]*data-min="1"', page
    )
    assert 'type="date"' in taxis


async def test_rows_become_a_draft_that_is_continued_and_published(
    producer: Producer,
) -> None:
    answer = await producer.client.post(ADDRESS, data=fill_form(ROW, [""] * 6))

    match = re.fullmatch(
        r"/datasets/([0-9a-f-]{36})/rows\?view=grid", answer.headers["location"]
    )
    assert match
    dataset = match[1]
    assert await newest_file(producer, dataset) == (
        f"{','.join(NAMES)}\n{','.join(ROW)}\n".encode()
    )
    assert 'value="Nolwenn"' in await producer.page(answer.headers["location"])
    more = {
        "names": json.dumps(NAMES),
        **fill_form(["Brest, le port", "29019", "M", "Yann", "4", "2025"]),
        "next": "1",
        "keep": "1",
    }
    added = await producer.client.post(f"/datasets/{dataset}/rows", data=more)
    assert added.headers["location"] == f"/datasets/{dataset}/rows/new"
    check = unescape(await producer.page(f"/datasets/{dataset}/check"))
    assert "Prénoms" in check
    await producer.publish(dataset)
    opened = await producer.client.get(f"/datasets/{dataset}/file")
    assert opened.text.endswith('"Brest, le port",29019,M,Yann,4,2025\n')


async def test_what_the_model_refuses_is_said_at_its_cell_and_may_be_kept(
    producer: Producer,
) -> None:
    invalid_row = ["Brest", "29019", "X", "Nolwenn", "", "2025"]
    form = fill_form(ROW, invalid_row)

    refused = await producer.client.post(ADDRESS, data=form)
    saved = await producer.client.post(ADDRESS, data={**form, "keep": "1"})

    assert refused.status_code == 422
    errors = re.findall(r'<a href="#(r\d-c\d)">', refused.text)
    assert errors == ["r1-c2", "r1-c4"]
    assert 'value="Nolwenn"' in refused.text
    assert saved.status_code == 303
    page = await producer.page(f"/spaces/{SLUG}")
    assert page.count("/describe") >= 1


@pytest.mark.thorough
async def test_dates_of_a_draft_stay_as_they_were_written(producer: Producer) -> None:
    names = re.findall(
        r'<code class="thin muted">([^<]+)</code>|<bdi>([^<]+)</bdi></label>',
        await producer.page(f"{ADDRESS}?model=subventions&view=row"),
    )
    width = len(names)
    row = [""] * width
    row[0] = "31/12/2025"

    answer = await producer.client.post(
        ADDRESS, data=fill_form(row, model="subventions", keep="1")
    )

    page = await producer.page(answer.headers["location"])
    assert 'value="31/12/2025"' in page


@pytest.mark.thorough
async def test_nothing_filled_and_no_such_model_are_refused(producer: Producer) -> None:
    empty = await producer.client.post(ADDRESS, data=fill_form([""] * 6))
    unknown = await producer.client.post(ADDRESS, data=fill_form(ROW, model="none"))
    many = await producer.client.post(ADDRESS, data={**fill_form(ROW), "rows": "9999"})

    assert [empty.status_code, unknown.status_code, many.status_code] == [422, 404, 422]
    assert (await producer.client.get(f"{ADDRESS}?model=none")).status_code == 404


@pytest.mark.thorough
async def test_too_many_rows_stay_on_the_page(producer: Producer) -> None:
    rows = [[f"typed {place}", *ROW[1:]] for place in range(501)]

    answer = await producer.client.post(ADDRESS, data=fill_form(*rows))

    assert answer.status_code == 422
    assert 'value="typed 0"' in answer.text
    assert 'value="typed 500"' in answer.text


@pytest.mark.thorough
async def test_long_rows_are_within_the_form(producer: Producer) -> None:
    rows = [["é" * 4_000, *ROW[1:]] for _ in range(50)]

    answer = await producer.client.post(ADDRESS, data=fill_form(*rows, keep="1"))

    assert answer.status_code == 303


@pytest.mark.thorough
async def test_a_space_without_place_keeps_no_draft(producer: Producer) -> None:
    big = b"nom,note\n" + b"".join(b"n%d,%s\n" % (n, b"x" * 180) for n in range(5_200))
    await producer.draft(big, "grand.csv")
    rows = [[name, *ROW[1:]] for name in ["Brest" * 200] * 60]

    answer = await producer.client.post(ADDRESS, data=fill_form(*rows, keep="1"))

    assert answer.status_code == 413
    assert 'value="Nolwenn"' in answer.text


async def test_a_stranger_fills_nothing(passer_by: httpx.AsyncClient) -> None:
    answer = await passer_by.post(ADDRESS, data=fill_form(ROW))

    assert answer.status_code == 401


@pytest.mark.thorough
async def test_a_published_table_is_taken_as_the_file_of_its_model(
    producer: Producer,
) -> None:
    order = [5, 0, 3, 1, 2, 4]
    lines = [[row[place] for place in order] for row in (NAMES, ROW)]
    content = "".join(f"{','.join(line)},x\n" for line in lines)
    dataset = await producer.draft(content.encode(), "naissances.csv")
    await producer.client.post(f"/datasets/{dataset}/schema", data={"name": "prenoms"})
    before = await producer.page(f"/datasets/{dataset}")
    await producer.publish(dataset)

    page = unescape(await producer.page(f"/datasets/{dataset}"))
    match = re.search(r'href="([^"]+\.csv\?columns=[^"]+)"', page)

    assert "?columns=" not in before
    assert match
    taken = await producer.client.get(match[1])
    assert taken.text.splitlines()[0].lstrip("\ufeff") == ",".join(NAMES)
    assert taken.text.splitlines()[1] == ",".join(ROW)


@pytest.mark.thorough
async def test_a_table_that_lacks_a_column_of_its_model_is_no_file_of_it(
    producer: Producer,
) -> None:
    lines = [",".join(row[:5]) for row in (NAMES, ROW)]
    dataset = await producer.draft("\n".join([*lines, ""]).encode(), "naissances.csv")
    await producer.client.post(f"/datasets/{dataset}/schema", data={"name": "prenoms"})
    await producer.publish(dataset)

    assert "?columns=" not in await producer.page(f"/datasets/{dataset}")
