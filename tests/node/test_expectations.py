"""A script says what it expects of the file that it sends; what does not meet it is not published."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.node.producer import TABLE, Producer
from tests.node.scripts import OTHER, Script, new_key
from udi.kit.errors import InvalidError
from udi.node.datasets.intake import put
from udi.node.datasets.versions.expectations import read_expectation
from udi.node.files.intake.uploads import cancel_upload

SHORT = b"nom;commune;code\nLes Amis du Phare;Kerlevan;7\n"
"""Loses rows and a column of the first table."""


def query(publish: str = "true", **expectation: object) -> str:
    return f"?publish={publish}&expect={quote(json.dumps(expectation))}"


async def test_nothing_is_published_where_the_file_is_not_as_expected(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()
    script = Script(passer_by, await new_key(manager))
    expectation = {
        "least_rows": 3,
        "most_lost_percent": 10,
        "columns": {"nom": "text", "commune": "", "création": "date", "code": "text"},
        "format": "XLSX",
    }

    refused = await script.put(
        dataset, SHORT, query(**expectation), accept_language="en"
    )
    again = await script.put(dataset, SHORT, query(**expectation), accept_language="en")

    problem = refused.json()
    assert (refused.status_code, again.status_code) == (409, 409)
    assert again.json()["errors"] == problem["errors"]
    assert [(error["field"], error["reason"]) for error in problem["errors"]] == [
        ("expect.format", "You expect the format XLSX, the file has CSV."),
        ("expect.least_rows", "You expect 3 rows at least, the file has 1."),
        (
            "expect.most_lost_percent",
            "You expect a loss of 10 percent at most: the published version has 2 rows, the file 1.",
        ),
        (
            "expect.columns",
            "You expect the type text of the column “code”, it has integer.",
        ),
        ("expect.columns", "The column “création” is missing."),
    ]
    assert all(error["remedy"] for error in problem["errors"])
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE
    page = await producer.page(
        f"/datasets/{dataset}", headers={"Accept-Language": "en"}
    )
    assert "It does not meet what its script expects." in page

    met = await script.put(
        dataset,
        OTHER,
        query(least_rows=3, most_lost_percent=0, columns={"nom": "text"}),
    )

    assert (met.status_code, met.json()["published"]) == (201, True)
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == OTHER


async def test_personal_data_that_are_newly_found_are_not_expected(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()
    script = Script(passer_by, await new_key(manager))
    lines = [f"Amicale {n};Kerlevan;jean.martin{n}@example.org" for n in range(20)]
    content = "\n".join(["nom;commune;courriel", *lines]).encode()

    refused = await script.put(
        dataset, content, query(new_personal_data=False), accept_language="en"
    )

    assert refused.status_code == 409
    assert [error["reason"] for error in refused.json()["errors"]] == [
        "Personal data are newly found: courriel."
    ]
    assert "martin" not in refused.text
    page = await producer.page(
        f"/datasets/{dataset}", headers={"Accept-Language": "en"}
    )
    assert "Personal data are newly found: courriel." in page


@pytest.mark.thorough
async def test_an_expectation_is_replaced_by_another_one_of_the_same_bytes_alone(
    producer: Producer,
    manager: httpx.AsyncClient,
    passer_by: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = await producer.publish()
    script = Script(passer_by, await new_key(manager))
    newer = OTHER + b"Golf;Brest;01/02/2003\n"

    strict = await script.put(dataset, OTHER, query("false", least_rows=10))
    silent = await script.put(dataset, OTHER, "?publish=true")

    assert (strict.status_code, silent.status_code) == (409, 409)
    assert silent.json()["errors"] == strict.json()["errors"]

    overtaking = list[httpx.Response]()

    async def overtake(*upload: Any) -> None:
        strict_query = query("false", least_rows=10)
        overtaking.append(await script.put(dataset, newer, strict_query))
        await cancel_upload(*upload)

    with monkeypatch.context() as patch:
        patch.setattr(put, "cancel_upload", overtake)
        overtaken = await script.put(dataset, OTHER, query())

    assert [answer.status_code for answer in overtaking] == [409]
    assert (overtaken.status_code, overtaken.json()["published"]) == (200, False)
    assert (await passer_by.get(f"/datasets/{dataset}/file")).content == TABLE

    freed = await script.put(dataset, newer, query())

    assert (freed.status_code, freed.json()["published"]) == (200, True)


async def test_an_expectation_is_answered_to_those_who_may_send_alone(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(access="restricted")
    stranger = Script(passer_by, "udi_nobody")

    answers = [
        await stranger.put(dataset, SHORT, text)
        for text in ("", query(least_rows=10**6), query(least_rows=0), "?expect=%7B")
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"rows": 3}',
        '{"least_rows": -1}',
        '{"most_lost_percent": 101}',
        '{"columns": {"nom": "words"}}',
        '{"columns": ["nom"]}',
        '{"columns": {"nom\\u0000": ""}}',
        '{"format": "CSV\\u0000"}',
        '{"format": "' + "x" * 10_000 + '"}',
    ],
)
def test_read_expectation_refuses_what_it_does_not_know(text: str) -> None:
    with pytest.raises(InvalidError):
        read_expectation(text)
