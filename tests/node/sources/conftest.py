"""What tests of sources stand on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.node.producer import Producer
from tests.node.sources.office import Office
from tests.node.sources.renewal import Renewal
from tests.node.sources.sftp_server import SftpServer
from tests.node.sources.webdav_server import WebdavServer
from udi.kit.db import Database
from udi.kit.http import OutgoingClient
from udi.kit.tenancy import Territory
from udi.ui.site import Site


@pytest.fixture(autouse=True)
async def calls_of_a_worker(
    node_site: Site, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """Files are fetched by the job worker, which calls by itself."""
    client = OutgoingClient(node_site.settings.private_hosts)
    monkeypatch.setattr(node_site, "outgoing", client)
    yield
    await client.close()


@pytest.fixture
async def renewal(
    producer: Producer, node_database: Database, demo: Territory, node_site: Site
) -> Renewal:
    """A published dataset without a source."""
    dataset = await producer.publish()
    return Renewal(producer, node_database, demo, node_site, dataset)


@pytest.fixture
async def sftp(tmp_path: Path) -> AsyncIterator[SftpServer]:
    """An SSH server with a folder of files."""
    server = SftpServer(tmp_path)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def webdav(tmp_path: Path) -> Iterator[WebdavServer]:
    """A WebDAV server with a folder of files."""
    server = WebdavServer(tmp_path / "webdav")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def office() -> Iterator[Office]:
    """A server with the documented addresses of office services."""
    server = Office()
    yield server
    server.stop()
