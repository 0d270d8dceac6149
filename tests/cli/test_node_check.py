"""Trying a registered node: its address, its credential as it would use it, its last report."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from litestar import Litestar
from sqlalchemy import select, update

from tests.cli.conftest import Run
from tests.cli.wire import served
from tests.cluster import free_ports
from udi.cli.checks.node import check_node
from udi.cli.finding import Finding
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.kit.tenancy import Territory
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.territory import apply_machine, remove_machine
from udi.portal.nodes.actions.register import register_node
from udi.portal.nodes.models import Node, Report, ReportDeliveryState
from udi.portal.tenants.models import Tenant
from udi.settings import Settings


@pytest.fixture
async def node(
    keycloak: Settings, demo: Territory, portal_database: Database, portal_app: Litestar
) -> AsyncIterator[Node]:
    """A node with a credential for a portal that answers on a real port; its own address is that portal's."""
    port = free_ports(1)
    origin = f"http://{demo.hosts[0]}:{port}"
    client = f"{demo.slug}-node-far"
    await asyncio.to_thread(apply_machine, admin.connect(keycloak), client, demo.origin)
    async with portal_database.platform_session(role="owner") as session:
        links = {**demo.links, "portal": origin}
        await session.execute(
            update(Tenant).where(Tenant.id == demo.id).values(links=links)
        )
    async with portal_database.session(demo.id, role="worker") as session:
        registered = await register_node(
            session, slug="far", name="Far", url=origin, client_id=client
        )
    async with served(portal_app, port):
        yield registered


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


async def set_report(
    database: Database,
    territory: Territory,
    node: Node,
    delivery: ReportDeliveryState,
    error: str,
) -> None:
    async with database.session(territory.id, role="worker") as session:
        report = Report(
            node_id=node.id,
            method="POST",
            accepted=True,
            treated_at=now(),
            delivery=delivery,
            attempts=3,
            last_error=error,
            resource_id=node.id,
        )
        session.add(report)


async def test_a_sound_node_has_no_fault(
    keycloak: Settings, demo: Territory, node: Node
) -> None:
    findings_by_name = by_name(await check_node(keycloak, demo.slug, "far"))

    assert {
        name: finding.severity for name, finding in findings_by_name.items()
    } == dict.fromkeys(("registration", "address", "token", "report"), "ok")
    assert "never seen" in findings_by_name["registration"].message


async def test_a_failed_report_is_a_fault_with_where_to_send_it_again(
    keycloak: Settings, demo: Territory, node: Node, portal_database: Database
) -> None:
    await set_report(
        portal_database, demo, node, ReportDeliveryState.PENDING, "unreachable"
    )
    assert (
        by_name(await check_node(keycloak, demo.slug, "far"))["report"].severity
        == "warning"
    )

    await set_report(portal_database, demo, node, ReportDeliveryState.FAILED, "401")
    report = by_name(await check_node(keycloak, demo.slug, "far"))["report"]

    assert (report.severity, "401" in report.message) == ("fault", True)
    assert "/nodes" in report.remedy


async def test_a_credential_that_was_removed_is_a_fault(
    keycloak: Settings, demo: Territory, node: Node
) -> None:
    await asyncio.to_thread(remove_machine, admin.connect(keycloak), node.client_id)

    token = by_name(await check_node(keycloak, demo.slug, "far"))["token"]

    assert (token.severity, "no client" in token.message) == ("fault", True)


async def test_a_node_that_does_not_answer_is_a_fault(
    keycloak: Settings, demo: Territory, node: Node, portal_database: Database
) -> None:
    async with portal_database.session(demo.id, role="worker") as session:
        row = (await session.scalars(select(Node).where(Node.id == node.id))).one()
        row.url = f"http://far.localhost:{free_ports(1)}"

    address = by_name(await check_node(keycloak, demo.slug, "far"))["address"]

    assert address.severity == "fault"
    assert "udi node list" in address.remedy


async def test_the_command_ends_with_1_on_a_fault_and_shows_no_secret(
    run: Run, keycloak: Settings, demo: Territory, node: Node
) -> None:
    connection = admin.connect(keycloak)
    client = await asyncio.to_thread(connection.get, "clients", clientId=node.client_id)
    secret = (
        await asyncio.to_thread(
            connection.get, f"clients/{client[0]['id']}/client-secret"
        )
    )["value"]
    sound = await run("node", "check", demo.slug, "far")
    await asyncio.to_thread(remove_machine, connection, node.client_id)

    broken = await run("node", "check", demo.slug, "far", "--json")

    assert (sound.exit_code, broken.exit_code) == (0, 1)
    assert json.loads(broken.stdout[broken.stdout.index("{\n") :])["healthy"] is False
    assert secret not in sound.stdout + broken.stdout


async def test_an_unknown_node_is_refused(run: Run, demo: Territory) -> None:
    result = await run("node", "check", demo.slug, "nothing")

    assert isinstance(result.exception, NotFoundError)
    assert "udi node list" in result.exception.remedy
