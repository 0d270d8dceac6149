"""Sources of a territory that are read from other programs on loopback."""

from collections.abc import AsyncIterator, Callable

import pytest
from litestar import Litestar

from tests.contract.harvests.whole import Workspace
from tests.portal.nodes.sources.conftest import catalogue, open_source
from udi.kit.http import OutgoingClient
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.portal.nodes.sources.source_client import SourceClient

__all__ = ["catalogue", "open_source"]


@pytest.fixture
async def reader() -> AsyncIterator[SourceClient]:
    """Without a pause between two requests, and let in where a worker of an installation is not."""
    outgoing = OutgoingClient(["127.0.0.1:*", "*.localhost:*"])
    yield SourceClient(outgoing, pace=0, patience=60)
    await outgoing.close()


@pytest.fixture
def workspace(
    portal_app: Litestar,
    demo: Territory,
    make_person: Callable[..., Login],
    capsys: pytest.CaptureFixture[str],
) -> Workspace:
    """The portal that reads."""
    return Workspace(portal_app, make_person(demo, moderator=True), capsys)
