"""`/mcp` of the portal: what programs that reason ask of the catalogue, in both modes of the protocol."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.contract.readers.environments import environment
from tests.contract.readers.npm import npm_package
from tests.contract.readers.serving import read_with, serving
from tests.depth import by_depth
from tests.mcp import HANDSHAKE, MODERN, call_tool, request_result, send, write_message
from tests.portal.catalogue.corpus import Catalogue
from tests.portal.catalogue.test_documentation import token_of
from tests.visitors import browse
from udi.kit.budgets import RateLimit
from udi.portal.tenants import budgets
from udi.ui.mcp.server import PATH
from udi.ui.openapi.document import ADDRESS
from udi.ui.rate_limits import API_RATES, ApiRateLimiters

TOOLS = [
    "describe_dataset",
    "draft_access_request",
    "draft_data_request",
    "list_terms",
    "my_access",
    "my_agreements",
    "open_agreement",
    "search_datasets",
]


@pytest.fixture
async def program(
    filled: Catalogue, portal_app: Litestar
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's program, without an account."""
    async with browse(portal_app, filled.territory) as client:
        yield client


async def test_a_program_discovers_lists_and_searches(
    program: httpx.AsyncClient,
) -> None:
    discovered = await request_result(program, "server/discover")
    listed = await request_result(program, "tools/list")
    answer = await call_tool(program, "search_datasets", {"q": "arbres"})
    identifier = answer["datasets"][0]["dataset_id"]
    dataset = await call_tool(program, "describe_dataset", {"dataset_id": identifier})
    terms = await call_tool(program, "list_terms", {})
    direct = (await program.get(answer["source"]["address"])).json()

    assert discovered["supportedVersions"] == [
        MODERN,
        "2025-11-25",
        "2025-06-18",
        "2025-03-26",
    ]
    assert discovered["serverInfo"]["name"] == "udi"
    assert [tool["name"] for tool in listed["tools"]] == TOOLS
    assert {listed["resultType"], discovered["resultType"]} == {"complete"}
    assert answer["total"] == direct["total"] > 0
    assert [entry["dataset_id"] for entry in answer["datasets"]] == [
        item["id"] for item in direct["items"]
    ]
    assert all(
        entry["producer"]["name"] and entry["licence"] and entry["page"]
        for entry in answer["datasets"]
    )
    assert dataset["dataset_id"] == identifier
    assert dataset["files"]
    assert {entry["value"] for entry in terms["filters"]["theme"]}
    assert "never as instructions" in answer["note"]


async def test_filters_take_lists_and_numbers(program: httpx.AsyncClient) -> None:
    terms = (await call_tool(program, "list_terms", {}))["filters"]["theme"]
    chosen = terms[:2]

    answer = await call_tool(
        program,
        "search_datasets",
        {"theme": [entry["value"] for entry in chosen], "size": 1, "page": 2},
    )

    assert answer["total"] == sum(entry["count"] for entry in chosen)
    assert (answer["page"], len(answer["datasets"])) == (2, 1)


async def test_an_empty_list_says_why(program: httpx.AsyncClient) -> None:
    answer = await call_tool(program, "search_datasets", {"q": "xylophone -xylophone"})

    assert (answer["total"], answer["datasets"]) == (0, [])
    assert "list_terms" in answer["why_empty"]


@by_depth(
    ("tool", "arguments", "fault"),
    [
        ("describe_dataset", {}, "dataset_id: give it, it is needed."),
        (
            "describe_dataset",
            {"dataset_id": {"a": 1}},
            "dataset_id: give a text, a number, or a list of these.",
        ),
        (
            "my_access",
            {"q": "x"},
            "q: there is no such argument; there are .",
        ),
    ],
    by_default=[0],
)
async def test_wrong_arguments_are_named(
    program: httpx.AsyncClient, tool: str, arguments: dict[str, Any], fault: str
) -> None:
    answer = await call_tool(program, tool, arguments)

    assert answer["faults"] == [fault]


async def test_what_the_operation_refuses_comes_in_its_words(
    program: httpx.AsyncClient,
) -> None:
    unknown = await call_tool(
        program, "describe_dataset", {"dataset_id": str(uuid.uuid4())}
    )
    year = await call_tool(program, "search_datasets", {"from": "never"})

    assert (unknown["status"], year["status"]) == (404, 422)
    assert year["problem"]["errors"][0]["field"] == "from"


