"""What a node is told of a consent, signed."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.portal.access.agreements.creation import AgreementSigner, audience_of
from udi.portal.access.agreements.node_messages import (
    RevisionWindow,
    confirm_revisions,
)
from udi.portal.consents.models import Consent, NoticeVersion
from udi.portal.nodes.models import Node
from udi.protocol.consent import (
    CONSENT_STATUS_TYPE,
    ConsentState,
    ConsentStatus,
    write_consent_status,
)


def sign_consent(
    agreement_signer: AgreementSigner,
    consent: Consent,
    version: NoticeVersion,
    node: Node,
) -> str:
    """The JWS of how a consent stands."""
    status = ConsentStatus(
        consent=consent.id,
        agreement=consent.agreement_id,
        dataset=UUID(version.document["dataset"]),
        notice_sha256=version.sha256,
        state=ConsentState(consent.state),
        revision=consent.revision,
        given_at=consent.answered_at,
        expires_at=consent.expires_at,
    )
    return agreement_signer.signer.sign_document(
        write_consent_status(status),
        kind=CONSENT_STATUS_TYPE,
        issuer=agreement_signer.territory.origin,
        audience=audience_of(node),
    )


async def list_changed_consents(
    session: AsyncSession,
    agreement_signer: AgreementSigner,
    node: Node,
    window: RevisionWindow,
) -> list[tuple[int, dict[str, str]]]:
    """The consents of a node that changed within a window, in their order: a second kind of what it is told."""
    query = (
        select(Consent, NoticeVersion)
        .join(
            NoticeVersion,
            (NoticeVersion.tenant_id == Consent.tenant_id)
            & (NoticeVersion.id == Consent.notice_id),
        )
        .where(
            Consent.node_id == node.id,
            Consent.revision > window.after,
            Consent.revision <= window.last,
        )
        .order_by(Consent.revision)
        .limit(window.limit)
    )
    return [
        (
            consent.revision,
            {"consent": sign_consent(agreement_signer, consent, version, node)},
        )
        for consent, version in await session.execute(query)
    ]


async def record_receipt(session: AsyncSession, node: Node, revision: int) -> None:
    """Note that a node has the status of every consent up to a revision."""
    await confirm_revisions(session, Consent, node, revision)
