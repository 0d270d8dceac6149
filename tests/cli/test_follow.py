"""A territory follows to another installation while it lives: nothing acknowledged is lost, no reading is refused."""

import asyncio
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from litestar import Litestar
from sqlalchemy import select

from tests import visitors
from tests.cli.archiving import (
    HALL,
    Life,
    bring,
    elsewhere,
    files_of,
    forget,
    graph_of,
    home,
    life,
    other_databases,
    rows_everywhere,
    states,
    territory_of,
)
from tests.cli.following import (
    begin_copy,
    change_catalogue,
    difference_to,
    end_tasks,
    last_difference_to,
)
from tests.cli.test_archive_killed import killed
from udi.cli.archive.following import list_files
from udi.cli.suspension import set_territory_state
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.models import Dataset
from udi.node.files.storage.store import ObjectStore
from udi.portal.tenants.files import read_folder
from udi.settings import Settings

__all__ = ["elsewhere", "home", "life", "other_databases"]
pytestmark = pytest.mark.thorough
PAGES = ("/", "/theme.css", "/problems")
STEPS = ("organisations and accounts", "files:", "rows of the databases")


@dataclass
class Traffic:
    """What readers and producers of a territory were answered while it moved."""

    readings: Counter[int] = field(default_factory=Counter)
    accepted: set[str] = field(default_factory=set)
    discarded: set[str] = field(default_factory=set)
    refused_at: float = 0.0
    ended: bool = False


async def read_on(traffic: Traffic, app: Litestar, territory: Territory) -> None:
    """Read pages and files, one after the other, until the end."""
    async with visitors.browse(app, territory) as client:
        while not traffic.ended:
            for path in PAGES:
                response = await client.get(path)
                traffic.readings[response.status_code] += 1
                await asyncio.sleep(0)


async def write_on(traffic: Traffic, app: Litestar, territory: Territory) -> None:
    """Begin drafts with a file each, until that is refused."""
    person = visitors.make_person(territory, memberships={HALL: ["publishers"]})
    async with visitors.browse(app, territory, person) as client:
        while not traffic.refused_at:
            table = f"nom;valeur\nligne {len(traffic.accepted)};1\n".encode()
            response = await client.post(
                f"/spaces/{HALL}/datasets", files={"file": ("t.csv", table, "text/csv")}
            )
            if response.status_code == 503:
                traffic.refused_at = time.monotonic()
                return
            assert response.status_code == 303
            dataset = response.headers["location"].split("/")[2]
            traffic.accepted.add(dataset)


async def give_up(
    traffic: Traffic, app: Litestar, territory: Territory, copied: set[str]
) -> None:
    """Give up a draft that is in the copy already."""
    person = visitors.make_person(territory, memberships={HALL: ["publishers"]})
    async with visitors.browse(app, territory, person) as client:
        dataset = min((traffic.accepted - traffic.discarded) & copied)
        gone = await client.post(f"/datasets/{dataset}/discard")
    assert gone.status_code == 303
    traffic.discarded.add(dataset)


