"""The worker of the installation as a process: it gathers, does what waits for it, and ends when told to."""

import asyncio
import json
import uuid
from pathlib import Path

import pytest
from sqlalchemy import select

from tests import commands
from tests.cli.test_web_workers import environment_of
from udi.kit.db import Database
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal.installation.models import FiguresRow, OperatorRequest
from udi.settings import Settings

pytestmark = pytest.mark.programs

PATIENCE = 60.0


async def wait_until_done(database: Database, request: uuid.UUID) -> str:
    """The state of a request once it is not waiting any more."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with database.session(INSTALLATION_ID, role="worker") as session:
                query = select(OperatorRequest.state).where(
                    OperatorRequest.id == request
                )
                state = await session.scalar(query)
            if state != "requested":
                return str(state)
            await asyncio.sleep(0.2)


async def wait_for_figures(database: Database, territory: Territory) -> FiguresRow:
    async with asyncio.timeout(PATIENCE):
        while True:
            async with database.session(INSTALLATION_ID, role="worker") as session:
                query = select(FiguresRow).where(
                    FiguresRow.territory_id == territory.id
                )
                row = await session.scalar(query)
            if row is not None:
                return row
            await asyncio.sleep(0.2)


async def test_the_worker_gathers_acts_and_ends(
    settings: Settings, demo: Territory, portal_database: Database, tmp_path: Path
) -> None:
    request = OperatorRequest(
        id=uuid.uuid4(),
        territory_id=demo.id,
        act="suspend",
        details={},
        requested_by=uuid.uuid4(),
    )
    async with portal_database.session(INSTALLATION_ID) as session:
        session.add(request)
    environment = environment_of(settings) | {
        "UDI_DATABASE_HOST": settings.database_host,
        "UDI_DATABASE_PORT": str(settings.database_port),
        "UDI_DATABASE_NAMES": json.dumps(settings.database_names),
    }
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        worker = commands.start(
            "operator", "work", environment=environment, stdout=output, stderr=output
        )
        try:
            state = await wait_until_done(portal_database, request.id)
            row = await wait_for_figures(portal_database, demo)
        finally:
            worker.terminate()
            status = await asyncio.to_thread(worker.wait, PATIENCE)

    assert (state, status) == ("done", 0), log.read_text()
    assert row.figures["datasets"] == 0
