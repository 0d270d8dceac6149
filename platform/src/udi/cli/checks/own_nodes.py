"""The producers' own nodes that joined the territories of this installation: each is heard every few seconds while it runs."""

from uuid import UUID

from sqlalchemy import select

from udi.cli.finding import HOUR, Finding, format_duration, ok, warning
from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.nodes.models import Node, NodeInvitation, NodeState
from udi.portal.tenants.queries import list_tenants
from udi.settings import Settings

SILENCE_WARNING = HOUR


async def check_own_nodes(settings: Settings) -> list[Finding]:
    """When each was last heard; nodes of another make push when they like, and are not looked at."""
    database = Database(settings, "portal", pool_size=1)
    findings = list[Finding]()
    try:
        async with database.platform_session() as session:
            tenants = [
                (tenant.id, tenant.slug) for tenant in await list_tenants(session)
            ]
        for tenant, slug in tenants:
            findings += await _check_territory(database, tenant, slug)
    finally:
        await database.close()
    return findings


async def _check_territory(
    database: Database, tenant: UUID, slug: str
) -> list[Finding]:
    joined = select(NodeInvitation.slug).where(NodeInvitation.used_at.is_not(None))
    query = (
        select(Node)
        .where(Node.slug.in_(joined), Node.state == NodeState.ACTIVE)
        .order_by(Node.slug)
    )
    async with database.session(tenant, role="worker") as session:
        nodes = (await session.scalars(query)).all()
    return [_check_last_contact(slug, node) for node in nodes]


def _check_last_contact(territory: str, node: Node) -> Finding:
    name = f"{territory} {node.slug}"
    remedy = "Its descriptions stay; its files do not answer. On its machine: udi doctor --node <folder>."
    if node.last_seen_at is None:
        return warning("own node", name, "It joined, and was never heard.", remedy)
    age = (now() - node.last_seen_at).total_seconds()
    message = f"Heard {format_duration(age)} ago."
    if age > SILENCE_WARNING:
        return warning("own node", name, message, remedy)
    if not node.takes_subject_requests:
        message += " It takes no requests of people about their data."
    return ok("own node", name, message)
