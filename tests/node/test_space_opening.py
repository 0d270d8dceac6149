"""Only the territory's portal has a space opened, for the organisation that its token names."""

import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.node.counterpart import PortalDouble
from udi.kit.db import Database
from udi.kit.keys import Signer, new_secret
from udi.kit.tenancy import Territory
from udi.node.spaces.models import Space
from udi.protocol.credentials import REPORT, SPACE


def body(organisation: uuid.UUID, **changed: Any) -> dict[str, Any]:
    defaults = {
        "organisation_id": str(organisation),
        "slug": "seve",
        "name": "Association Sève",
        "email": "b@seve.example",
    }
    return {**defaults, **changed}


async def spaces(database: Database, territory: Territory) -> list[Space]:
    async with database.session(territory.id, role="worker") as session:
        return list((await session.scalars(select(Space))).all())


async def test_the_portal_has_a_space_opened_and_renamed_and_what_was_given_stays(
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
    node_database: Database,
) -> None:
    organisation = uuid.uuid4()
    node = demo.links["node"]
    address = f"/api/v1/spaces/{organisation}"

    opened = await passer_by.put(
        address,
        json=body(organisation),
        headers=portal.bearer(node, organisation, SPACE),
    )
    async with node_database.session(demo.id, role="worker") as session:
        (await session.scalars(select(Space))).one().quota_bytes = 7
    again = await passer_by.put(
        address,
        json=body(organisation, name="Sève"),
        headers=portal.bearer(node, organisation, SPACE),
    )

    assert (opened.status_code, again.status_code) == (200, 200)
    assert opened.json() == {
        "slug": "seve",
        "address": f"{demo.links['node']}/spaces/seve",
    }
    [space] = await spaces(node_database, demo)
    assert (space.organisation_id, space.name, space.quota_bytes) == (
        organisation,
        "Sève",
        7,
    )


async def test_nobody_else_opens_one(
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
    node_database: Database,
) -> None:
    organisation = uuid.uuid4()
    node = demo.links["node"]
    headers_by_fault = {
        "no token": {},
        "a report's": portal.bearer(node, organisation, REPORT),
        "another organisation's": portal.bearer(node, uuid.uuid4(), SPACE),
        "forged": portal.bearer(
            node, organisation, SPACE, signer=Signer.from_secret(new_secret())
        ),
    }

    for name, headers in headers_by_fault.items():
        answer = await passer_by.put(
            f"/api/v1/spaces/{organisation}", json=body(organisation), headers=headers
        )
        assert answer.status_code == 401, name
    assert await spaces(node_database, demo) == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"slug": "Sève !"}, 422),
        ({"slug": "../x"}, 422),
        ({"name": " "}, 422),
        ({"email": None}, 422),
        ({"organisation_id": str(uuid.uuid4())}, 422),
    ],
)
async def test_what_does_not_say_whose_space_it_is_is_refused(
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
    changed: dict[str, Any],
    status: int,
) -> None:
    organisation = uuid.uuid4()
    node = demo.links["node"]
    address = f"/api/v1/spaces/{organisation}"

    answer = await passer_by.put(
        address,
        json=body(organisation, **changed),
        headers=portal.bearer(node, organisation, SPACE),
    )
    rubbish = await passer_by.put(
        address, content=b"{", headers=portal.bearer(node, organisation, SPACE)
    )

    assert (answer.status_code, rubbish.status_code) == (status, 422)


async def test_a_room_is_never_given_to_another_organisation(
    passer_by: httpx.AsyncClient,
    portal: PortalDouble,
    demo: Territory,
    node_database: Database,
) -> None:
    first = uuid.uuid4()
    second = uuid.uuid4()

    async def put(organisation: uuid.UUID, **changed: Any) -> httpx.Response:
        headers = portal.bearer(demo.links["node"], organisation, SPACE)
        return await passer_by.put(
            f"/api/v1/spaces/{organisation}",
            json=body(organisation, **changed),
            headers=headers,
        )

    await put(first)
    conflict = await put(second)
    moved = await put(first, slug="autre")

    assert (conflict.status_code, moved.status_code) == (409, 409)
    assert [space.organisation_id for space in await spaces(node_database, demo)] == [
        first
    ]
