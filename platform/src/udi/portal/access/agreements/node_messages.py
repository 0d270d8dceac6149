"""What a node is told of agreements, as the portal sends it or as the node asks for it; and what it says of their use."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, MsgspecError, Struct, json
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import field_error
from udi.portal.access.agreements.creation import AgreementSigner
from udi.portal.access.agreements.revisions import read_agreement_status
from udi.portal.access.models import AccessAgreement
from udi.portal.nodes.models import Node

MOST_LISTED = 500
LONGEST_USES = 256 * 1024


class CredentialUse(Struct, frozen=True):
    """A credential, and an hour in which it was shown at the node."""

    credential: UUID
    hour: Annotated[datetime, Meta(tz=True)]


class CredentialUseReport(Struct, frozen=True):
    """What a node says."""

    uses: Annotated[list[CredentialUse], Meta(max_length=MOST_LISTED)]


def read_uses(body: bytes) -> list[tuple[UUID, datetime]]:
    """What a node says of the use of credentials.

    Raises:
        InvalidError: it is something else.
    """
    try:
        return [
            (use.credential, use.hour)
            for use in json.decode(body, type=CredentialUseReport).uses
        ]
    except (MsgspecError, ValueError, RecursionError) as error:
        raise field_error(
            "uses",
            "This is no list of uses.",
            "Send credential and hour of each, 500 at most.",
        ) from error


async def sign_agreement_for_node(
    session: AsyncSession,
    agreement_signer: AgreementSigner,
    agreement: AccessAgreement,
    node: Node,
) -> dict[str, str]:
    """What a node is told of one agreement: it, and how it stands, both signed."""
    agreement_status = await read_agreement_status(session, agreement)
    return {
        "agreement": agreement.jws,
        "status": agreement_signer.sign_status(agreement_status, node),
    }


async def list_agreements_for_node(
    session: AsyncSession,
    agreement_signer: AgreementSigner,
    node: Node,
    *,
    after: int,
    limit: int,
) -> tuple[list[dict[str, str]], int]:
    """What changed for a node since a revision, in their order; and the last revision that is said, or `after`."""
    conditions = (AccessAgreement.node_id == node.id, AccessAgreement.revision > after)
    query = (
        select(AccessAgreement)
        .where(*conditions)
        .order_by(AccessAgreement.revision)
        .limit(limit)
    )
    agreements: Sequence[AccessAgreement] = (await session.scalars(query)).all()
    items = [
        await sign_agreement_for_node(session, agreement_signer, agreement, node)
        for agreement in agreements
    ]
    return items, max((agreement.revision for agreement in agreements), default=after)
