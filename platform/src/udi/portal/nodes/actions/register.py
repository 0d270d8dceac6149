"""Registering a producer's node, by the territory's team or the operator."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, Refusal, Refusals
from udi.portal.audit import record
from udi.portal.nodes.actions.checks import missing_organisations
from udi.portal.nodes.models import Node, NodeProducer, NodeState
from udi.portal.nodes.queries import find_node

CLIENT_ENDINGS = ("-login", "-subjects")
"""How the clients end where people log in; the name of no node may."""
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 40
LONGEST_NAME = 150
LONGEST_URL = 500


async def register_node(
    session: AsyncSession,
    *,
    slug: str,
    name: str,
    url: str,
    client_id: str,
    hosted: bool = False,
    organisations: Iterable[UUID] = (),
) -> Node:
    """Let a node push for these producers (a hosted one: for all of the territory).

    Raises:
        InvalidError: a field is wrong, each named.
        ConflictError: the slug is already a node of the territory.
    """
    producer_ids = set(organisations)
    await check_node(session, slug, name, url, producer_ids)
    if await find_node(session, slug) is not None:
        raise ConflictError(
            "A node of this name is already registered.",
            remedy="Choose another name, or update it.",
        )
    node = Node(
        slug=slug,
        name=name.strip(),
        url=url.rstrip("/"),
        client_id=client_id,
        hosted=hosted,
    )
    session.add(node)
    await session.flush()
    await _link(session, node, producer_ids)
    record(session, None, "node.registered", node.id)
    return node


async def update_node(
    session: AsyncSession,
    node: Node,
    *,
    name: str,
    url: str,
    organisations: Iterable[UUID] | None = None,
) -> Node:
    """Change the name, the address or the producers of a node; `organisations` None leaves them.

    Raises:
        InvalidError: a field is wrong, each named.
    """
    producer_ids = None if organisations is None else set(organisations)
    await check_node(session, node.slug, name, url, producer_ids or set())
    node.name = name.strip()
    node.url = url.rstrip("/")
    if producer_ids is not None:
        await _link(session, node, producer_ids)
    await session.flush()
    record(session, None, "node.updated", node.id)
    return node


async def suspend_node(session: AsyncSession, node: Node) -> None:
    """Refuse what the node pushes from now on; what it pushed stays. Once more changes nothing."""
    if node.state == NodeState.SUSPENDED:
        return
    node.state = NodeState.SUSPENDED
    await session.flush()
    record(session, None, "node.suspended", node.id)


async def resume_node(session: AsyncSession, node: Node) -> None:
    """Let a suspended node push again. Once more changes nothing."""
    if node.state == NodeState.ACTIVE:
        return
    node.state = NodeState.ACTIVE
    await session.flush()
    record(session, None, "node.resumed", node.id)


async def check_node(
    session: AsyncSession, slug: str, name: str, url: str, organisations: set[UUID]
) -> None:
    """See that a node may be registered with these.

    Raises:
        InvalidError: a field is wrong, each named.
    """
    refusals = Refusals()
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG:
        refusals.refuse(
            "slug",
            "This is not a short name.",
            "Use small letters, digits and hyphens, 40 at most.",
        )
    if slug.endswith(CLIENT_ENDINGS):
        refusals.refuse(
            "slug",
            "The name of a node does not end with «-login» or «-subjects».",
            "Choose another one.",
        )
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        refusals.refuse(
            "name",
            "The node has no name, or a very long one.",
            "Give 1 to 150 characters.",
        )
    if not _is_address(url):
        refusals.refuse(
            "url",
            "This is not a web address.",
            "Give https://host/path, without query.",
        )
    refusals += [
        Refusal(
            "organisations",
            f"No organisation has the id {missing}.",
            "Register the organisation first.",
        )
        for missing in await missing_organisations(session, organisations)
    ]
    refusals.check("The node cannot be registered like this.")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises on a wrong port
    except ValueError:
        return False
    bare = not (parts.query or parts.fragment or parts.username or parts.password)
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and bare
        and len(url) <= LONGEST_URL
    )


async def _link(session: AsyncSession, node: Node, organisations: set[UUID]) -> None:
    links = select(NodeProducer.organisation_id).where(NodeProducer.node_id == node.id)
    linked = set(await session.scalars(links))
    gone = linked - organisations
    if gone:
        await session.execute(
            delete(NodeProducer).where(
                NodeProducer.node_id == node.id, NodeProducer.organisation_id.in_(gone)
            )
        )
    session.add_all(
        NodeProducer(
            tenant_id=node.tenant_id, node_id=node.id, organisation_id=organisation
        )
        for organisation in organisations - linked
    )
    await session.flush()
