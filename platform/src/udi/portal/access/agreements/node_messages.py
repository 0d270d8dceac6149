"""What a node is told of agreements, as the portal sends it or as the node asks for it; and what it says of their use."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Annotated
from uuid import UUID

from msgspec import Meta, MsgspecError, Struct, json
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import field_error
from udi.kit.service_registry import Hook
from udi.portal.access.agreements.creation import AgreementSigner, audience_of
from udi.portal.access.agreements.revisions import read_agreement_status
from udi.portal.access.models import AccessAgreement
from udi.portal.nodes.models import Node
from udi.protocol.consent import (
    CONSENT_FRESHNESS_TYPE,
    CONSENTS_FRESH,
    write_freshness,
)

ListSignedChanges = Callable[
    [AsyncSession, AgreementSigner, Node, int, int],
    Awaitable[list[tuple[int, dict[str, str]]]],
]
SIGNED_CHANGES = Hook[ListSignedChanges]("signed changes for nodes")
"""Further kinds of signed documents, with the revision of each: what changed for a node after a revision, so many at most."""
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
    sources: Sequence[ListSignedChanges] = (),
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
    changes = [
        (
            agreement.revision,
            await sign_agreement_for_node(session, agreement_signer, agreement, node),
        )
        for agreement in agreements
    ]
    for list_changes in sources:
        changes += await list_changes(session, agreement_signer, node, after, limit)
    changes = sorted(changes, key=itemgetter(0))[:limit]
    last = changes[-1][0] if changes else after
    return [item for _, item in changes], last


def sign_freshness(agreement_signer: AgreementSigner, node: Node) -> str:
    """That a node was told of everything up to now, and until when it may rely on that where people consented."""
    return agreement_signer.signer.sign_document(
        write_freshness(now() + CONSENTS_FRESH),
        kind=CONSENT_FRESHNESS_TYPE,
        issuer=agreement_signer.territory.origin,
        audience=audience_of(node),
    )
