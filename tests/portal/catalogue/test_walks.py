"""Reading the whole catalogue by following `next`: what stays is met once whatever comes and goes, and no page costs more."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from pyoxigraph import RdfFormat, parse
from sqlalchemy import Select, select, text
from sqlalchemy.dialects import postgresql

from tests.depth import by_depth
from tests.portal.catalogue.corpus import MANY, TABLE, Catalogue
from tests.visitors import browse
from udi.kit.clock import now
from udi.kit.errors import InvalidError
from udi.kit.public_reading import open_public_reading
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.open.listing import (
    DatasetFilter,
    ListSlice,
    list_dataset_slice,
    read_dataset_slice,
    select_slice,
)
from udi.portal.catalogue.open.order import (
    BY_PUBLICATION_DATE,
    Place,
    SortKey,
    SortOrder,
)
from udi.portal.catalogue.open.query_parameters import QueryParameters
from udi.portal.catalogue.queries import IS_PUBLISHED
from udi.portal.catalogue.search.feed import SearchFeed
from udi.portal.nodes.sources.likeness import select_by_titles
from udi.portal.nodes.sources.models import CatalogueSource
from udi.protocol.record import Record
from udi.settings import Role
from udi.ui.site import Site

SIZE = 50
ITEMS = "/ogc/collections/datasets/items?limit=3"
NEXT = "http://www.w3.org/ns/hydra/core#next"
LISTED = "http://www.w3.org/ns/dcat#dataset"
WHOLE = DatasetFilter()
LATEST = SortOrder.by(SortKey(Dataset.described_at, descending=True))
MIXED = SortOrder.by(
    SortKey(Dataset.title), SortKey(Dataset.described_at, descending=True)
)


def read_graph(page: httpx.Response) -> tuple[list[UUID], str]:
    triples = list(parse(page.content, format=RdfFormat.N_TRIPLES))
    dataset_ids = [
        UUID(triple.object.value.rpartition("/")[2])
        for triple in triples
        if triple.predicate.value == LISTED
    ]
    return dataset_ids, next(
        (triple.object.value for triple in triples if triple.predicate.value == NEXT),
        "",
    )


def read_records(page: httpx.Response) -> tuple[list[UUID], str]:
    document = page.json()
    links = {link["rel"]: link["href"] for link in document["links"]}
    return [UUID(feature["id"]) for feature in document["features"]], links.get(
        "next", ""
    )


class Change:
    """What producers do between two pages; `touched` are the datasets of which nothing is promised."""

    def __init__(self, catalogue: Catalogue, records: list[Record], seed: int) -> None:
        self.catalogue = catalogue
        self.records = records
        self.random = random.Random(seed)  # noqa: S311 - reproducible
        self.touched: set[UUID] = set()

    async def happen(self, last: UUID) -> None:
        """One dataset comes, one is described anew, and two go: any, and the very one where the page ended."""
        left = [record for record in self.records if record.id not in self.touched]
        other, gone = self.random.sample(left, 2)
        gone_ids = {gone.id, last} - self.touched
        await self.catalogue.add(
            self.random.randrange(len(TABLE)), resource_title=self.random.choice("AMZ")
        )
        if other.id not in gone_ids:
            await self.catalogue.add(
                0, global_id=str(other.id), resource_title=self.random.choice("AMZ")
            )
        for record in self.records:
            if record.id in gone_ids:
                await self.catalogue.withdraw(record)
        self.touched |= {other.id, *gone_ids}


@by_depth("seed", [1, 2], by_default=[0])
@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("/catalog.nt?page_size=3", read_graph), (ITEMS, read_records), (f"{ITEMS}&sortby=title,-created", read_records),
        pytest.param(f"{ITEMS}&sortby=title", read_records, marks=pytest.mark.thorough),
        pytest.param(f"{ITEMS}&sortby=-updated", read_records, marks=pytest.mark.thorough),
    ],
)  # fmt: skip
async def test_what_stays_is_met_once_whatever_comes_and_goes(
    armor: Catalogue,
    feed: SearchFeed,
    portal_app: Litestar,
    url: str,
    read: Callable[..., Any],
    seed: int,
) -> None:
    records = [*await armor.add_all(), *await armor.add_all(" bis")]
    await feed.run_once()
    change = Change(armor, records, seed)
    visited_ids = list[UUID]()

    async with browse(portal_app, armor.territory) as program:
        for step in range(len(records)):
            page_ids, url = read(
                await program.get(url, headers={"Accept": "application/json"})
            )
            visited_ids += page_ids
            if not url:
                break
            if step < 5:
                await change.happen(page_ids[-1])

    stayed = {record.id for record in records} - change.touched
    assert url == ""
    assert len(stayed) >= 4
    assert {
        record_id: visited_ids.count(record_id) for record_id in stayed
    } == dict.fromkeys(stayed, 1)


async def place_of(catalogue: Catalogue, order: SortOrder, number: int) -> Place:
    """The place of the row of this number, found the slow way."""
    async with catalogue.database.session(catalogue.territory.id) as session:
        rows = (
            select(*order.columns)
            .where(IS_PUBLISHED)
            .order_by(*order.clauses)
            .offset(number)
            .limit(1)
        )
        return tuple((await session.execute(rows)).one())


async def plan_of(
    catalogue: Catalogue, stretch: ListSlice, filters: DatasetFilter = WHOLE
) -> list[dict[str, Any]]:
    """The nodes of the plan by which the database read a part, outermost first."""
    return await explain(catalogue, select_slice(filters, stretch), role="public")


async def explain(
    catalogue: Catalogue, query: Select[Any], *, role: Role
) -> list[dict[str, Any]]:
    """The nodes of the plan by which the database answers a role, outermost first."""
    statement = query.compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    async with catalogue.database.session(catalogue.territory.id, role=role) as session:
        explanation = await session.scalar(
            text(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}".replace(
                    ":", r"\:"
                )
            )
        )
    nodes = list[dict[str, Any]]()
    waiting = [explanation[0]["Plan"]]
    while waiting:
        nodes.append(node := waiting.pop())
        waiting += node.get("Plans", [])
    return nodes


@pytest.mark.parametrize(
    ("order", "index"),
    [(BY_PUBLICATION_DATE, "published_at"), (LATEST, "described_at")],
)
async def test_a_deep_page_costs_what_the_first_does(
    wide: Catalogue, order: SortOrder, index: str
) -> None:
    deep = await place_of(wide, order, MANY - 2 * SIZE)

    plans = [
        await plan_of(wide, ListSlice(SIZE, after=after, order=order))
        for after in (None, deep)
    ]
    counted = await plan_of(wide, ListSlice(SIZE, offset=MANY - 2 * SIZE, order=order))

    for plan in plans:
        scan = plan[-1]
        assert scan["Index Name"] == f"ix_dataset_tenant_id_{index}_id"
        assert scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) == SIZE + 1
        assert plan[0]["Shared Hit Blocks"] + plan[0]["Shared Read Blocks"] < 3 * SIZE
    assert counted[-1]["Actual Rows"] > MANY - 2 * SIZE


@pytest.mark.thorough
async def test_titles_are_found_by_their_index(wide: Catalogue) -> None:
    statement = select_by_titles(CatalogueSource(id=uuid4()), {"un titre", "un autre"})

    plan = await explain(wide, statement, role="worker")

    indexes = {node["Index Name"] for node in plan if "Index Name" in node}
    assert indexes == {"ix_dataset_title_folded"}


@pytest.mark.thorough
async def test_a_deep_page_of_a_large_producer_costs_what_the_first_does(
    wide: Catalogue,
) -> None:
    dataset_filter = DatasetFilter(producer=wide.organisations["armor"])
    deep = await place_of(wide, BY_PUBLICATION_DATE, MANY - 2 * SIZE)

    plans = [
        await plan_of(wide, ListSlice(SIZE, after=after), dataset_filter)
        for after in (None, deep)
    ]

    first, last = (
        plan[-1]["Actual Rows"] + plan[-1].get("Rows Removed by Filter", 0)
        for plan in plans
    )
    assert first == SIZE + 1
    # Of the last rows of all, the database may as well read each and sort them.
    assert last in {SIZE + 1, 2 * SIZE}


async def test_an_order_of_both_ways_round_goes_on_where_it_was(
    wide: Catalogue,
) -> None:
    deep = await place_of(wide, MIXED, MANY // 2)

    async with wide.database.session(wide.territory.id, role="public") as session:
        datasets, end = await list_dataset_slice(
            session, DatasetFilter(), ListSlice(SIZE, after=deep, order=MIXED)
        )
        same, _ = await list_dataset_slice(
            session, DatasetFilter(), ListSlice(SIZE, offset=MANY // 2 + 1, order=MIXED)
        )

    assert [dataset.seq for dataset in datasets] == [dataset.seq for dataset in same]
    assert end == await place_of(wide, MIXED, MANY // 2 + SIZE)


@pytest.mark.parametrize("shift", [-1, 0, 1])
async def test_read_dataset_slice_walks_as_list_dataset_slice_without_a_session(
    stocked: Catalogue, portal_site: Site, shift: int
) -> None:
    pool: Any = portal_site.database.engine("public").pool
    size = len(TABLE) // 2
    tenant = stocked.territory.id
    async with stocked.database.session(tenant, role="public") as session:
        first = await list_dataset_slice(session, WHOLE, ListSlice(size))
        following = ListSlice(size + shift, after=first[1])
        second = await list_dataset_slice(session, WHOLE, following)

    async with open_public_reading(portal_site.database, tenant) as reading:
        held = pool.checkedout()
        begun = await read_dataset_slice(reading, WHOLE, ListSlice(size))
        walked = await read_dataset_slice(reading, WHOLE, following)
        opened = pool.checkedout() - held

    assert [
        [dataset.seq for dataset in datasets] for datasets, _ in (begun, walked)
    ] == [[dataset.seq for dataset in datasets] for datasets, _ in (first, second)]
    assert (begun[1], walked[1]) == (first[1], second[1])
    assert (walked[1] is None, opened) == (shift >= 0, 0)


async def test_read_dataset_slice_of_a_part_of_the_datasets_is_that_of_list_dataset_slice(
    stocked: Catalogue, portal_site: Site
) -> None:
    tenant = stocked.territory.id
    slices = [
        (DatasetFilter(producer=stocked.organisations["kerlevan"]), ListSlice(2)),
        (WHOLE, ListSlice(3, offset=2)),
        (WHOLE, ListSlice(3, order=LATEST)),
    ]
    async with open_public_reading(portal_site.database, tenant) as reading:
        read = [await read_dataset_slice(reading, *part) for part in slices]
    async with stocked.database.session(tenant, role="public") as session:
        listed = [await list_dataset_slice(session, *part) for part in slices]

    assert [end for _, end in read] == [end for _, end in listed]
    assert [[dataset.seq for dataset in datasets] for datasets, _ in read] == [
        [dataset.seq for dataset in datasets] for datasets, _ in listed
    ]
    assert len({repr(end) for _, end in read}) == len(slices)


@pytest.mark.parametrize("order", [BY_PUBLICATION_DATE, LATEST, MIXED])
def test_a_place_is_read_as_it_was_written(order: SortOrder) -> None:
    values = {
        "title": "Arbres d’alignement, 2024",
        "published_at": now(),
        "described_at": now(),
        "id": uuid4(),
    }
    place = tuple(values[column.key] for column in order.columns)

    assert (
        order.read_cursor(
            QueryParameters([("cursor", order.write_cursor(place))], ("cursor",)),
            "page",
        )
        == place
    )


@pytest.mark.parametrize(
    "place",
    [("2026-01-01T00:00:00", str(UUID(int=1))), ("0001-01-01T00:00:00+14:00", str(UUID(int=1))), ("2026-01-01T00:00:00Z", "x"),
     ("2026-01-01T00:00:00Z",), ("a\0b", "2026-01-01T00:00:00Z", str(UUID(int=1))), "x", 3],
)  # fmt: skip
@pytest.mark.parametrize("order", [BY_PUBLICATION_DATE, MIXED])
def test_what_is_no_place_is_refused(order: SortOrder, place: Any) -> None:
    parameters = QueryParameters([("cursor", order.write_cursor(place))], ("cursor",))

    assert order.read_cursor(parameters, "page") is None
    with pytest.raises(InvalidError) as refused:
        parameters.check()
    assert [refusal.field for refusal in refused.value.refusals] == ["cursor"]
