"""Telling the node how an agreement stands: at once, again until it answers; and what it asks for itself."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.http import OutgoingError, RefusedAddressError
from udi.kit.jobs import Handler, Job
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.notary import Notary, audience_of, notary_of
from udi.portal.access.agreements.revisions import DELIVER, read_standing
from udi.portal.access.models import AccessAgreement
from udi.portal.nodes.jobs import LIFETIME, LONGEST_ANSWER
from udi.portal.nodes.models import Node
from udi.ui.site import Site

log = structlog.get_logger()
MOST_LISTED = 500


class NotToldError(Exception):
    """The node was not told: tried again later. The message is a status, or why there is none."""


def jobs(site: Site) -> Mapping[str, Handler]:
    """The job of this module, for the portal's worker."""

    async def deliver(job: Job) -> None:
        await deliver_agreement(site, job)

    return {DELIVER: deliver}


async def deliver_agreement(site: Site, job: Job) -> None:
    """Tell the node how an agreement stands now, unless it knows, or is a catalogue that is only read.

    Raises:
        NotToldError: it did not answer, or refused; on the page of the agreement, both sides see it.
    """
    territory = await site.registry.by_id(job.tenant)
    if territory is None:
        return
    id_ = UUID(job.payload["agreement"])
    async with site.database.session(job.tenant, role="worker") as session:
        agreement = await session.get(AccessAgreement, (job.tenant, id_))
        if agreement is None or agreement.delivered >= agreement.revision:
            return
        node = await session.get_one(Node, (job.tenant, agreement.node_id))
        notary = notary_of(site, territory)
        body = await seal(session, notary, agreement, node)
    if not node.url:
        await _note(site, territory, id_, trouble="address")
        return
    try:
        revision = await _put(site, notary, id_, node, body)
    except NotToldError as error:
        await _note(site, territory, id_, trouble=str(error))
        raise
    await _note(site, territory, id_, revision=revision)
    log.info("agreement delivered", node=node.slug, agreement=str(id_), revision=revision)


async def seal(session: AsyncSession, notary: Notary, agreement: AccessAgreement, node: Node) -> dict[str, str]:
    """What a node is told of one agreement: it, and how it stands, both signed."""
    standing = await read_standing(session, agreement)
    return {"agreement": agreement.jws, "standing": notary.seal_standing(standing, node)}


async def _put(site: Site, notary: Notary, id_: UUID, node: Node, body: dict[str, str]) -> int:
    claims = {"sub": str(id_), "scope": "agreement"}
    origin = notary.territory.origin
    token = notary.signer.sign(claims, lifetime=LIFETIME, issuer=origin, audience=audience_of(node))
    try:
        answer = await site.outgoing.request(
            "PUT",
            f"{node.url}/api/v1/agreements/{id_}",
            headers={"Authorization": f"Bearer {token}"},
            json=body,
            limit=LONGEST_ANSWER,
        )
    except RefusedAddressError as error:
        raise NotToldError("address") from error
    except OutgoingError as error:
        raise NotToldError("unreachable") from error
    if not answer.is_success:
        raise NotToldError(str(answer.status_code))
    try:
        return int(answer.json()["revision"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotToldError("answer") from error


async def _note(site: Site, territory: Territory, id_: UUID, *, revision: int = 0, trouble: str = "") -> None:
    async with site.database.session(territory.id, role="worker") as session:
        agreement = await session.get_one(AccessAgreement, (territory.id, id_), with_for_update=True)
        agreement.trouble = trouble
        if revision:
            agreement.delivered, agreement.delivered_at = max(agreement.delivered, revision), now()


async def list_for_node(
    session: AsyncSession, notary: Notary, node: Node, *, after: int, limit: int
) -> tuple[list[dict[str, str]], int]:
    """What changed for a node since a revision, in their order; and the last revision that is said, or `after`."""
    own = (AccessAgreement.node_id == node.id, AccessAgreement.revision > after)
    query = select(AccessAgreement).where(*own).order_by(AccessAgreement.revision).limit(limit)
    found: Sequence[AccessAgreement] = (await session.scalars(query)).all()
    items = [await seal(session, notary, each, node) for each in found]
    return items, max((each.revision for each in found), default=after)


async def count_untold(session: AsyncSession) -> int:
    """How many agreements stand otherwise than their node was told."""
    untold: Any = select(func.count()).where(AccessAgreement.delivered < AccessAgreement.revision)
    return int(await session.scalar(untold) or 0)
