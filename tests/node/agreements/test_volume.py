"""Whatever the way out, bytes count before they are sent; over which month, which minute, and whose."""

import uuid
from datetime import UTC, datetime

import httpx
import pytest

from tests.node.agreements.granting import IN_PART, WHOLE, Granting, replace_struct
from tests.node.agreements.ways import ROWS_LEAVE
from tests.node.lasting import asker as asker
from tests.node.lasting import at_node as at_node
from tests.node.lasting import browse as browse
from tests.node.lasting import demo as demo
from tests.node.lasting import machine as machine
from tests.node.lasting import make_person as make_person
from tests.node.lasting import meters as meters
from tests.node.lasting import portal as portal
from tests.node.lasting import producer as producer
from tests.node.lasting import publisher as publisher
from tests.node.lasting import space as space
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.agreements import queries
from udi.node.agreements.models import AgreementUse
from udi.node.agreements.queries import read_consumption
from udi.protocol.terms import Terms

MOMENT = datetime(2026, 5, 17, 10, 30, 20, tzinfo=UTC)
GIVE_BYTES = tuple(
    way
    for way in ROWS_LEAVE
    if way.startswith(("/datasets/{id}/file", "/api/resources", "/ogc"))
    and "__" not in way
    and "{part}" not in way
    and "/tables/" not in way
)


@pytest.mark.parametrize(
    ("terms", "absent"), [(WHOLE, 0), (IN_PART, 9)], ids=["whole", "in part"]
)
async def test_every_way_out_is_counted_before_a_byte_is_sent(
    portal: Granting, machine: httpx.AsyncClient, meters: str, terms: Terms, absent: int
) -> None:
    grant = portal.grant(meters, replace_struct(terms, bytes_a_month=10))
    await portal.push(machine, grant)

    answers = {
        way: await machine.get(way.format(id=meters), headers=grant.headers)
        for way in GIVE_BYTES
    }

    codes = {
        way: answer.json().get("code", answer.status_code)
        for way, answer in answers.items()
    }
    without_places = [way for way, code in codes.items() if code == "other_columns"]
    assert len(without_places) == absent
    assert {code for way, code in codes.items() if way not in without_places} == {
        "volume_spent"
    }


async def test_the_parquet_of_a_part_is_counted_by_what_is_asked_of_it(
    portal: Granting, machine: httpx.AsyncClient, meters: str
) -> None:
    grant = portal.grant(meters, replace_struct(WHOLE, bytes_a_month=50))
    await portal.push(machine, grant)
    address = f"/api/resources/{meters}/data/parquet/"

    part = await machine.get(address, headers={**grant.headers, "Range": "bytes=0-9"})
    more = await machine.get(address, headers={**grant.headers, "Range": "bytes=0-49"})

    assert (part.status_code, more.status_code) == (206, 403)


async def test_read_spent_counts_this_month_and_this_minute_of_this_agreement(
    portal: Granting,
    meters: str,
    node_database: Database,
    demo: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queries, "now", lambda: MOMENT)
    terms = replace_struct(WHOLE, bytes_a_month=10**6, requests_a_minute=100)
    mine = portal.grant(meters, terms)
    theirs = portal.grant(meters, terms)
    moments = {
        1: datetime(2026, 4, 30, 23, 59, 59, tzinfo=UTC),
        2: datetime(2026, 5, 1, tzinfo=UTC),
        4: datetime(2026, 5, 17, 10, 29, 59, tzinfo=UTC),
        8: datetime(2026, 5, 17, 10, 30, 1, tzinfo=UTC),
    }
    async with node_database.session(demo.id, role="worker") as session:
        session.add_all(
            AgreementUse(
                id=uuid.uuid4(), agreement_id=grant.id, dataset_id=uuid.UUID(meters), kind="file", bytes=size * factor,
                happened_at=at,
            )
            for grant, factor in ((mine, 1), (theirs, 100))
            for size, at in moments.items()
        )  # fmt: skip

    async with node_database.session(demo.id, role="worker") as session:
        assert await read_consumption(session, mine.agreement) == (2 + 4 + 8, 1)
