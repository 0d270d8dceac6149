"""Both programs, made once for the tests of a file."""

from collections.abc import AsyncIterator

import pytest

from tests.contract.credentials.world import Programs, start_programs
from udi.settings import Settings


@pytest.fixture(scope="module")
async def programs(
    settings: Settings, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Programs]:
    """Programs whose territories each test makes anew."""
    folder = tmp_path_factory.mktemp("programs")
    async with start_programs(settings, folder) as new_programs:
        yield new_programs
