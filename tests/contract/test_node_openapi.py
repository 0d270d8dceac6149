"""The document of the node's API read by the tools of others, and held against what a node with published data answers."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from litestar import Litestar
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from tests.contract.tester import write_configuration
from tests.depth import examples
from tests.faults.running import RunningNode
from tests.node.conftest import Browse, portal, producer, publisher, services, space
from tests.node.counterpart import PortalDouble, report
from tests.node.producer import SLUG, Producer
from tests.node.test_parts import add as add_part
from tests.node.test_parts import save as save_part
from tests.node.test_show_data import SPOTS
from udi.kit.tenancy import Territory
from udi.settings import Settings
from udi.ui.openapi.document import ADDRESS
from udi.ui.openapi.example_values import DATASET

__all__ = ["portal", "producer", "publisher", "services", "space"]
Document = dict[str, Any]
EXAMPLES = examples(1, 30)
"""Requests of each phase for each operation, besides the document's own examples."""
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
"""What no schema can say here, operation by operation."""
PART = "sendPart"
"""Its body has a type that the tester cannot write; `tests/node/test_resumable.py` sends it."""
PHASES = ("examples", "coverage", "fuzzing")
LEAST = examples(200, 400)


@pytest.fixture
async def dataset(
    producer: Producer,
    portal: PortalDouble,
    node_app: Litestar,
    demo: Territory,
    browse: Browse,
) -> str:
    """A published table with places, whose record the portal accepted."""
    published = await producer.publish(
        await producer.draft(SPOTS.encode(), "lieux.csv")
    )
    async with browse(node_app, demo) as machine:
        answer = await machine.put(
            f"/resources/{published}/report",
            json=report(published),
            headers=portal.bearer(demo.links["node"], published),
        )
    assert answer.status_code == 200, answer.text
    return published


@pytest.fixture
async def node(settings: Settings, tmp_path: Path) -> AsyncIterator[str]:
    """The node's web process as production runs it; its address."""
    running = RunningNode(
        settings,
        tmp_path,
        environment={
            "UDI_SPACE_REQUESTS_PER_MINUTE": "1000000",
            "UDI_QUERY_SECONDS_PER_MINUTE": "1000000",
        },
    )
    await asyncio.to_thread(running.start, "serve")
    yield running.address
    running.stop("serve")


async def read_document(
    app: Litestar, territory: Territory, browse: Browse, language: str = "en"
) -> Document:
    async with browse(app, territory) as program:
        answer = await program.get(ADDRESS, headers={"Accept-Language": language})
    assert answer.headers["access-control-allow-origin"] == "*"
    document: Document = answer.json()
    return document


def faults(document: Document, schema: Document, value: object) -> list[str]:
    """What a schema of the document refuses in a value; a field that it does not name is refused too."""
    closed = json.loads(json.dumps(document["components"]["schemas"]))
    for component in closed.values():
        if "properties" in component:
            component["additionalProperties"] = False
    validator = Draft202012Validator(
        schema | {"components": {"schemas": closed}},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    return [
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)
    ]


async def test_the_document_is_openapi_3_1_in_both_languages(
    node_app: Litestar, demo: Territory, browse: Browse
) -> None:
    english = await read_document(node_app, demo, browse)
    french = await read_document(node_app, demo, browse, "fr")

    validate(english, cls=OpenAPIV31SpecValidator)
    assert english["openapi"].startswith("3.1.")
    assert english["servers"] == [{"url": demo.links["node"]}]
    assert set(sentences(english)) & set(sentences(french)) == set()
    assert len(set(sentences(english))) > 100


def sentences(part: Any) -> list[str]:
    """Every summary and description of a document."""
    if isinstance(part, list):
        return [sentence for entry in part for sentence in sentences(entry)]
    if not isinstance(part, dict):
        return []
    texts = [
        value
        for key, value in part.items()
        if key in {"summary", "description"} and isinstance(value, str)
        if value not in {"", key}  # a parameter of that name is no sentence
    ]
    return texts + [
        sentence
        for key, value in part.items()
        if key not in {"example", "examples"}
        for sentence in sentences(value)
    ]


