"""A running installation whose portal may speak with connectors on this machine, and what the kit finds in it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import cluster
from tests.contract.dataspace.stage import Stage, set_stage
from tests.journeys.installation import Installation, running
from udi.portal import site as portal_parts
from udi.settings import Settings
from udi.ui.site import Site

LOOPBACK = "127.0.0.1"


@pytest.fixture(scope="package")
def installation(
    keycloak: Settings, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Portal, hosted node and their workers, for one territory."""
    new_settings = cluster.own_settings(run_folder, "dataspace").model_copy(
        update={"dataspace_hosts": [f"{LOOPBACK}:*"]}
    )
    with running(
        new_settings, tmp_path_factory.mktemp("installation"), with_second=False
    ) as new_installation:
        yield new_installation


@pytest.fixture(scope="package")
async def site(installation: Installation) -> AsyncIterator[Site]:
    """The parts of its portal, for the commands behind the pages of people."""
    new_site = portal_parts.build_site(installation.settings)
    yield new_site
    await new_site.database.close()


@pytest.fixture(scope="package")
async def stage(site: Site, installation: Installation) -> Stage:
    """Datasets, a project with a connector, agreements."""
    return await set_stage(
        site, installation, f"http://{LOOPBACK}:{cluster.free_ports(1)}"
    )
