"""What a node is told of agreements, as the portal sends it or as the node asks for it; and what it says of their use."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from msgspec import Meta, MsgspecError, Struct, json
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import field_error
from udi.kit.service_registry import Hook
from udi.portal.access.agreements.creation import AgreementSigner, audience_of
from udi.portal.access.agreements.revisions import (
    read_agreement_status,
    read_last_revision,
)
from udi.portal.access.models import AccessAgreement
from udi.portal.nodes.models import Node
from udi.protocol.consent import (
    CONSENT_FRESHNESS_TYPE,
    CONSENTS_FRESH,
    write_freshness,
)


class RevisionWindow(NamedTuple):
    """The revisions after one and up to another, so many at most."""

    after: int
    last: int
    limit: int


ListSignedChanges = Callable[
    [AsyncSession, AgreementSigner, Node, RevisionWindow],
    Awaitable[list[tuple[int, dict[str, str]]]],
]
SIGNED_CHANGES = Hook[ListSignedChanges]("signed changes for nodes")
"""Further kinds of signed documents, with the revision of each: what changed for a node within a window."""
RecordReceipt = Callable[[AsyncSession, Node, int], Awaitable[None]]
RECEIVED_CHANGES = Hook[RecordReceipt]("changes that nodes received")
"""What is noted once a node has everything up to a revision: it asks for what comes after."""
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
    """What changed for a node since a revision, in their order; and the last revision that is said, or `after`.

    The counter is read first, and nothing beyond it is said: what is committed between the statements would be
    listed by one and not by another, and the node would ask for what comes after both.
    """
    window = RevisionWindow(after, await read_last_revision(session), limit)
    conditions = (
        AccessAgreement.node_id == node.id,
        AccessAgreement.revision > window.after,
        AccessAgreement.revision <= window.last,
    )
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
        changes += await list_changes(session, agreement_signer, node, window)
    changes = sorted(changes, key=itemgetter(0))[:limit]
    last = changes[-1][0] if changes else after
    return [item for _, item in changes], last


async def confirm_revisions(
    session: AsyncSession, model: Any, node: Node, revision: int, **values: object
) -> None:
    """Note that a node has what was signed for it up to a revision, with these values.

    Rows that somebody changes at this moment wait for its next call: nobody waits for them, nor they for anybody.
    """
    ids = (
        select(model.id)
        .where(
            model.node_id == node.id,
            model.delivered < model.revision,
            model.revision <= revision,
        )
        .order_by(model.id)
        .limit(MOST_LISTED)
        .with_for_update(skip_locked=True)
    )
    received = (await session.scalars(ids)).all()
    if received:
        await session.execute(
            update(model)
            .where(model.id.in_(received))
            .values(delivered=model.revision, delivered_at=now(), **values)
            .execution_options(synchronize_session=False)
        )


def sign_freshness(agreement_signer: AgreementSigner, node: Node) -> str:
    """That a node was told of everything up to now, and until when it may rely on that where people consented."""
    return agreement_signer.signer.sign_document(
        write_freshness(now() + CONSENTS_FRESH),
        kind=CONSENT_FRESHNESS_TYPE,
        issuer=agreement_signer.territory.origin,
        audience=audience_of(node),
    )
