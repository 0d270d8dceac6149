"""A restricted table by the tools of `/mcp`: whoever has no agreement gets no row, and a project what its agreement opens."""

import json

import httpx

from tests.mcp import call_tool
from tests.node.agreements.granting import HIDDEN, IN_PART, Granting
from tests.node.agreements.test_routes import identities as identities
from tests.node.agreements.test_routes import places as places
from tests.node.producer import Producer

CALLS = {
    "read_rows": {},
    "list_values": {"column": "commune"},
    "aggregate_rows": {"measures": {"index": ["sum"]}},
}
FIRST = "PA-0001"


async def test_no_tool_gives_a_row_to_whoever_has_no_agreement(
    identities: dict[str, tuple[httpx.AsyncClient, dict[str, str]]], meters: str
) -> None:
    refused = 0
    for name, (client, headers) in identities.items():
        for tool, arguments in CALLS.items():
            sent = {"Authorization": "", **headers}
            answer = await call_tool(
                client,
                tool,
                {"dataset_id": meters, **arguments},
                Authorization=sent["Authorization"],
            )
            assert "rows" not in answer, (name, tool)
            assert HIDDEN not in json.dumps(answer), (name, tool)
            refused += answer["status"] in {401, 403, 404}

    assert refused == len(identities) * len(CALLS)


async def test_a_project_reads_by_tools_what_its_agreement_opens(
    machine: httpx.AsyncClient, meters: str, portal: Granting
) -> None:
    grant = portal.grant(meters, IN_PART)
    await portal.push(machine, grant)
    place = {"dataset_id": meters}
    bearer = grant.headers["Authorization"]

    rows = await call_tool(
        machine, "read_rows", {**place, "page_size": 100}, Authorization=bearer
    )
    hidden = await call_tool(
        machine, "list_values", {**place, "column": "note"}, Authorization=bearer
    )
    figures = await call_tool(
        machine,
        "aggregate_rows",
        {**place, "measures": {"index": ["count"]}},
        Authorization=bearer,
    )

    assert (rows["total"], set(rows["rows"][0])) == (
        20,
        {"__id", "compteur", "commune", "index"},
    )
    assert FIRST in json.dumps(rows)
    assert HIDDEN not in json.dumps([rows, hidden, figures])
    assert hidden["status"] == 403
    assert figures["rows"] == [{"index__count": 20}]


async def test_a_browser_lends_its_session_to_no_tool(
    producer: Producer, meters: str
) -> None:
    page = await producer.client.get(f"/api/resources/{meters}/data/")
    answer = await call_tool(producer.client, "read_rows", {"dataset_id": meters})

    assert FIRST in page.text
    assert answer["status"] == 401
