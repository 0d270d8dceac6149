"""A real installation and a real browser."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext

from tests import cluster
from tests.conftest import SHARED
from tests.journeys.installation import Installation, running
from udi.settings import Settings


@pytest.fixture(scope="session")
def installation(
    keycloak: Settings, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Portal, node, their workers, two territories, `demo` and `autre`; databases, folders and a realm of their own.

    The models of the shared data are there where the data are.
    """
    new_settings = cluster.own_settings(run_folder, "journeys")
    if (models := SHARED / "data/schemas").is_dir():
        new_settings = new_settings.model_copy(update={"schemas": models})
    with running(
        new_settings, tmp_path_factory.mktemp("installation")
    ) as new_installation:
        yield new_installation


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh person: no cookie, French."""
    context = await browser.new_context(locale="fr-FR", accept_downloads=True)
    yield context
    await context.close()
