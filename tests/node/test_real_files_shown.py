"""Every real file through what a producer does: dropped, published, shown; nothing is a 500, and what was understood is told."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.depth import examples, thorough
from tests.node.producer import SLUG, Producer
from tests.node.sending import desk_for
from tests.node.tables.test_labels import GEOGRAPHIC, SHARE, compare, labels, read_label
from tests.service_overrides import ServiceOverrides
from udi.kit.db import Database
from udi.kit.rates import RateLimiter
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.prepare import PreparationContext, prepare_version
from udi.node.datasets.models import Preparation, PreparationState, Version
from udi.node.datasets.queries import find_dataset
from udi.node.spaces.actions import apply_space
from udi.node.spaces.models import Space
from udi.node.tables.requests import RATES
from udi.tabular.overviews.overview import SHOWING, OverviewReader, OverviewTimeouts
from udi.tabular.profiles.profile import Profile
from udi.tabular.queries.pool import POOL, PoolLimits, QueryPool

ROOM = 4_000_000_000
LARGEST = examples(300_000, ROOM)
"""Bytes of the largest file that is taken."""
SPARSE = examples(40, 1)
"""One file in so many of those; all of them take a quarter of an hour."""
if thorough():
    MAPS = {"table": 143, "file": 13, "placed": 140, "mapped": 130}
else:
    MAPS = {"table": 2, "placed": 2, "mapped": 2}
if thorough():
    TABLES = {"table": 281, "file": 24, "placed": 60, "mapped": 60, "charted": 125}
else:
    TABLES = {"table": 5, "file": 1, "placed": 0, "mapped": 0, "charted": 1}
"""What becomes of the files that are chosen."""
UNREADABLE = {"csv-detective_a_test_file.json", "tablib_unknown_value_type.ods"}
NO_TABLE = re.compile(
    r"\.(tcx|txt)$|fixed$|\.dbf$|README|totem\.xml$|decp_.*\.xml$|gtfs|goodtables_zip",
    re.IGNORECASE,
)


@dataclass
class Seen:
    """What became of the files of a folder."""

    states: Counter[str] = field(default_factory=Counter)
    placed: int = 0
    mapped: int = 0
    charted: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    no_table: list[str] = field(default_factory=list)
    understood: dict[str, Profile] = field(default_factory=dict)


@pytest.fixture
async def wide(
    node_database: Database, demo: Territory, space: Space, services: ServiceOverrides
) -> Any:
    """A space with place for all of them, and a machine that has other work."""
    async with node_database.session(demo.id, role="owner") as session:
        await apply_space(
            session, slug=SLUG, organisation_id=space.organisation_id, name=space.name, email=space.email,
            quota_bytes=ROOM,
        )  # fmt: skip
    pool = QueryPool(PoolLimits(seconds=60, patience=60))
    services |= {
        POOL: pool,
        SHOWING: OverviewReader(pool, OverviewTimeouts(60, 60, 60)),
        RATES: RateLimiter("tables", 10**9),
    }
    yield services
    await pool.close()


async def look(
    producer: Producer,
    database: Database,
    territory: Territory,
    workspace: PreparationContext,
    path: Path,
    seen: Seen,
) -> None:
    """One file: dropped as a producer drops it and published with no correction, then its pages."""
    content = await asyncio.to_thread(path.read_bytes)
    dataset = await producer.draft(content, path.name)
    version, preparation = await newest(database, territory, dataset)
    if preparation.state == PreparationState.WAITING:
        await prepare_version(workspace, version.id, preparation.revision)
        version, _ = await newest(database, territory, dataset)
    seen.understood[path.name] = Profile.from_json(version.profile)
    checked = await producer.client.get(f"/datasets/{dataset}/check")
    await producer.describe(dataset)
    published = await producer.client.post(
        f"/datasets/{dataset}/publish", data={"reason": "Un fichier public"}
    )
    served = await producer.client.get(f"/datasets/{dataset}/file")
    page = await producer.client.get(f"/datasets/{dataset}/data", follow_redirects=True)
    chart = await producer.client.get(f"/datasets/{dataset}/data?view=chart")
    ready = f"/datasets/{dataset}/data?version=1" in checked.text
    seen.states["table" if ready else "file"] += 1
    seen.placed += "<dt>Lieux</dt>" in checked.text
    if 'id="view-map"' in page.text:
        drawn_map = await producer.client.get(f"/datasets/{dataset}/data?view=map")
        seen.mapped += 'class="map"' in drawn_map.text
    seen.charted += 'id="chart"' in chart.text
    if not ready:
        seen.no_table.append(path.name)
    has_tables = ready or f"/datasets/{dataset}/tables/" in checked.text
    if (checked.status_code, page.status_code) != (200, 200 if has_tables else 404):
        seen.faults[path.name] = f"{checked.status_code} {page.status_code}"
    elif (published.status_code, served.content) != (303, content):
        seen.faults[path.name] = f"not published: {published.status_code}"
    elif ready and "trop grand" in page.text + chart.text:
        seen.faults[path.name] = "too large"


async def newest(
    database: Database, territory: Territory, dataset: str
) -> tuple[Version, Preparation]:
    async with database.session(territory.id, role="worker") as session:
        stored_dataset = await find_dataset(session, UUID(dataset))
        assert stored_dataset
        assert stored_dataset.latest.preparation
        return stored_dataset.latest, stored_dataset.latest.preparation


@pytest.fixture
def show_all(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    node_site: Any,
    wide: Any,
) -> Callable[[list[Path]], Any]:
    async def show(paths: list[Path]) -> Seen:
        outcome = Seen()
        for path in paths:
            await look(
                producer, node_database, demo, desk_for(node_site, demo), path, outcome
            )
        return outcome

    return show


def compared(seen: Seen, shared: Path) -> dict[str, dict[str, str]]:
    """What differs from what a person read by eye, by file and sheet, where the file was published."""
    differences = {}
    for line in labels(shared):
        profile = seen.understood.get(line["file"])
        if profile is not None and line["format"] not in GEOGRAPHIC:
            if line["sheet"] and profile.sheet != line["sheet"]:
                other = {"sheet": profile.sheet}
            else:
                other = {}
            differences[f"{line['file']} {line['sheet']}".strip()] = other or compare(
                profile, read_label(line)
            )
    return differences


def files(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if path.name != "ORIGINS.tsv")
    return [path for path in paths[::SPARSE] if path.stat().st_size <= LARGEST]


@pytest.mark.thorough
async def test_every_map_is_published_and_shown(
    shared_data: Path,
    show_all: Callable[[list[Path]], Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcome = await show_all(files(shared_data / "data/geo"))

    print_summary(capsys, "maps", outcome)
    assert outcome.faults == {}
    assert outcome.states["table"] >= 0.9 * outcome.states.total()
    assert {
        **outcome.states,
        "placed": outcome.placed,
        "mapped": outcome.mapped,
    } == MAPS


async def test_every_table_is_published_shown_and_understood(
    shared_data: Path,
    show_all: Callable[[list[Path]], Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcome = await show_all(files(shared_data / "data/tables"))
    different = compared(outcome, shared_data)

    print_summary(capsys, "tables", outcome)
    with capsys.disabled():
        right = sum(not difference for difference in different.values())
        print(f"everything right at once: {right}/{len(different)}")  # noqa: T201 - a figure to publish
        print(  # noqa: T201
            "\n".join(
                f"  {name}: {difference}"
                for name, difference in different.items()
                if difference
            )
        )
    assert outcome.faults == {}
    assert right >= SHARE * len(different)
    assert [
        name
        for name in outcome.no_table
        if not NO_TABLE.search(name) and name not in UNREADABLE
    ] == []
    figures = {
        "placed": outcome.placed,
        "mapped": outcome.mapped,
        "charted": outcome.charted,
    }
    assert {**outcome.states, **figures} == TABLES


def print_summary(capsys: pytest.CaptureFixture[str], what: str, seen: Seen) -> None:
    with capsys.disabled():
        print(  # noqa: T201 - a figure to publish
            f"\n{what} published: {dict(seen.states)}, with places {seen.placed}, drawn on a map {seen.mapped}, "
            f"with a chart {seen.charted}"
        )
