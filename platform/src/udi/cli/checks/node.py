"""A registered node: its address answers, its credential is accepted, its last report arrived."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.checks.finding import Finding, fault, ok, warning
from udi.cli.local.parts import own_hosts
from udi.cli.local.state import is_running
from udi.kit.db import Database
from udi.kit.errors import NotFoundError
from udi.kit.http import Outgoing, OutgoingError, RefusedAddressError, exact_host
from udi.portal.identity.provision import admin
from udi.portal.nodes.models import Delivery, Node, NodeState, Report
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
    tenant, node, report = await _read(settings, territory, slug)
    installation = own_hosts(settings) if is_running(settings) else []
    outgoing = Outgoing([*settings.private_hosts, *installation, exact_host(tenant.links["portal"])])
    try:
        return [
            _registered(node),
            await _reached(outgoing, node),
            await _credential(settings, outgoing, tenant, node),
            _last_report(tenant, report),
        ]
    finally:
        await outgoing.close()


async def _read(settings: Settings, territory: str, slug: str) -> tuple[Tenant, Node, Report | None]:
    database = Database(settings, "portal", pool_size=1)
    try:
        async with database.platform_session() as session:
            tenant = await get_tenant(session, territory)
        async with database.session(tenant.id, role="worker") as session:
            node = await find_node(session, slug)
            if node is None:
                msg = f"No node is called «{slug}» in {territory}."
                raise NotFoundError(msg, remedy=f"See `udi node list {territory}`.")
            return tenant, node, await _newest(session, node)
    finally:
        await database.close()


async def _newest(session: AsyncSession, node: Node) -> Report | None:
    newest = select(Report).where(Report.node_id == node.id).order_by(Report.submitted_at.desc()).limit(1)
    return (await session.scalars(newest)).one_or_none()


def _registered(node: Node) -> Finding:
    seen = f"last seen {node.last_seen_at:%Y-%m-%d %H:%M} UTC" if node.last_seen_at else "never seen"
    if node.state != NodeState.ACTIVE:
        return warning("node", "registration", f"Suspended, {seen}.", "What it pushes is refused until it is resumed.")
    return ok("node", "registration", f"Active, {seen}.")


async def _reached(outgoing: Outgoing, node: Node) -> Finding:
    """Any answer below 500 will do: a node of another make may have no such address."""
    try:
        answer = await outgoing.request("GET", f"{node.url}/health", patience=PATIENCE)
    except RefusedAddressError as error:
        return fault("node", "address", str(error), "Add a pattern for it to UDI_PRIVATE_HOSTS, if it is yours.")
    except OutgoingError as error:
        return fault("node", "address", str(error), "Start the node, or correct its address (`udi node list`).")
    if answer.status_code >= REFUSED:
        said = f"{node.url} answers {answer.status_code}."
        return fault("node", "address", said, "The node's own log says why.")
    return ok("node", "address", f"{node.url} answers.")


async def _credential(settings: Settings, outgoing: Outgoing, tenant: Tenant, node: Node) -> Finding:
    secret = await asyncio.to_thread(_secret, settings, tenant, node)
    if isinstance(secret, Finding):
        return secret
    portal, form = tenant.links["portal"], {"grant_type": "client_credentials", "client_id": node.client_id}
    remedy = f"Run `udi tenant apply {tenant.slug}`, and see that the portal and Keycloak run (`udi doctor`)."
    try:
        granted = await outgoing.request(
            "POST", f"{portal}/oauth2/token", data={**form, "client_secret": secret}, patience=PATIENCE
        )
        if not granted.is_success:
            said = f"{portal}/oauth2/token answers {granted.status_code} to its credential."
            return fault("node", "token", said, remedy)
        headers = {"Authorization": f"Bearer {granted.json()['access_token']}"}
        asked = await outgoing.request("GET", f"{portal}/kalim/v1/id_generation", headers=headers, patience=PATIENCE)
    except (OutgoingError, RefusedAddressError) as error:
        return fault("node", "token", str(error), remedy)
    if not asked.is_success:
        return fault("node", "token", f"The portal answers {asked.status_code} to its token.", remedy)
    return ok("node", "token", "Its credential gives a token that the portal accepts.")


def _secret(settings: Settings, tenant: Tenant, node: Node) -> str | Finding:
    """The hosted node's own file, else what Keycloak holds; never shown."""
    path = settings.secrets_folder / f"node_credential_{tenant.slug}"
    if node.hosted and path.exists():
        return path.read_text().strip()
    connection = admin.connect(settings)
    found = connection.get("clients", clientId=node.client_id)
    if not found:
        said = f"Keycloak has no client «{node.client_id}»."
        return fault("node", "token", said, "Register the node again under another name (`udi node add`).")
    return str(connection.get(f"clients/{found[0]['id']}/client-secret")["value"])


def _last_report(tenant: Tenant, report: Report | None) -> Finding:
    if report is None:
        return ok("node", "report", "It pushed nothing yet.")
    when = f"{report.submitted_at:%Y-%m-%d %H:%M} UTC"
    said = f"The last push, {when}, was {'accepted' if report.accepted else 'refused'}; its report is {report.delivery}"
    if report.delivery == Delivery.FAILED:
        remedy = f"Correct the node, then «Send again» at {tenant.links['portal']}/nodes."
        return fault("node", "report", f"{said} ({report.last_error}).", remedy)
    if report.delivery == Delivery.PENDING and report.attempts:
        return warning("node", "report", f"{said} ({report.last_error}).", "It is tried again by itself.")
    return ok("node", "report", f"{said}.")
