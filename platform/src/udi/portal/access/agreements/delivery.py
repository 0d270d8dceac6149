"""Telling the node how an agreement stands: at once, and again until it answers."""

from uuid import UUID

import structlog

from udi.kit.clock import now
from udi.kit.http import OutgoingError, RefusedAddressError
from udi.kit.jobs import Handlers, Job
from udi.kit.program_calls import call_program
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.creation import (
    AgreementSigner,
    audience_of,
    signer_of,
)
from udi.portal.access.agreements.node_messages import sign_agreement_for_node
from udi.portal.access.agreements.revisions import DELIVER
from udi.portal.access.models import AccessAgreement
from udi.portal.nodes.models import Node
from udi.portal.nodes.tasks import LONGEST_ANSWER
from udi.protocol.credentials import AGREEMENT
from udi.ui.site import Site

log = structlog.get_logger()


class AgreementDeliveryError(Exception):
    """The node was not notified: tried again later. The message is a status, or why there is none."""


def task_handlers(site: Site) -> Handlers:
    """The job of this module, for the portal's worker."""

    async def deliver(job: Job) -> None:
        await deliver_agreement(site, job)

    return {DELIVER: deliver}


async def deliver_agreement(site: Site, job: Job) -> None:
    """Tell the node how an agreement stands now, unless it knows, or is a catalogue that is only read.

    Raises:
        AgreementDeliveryError: it did not answer, or refused; on the page of the agreement, both sides see it.
    """
    territory = await site.registry.get_served(job.tenant)
    id_ = UUID(job.payload["agreement"])
    async with site.database.session(job.tenant, role="worker") as session:
        agreement = await session.get(AccessAgreement, (job.tenant, id_))
        if agreement is None or agreement.delivered >= agreement.revision:
            return
        node = await session.get_one(Node, (job.tenant, agreement.node_id))
        agreement_signer = signer_of(site, territory)
        body = await sign_agreement_for_node(session, agreement_signer, agreement, node)
    if not node.url:
        await _record_delivery(site, territory, id_, trouble="address")
        return
    try:
        revision = await put_agreement(site, agreement_signer, id_, node, body)
    except AgreementDeliveryError as error:
        await _record_delivery(site, territory, id_, trouble=str(error))
        raise
    await _record_delivery(site, territory, id_, revision=revision)
    log.info(
        "agreement delivered", node=node.slug, agreement=str(id_), revision=revision
    )


async def put_agreement(
    site: Site,
    agreement_signer: AgreementSigner,
    id_: UUID,
    node: Node,
    body: dict[str, str],
) -> int:
    """Send a node an agreement and its status; the revision that it holds.

    Raises:
        AgreementDeliveryError: it did not answer, or refused.
    """
    origin = agreement_signer.territory.origin
    token = agreement_signer.signer.sign(
        AGREEMENT, subject=str(id_), issuer=origin, audience=audience_of(node)
    )
    try:
        answer = await call_program(
            site.outgoing,
            "PUT",
            f"{node.url}/api/v1/agreements/{id_}",
            is_ours=node.hosted,
            headers={"Authorization": f"Bearer {token}"},
            json=body,
            limit=LONGEST_ANSWER,
        )
    except RefusedAddressError as error:
        raise AgreementDeliveryError("address") from error
    except OutgoingError as error:
        raise AgreementDeliveryError("unreachable") from error
    if not answer.is_success:
        raise AgreementDeliveryError(str(answer.status_code))
    try:
        return int(answer.json()["revision"])
    except (ValueError, KeyError, TypeError) as error:
        raise AgreementDeliveryError("answer") from error


async def _record_delivery(
    site: Site, territory: Territory, id_: UUID, *, revision: int = 0, trouble: str = ""
) -> None:
    async with site.database.session(territory.id, role="worker") as session:
        agreement = await session.get_one(
            AccessAgreement, (territory.id, id_), with_for_update=True
        )
        agreement.delivery_error = trouble
        if revision:
            agreement.delivered = max(agreement.delivered, revision)
            agreement.delivered_at = now()