async def test_nothing_acknowledged_is_lost_and_no_reading_refused(
    life: Life,
    elsewhere: Settings,
    portal_app: Litestar,
    node_app: Litestar,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    territory = territory_of(life.settings, read_folder(life.folder))
    traffic = Traffic()
    tasks = [
        asyncio.create_task(read_on(traffic, portal_app, territory)),
        asyncio.create_task(read_on(traffic, node_app, territory)),
        asyncio.create_task(write_on(traffic, node_app, territory)),
    ]
    since = await begin_copy(life, elsewhere, tmp_path / "0.tar")
    removed_files = 0
    for number in range(1, 4):
        await change_catalogue(life, f"Suivi {number}")
        target = tmp_path / f"{number}.tar"
        await difference_to(life, target, since)
        followed = await bring(elsewhere, target, follow=True)
        removed_files += followed.removed_files
        copied = await list_drafts(elsewhere, life.id)
        await give_up(traffic, node_app, territory, copied)
        since = target
    last = tmp_path / "last.tar"
    await last_difference_to(life, last, since)
    done = await bring(elsewhere, last)
    seconds = time.monotonic() - traffic.refused_at
    traffic.ended = True
    await asyncio.gather(*tasks)
    with capsys.disabled():
        print(  # noqa: T201 - figures
            f"refused writes for {seconds:.1f} s; {sum(traffic.readings.values())} readings; "
            f"{len(traffic.accepted)} drafts acknowledged, {len(traffic.discarded)} given up; "
            f"last difference {last.stat().st_size} bytes"
        )

    assert done.outcome == "imported"
    assert await states(elsewhere, life.slug) == ["active", "active"]
    assert traffic.readings.keys() == {200}
    assert removed_files > 0
    assert len(traffic.accepted) > 10
    assert await list_drafts(elsewhere, life.id) >= (
        traffic.accepted - traffic.discarded
    )
    assert await list_drafts(elsewhere, life.id) == await list_drafts(
        life.settings, life.id
    )
    assert await graph_of(elsewhere, life.slug) == await graph_of(
        life.settings, life.slug
    )
    assert await files_of(elsewhere, life.id) == await files_of(life.settings, life.id)
    database = Database(elsewhere, "node")
    named = await list_files(database, life.id)
    await database.close()
    stored = [entry async for entry in ObjectStore.of(elsewhere).list(str(life.id))]
    assert {entry["path"]: entry["size"] for entry in stored} == named
    after = await difference_to(life, tmp_path / "after.tar", last)
    assert after.changed.keys() <= {"portal.audit_event", "node.use_count"}
    await set_territory_state(life.settings, life.slug, "active")
    await forget(elsewhere, life.slug)


async def test_a_difference_brought_twice_changes_nothing(
    life: Life, elsewhere: Settings, tmp_path: Path
) -> None:
    first = await begin_copy(life, elsewhere, tmp_path / "first.tar")
    second = tmp_path / "second.tar"
    last = tmp_path / "last.tar"
    await change_catalogue(life, "Deux fois")
    await difference_to(life, second, first)

    followed = await bring(elsewhere, second, follow=True)
    copied = await rows_everywhere(elsewhere)
    again = await bring(elsewhere, second, follow=True)

    assert followed.outcome == again.outcome == "follows"
    assert again.compared == followed.compared
    assert await rows_everywhere(elsewhere) == copied

    await last_difference_to(life, last, second)
    await bring(elsewhere, last)
    opened = await rows_everywhere(elsewhere)

    assert (await bring(elsewhere, last)).outcome == "unchanged"
    assert await rows_everywhere(elsewhere) == opened
    await set_territory_state(life.settings, life.slug, "active")
    await forget(elsewhere, life.slug)


async def list_drafts(settings: Settings, tenant: UUID) -> set[str]:
    """The datasets and drafts of a node."""
    database = Database(settings, "node")
    async with database.session(tenant, role="worker") as session:
        ids = (await session.scalars(select(Dataset.id))).all()
    await database.close()
    return {str(id_) for id_ in ids}


async def test_each_step_that_is_killed_serves_nobody_and_ends_the_same(
    life: Life, elsewhere: Settings, tmp_path: Path
) -> None:
    first = await begin_copy(life, elsewhere, tmp_path / "first.tar")
    second = tmp_path / "second.tar"
    last = tmp_path / "last.tar"
    await change_catalogue(life, "Suivi coupé")
    status = await kill(
        life.settings, "rows that changed", "export", life.slug, "--since", str(first), "--to", str(second),
    )  # fmt: skip
    assert status == -signal.SIGKILL
    assert not second.exists()
    await difference_to(life, second, first)
    for step in STEPS:
        status = await kill(elsewhere, step, "import", str(second), "--follow")
        assert status == -signal.SIGKILL
        assert await states(elsewhere, life.slug) == ["arriving", "arriving"]
    followed = await bring(elsewhere, second, follow=True)
    assert followed.outcome == "follows"

    await end_tasks(life)
    status = await kill(
        life.settings, "rows that changed", "export", life.slug, "--since", str(second), "--to", str(last),
        "--refuse-writes",
    )  # fmt: skip
    assert status == -signal.SIGKILL
    assert await states(life.settings, life.slug) == ["read_only", "read_only"]
    await last_difference_to(life, last, second)
    for step in (*STEPS, "hosted node"):
        status = await kill(elsewhere, step, "import", str(last))
        assert status == -signal.SIGKILL
        assert await states(elsewhere, life.slug) == ["arriving", "arriving"]
    opened = await bring(elsewhere, last)

    assert opened.outcome == "imported"
    assert await states(elsewhere, life.slug) == ["active", "active"]
    assert await graph_of(elsewhere, life.slug) == await graph_of(
        life.settings, life.slug
    )
    assert await files_of(elsewhere, life.id) == await files_of(life.settings, life.id)
    await set_territory_state(life.settings, life.slug, "active")
    await forget(elsewhere, life.slug)


async def kill(settings: Settings, step: str, *arguments: str) -> int:
    """Run a command and kill it when it says a step."""
    return await killed(settings, *arguments, at=lambda line: step in line)


async def test_way_back_the_origin_goes_on_and_the_copy_follows_again(
    life: Life, elsewhere: Settings, tmp_path: Path
) -> None:
    first = await begin_copy(life, elsewhere, tmp_path / "first.tar")
    given_up = tmp_path / "given-up.tar"
    await last_difference_to(life, given_up, first)

    await set_territory_state(life.settings, life.slug, "active")
    await change_catalogue(life, "Retour")
    third = tmp_path / "third.tar"
    await difference_to(life, third, given_up)
    await bring(elsewhere, given_up, follow=True)
    done = await bring(elsewhere, third, follow=True)
    copied = await rows_everywhere(elsewhere)

    assert done.outcome == "follows"
    assert copied[f"portal.dataset.{life.id}"] == done.compared["portal.dataset"].rows
    assert await states(elsewhere, life.slug) == ["arriving", "arriving"]
    await forget(elsewhere, life.slug)
