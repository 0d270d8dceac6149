"""The portal away, killed, back; the node stopped, cut off, brought back from a backup: what is revoked stays so."""

import asyncio
import json
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import delete, inspect, select, text

from tests.node.agreements.granting import Grant, Granting
from tests.service_overrides import ServiceOverrides
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory, TerritoryClosedError
from udi.kit.territories import TerritoryRegistry
from udi.node.agreements import freshness
from udi.node.agreements.actions import update_cursor
from udi.node.agreements.freshness import ASK_AGREEMENTS, AgreementFreshness
from udi.node.agreements.gate import AgreementGate
from udi.node.agreements.metrics import measure_agreements
from udi.node.agreements.models import AgreementCursor, HeldAgreement, HeldCredential
from udi.node.agreements.portal_sync import (
    AgreementSync,
    sync_periodically,
    task_handlers,
)
from udi.node.datasets.exchange.portal import PortalUnavailableError
from udi.node.files.restricted import GATE
from udi.protocol.agreement import AgreementValidity
from udi.ui.site import Site


async def reads(machine: httpx.AsyncClient, grant: Grant) -> int:
    answer = await machine.get(
        f"/datasets/{grant.agreement.dataset}/file", headers=grant.headers
    )
    return answer.status_code


async def test_what_was_never_pushed_is_asked_for(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    asker: AgreementSync,
    at_node: Territory,
) -> None:
    grants = [portal.grant(meters) for _ in range(3)]

    assert await asker.sync(at_node) == 3
    assert await asker.sync(at_node) == 0
    assert [await reads(machine, grant) for grant in grants] == [200, 200, 200]


async def measured_ages(site: Site, territory: Territory) -> list[float]:
    [gauge] = await measure_agreements(site)
    labels = {"territory": territory.slug}
    return [sample.value for sample in gauge.samples if sample.labels == labels]


@pytest.mark.usefixtures("meters")
async def test_measure_tells_since_when_the_portal_did_not_answer(
    at_node: Territory, node_site: Site
) -> None:
    async with node_site.database.session(at_node.id, role="worker") as session:
        await update_cursor(session, answered_at=now() - timedelta(hours=1))
    [age] = await measured_ages(node_site, at_node)
    async with node_site.database.session(at_node.id, role="worker") as session:
        await session.execute(delete(AgreementCursor))

    assert age >= 3600
    assert await measured_ages(node_site, at_node) == []