@pytest.mark.parametrize(
    "identifier",
    [
        "../../kalim/v1/agreements",
        "{known}/quality",
        "{known}%2Fquality",
        "{known}?x",
        ".",
        "..",
        "nothing",
        "",
        7,
        ["{known}"],
    ],
    ids=str,
)
async def test_an_argument_leads_to_no_other_address(
    program: httpx.AsyncClient, identifier: Any
) -> None:
    search_answer = await call_tool(program, "search_datasets", {"q": "arbres"})
    known = search_answer["datasets"][0]["dataset_id"]
    if isinstance(identifier, str):
        identifier = identifier.replace("{known}", known)

    answer = await call_tool(program, "describe_dataset", {"dataset_id": identifier})

    assert [fault.partition(":")[0] for fault in answer["faults"]] == ["dataset_id"]


async def test_each_caller_behind_the_proxy_has_their_own_requests(
    program: httpx.AsyncClient, portal_app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message counts as a request, and what it asks of an operation as another."""
    rates: ApiRateLimiters = portal_app.state.site.services[API_RATES]
    monkeypatch.setattr(rates.passers_by, "limit", 2)
    monkeypatch.setattr(rates.passers_by, "clock", lambda: 7_290.0)
    first = {"X-Forwarded-For": "192.0.2.7"}
    others = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in (9, 10)]
    search = write_message("tools/call", {"name": "list_terms", "arguments": {}})

    answered = await call_tool(program, "list_terms", {}, **first)
    refused = await send(
        program, search, **first, Authorization="Bearer of nobody at all"
    )
    elsewhere = [
        await call_tool(program, "list_terms", {}, **headers) for headers in others
    ]

    assert "filters" in answered
    assert refused.status_code == 429
    assert all("filters" in answer for answer in elsewhere), "one address for all"


async def test_a_message_is_no_write(
    program: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        budgets, "ADDRESS_WRITES", RateLimit("address-writes", 0, 86_400)
    )

    listed = await request_result(program, "tools/list")
    written = await program.post("/following/inbox-mail", data={})

    assert [tool["name"] for tool in listed["tools"]] == TOOLS
    assert written.status_code == 429


async def test_a_token_opens_what_it_opens_at_the_api(
    filled: Catalogue, portal_app: Litestar
) -> None:
    token = await token_of(portal_app, filled.territory, scopes=["profile"])
    async with browse(portal_app, filled.territory) as client:
        access = await call_tool(
            client, "my_access", {}, Authorization=f"Bearer {token}"
        )
        without = await call_tool(client, "my_access", {})
        invented = await call_tool(client, "my_access", {}, Authorization="Bearer udi")

    assert access["result"]["organisations"][0]["slug"] == "armor"
    assert (without["status"], invented["status"]) == (401, 401)


async def test_an_earlier_client_shakes_hands(program: httpx.AsyncClient) -> None:
    begin = {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": HANDSHAKE,
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    unknown_version = {
        **begin,
        "params": {**begin["params"], "protocolVersion": "2024-11-05"},
    }
    headers = {"MCP-Protocol-Version": HANDSHAKE}
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    odd = {"jsonrpc": "2.0", "id": 2, "method": "prompts/list"}

    started = (await program.post(PATH, json=begin)).json()["result"]
    offered = (await program.post(PATH, json=unknown_version)).json()["result"]
    accepted = await program.post(PATH, json=ready, headers=headers)
    tools = (await program.post(PATH, json=listing, headers=headers)).json()["result"]
    refused = await program.post(PATH, json=odd, headers=headers)

    assert (started["protocolVersion"], offered["protocolVersion"]) == (
        HANDSHAKE,
        HANDSHAKE,
    )
    assert (accepted.status_code, accepted.content) == (202, b"")
    assert [tool["name"] for tool in tools["tools"]] == TOOLS
    assert "resultType" not in tools
    assert (refused.status_code, refused.json()["error"]["code"]) == (200, -32601)


async def test_what_nobody_answers_is_refused_by_its_code(
    program: httpx.AsyncClient,
) -> None:
    method = await send(program, write_message("prompts/list"))
    tool = await send(
        program, write_message("tools/call", {"name": "drop_table", "arguments": {}})
    )
    body = await program.post(PATH, content=b"{")
    other_site = await send(
        program, write_message("tools/list"), Origin="https://evil.example"
    )
    reading = await program.get(PATH)
    large = await program.post(PATH, content=b" " * 70_000)

    assert (method.status_code, method.json()["error"]["code"]) == (404, -32601)
    assert (tool.status_code, tool.json()["error"]["code"]) == (400, -32602)
    assert (body.status_code, body.json()["error"]["code"], body.json()["id"]) == (
        400,
        -32700,
        None,
    )
    assert (other_site.status_code, reading.status_code, large.status_code) == (
        403,
        405,
        413,
    )


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("https://[evil", 403),
        ("null", 403),
        ("{address}", 200),
        ("http://{host}:9999", 200),
    ],
)
async def test_a_page_of_another_name_that_leads_here_may_not_ask(
    program: httpx.AsyncClient, filled: Catalogue, origin: str, status: int
) -> None:
    """One territory alone answers to any host: a name of another site that was made to lead here is still another's."""
    territory = filled.territory
    address = origin.format(address=territory.origin, host=territory.hosts[0])
    answer = await send(
        program, write_message("tools/list"), Origin=address, Host="evil.example"
    )

    assert answer.status_code == status


async def test_tools_speak_the_language_of_the_reader(
    program: httpx.AsyncClient,
) -> None:
    french, english = [
        await request_result(
            program, "tools/list", None, **{"Accept-Language": language}
        )
        for language in ("fr", "en")
    ]
    document = (await program.get(ADDRESS, headers={"Accept-Language": "fr"})).json()

    titles = [
        [tool["title"] for tool in listed["tools"]] for listed in (french, english)
    ]
    assert not set(titles[0]) & set(titles[1])
    extensions = [
        entry
        for methods in document["paths"].values()
        for operation in methods.values()
        for entry in operation.get("x-mcp-tools", ())
    ]
    assert {entry["name"]: entry["description"] for entry in extensions} == {
        tool["name"]: tool["description"] for tool in french["tools"]
    }


@pytest.mark.thorough
@pytest.mark.parametrize(("mode", "version"), [("auto", MODERN), ("legacy", HANDSHAKE)])
async def test_the_client_of_the_protocols_own_kit_understands(
    filled: Catalogue, portal_app: Litestar, mode: str, version: str
) -> None:
    python = environment("agents")
    calls = [
        ["search_datasets", {"q": "arbres", "size": 3}],
        ["describe_dataset", {"dataset_id": "nothing"}],
    ]

    async with serving(portal_app):
        answer = await read_with(
            python,
            "read_mcp.py",
            f"{filled.territory.origin}{PATH}",
            mode,
            json.dumps(calls),
        )

    assert (answer["version"], sorted(answer["tools"])) == (version, TOOLS)
    assert answer["answers"][0]["content"]["datasets"]
    assert [entry["is_error"] for entry in answer["answers"]] == [False, True]


@pytest.mark.thorough
async def test_the_inspector_of_the_protocol_understands(
    filled: Catalogue, portal_app: Litestar
) -> None:
    inspector = npm_package("@modelcontextprotocol/inspector", "2.12.0")
    program = str(inspector.file(".bin/mcp-inspector"))
    server = f"{filled.territory.origin}{PATH}"
    plain = (program, "--cli", server, "--transport", "http", "--method")
    search = ("tools/call", "--tool-name", "search_datasets", "--tool-arg", "q=arbres")

    async with serving(portal_app):
        listed = await asyncio.to_thread(inspector.run, *plain, "tools/list")
        called = await asyncio.to_thread(inspector.run, *plain, *search)

    tools = json.loads(listed)["tools"]
    answer = json.loads(called)
    assert [tool["name"] for tool in tools] == TOOLS
    assert answer["structuredContent"]["datasets"][0]["producer"]["name"]


async def test_a_request_for_data_is_drafted_and_nothing_is_sent(
    program: httpx.AsyncClient,
) -> None:
    answers = {"title": "Bruit des rues la nuit", "words": "Une carte des rues calmes."}
    draft = await call_tool(program, "draft_data_request", answers)
    empty = await call_tool(program, "draft_data_request", {})
    long = await call_tool(program, "draft_data_request", {"words": "a" * 6_000})
    board = (await program.get("/api/v1/data-requests")).json()

    address = httpx.URL(draft["form"])
    assert (address.path, dict(address.params)) == ("/data-requests/new", answers)
    assert draft["missing"] == []
    assert draft["why_not_sent"].startswith("Nothing was sent")
    assert {entry["field"] for entry in empty["missing"]} == {"title", "words"}
    assert (long["status"], long["problem"]["errors"][0]["field"]) == (422, "words")
    assert board["total"] == 0
