"""The further portals of a producer's own node: joined, left, and written to its database each time it starts."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.local.errors import LocalError
from udi.cli.own.folder import FurtherPortalConfig, OwnNode
from udi.cli.secret_files import write_secret
from udi.kit.db import Database
from udi.node.datasets.actions.further_portals import announce_published
from udi.node.portals.actions import apply_portal, forget_portal, leave_portal
from udi.node.portals.queries import count_unsettled, find_portal, list_portals
from udi.protocol.node_registration import InvitationResponse, JoinedProducer

REASON = "The producer does not publish on this portal any more."


def add_portal(
    own_node: OwnNode, joining: InvitationResponse, space_by_producer: dict[str, str]
) -> tuple[OwnNode, FurtherPortalConfig]:
    """The node with one more portal, and that portal, whose credential is kept; `wanted` is the producer there by space here.

    Raises:
        LocalError: it invited the node at another address, or for no producer of this node.
    """
    if joining.node.url != own_node.joined.node.url:
        cause = f"The portal invited a node at {joining.node.url}; this one is {own_node.joined.node.url}"
        raise LocalError(cause, "ask for another invitation, with this address")
    further = FurtherPortalConfig(
        portal=joining.portal,
        name=joining.territory.name,
        client_id=joining.credentials.push.client_id,
        spaces=match_producers(
            own_node.joined.producers, joining.producers, space_by_producer
        ),
    )
    updated_node = own_node.with_portal(further)
    write_secret(
        updated_node.settings,
        further.credential,
        lambda: joining.credentials.push.secret,
    )
    updated_node.save()
    return updated_node, further


def match_producers(
    joined: Sequence[JoinedProducer],
    invited: Sequence[JoinedProducer],
    slug_by_space: dict[str, str],
) -> dict[str, dict[str, str]]:
    """By space of this node, the organisation that it is on the other portal: of the same slug, or the one named.

    Raises:
        LocalError: a name is none of this node or none of the invitation, or no producer is on both sides.
    """
    own_slugs = [producer.slug for producer in joined]
    invited_by_slug = {producer.slug: producer for producer in invited}
    unknown = [
        f"{slug}={space}"
        for space, slug in slug_by_space.items()
        if slug not in invited_by_slug or space not in own_slugs
    ]
    matched = {
        slug: invited_by_slug[slug]
        for slug in own_slugs
        if slug in invited_by_slug and slug not in slug_by_space
    }
    matched |= {
        space: invited_by_slug[slug]
        for space, slug in slug_by_space.items()
        if slug in invited_by_slug and space in own_slugs
    }
    if (
        not matched
        and not slug_by_space
        and len(own_slugs) == len(invited_by_slug) == 1
    ):
        matched = {own_slugs[0]: invited[0]}
    if unknown or not matched:
        cause = f"The portal invited {', '.join(sorted(invited_by_slug))}; this node publishes for {', '.join(own_slugs)}"
        raise LocalError(
            cause,
            "ask for another invitation, and say --producer <name there>=<name here>",
        )
    return {space: _describe_producer(producer) for space, producer in matched.items()}


def _describe_producer(producer: JoinedProducer) -> dict[str, str]:
    return {"id": str(producer.id), "name": producer.name}


async def leave_further_portal(
    own_node: OwnNode, further: FurtherPortalConfig, *, untold: bool
) -> int:
    """Leave a portal; how many datasets are still to be withdrawn there, once the node runs."""
    database = Database(own_node.settings, "node", pool_size=1)
    tenant = own_node.joined.territory.id
    try:
        async with database.session(tenant, role="worker") as session:
            portal = await find_portal(session, further.portal)
            waiting = 0
            if portal is not None:
                if untold:
                    waiting = 0
                else:
                    waiting = await leave_portal(session, portal, reason=REASON)
                if not waiting:
                    await forget_portal(session, portal)
    finally:
        await database.close()
    if waiting:
        own_node.with_portal(further.model_copy(update={"leaving": True})).save()
    else:
        _remove_portals(own_node, [further])
    return waiting


def _remove_portals(own_node: OwnNode, left: list[FurtherPortalConfig]) -> None:
    """Know portals no more, nor what the node was let in with."""
    for further in left:
        own_node = own_node.without_portal(further.portal)
        (own_node.settings.secrets_folder / further.credential).unlink(missing_ok=True)
    own_node.save()


async def sync_portals(own_node: OwnNode) -> None:
    """Make the database say what the folder says: what a stopped command began is ended, what was left is forgotten."""
    database = Database(own_node.settings, "node", pool_size=1)
    tenant = own_node.joined.territory.id
    left = list[FurtherPortalConfig]()
    try:
        async with database.session(tenant, role="worker") as session:
            for further in own_node.further:
                if not further.leaving:
                    await announce_published(
                        session, await apply_portal(session, further.details)
                    )
                elif await _has_left(session, further):
                    left.append(further)
            origins = {further_portal.portal for further_portal in own_node.further} - {
                further_portal.portal for further_portal in left
            }
            for portal in await list_portals(session):
                if portal.origin not in origins:
                    await forget_portal(session, portal)
    finally:
        await database.close()
    if left:
        _remove_portals(own_node, left)


async def _has_left(session: AsyncSession, further: FurtherPortalConfig) -> bool:
    portal = await find_portal(session, further.portal)
    return portal is None or not await count_unsettled(session, portal.id)
