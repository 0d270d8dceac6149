"""A producer sees what its data are used for and what its space took, and may tell everybody the first."""

import csv
import io
import uuid
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text, update

from tests.depth import FOLDER_BY_DEFAULT
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.test_held_back_files import look
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.datasets.actions.figures import FiguresPublisher
from udi.node.datasets.figures import (
    UsageFigure,
    count_by_client,
    draw_bars,
    list_public_figures,
    sum_by_dataset,
)
from udi.node.datasets.models import Dataset
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import FileAccess
from udi.node.files.storage.storage_snapshot import derived_bytes, take_snapshot
from udi.node.files.storage.store import ObjectStore
from udi.node.spaces import costs, use_counts
from udi.node.spaces.clients import ClientKind
from udi.node.spaces.costs import Month, gigabyte_days, list_costs, note_job
from udi.node.spaces.models import Space, SpaceDay, UseCount
from udi.node.spaces.use_counts import UseCounter, UseKind, use_of
from udi.ui.site import Site

MODULES = (costs, use_counts)
"""Where the present day is asked for."""
NOVEMBER = [date(2026, 11, number) for number in range(1, 31)]


async def use(
    database: Database,
    territory: Territory,
    space: Space,
    dataset: str,
    client: ClientKind,
    **how: Any,
) -> None:
    uses = UseCounter(database)
    uses.add(
        use_of(
            territory.id,
            space.id,
            uuid.UUID(dataset),
            how.pop("kind", UseKind.FILE),
            client,
        ),
        **how,
    )
    await uses.close()


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The present, which stands still: no day and no month ends in the middle of a test."""
    present = now()
    for module in MODULES:
        monkeypatch.setattr(module, "now", lambda: present)
    return present


async def move_to_yesterday(database: Database, territory: Territory) -> None:
    async with database.session(territory.id, role="owner") as session:
        await session.execute(update(UseCount).values(day=UseCount.day - text("1")))


@pytest.fixture
def press(node_site: Site, node_database: Database) -> FiguresPublisher:
    return FiguresPublisher(
        node_database, node_site.services[OBJECTS], node_site.pages.gettext
    )


async def mark_published(
    database: Database, territory: Territory, dataset: str
) -> None:
    """The portal accepted a dataset."""
    async with database.session(territory.id, role="worker") as session:
        row = await session.get_one(Dataset, (territory.id, uuid.UUID(dataset)))
        assert row.delivery
        row.record = row.delivery.record
        row.state = "published"


async def test_the_page_and_its_tables_say_the_same(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    space: Space,
    moment: datetime,
) -> None:
    dataset = await producer.publish(title="=cmd()")
    await use(
        node_database, demo, space, dataset, ClientKind.PEOPLE, count=3, sent=4_000_000
    )
    await use(
        node_database,
        demo,
        space,
        dataset,
        ClientKind.PROGRAMS,
        kind=UseKind.API,
        count=5,
    )
    await use(node_database, demo, space, dataset, ClientKind.ROBOTS, count=99)

    page = await producer.page(f"/spaces/{SLUG}/figures")
    english = await producer.page(
        f"/spaces/{SLUG}/figures", headers={"Accept-Language": "en"}
    )
    table = await producer.client.get(f"/spaces/{SLUG}/figures.csv")
    figures = (await producer.client.get(f"/spaces/{SLUG}/figures.json")).json()

    assert page.count("<rect x=") == moment.day
    assert 'height="160.0"' in page
    assert "Usages de vos données" in page
    assert "By robots (not in the chart)" in english
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert {(row["kind"], row["client"]): (row["count"], row["bytes"]) for row in rows} == {
        ("file", "people"): ("3", "4000000"), ("api", "programs"): ("5", "0"), ("file", "robots"): ("99", "0"),
    }  # fmt: skip
    assert {row["title"] for row in rows} == {"'=cmd()"}
    assert sum(use["count"] for use in figures["uses"]) == 107
    assert (figures["costs"]["downloads"], figures["costs"]["api_calls"]) == (102, 5)
    assert figures["costs"]["bytes_sent"] == 4_000_000


async def test_another_month_is_empty_and_a_word_that_is_none_is_this_one(
    producer: Producer, moment: datetime
) -> None:
    before = await producer.page(f"/spaces/{SLUG}/figures?month=2025-02")
    unknown_month = await producer.page(f"/spaces/{SLUG}/figures?month=' OR 1")

    assert before.count("<rect x=") == 28
    assert unknown_month.count("<rect x=") == moment.day


def test_bars_leave_robots_out_and_fit_the_drawing() -> None:
    dataset = uuid.uuid4()
    figures = [
        UsageFigure(dataset, "t", NOVEMBER[0], "file", "people", 4, 1),
        UsageFigure(dataset, "t", NOVEMBER[0], "api", "programs", 4, 1),
        UsageFigure(dataset, "t", NOVEMBER[1], "file", "robots", 50, 1),
        UsageFigure(dataset, "t", NOVEMBER[29], "file", "people", 2, 1),
    ]

    top, bars = draw_bars(figures, NOVEMBER)
    [(_, total)] = sum_by_dataset(figures)

    assert (top, len(bars)) == (8, 30)
    assert [bars[place].height for place in (0, 1, 29)] == [160, 0, 40]
    assert all(0 <= bar.x <= bar.x + bar.width <= 620 for bar in bars)
    assert (total.downloads, total.calls, total.robots, total.bytes) == (6, 4, 50, 4)
    assert count_by_client(figures) == {"people": 6, "programs": 4, "robots": 50}


@pytest.mark.thorough
async def test_figures_become_a_dataset_with_a_version_a_day_only_when_something_changed(
    producer: Producer, passer_by: httpx.AsyncClient, node_database: Database, demo: Territory, space: Space,
    press: FiguresPublisher, node_site: Site,
) -> None:  # fmt: skip
    dataset = await producer.publish()
    draft = await producer.draft(TABLE + b"x;y;z\n")
    await mark_published(node_database, demo, dataset)
    await use(node_database, demo, space, dataset, ClientKind.PEOPLE, count=2)
    await use(node_database, demo, space, draft, ClientKind.PEOPLE, count=7)
    await producer.client.post(f"/spaces/{SLUG}/figures/publication", data={"on": "1"})

    today = await press.publish(demo, space.id)
    await move_to_yesterday(node_database, demo)
    first = await press.publish(demo, space.id)
    again = await press.publish(demo, space.id)
    await use(node_database, demo, space, dataset, ClientKind.ROBOTS, count=1)
    await move_to_yesterday(node_database, demo)
    second = await press.publish(demo, space.id)

    assert (today, first, again, second) == (False, True, False, True)
    async with node_database.session(demo.id) as session:
        figures_dataset = await session.get_one(
            Dataset,
            (
                demo.id,
                (await session.get_one(Space, (demo.id, space.id))).figures_dataset_id,
            ),
        )
        await session.refresh(figures_dataset, ["delivery"])
    assert [version.number for version in figures_dataset.versions] == [2, 1]
    [file] = figures_dataset.delivery.record["available_formats"]
    assert "title" in {column["name"] for column in file["file_columns"]}
    assert (
        await passer_by.get(f"/datasets/{figures_dataset.id}/file")
    ).status_code == 423, "the worker has still to look at it"
    assert await look(node_site, demo, figures_dataset.latest) == FileAccess.OPEN
    assert (figures_dataset.title, figures_dataset.state) == (
        "Usages des jeux de données de Mairie de Kerlévan",
        "publishing",
    )
    content = (await passer_by.get(f"/datasets/{figures_dataset.id}/file")).text
    rows = list(csv.DictReader(io.StringIO(content)))
    assert {row["dataset_id"] for row in rows} == {dataset}
    assert {row["title"] for row in rows} == {"Associations de Kerlévan"}
    assert [(row["client"], row["count"]) for row in rows] == [
        ("people", "2"),
        ("robots", "1"),
    ]
    assert "automatiquement" in await producer.page(f"/datasets/{figures_dataset.id}")


async def test_figures_that_were_withdrawn_or_stopped_are_left_alone(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    space: Space,
    press: FiguresPublisher,
) -> None:
    dataset = await producer.publish()
    await mark_published(node_database, demo, dataset)
    await use(node_database, demo, space, dataset, ClientKind.PEOPLE)
    await move_to_yesterday(node_database, demo)
    assert not await press.publish(demo, space.id)
    await producer.client.post(f"/spaces/{SLUG}/figures/publication", data={"on": "1"})
    assert await press.publish(demo, space.id)
    async with node_database.session(demo.id) as session:
        figures_dataset_id = (
            await session.get_one(Space, (demo.id, space.id))
        ).figures_dataset_id
    await producer.client.post(
        f"/datasets/{figures_dataset_id}/withdraw", data={"reason": "x"}
    )
    await use(node_database, demo, space, dataset, ClientKind.PEOPLE)
    await move_to_yesterday(node_database, demo)

    assert not await press.publish(demo, space.id)
    await producer.client.post(f"/spaces/{SLUG}/figures/publication", data={"on": "0"})
    assert "Publier ces chiffres" in await producer.page(f"/spaces/{SLUG}/figures")


def test_gigabytes_are_integrated_by_day_and_a_day_without_a_look_is_as_the_one_before() -> (
    None
):
    bytes_by_day = {
        date(2026, 10, 20): 2 * 10**9,
        NOVEMBER[9]: 5 * 10**9,
        NOVEMBER[19]: None,
        NOVEMBER[29]: 0,
    }

    assert gigabyte_days(bytes_by_day, NOVEMBER) == 9 * 2 + 20 * 5
    assert gigabyte_days({}, NOVEMBER) == 0
    assert gigabyte_days(bytes_by_day, []) == 0


@FOLDER_BY_DEFAULT
async def test_costs_add_up_place_traffic_calls_and_jobs(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    space: Space,
    other: Territory,
    each_store: ObjectStore,
    moment: datetime,
) -> None:
    async def look() -> int:
        """Note what is kept, and count it by hand."""
        await take_snapshot(node_database, each_store, demo.id)
        return sum(
            [
                int(entry["size"])
                async for entry in each_store.list(f"{demo.id}/{space.id}")
            ]
        )

    dataset = await producer.publish()
    await use(node_database, demo, space, dataset, ClientKind.ROBOTS, count=2, sent=10)
    first = await look()
    await producer.send(TABLE + b"x;y;z\n", path=f"/datasets/{dataset}/versions")
    most = await look()
    await producer.client.post(f"/datasets/{dataset}/discard")
    last = await look()
    async with node_database.session(demo.id, role="worker") as session:
        await note_job(session, space.id, 1.5)
        await note_job(session, space.id, 2.0)
        await note_job(session, uuid.uuid4(), 2.0)

    async with node_database.session(demo.id) as session:
        [cost] = await list_costs(session, Month.current())
        [day] = (await session.scalars(select(SpaceDay))).all()
    async with node_database.session(other.id) as session:
        assert await list_costs(session, Month.current()) == []
    assert (cost.bytes_sent, cost.downloads, cost.job_seconds) == (10, 2, 3.5)
    assert day.stored_bytes == most > first == last > len(TABLE), "the tables count too"
    assert day.day == moment.date()


def test_months_follow_each_other(moment: datetime) -> None:
    assert str(Month.read("2026-12").next) == "2027-01"
    assert str(Month.read("2027-01").before) == "2026-12"
    assert Month(moment.date().replace(day=1) + timedelta(days=40)).days == []
    with pytest.raises(ValueError, match="month must be"):
        Month.read("2026-13")


@FOLDER_BY_DEFAULT
@pytest.mark.usefixtures("each_store")
async def test_what_was_made_from_files_is_told_beside_the_place_and_takes_none(
    producer: Producer, node_site: Site, space: Space
) -> None:
    before = await producer.page(f"/spaces/{SLUG}/place")
    await producer.draft()
    store: ObjectStore = node_site.services[OBJECTS]
    sizes = {
        entry["path"]: entry["size"] async for entry in store.list(str(space.tenant_id))
    }
    derived_size = await derived_bytes(store, space)

    page = await producer.page(f"/spaces/{SLUG}/place")

    assert derived_size == sum(sizes.values()) - len(TABLE) > 0
    assert "Tableaux et aperçus tirés de vos fichiers" in page
    assert "Tableaux et aperçus tirés de vos fichiers" not in before
    assert f'value="{len(TABLE)}"' in page


@pytest.mark.thorough
async def test_the_place_is_told_by_dataset_the_largest_first(
    producer: Producer,
) -> None:
    small = await producer.publish()
    await producer.send(TABLE * 2, path=f"/datasets/{small}/versions")
    large = await producer.draft(TABLE * 50)

    page = await producer.page(f"/spaces/{SLUG}/place")

    assert page.index(f"/datasets/{large}") < page.index(f"/datasets/{small}")
    assert "Supprimer ce brouillon" in page
    assert "Publier ou abandonner la version en attente" in page
    assert "<dt>Demandes de vos données, par minute</dt><dd>6\u202f000</dd>" in page


async def test_the_bytes_of_a_file_are_under_its_own_space(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    space: Space,
    node_site: Site,
) -> None:
    dataset = await producer.publish()
    await producer.send(TABLE * 2, path=f"/datasets/{dataset}/versions")
    store: ObjectStore = node_site.services[OBJECTS]

    keys = [entry["path"] async for entry in store.list(str(demo.id))]

    async with node_database.session(demo.id) as session:
        row = await session.get_one(Dataset, (demo.id, uuid.UUID(dataset)))
    assert {key.partition(".")[0] for key in keys} == {
        version.file.key for version in row.versions
    }
    assert len(keys) == 4
    assert all(key.startswith(f"{demo.id}/{space.id}/{dataset}/") for key in keys)


async def test_uses_of_restricted_data_are_told_to_nobody(
    producer: Producer,
    node_database: Database,
    demo: Territory,
    space: Space,
    moment: datetime,
) -> None:
    """What was sent while they were open, by how often, is how long the file is."""
    still_open = await producer.publish()
    closed = await producer.publish(await producer.draft(TABLE + b"x;y;\n"))
    for dataset in (still_open, closed):
        await use(
            node_database,
            demo,
            space,
            dataset,
            ClientKind.PEOPLE,
            count=3,
            sent=3 * 1234,
        )
        await mark_published(node_database, demo, dataset)
    await move_to_yesterday(node_database, demo)
    async with node_database.session(demo.id, role="worker") as session:
        before = await list_public_figures(session, space, moment.date())
    await producer.publish(closed, access="restricted")

    async with node_database.session(demo.id, role="worker") as session:
        after = await list_public_figures(session, space, moment.date())

    assert {str(figure.dataset_id) for figure in before} == {still_open, closed}
    assert {str(figure.dataset_id) for figure in after} == {still_open}
