"""Before anybody is answered, the portal is asked what changed: of people as of machines, and again after a minute."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from tests.node.agreements.granting import Grant, Granting
from tests.node.agreements.test_agreement_sync import working
from tests.service_overrides import ServiceOverrides
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.tenancy import Territory
from udi.node.agreements.freshness import AgreementFreshness
from udi.node.agreements.gate import AgreementGate
from udi.node.agreements.models import AgreementCursor
from udi.node.agreements.portal_sync import AgreementSync
from udi.node.files.restricted import GATE
from udi.protocol.agreement import AgreementValidity
from udi.ui.site import Site


@pytest.fixture
async def grant(portal: Granting, machine: httpx.AsyncClient, meters: str) -> Grant:
    """An agreement that the node holds, which its portal revoked without telling."""
    new_grant = portal.grant(meters)
    assert (await portal.push(machine, new_grant)).status_code == 200
    new_grant.change(state=AgreementValidity.REVOKED)
    return new_grant


@pytest.fixture
async def worker(node_site: Site, asker: AgreementSync) -> AsyncIterator[None]:
    async with working(node_site.registry, asker):
        yield


async def test_a_person_is_answered_after_the_portal_was_asked(
    portal: Granting,
    machine: httpx.AsyncClient,
    services: ServiceOverrides,
    node_site: Site,
    grant: Grant,
    worker: None,
) -> None:
    services[GATE] = AgreementGate(
        node_site.database, AgreementFreshness(node_site.database)
    )

    answer = await portal.enter(machine, grant)

    assert answer.status_code == 403


async def test_what_the_portal_said_a_minute_ago_is_asked_for_again(
    machine: httpx.AsyncClient, meters: str, services: ServiceOverrides, node_site: Site, node_database: Database,
    demo: Territory, grant: Grant, worker: None,
) -> None:  # fmt: skip
    moment = now() - timedelta(seconds=61)
    services[GATE] = AgreementGate(
        node_site.database,
        AgreementFreshness(node_site.database, began=moment - timedelta(days=1)),
    )
    async with node_database.session(demo.id, role="worker") as session:
        await session.execute(
            update(AgreementCursor).values(
                answered_at=moment, tried_at=moment, failed_at=None
            )
        )

    assert (
        await machine.get(f"/datasets/{meters}/file", headers=grant.headers)
    ).status_code == 403


async def test_what_a_person_reads_is_logged_under_no_credential(
    portal: Granting, machine: httpx.AsyncClient, meters: str
) -> None:
    grant = portal.grant(meters)
    await portal.push(machine, grant)
    await portal.enter(machine, grant)
    await machine.get(f"/datasets/{meters}/file", headers=grant.headers)

    uses = (
        await machine.get(f"/api/v1/agreements/{grant.id}/uses", headers=grant.headers)
    ).json()["uses"]

    credential_id = str(grant.standing.credentials[0].id)
    assert {(use["kind"], use["credential"]) for use in uses} == {
        ("page", None),
        ("file", credential_id),
    }