async def test_more_than_a_slice_is_asked_for_in_several(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    asker: AgreementSync,
    at_node: Territory,
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr("udi.node.datasets.exchange.portal.SLICE", 2)
    grants = [portal.grant(meters) for _ in range(5)]

    assert await asker.sync(at_node) == 5
    assert await reads(machine, grants[-1]) == 200


async def test_one_that_is_wrong_keeps_no_other_back(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    asker: AgreementSync,
    at_node: Territory,
) -> None:
    invalid_grant = portal.grant(meters)
    good = portal.grant(meters)
    invalid_grant.document = good.document

    await asker.sync(at_node)

    assert await reads(machine, good) == 200
    assert await reads(machine, invalid_grant) == 401


async def test_with_the_portal_away_what_is_agreed_stays_and_what_is_revoked_does_not_come_back(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    asker: AgreementSync,
    at_node: Territory,
) -> None:
    good = portal.grant(meters)
    ended = portal.grant(meters)
    for grant in (good, ended):
        await portal.push(machine, grant)
    await portal.push(machine, ended.change(state=AgreementValidity.REVOKED))
    portal._server.server_close()

    with pytest.raises(PortalUnavailableError):
        await asker.sync(at_node)

    assert (await reads(machine, good), await reads(machine, ended)) == (200, 403)


async def test_a_reader_waits_for_a_portal_that_is_away_once_and_not_long(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    services: ServiceOverrides,
    node_site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second would wait for ten minutes, if it waited."""
    grant = portal.grant(meters)
    await portal.push(machine, grant)
    services[GATE] = AgreementGate(
        node_site.database, AgreementFreshness(node_site.database)
    )

    began = time.monotonic()
    assert await reads(machine, grant) == 200
    waited = time.monotonic() - began
    longest = freshness.LONGEST
    monkeypatch.setattr(freshness, "LONGEST", 600.0)

    assert waited >= longest
    async with asyncio.timeout(120):
        assert await reads(machine, grant) == 200


async def test_a_node_that_starts_asks_before_its_first_answer(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    services: ServiceOverrides,
    node_site: Site,
    asker: AgreementSync,
) -> None:
    """Revoked while the node was stopped: no push arrived, and the first reader is refused."""
    grant = portal.grant(meters)
    await portal.push(machine, grant)
    assert await reads(machine, grant) == 200
    grant.change(state=AgreementValidity.REVOKED)
    services[GATE] = AgreementGate(
        node_site.database, AgreementFreshness(node_site.database)
    )

    async with working(node_site.registry, asker):
        assert await reads(machine, grant) == 403


async def test_a_backup_of_the_node_brings_nothing_back(
    portal: Granting, machine: httpx.AsyncClient, meters: str, services: ServiceOverrides, node_site: Site, asker: AgreementSync,
    node_database: Database, demo: Territory, at_node: Territory,
) -> None:  # fmt: skip
    grant = portal.grant(meters)
    await asker.sync(at_node)
    async with node_database.session(demo.id, role="worker") as session:
        backup = [
            await _rows(session, table)
            for table in (HeldAgreement, HeldCredential, AgreementCursor)
        ]
    await portal.push(machine, grant.change(state=AgreementValidity.REVOKED))
    await asker.sync(at_node)
    async with node_database.session(demo.id, role="worker") as session:
        for table in (HeldCredential, HeldAgreement, AgreementCursor):
            await session.execute(delete(table))
        for rows in backup:
            session.add_all(rows)
    services[GATE] = AgreementGate(
        node_site.database, AgreementFreshness(node_site.database)
    )

    async with working(node_site.registry, asker):
        assert await reads(machine, grant) == 403


async def _rows(session: Any, table: Any) -> list[Any]:
    rows = (await session.scalars(select(table))).all()
    names = [column.key for column in inspect(table).columns]
    return [table(**{name: getattr(row, name) for name in names}) for row in rows]


async def test_a_portal_that_comes_back_is_heard_before_the_next_answer(
    portal: Granting, machine: httpx.AsyncClient, meters: str, node_site: Site, asker: AgreementSync, at_node: Territory,
    monkeypatch: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr(freshness, "RETRY_INTERVAL", freshness.RETRY_INTERVAL * 0)
    grant = portal.grant(meters)
    await portal.push(machine, grant)
    portal.token_status = 503
    asker.portal._tokens.clear()
    with pytest.raises(PortalUnavailableError):
        await asker.sync(at_node)
    grant.change(state=AgreementValidity.REVOKED)
    portal.token_status = 200

    async with working(node_site.registry, asker):
        assert await reads(machine, grant) == 403


async def test_the_worker_asks_by_itself(
    portal: Granting,
    machine: httpx.AsyncClient,
    meters: str,
    asker: AgreementSync,
    node_site: Site,
) -> None:
    grant = portal.grant(meters)
    task = asyncio.create_task(sync_periodically(asker, node_site.registry))
    try:
        async with asyncio.timeout(60):
            while await reads(machine, grant) != 200:  # noqa: ASYNC110 - the worker says nothing
                await asyncio.sleep(0.05)
    finally:
        task.cancel()

    assert await reads(machine, grant) == 200


class working:  # noqa: N801 - reads as a sentence
    """The worker does what readers ask for."""

    def __init__(self, registry: TerritoryRegistry, asker: AgreementSync) -> None:
        self._handler = task_handlers(registry, asker)[ASK_AGREEMENTS]
        self._asker = asker

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._work())

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _work(self) -> None:
        while True:
            async with self._asker.database.platform_session(role="worker") as session:
                result = await session.execute(
                    text(
                        "DELETE FROM queue.pgqueuer WHERE entrypoint = :name RETURNING payload"
                    ),
                    {"name": ASK_AGREEMENTS},
                )
                payloads = [bytes(row[0]) for row in result]
            for payload in payloads:
                arguments = json.loads(payload)
                tenant = UUID(arguments.pop("tenant"))
                # Those of another test, whose territory is gone, are dropped as a worker drops them.
                with suppress(TerritoryClosedError):
                    await self._handler(
                        Job(ASK_AGREEMENTS, tenant, arguments, 0, last=False)
                    )
            await asyncio.sleep(0.02)
