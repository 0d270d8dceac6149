"""A registered node: its address answers, its credential is accepted, its last report arrived."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.finding import Finding, fault, ok, warning
from udi.cli.local.parts import own_hosts
from udi.cli.local.state import is_running
from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError, exact_host
from udi.portal.identity.provision import admin
from udi.portal.nodes.models import Node, NodeState, Report, ReportDeliveryState
from udi.portal.nodes.queries import find_node
from udi.portal.tenants.models import Tenant
from udi.portal.tenants.queries import get_tenant
from udi.settings import Settings

PATIENCE = 5
REFUSED = 500


async def check_node(settings: Settings, territory: str, slug: str) -> list[Finding]:
    """What is known of a node, and what it answers now.

    Raises:
        NotFoundError: the territory has no such node.
    """
    tenant, node, report = await _read_node(settings, territory, slug)
    installation = own_hosts(settings) if is_running(settings) else []
    outgoing = OutgoingClient(
        [*settings.private_hosts, *installation, exact_host(tenant.links["portal"])]
    )
    try:
        return [
            _check_registration(node),
            await _check_address(outgoing, node),
            await _check_credential(settings, outgoing, tenant, node),
            _check_last_report(tenant, report),
        ]
    finally:
        await outgoing.close()


async def _read_node(
    settings: Settings, territory: str, slug: str
) -> tuple[Tenant, Node, Report | None]:
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, territory)
        async with database.session(tenant.id, role="worker") as session:
            node = await find_node(session, slug)
            if node is None:
                msg = f"No node is called «{slug}» in {territory}."
                raise NotFoundError(msg, remedy=f"See `udi node list {territory}`.")
            return tenant, node, await _find_newest_report(session, node)
    finally:
        await database.close()


async def _find_newest_report(session: AsyncSession, node: Node) -> Report | None:
    newest = (
        select(Report)
        .where(Report.node_id == node.id)
        .order_by(Report.submitted_at.desc())
        .limit(1)
    )
    return (await session.scalars(newest)).one_or_none()


def _check_registration(node: Node) -> Finding:
    if node.last_seen_at:
        last_contact = f"last seen {node.last_seen_at:%Y-%m-%d %H:%M} UTC"
    else:
        last_contact = "never seen"
    if node.state != NodeState.ACTIVE:
        return warning(
            "node",
            "registration",
            f"Suspended, {last_contact}.",
            "What it pushes is refused until it is resumed.",
        )
    return ok("node", "registration", f"Active, {last_contact}.")


async def _check_address(outgoing: OutgoingClient, node: Node) -> Finding:
    """Any answer below 500 will do: a node of another make may have no such address."""
    try:
        answer = await outgoing.request("GET", f"{node.url}/health", patience=PATIENCE)
    except RefusedAddressError as error:
        return fault(
            "node",
            "address",
            str(error),
            "Add a pattern for it to UDI_PRIVATE_HOSTS, if it is yours.",
        )
    except OutgoingError as error:
        return fault(
            "node",
            "address",
            str(error),
            "Start the node, or correct its address (`udi node list <territory>`).",
        )
    if answer.status_code >= REFUSED:
        message = f"{node.url} answers {answer.status_code}."
        return fault("node", "address", message, "The node's own log says why.")
    return ok("node", "address", f"{node.url} answers.")


async def _check_credential(
    settings: Settings, outgoing: OutgoingClient, tenant: Tenant, node: Node
) -> Finding:
    secret = await asyncio.to_thread(_find_secret, settings, tenant, node)
    if isinstance(secret, Finding):
        return secret
    portal = tenant.links["portal"]
    form = {"grant_type": "client_credentials", "client_id": node.client_id}
    remedy = f"Run `udi tenant apply {tenant.slug}`, and see that the portal and Keycloak run (`udi doctor`)."
    try:
        granted = await outgoing.request(
            "POST",
            f"{portal}/oauth2/token",
            data={**form, "client_secret": secret},
            patience=PATIENCE,
        )
        if not granted.is_success:
            message = f"{portal}/oauth2/token answers {granted.status_code} to its credential."
            return fault("node", "token", message, remedy)
        headers = {"Authorization": f"Bearer {granted.json()['access_token']}"}
        response = await outgoing.request(
            "GET",
            f"{portal}/kalim/v1/id_generation",
            headers=headers,
            patience=PATIENCE,
        )
    except (OutgoingError, RefusedAddressError) as error:
        return fault("node", "token", str(error), remedy)
    if not response.is_success:
        return fault(
            "node",
            "token",
            f"The portal answers {response.status_code} to its token.",
            remedy,
        )
    return ok("node", "token", "Its credential gives a token that the portal accepts.")


def _find_secret(settings: Settings, tenant: Tenant, node: Node) -> str | Finding:
    """The hosted node's own file, else what Keycloak holds; never shown."""
    path = settings.secrets_folder / f"node_credential_{tenant.slug}"
    if node.hosted and path.exists():
        return path.read_text().strip()
    connection = admin.connect(settings)
    client = connection.get_client_id(node.client_id)
    if client is None:
        message = f"Keycloak has no client «{node.client_id}»."
        return fault(
            "node",
            "token",
            message,
            "Register the node again under another name (docs/how-to/register-a-node.md).",
        )
    return str(connection.get_client_secrets(client)["value"])


def _check_last_report(tenant: Tenant, report: Report | None) -> Finding:
    if report is None:
        return ok("node", "report", "It pushed nothing yet.")
    when = f"{report.submitted_at:%Y-%m-%d %H:%M} UTC"
    message = f"The last push, {when}, was {'accepted' if report.accepted else 'refused'}; its report is {report.delivery}"
    if report.delivery == ReportDeliveryState.FAILED:
        remedy = (
            f"Correct the node, then «Send again» at {tenant.links['portal']}/nodes."
        )
        return fault("node", "report", f"{message} ({report.last_error}).", remedy)
    if report.delivery == ReportDeliveryState.PENDING and report.attempts:
        return warning(
            "node",
            "report",
            f"{message} ({report.last_error}).",
            "It is tried again by itself.",
        )
    return ok("node", "report", f"{message}.")
