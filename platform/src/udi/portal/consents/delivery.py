"""Telling the node how a consent stands: at once, and again until it answers; ending those of a notice that was wrong."""

from uuid import UUID

import structlog
from sqlalchemy import select

from udi.kit.clock import now
from udi.kit.jobs import Handlers, Job
from udi.portal.access.agreements.creation import signer_of
from udi.portal.access.agreements.delivery import put_agreement
from udi.portal.access.agreements.node_messages import sign_agreement_for_node
from udi.portal.access.models import AccessAgreement
from udi.portal.consents.actions import DELIVER_CONSENT
from udi.portal.consents.deadlines import DueConsents, end_each
from udi.portal.consents.documents import sign_consent
from udi.portal.consents.models import Consent, NoticeVersion
from udi.portal.consents.notices import INVALIDATE
from udi.portal.nodes.models import Node
from udi.protocol.consent import ConsentActor, ConsentEvent
from udi.ui.site import Site

log = structlog.get_logger()


def task_handlers(site: Site) -> Handlers:
    """The jobs of this domain, for the portal's worker."""

    async def deliver(job: Job) -> None:
        await deliver_consent(site, job)

    async def invalidate(job: Job) -> None:
        await invalidate_consents(site, job)

    return {DELIVER_CONSENT: deliver, INVALIDATE: invalidate}


async def deliver_consent(site: Site, job: Job) -> None:
    """Tell the node how a consent stands now, with its agreement, unless it knows or cannot be reached.

    Raises:
        AgreementDeliveryError: it did not answer, or refused: tried again later.
    """
    territory = await site.registry.get_served(job.tenant)
    id_ = UUID(job.payload["consent"])
    async with site.database.session(job.tenant, role="worker") as session:
        consent = await session.get(Consent, (job.tenant, id_))
        if consent is None or consent.delivered >= consent.revision:
            return
        revision = consent.revision
        agreement = await session.get_one(
            AccessAgreement, (job.tenant, consent.agreement_id)
        )
        node = await session.get_one(Node, (job.tenant, consent.node_id))
        version = await session.get_one(NoticeVersion, (job.tenant, consent.notice_id))
        signer = signer_of(site, territory)
        body = await sign_agreement_for_node(session, signer, agreement, node)
        document = sign_consent(signer, consent, version, node)
    if not node.url:
        return
    await put_agreement(site, signer, agreement.id, node, {**body, "consent": document})
    async with site.database.session(job.tenant, role="worker") as session:
        query = select(Consent).where(Consent.id == id_).with_for_update()
        consent = await session.scalar(query)
        if consent is not None:
            consent.delivered = max(consent.delivered, revision)
            consent.delivered_at = now()
    log.info("consent delivered", node=node.slug, revision=revision)


async def invalidate_consents(site: Site, job: Job) -> None:
    """End all consents that rest on a version of a notice which was found wrong, one after another."""
    due = DueConsents(
        Consent.notice_id == UUID(job.payload["notice"]),
        ConsentEvent.INVALIDATE,
        ConsentActor.TEAM,
    )
    while await end_each(site.database, job.tenant, due):
        pass
