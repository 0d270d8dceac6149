"""What trials of tasks stand on: a program's database by its superuser, whoever gets mails and calls, the depth of a run."""

import time
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import asyncpg
import pytest

from tests.faults.outside import Outside, open_outside
from tests.faults.tasks.killing import (
    kill_at_every_step,
    kill_at_one_step,
)
from tests.faults.tasks.kinds import SCHEDULES
from tests.faults.trials import Accounts, Trials
from udi.kit.db import Database
from udi.kit.keyring import KeyringFile
from udi.kit.tenancy import Territory
from udi.node.files.encryption.sealing_store import SealingStore
from udi.node.files.sweep import sweep_territory
from udi.settings import ProgramName, Settings


class CheckKills(Protocol):
    """Kills workers in the middle of these kinds, from the territory as it stands now: queued ones wait, scheduled ones are due."""

    async def __call__(
        self,
        program: ProgramName,
        kinds: Collection[str],
        accounts: Accounts | None = None,
    ) -> None: ...


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    async with open_outside() as opened:
        yield opened


@pytest.fixture(
    params=["one step", pytest.param("every step", marks=pytest.mark.thorough)]
)
def at_every_step(request: pytest.FixtureRequest) -> bool:
    """By default each kind is killed at one step, the same in each run; under `--all` each at every step too."""
    return bool(request.param == "every step")


@pytest.fixture
async def check_kills(
    request: pytest.FixtureRequest,
    settings: Settings,
    postgres: str,
    node_database: Database,
    demo: Territory,
    outside: Outside,
    tmp_path: Path,
    *,
    at_every_step: bool,
) -> AsyncIterator[CheckKills]:
    """Kills workers of a program in the territory of the test, and says how often."""
    kills = 0
    began = time.monotonic()
    store = SealingStore.from_settings(settings, node_database, KeyringFile(settings))

    async def sweep() -> None:
        await sweep_territory(
            node_database, store, demo.id, older_than=timedelta(seconds=-60)
        )

    async with AsyncExitStack() as stack:

        async def run(
            program: ProgramName,
            kinds: Collection[str],
            accounts: Accounts | None = None,
        ) -> None:
            nonlocal kills
            scheduled = set(kinds) & set(SCHEDULES[program])
            server = postgres.rpartition("/")[0]
            name = settings.database_names[program]
            database = await asyncpg.connect(f"{server}/{name}")
            stack.push_async_callback(database.close)
            trials = Trials(
                settings, program, demo, outside, tmp_path, database, sweep, accounts, scheduled
            )  # fmt: skip
            await trials.save()
            assert set(kinds) <= scheduled | await trials.list_waiting()
            try:
                if at_every_step:
                    kills += await kill_at_every_step(trials, program, kinds)
                else:
                    kills += await kill_at_one_step(trials, program, kinds)
            finally:
                await trials.put_back()

        yield run
        seconds = time.monotonic() - began
        print(f"{request.node.name}: {kills} kills in {seconds:.0f} s")  # noqa: T201 - figures to publish