async def test_each_operation_is_on_the_page_of_its_part(
    node_app: Litestar, demo: Territory, browse: Browse
) -> None:
    document = await read_document(node_app, demo, browse)
    async with browse(node_app, demo) as reader:
        pages = {
            tag["name"]: (await reader.get(f"/api?about={tag['name']}")).text
            for tag in document["tags"]
        }

    operations = [
        (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
    ]
    assert len(operations) > 30
    assert [
        path
        for path, operation in operations
        if path not in pages[operation["tags"][0]]
    ] == []


async def test_the_page_shows_the_address_of_what_is_tried(
    node_app: Litestar, demo: Territory, browse: Browse
) -> None:
    tried = f"/api?about=tables&try=readRows&resource_id={DATASET}&page_size=5&columns="
    async with browse(node_app, demo) as reader:
        page = await reader.get(tried)
        empty = await reader.get("/api?about=tables&try=readRows&page_size=5")

    address = f"/api/resources/{DATASET}/data?page_size=5"
    assert f'href="{address}"' in page.text
    assert f"{demo.links['node']}{address}" in page.text
    assert "/data?page_size=5" not in empty.text


async def test_what_is_published_answers_as_described(
    node_app: Litestar,
    demo: Territory,
    browse: Browse,
    dataset: str,
    producer: Producer,
) -> None:
    document = await read_document(node_app, demo, browse)
    part = await add_part(producer, dataset, SPOTS.encode(), "lieux.csv")
    await save_part(producer, dataset, part, title="2025", role="data")
    values = {
        "table_name": part,
        "dataset_id": dataset,
        "resource_id": dataset,
        "name": "data",
    }
    checked = 0
    async with browse(node_app, demo) as program:
        places = await program.get(f"/ogc/{dataset}/collections/data/items")
        values["line"] = str(places.json()["features"][0]["id"])
        for path, methods in document["paths"].items():
            responses = methods.get("get", {}).get("responses", {})
            contents = responses.get("200", {}).get("content", {})
            is_open = {} in methods.get("get", {}).get("security", [])
            bodies = [body for body in contents.values() if body]
            if not bodies or not is_open:
                continue
            answer = await program.get(path.format(**values))

            assert answer.status_code == 200, (path, answer.text)
            assert answer.headers["content-type"].partition(";")[0] in contents
            assert faults(document, bodies[0]["schema"], answer.json()) == [], path
            checked += 1
    assert checked > 15


async def test_each_answer_is_as_described_whatever_is_asked(
    node_app: Litestar,
    node: str,
    demo: Territory,
    browse: Browse,
    dataset: str,
    tmp_path: Path,
) -> None:
    """Phases of schemathesis, with the identifier and the space of what is published as examples."""
    document = await read_document(node_app, demo, browse)
    described = (
        json.dumps(document).replace(DATASET, dataset).replace('"mairie"', f'"{SLUG}"')
    )
    configuration = write_configuration(CONFIGURATION, document, tmp_path, "coverage")
    source = tmp_path / "openapi.json"
    source.write_text(described)
    results_file = tmp_path / "report.json"
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"), "--config-file", str(configuration), "run", str(source), "--url", node,
        "--header", f"Host: {httpx.URL(demo.links['node']).netloc.decode()}",
        "--header", "Accept: application/json", "--exclude-operation-id", PART,
        "--phases", ",".join(PHASES), "--max-examples", str(EXAMPLES), "--generation-deterministic", "--no-color",
        "--report-json-path", str(results_file), cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()[-9000:]
    results = json.loads(results_file.read_text())
    assert {
        name: phase["status"]
        for name, phase in results["phases"].items()
        if name in PHASES
    } == dict.fromkeys(PHASES, "success")
    assert results["operations"]["tested"] == results["operations"]["total"] - 1
    assert results["test_cases"]["generated"] > LEAST
