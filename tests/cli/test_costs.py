"""Limits of a producer, and the sheet of what each took, from the command line."""

import csv
import io
import json
import uuid

import pytest

from tests.cli.conftest import Run
from udi.cli.costs import rows_of
from udi.kit.db import Database
from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.tenancy import Territory
from udi.node.spaces.actions import apply_space
from udi.node.spaces.clients import ClientKind
from udi.node.spaces.costs import SpaceCost, note_stored
from udi.node.spaces.models import Space
from udi.node.spaces.use_counts import UseCounter, UseKind, use_of
from udi.portal.tenants.toml.schema import CostsPart


@pytest.fixture
async def spaces(node_database: Database, demo: Territory) -> list[Space]:
    new_spaces = []
    for slug in ("eaux", "port"):
        async with node_database.session(demo.id, role="worker") as session:
            new_spaces.append(
                await apply_space(
                    session,
                    slug=slug,
                    organisation_id=uuid.uuid4(),
                    name=slug,
                    email=f"{slug}@x.example",
                )
            )
    return new_spaces


async def test_limits_are_set_kept_and_given_back(
    run: Run, demo: Territory, spaces: list[Space]
) -> None:
    await run(
        "producer",
        "set",
        demo.slug,
        "eaux",
        "--quota-gb",
        "7",
        "--requests-per-minute",
        "100",
    )
    result = await run(
        "producer",
        "set",
        demo.slug,
        "eaux",
        "--requests-per-minute",
        "0",
        "--jobs-at-once",
        "3",
        "--json",
    )
    nobody = await run("producer", "set", demo.slug, "nobody", "--jobs-at-once", "3")

    limits = json.loads(result.stdout)
    assert (
        limits["quota_bytes"],
        limits["requests_per_minute"],
        limits["jobs_at_once"],
    ) == (7 * 10**9, None, 3)
    assert isinstance(nobody.exception, NotFoundError)


async def test_the_sheet_of_costs_for_a_person_a_spreadsheet_and_a_program(
    run: Run, demo: Territory, spaces: list[Space], node_database: Database
) -> None:
    uses = UseCounter(node_database)
    uses.add(
        use_of(demo.id, spaces[0].id, uuid.uuid4(), UseKind.API, ClientKind.PROGRAMS),
        count=9,
        sent=5,
    )
    await uses.close()
    async with node_database.session(demo.id, role="worker") as session:
        await note_stored(session, {spaces[1].id: 3 * 10**9})

    costs = json.loads((await run("producer", "costs", demo.slug, "--json")).stdout)
    sheet = list(
        csv.DictReader(
            io.StringIO((await run("producer", "costs", demo.slug, "--csv")).stdout)
        )
    )
    invalid_result = await run("producer", "costs", demo.slug, "--month", "November")

    assert [(row["slug"], row["api_calls"], row["bytes_sent"]) for row in costs] == [
        ("eaux", 9, 5),
        ("port", 0, 0),
    ]
    assert costs[1]["gigabyte_days"] == 3
    assert [row["slug"] for row in sheet] == ["eaux", "port"]
    assert isinstance(invalid_result.exception, InvalidError)


def test_prices_give_shares_and_no_price_gives_none() -> None:
    costs = [
        SpaceCost("a", "A", 10.0, 0, 500, 500, 0.0),
        SpaceCost("b", "B", 10.0, 10**9, 0, 0, 3600.0),
    ]

    shares = [
        row["share"]
        for row in rows_of(
            costs,
            CostsPart(gigabyte_day=1, gigabyte_sent=4, thousand_calls=2, job_hour=4),
        )
    ]

    assert shares == [0.4, 0.6]
    assert "share" not in rows_of(costs, CostsPart())[0]
    assert (
        "share"
        not in rows_of([SpaceCost("a", "A", 0, 0, 0, 0, 0)], CostsPart(job_hour=1))[0]
    )
