"""Inviting a producer's own node: a code that works once, for some days, and opens credentials made beforehand."""

import base64
import hmac
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.credentials import SecretKind
from udi.kit.errors import (
    ConflictError,
    GoneError,
    NotFoundError,
)
from udi.kit.identity import Actor
from udi.portal.audit import record
from udi.portal.nodes.actions.register import check_node, register_node, update_node
from udi.portal.nodes.models import Node, NodeInvitation
from udi.portal.nodes.queries import find_node
from udi.protocol.node_registration import NodeCredentials

NODE_INVITATION = SecretKind(name="invitation of a node")
USUAL = timedelta(days=7)
LONGEST = timedelta(days=60)
OTHER = "Ask the territory’s team for another one."
WHOLE = "Check that the link is complete, or ask the territory’s team for another one."


class EndedInvitationError(GoneError):
    """An invitation that was used, or whose days have passed."""

    title = "This invitation is no longer valid"


async def invite_node(
    session: AsyncSession,
    *,
    slug: str,
    name: str,
    url: str,
    organisations: Iterable[UUID],
    credentials: NodeCredentials,
    lifetime: timedelta = USUAL,
) -> str:
    """Let a node join with the code that is given back, and kept nowhere; it replaces an earlier one for this name.

    Raises:
        InvalidError: a field is wrong, each named.
        ConflictError: it is the name of the hosted node.
    """
    producer_ids = set(organisations)
    await check_node(session, slug, name, url, producer_ids)
    existing_node = await find_node(session, slug)
    if existing_node is not None and existing_node.hosted:
        raise ConflictError(
            "This is the name of the hosted node.", remedy="Choose another name."
        )
    code = NODE_INVITATION.generate()
    invitation = await session.scalar(
        select(NodeInvitation).where(NodeInvitation.slug == slug).with_for_update()
    )
    if invitation is None:
        invitation = NodeInvitation(slug=slug)
        session.add(invitation)
    invitation.name = name.strip()
    invitation.url = url.rstrip("/")
    invitation.organisations = sorted(producer_ids)
    invitation.code_hash = NODE_INVITATION.hexdigest(code)
    invitation.sealed = (
        _cipher(code).encrypt(_serialise_credentials(credentials)).decode()
    )
    invitation.created_at = now()
    invitation.expires_at = now() + min(lifetime, LONGEST)
    invitation.used_at = None
    await session.flush()
    record(session, None, "node.invited", invitation.id)
    return code


async def accept_invitation(
    session: AsyncSession, code: str
) -> tuple[Node, NodeCredentials]:
    """Register the node that brings this code, or renew it if it was; its credentials, told this once.

    Raises:
        NotFoundError: the territory gave no such code.
        EndedInvitationError: it was used, or its days have passed.
    """
    query = select(NodeInvitation).where(
        NodeInvitation.code_hash == NODE_INVITATION.hexdigest(code)
    )
    invitation = await session.scalar(query.with_for_update())
    if invitation is None:
        raise NotFoundError("This territory gave no such invitation.", remedy=WHOLE)
    if invitation.used_at is not None:
        day = invitation.used_at.date().isoformat()
        raise EndedInvitationError(
            "This invitation was used already, on %(day)s.",
            remedy=OTHER,
            values={"day": day},
        )
    if invitation.expires_at <= now():
        day = invitation.expires_at.date().isoformat()
        raise EndedInvitationError(
            "This invitation ended on %(day)s.", remedy=OTHER, values={"day": day}
        )
    credentials = NodeCredentials.model_validate_json(
        _cipher(code).decrypt(invitation.sealed)
    )
    invitation.used_at = now()
    invitation.sealed = ""
    return await _register(session, invitation, credentials.push.client_id), credentials


async def renew_invitation(
    session: AsyncSession, actor: Actor, invitation: NodeInvitation
) -> None:
    """Give the same link its usual days again, from now on."""
    invitation.expires_at = now() + USUAL
    await session.flush()
    record(session, actor, "node.invitation_renewed", invitation.id)


async def cancel_invitation(
    session: AsyncSession, actor: Actor, invitation: NodeInvitation
) -> None:
    """Take an invitation back: its link is worth nothing, and nobody has the credentials that were made for it."""
    record(session, actor, "node.invitation_cancelled", invitation.id)
    await session.delete(invitation)
    await session.flush()


async def _register(
    session: AsyncSession, invitation: NodeInvitation, client_id: str
) -> Node:
    existing_node = await find_node(session, invitation.slug)
    slug = invitation.slug
    name = invitation.name
    url = invitation.url
    producers = invitation.organisations
    if existing_node is not None:
        return await update_node(
            session, existing_node, name=name, url=url, organisations=producers
        )
    return await register_node(
        session,
        slug=slug,
        name=name,
        url=url,
        client_id=client_id,
        organisations=producers,
    )


def _serialise_credentials(credentials: NodeCredentials) -> bytes:
    return credentials.model_dump_json().encode()


def _cipher(code: str) -> Fernet:
    """What only the code opens: a key drawn from it that its digest does not give."""
    return Fernet(
        base64.urlsafe_b64encode(
            hmac.digest(code.encode(), b"credentials of a node", "sha256")
        )
    )
