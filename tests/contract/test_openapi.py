"""The API's document read by the tools of others: the specification's validator, and a tester that asks what it describes."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from tests import commands
from tests.cluster import free_ports
from tests.contract.tester import write_configuration
from tests.depth import examples
from tests.faults.running import ROOT
from tests.portal.catalogue.corpus import Catalogue, open_catalogue
from tests.visitors import browse
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.kit.territories import TerritoryRegistry
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

ADDRESS = "/api/openapi.json"
CONFIGURATION = Path(__file__).with_name("schemathesis_portal.toml")
PATIENCE = 60
EXAMPLES = examples(1, 60)
"""Requests of each phase for each operation, besides the document's own examples."""
PHASES = ("examples", "coverage", "fuzzing", "stateful")
LEAST = examples(200, 400)


@pytest.fixture
async def catalogue(
    portal_database: Database, demo: Territory, settings: Settings
) -> Catalogue:
    """A territory with the hand-made corpus, a withdrawn dataset, and their index."""
    filled = await open_catalogue(portal_database, demo)
    await filled.add_all()
    await filled.withdraw(await filled.add(1))
    registry = TerritoryRegistry(
        portal_database, Tenant, lambda host: settings.origin("portal", host)
    )
    await SearchFeed(portal_database, registry, settings).run_once()
    return filled


@pytest.fixture
async def portal(
    settings: Settings, tmp_path: Path, catalogue: Catalogue
) -> AsyncIterator[str]:
    """The portal as production runs it, on a port; its address."""
    port = free_ports(1)
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT / "platform/src"), "UDI_STATE": str(settings.state),
        "UDI_SECRETS": str(settings.secrets_folder), "UDI_BASE_PORT": str(settings.base_port), "UDI_PRIVATE_HOSTS": json.dumps(settings.private_hosts),
        "UDI_API_REQUESTS_PER_MINUTE": "1000000", "UDI_WEB_WORKERS": "1",
        "UDI_DATABASE_PORT": str(settings.database_port), "UDI_DATABASE_NAMES": json.dumps(settings.database_names),
    }  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = commands.start(
            "serve",
            "portal",
            "--port",
            str(port),
            environment=environment,
            folder=tmp_path,
            stdout=log,
            stderr=log,
        )
    try:
        await _answers(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


async def _answers(address: str) -> None:
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as client:
        while True:
            with suppress(httpx.TransportError):
                if (await client.get(f"{address}/health")).status_code == 200:
                    return
            await asyncio.sleep(0.2)


async def test_the_document_is_openapi_3_1(
    catalogue: Catalogue, portal_app: Litestar
) -> None:
    async with browse(portal_app, catalogue.territory) as program:
        document = (await program.get(ADDRESS)).json()

    validate(document, cls=OpenAPIV31SpecValidator)
    assert document["openapi"].startswith("3.1.")


async def test_each_answer_is_as_described_whatever_is_asked(
    catalogue: Catalogue, portal: str, portal_app: Litestar, tmp_path: Path
) -> None:
    """All phases of schemathesis: examples, limits, invented values, and links from answer to request."""
    async with browse(portal_app, catalogue.territory) as program:
        document = (await program.get(ADDRESS)).json()
    configuration = write_configuration(CONFIGURATION, document, tmp_path, "coverage")
    report = tmp_path / "report.json"
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"), "--config-file", str(configuration), "run", f"{portal}{ADDRESS}", "--url", portal,
        "--header", f"Host: {catalogue.territory.hosts[0]}", "--max-examples", str(EXAMPLES),
        "--generation-deterministic", "--no-color",
        "--report-json-path", str(report), cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()[-6000:]
    results = json.loads(report.read_text())
    assert {
        name: phase["status"] for name, phase in results["phases"].items()
    } == dict.fromkeys(PHASES, "success")
    assert (
        results["operations"]["tested"] == results["operations"]["total"] >= len(PHASES)
    )
    assert results["test_cases"]["generated"] > LEAST
