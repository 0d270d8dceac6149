"""`/mcp` of the node: columns, values, rows, figures and downloads of a table, as the tabular API has them."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.contract.readers.environments import environment
from tests.contract.readers.serving import read_with, serving
from tests.mcp import call_tool, request_result
from tests.node.counterpart import report
from tests.node.lasting import browse as browse
from tests.node.lasting import demo as demo
from tests.node.lasting import make_person as make_person
from tests.node.lasting import passer_by as passer_by
from tests.node.lasting import patient as patient
from tests.node.lasting import producer as producer
from tests.node.lasting import publisher as publisher
from tests.node.lasting import space as space
from tests.node.producer import Producer
from tests.node.test_named_tables import BOOK
from tests.node.test_outbox import answer as answer

HEIGHTS = 'quartier,"essence, nom",hauteur\nNord,Tilleul,3\nNord,Chêne,5\nSud,Tilleul,8\nSud,Tilleul,\n'.encode()
TOOLS = [
    "aggregate_rows",
    "describe_table",
    "draft_description",
    "list_downloads",
    "list_values",
    "read_rows",
]


@pytest.fixture(scope="module")
async def trees(producer: Producer) -> str:
    """A published table of four trees."""
    return await producer.publish(await producer.draft(HEIGHTS, "arbres.csv"))


async def test_a_program_learns_the_columns_then_asks(
    passer_by: httpx.AsyncClient, trees: str
) -> None:
    listed = await request_result(passer_by, "tools/list")
    table = await call_tool(passer_by, "describe_table", {"dataset_id": trees})
    rows = await call_tool(
        passer_by,
        "read_rows",
        {
            "dataset_id": trees,
            "filters": {"hauteur__strictly_greater": 3},
            "columns": ["essence, nom", "hauteur"],
            "sort": {"hauteur": "desc"},
        },
    )
    values = await call_tool(
        passer_by, "list_values", {"dataset_id": trees, "column": "essence, nom"}
    )
    figures = await call_tool(
        passer_by,
        "aggregate_rows",
        {
            "dataset_id": trees,
            "group_by": {"quartier": ""},
            "measures": {"hauteur": ["sum", "avg"], "__id": ["count"]},
        },
    )

    assert [tool["name"] for tool in listed["tools"]] == TOOLS
    assert [(column["name"], column["type"]) for column in table["columns"]] == [
        ("quartier", "text"),
        ("essence, nom", "text"),
        ("hauteur", "integer"),
    ]
    assert table["rows"] == 4
    assert rows["rows"] == [
        {"essence, nom": "Tilleul", "hauteur": 8},
        {"essence, nom": "Chêne", "hauteur": 5},
    ]
    assert {row["essence, nom"]: row["__id__count"] for row in values["rows"]} == {
        "Tilleul": 3,
        "Chêne": 1,
    }
    assert {
        row["quartier"]: (row["hauteur__sum"], row["hauteur__avg"], row["__id__count"])
        for row in figures["rows"]
    } == {"Nord": (8, 4.0, 2), "Sud": (8, 8.0, 2)}


async def test_each_answer_cites_whose_data_these_are_and_where(
    producer: Producer, passer_by: httpx.AsyncClient, answer: Callable[..., Any]
) -> None:
    trees = await producer.publish(await producer.draft(HEIGHTS, "arbres.csv"))
    unannounced = await call_tool(passer_by, "read_rows", {"dataset_id": trees})
    accepted = await answer(report(trees))
    tool_answer = await call_tool(passer_by, "read_rows", {"dataset_id": trees})
    record = (await passer_by.get(f"/api/v1/resources/{trees}")).json()
    direct = (await passer_by.get(tool_answer["source"]["address"])).json()

    assert accepted == 200
    assert unannounced["dataset"] is None
    assert tool_answer["dataset"]["title"] == record["resource_title"]
    assert tool_answer["dataset"]["producer"] == record["producer"]["organization_name"]
    assert tool_answer["dataset"]["licence"]
    assert tool_answer["dataset"]["modified"]
    assert direct["data"] == tool_answer["rows"]


@pytest.mark.thorough
async def test_a_table_beside_the_main_one_is_named(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish(await producer.draft(BOOK, "classeur.xlsx"))
    place = {"dataset_id": dataset, "table": "arbres-plantes"}

    main = await call_tool(passer_by, "describe_table", {"dataset_id": dataset})
    table = await call_tool(passer_by, "describe_table", place)
    rows = await call_tool(passer_by, "read_rows", {**place, "page_size": 2})
    downloads = await call_tool(passer_by, "list_downloads", place)
    csv = await passer_by.get(downloads["files"]["csv"])

    assert [column["name"] for column in main["columns"]] == ["quartier", "places"]
    assert table["columns"][0]["name"] == "essence"
    assert (rows["total"], len(rows["rows"])) == (12, 2)
    assert len(csv.text.splitlines()) == 13


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("read_rows", {"filters": {"hauteur": {"a": 1}}}, "filters"),
        ("read_rows", {"filters": ["hauteur"]}, "filters"),
        ("aggregate_rows", {}, "measures"),
        ("aggregate_rows", {"measures": {}}, "measures"),
        ("aggregate_rows", {"measures": {"hauteur": ["mode"]}}, "measures"),
        ("list_values", {}, "column"),
        ("read_rows", {"where": "1=1"}, "where"),
    ],
)
async def test_wrong_arguments_are_named(
    passer_by: httpx.AsyncClient,
    trees: str,
    tool: str,
    arguments: dict[str, Any],
    words: str,
) -> None:
    answer = await call_tool(passer_by, tool, {"dataset_id": trees, **arguments})

    assert words in str(answer["faults"])


@pytest.mark.parametrize(
    "place",
    [
        {"dataset_id": "{trees}/data/parquet"},
        {"dataset_id": "{trees}%2Fdata%2Fparquet"},
        {"dataset_id": ".."},
        {"table": "../data/parquet"},
        {"table": "x/y"},
        {"table": "x\\y"},
        {"table": ".."},
        {"table": "x%2Fy"},
    ],
    ids=str,
)
async def test_an_argument_leads_to_no_other_address(
    passer_by: httpx.AsyncClient, trees: str, place: dict[str, str]
) -> None:
    arguments = {"dataset_id": trees} | {
        name: value.replace("{trees}", trees) for name, value in place.items()
    }

    answer = await call_tool(passer_by, "describe_table", arguments)

    assert [fault.partition(":")[0] for fault in answer["faults"]] == list(place)


async def test_what_the_table_refuses_comes_in_its_words(
    passer_by: httpx.AsyncClient, trees: str
) -> None:
    unknown = await call_tool(
        passer_by, "read_rows", {"dataset_id": trees, "filters": {"age__less": 3}}
    )
    nothing = await call_tool(
        passer_by,
        "read_rows",
        {"dataset_id": trees, "filters": {"hauteur__greater": 100}},
    )

    assert unknown["status"] == 422
    assert "age" in str(unknown["problem"])
    assert (nothing["rows"], "list_values" in nothing["why_empty"]) == ([], True)


async def test_an_answer_that_is_too_large_is_not_sent(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    wide = "\n".join(["mots", *(f"{n} " + "mot " * 500 for n in range(200))]).encode()
    dataset = await producer.publish(await producer.draft(wide, "mots.csv"))

    answer = await call_tool(
        passer_by, "read_rows", {"dataset_id": dataset, "page_size": 200}
    )
    fewer = await call_tool(
        passer_by, "read_rows", {"dataset_id": dataset, "page_size": 20}
    )

    assert "256 kB" in answer["faults"][0]
    assert len(fewer["rows"]) == 20


@pytest.mark.thorough
async def test_the_client_of_the_protocols_own_kit_reads_rows(
    node_app: Litestar, trees: str, passer_by: httpx.AsyncClient
) -> None:
    calls = [["read_rows", {"dataset_id": trees}]]

    async with serving(node_app, port_offset=1):
        answer = await read_with(
            environment("agents"),
            "read_mcp.py",
            f"{str(passer_by.base_url).rstrip('/')}/mcp",
            "auto",
            json.dumps(calls),
        )

    assert sorted(answer["tools"]) == TOOLS
    assert len(answer["answers"][0]["content"]["rows"]) == 4


async def test_a_description_is_drafted_and_saved_by_a_person_alone(
    producer: Producer, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.draft(HEIGHTS, "arbres.csv")
    answers = {"title": "Arbres du quartier", "keywords": "arbre, hauteur"}
    place = {"dataset_id": dataset}
    draft = await call_tool(passer_by, "draft_description", {**place, **answers})
    faulty = await call_tool(passer_by, "draft_description", {**place, "theme": "x"})
    long = await call_tool(passer_by, "draft_description", {**place, "summary": "a" * 6_000})  # fmt: skip

    address = httpx.URL(draft["form"])
    form = await producer.client.get(str(address.raw_path, "ascii"))
    stranger = await passer_by.get(str(address.raw_path, "ascii"))
    again = await producer.client.get(address.path)
    refused = await producer.client.get(address.path, params={"theme": "x"})

    assert (address.path, dict(address.params)) == (f"/datasets/{dataset}/describe", answers)  # fmt: skip
    assert draft["missing"] == []
    assert draft["why_not_sent"].startswith("Nothing was sent")
    assert [entry["field"] for entry in faulty["missing"]] == ["theme"]
    assert (long["status"], long["problem"]["errors"][0]["field"]) == (422, "summary")
    assert 'value="Arbres du quartier"' in form.text
    assert 'value="Arbres du quartier"' not in again.text
    noted = [
        "Rempli à l’avance" in response.text for response in (form, again, refused)
    ]
    assert noted == [True, False, False]
    assert "Arbres du quartier" not in stranger.text
