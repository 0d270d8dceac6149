"""Making an agreement of a request that was granted, or of an offer that was accepted; and signing for a territory."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.credentials import SignedDocumentKind
from udi.kit.errors import ConflictError
from udi.kit.identity import Actor
from udi.kit.keys import SIGNER, Signer
from udi.kit.tenancy import Territory
from udi.portal import audit
from udi.portal.access.agreements.revisions import announce_agreement
from udi.portal.access.agreements.transitions import LIVE, AgreementState
from udi.portal.access.models import AccessAgreement, AccessRequest
from udi.portal.catalogue.models import Dataset
from udi.portal.nodes.models import Node
from udi.portal.organisations.models import Organisation
from udi.protocol.agreement import (
    AGREEMENT_STATUS_TYPE,
    AGREEMENT_TYPE,
    Agreement,
    AgreementStatus,
    Party,
    fingerprint,
    write_agreement,
    write_agreement_status,
)
from udi.protocol.plain_language import choose_languages, write_agreement_text
from udi.protocol.policy import Requester, read_policy
from udi.protocol.terms import Purpose, Terms, read_terms
from udi.ui.site import Site


@dataclass(frozen=True)
class AgreementSigner:
    """What signs in the name of a territory's portal."""

    signer: Signer
    territory: Territory

    def sign_agreement(self, agreement: Agreement, node: Node) -> str:
        """The JWS of an agreement, for the node that keeps its dataset."""
        return self._sign(write_agreement(agreement), AGREEMENT_TYPE, node)

    def sign_status(self, agreement_status: AgreementStatus, node: Node) -> str:
        """The JWS of how an agreement stands."""
        return self._sign(
            write_agreement_status(agreement_status), AGREEMENT_STATUS_TYPE, node
        )

    def _sign(
        self, claims: dict[str, Any], kind: SignedDocumentKind, node: Node
    ) -> str:
        audience = audience_of(node)
        return self.signer.sign_document(
            claims, kind=kind, issuer=self.territory.origin, audience=audience
        )


def signer_of(site: Site, territory: Territory) -> AgreementSigner:
    """What signs for a territory in this program."""
    return AgreementSigner(site.services[SIGNER], territory)


def audience_of(node: Node) -> str:
    """Scheme, host and port of a node; its client for one that has no address."""
    parts = urlsplit(node.url)
    if parts.netloc:
        return f"{parts.scheme}://{parts.netloc}"
    return node.client_id


def is_unexpired(agreement: AccessAgreement) -> bool:
    """Whether the date agreed is still to come."""
    return agreement.ends_at > now()


def terms_of_request(request: AccessRequest) -> Terms:
    """The terms of a request: the policy that the person read, for the use, the months and the columns that they ask."""
    most = read_policy(request.policy).terms
    return Terms(
        purposes=(Purpose(request.purpose),),
        prohibitions=most.prohibitions,
        measures=most.measures,
        attribution=most.attribution,
        general_interest=most.general_interest,
        months=request.months,
        columns=tuple(request.columns) or most.columns,
        rows=most.rows,
        bytes_a_month=most.bytes_a_month,
        requests_a_minute=most.requests_a_minute,
    )


def current_terms(request: AccessRequest) -> Terms:
    """Those offered by the producer, else those asked."""
    if request.offer:
        return read_terms(request.offer)
    return terms_of_request(request)


def add_months(moment: datetime, months: int) -> datetime:
    """The same day of the month, or its last, so many months later."""
    year, month = divmod(moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(moment.year + year, month + 1)[1])
    return moment.replace(year=moment.year + year, month=month + 1, day=day)


async def make_agreement(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    agreement_signer: AgreementSigner,
) -> AccessAgreement:
    """Sign what both accepted, list it, and have the node notified; what a machine asked waits for its confirmation.

    Raises:
        ConflictError: the node of the dataset is not known any more.
    """
    tenant = request.tenant_id
    dataset = await session.get_one(Dataset, (tenant, request.dataset_id))
    producer = await session.get_one(Organisation, (tenant, request.organisation_id))
    node = await session.get(Node, (tenant, dataset.node_id))
    if node is None:
        raise ConflictError(
            "The node of these data is not registered any more.",
            remedy="Write to the team.",
        )
    before = await _find_agreement(session, request.renews_id)
    if before and before.state in LIVE:
        starts = max(now(), before.ends_at)
    else:
        starts = now()
    starts = starts.replace(microsecond=0)
    terms = current_terms(request)
    draft = _draft_agreement(
        request, dataset, producer, terms, starts, agreement_signer
    )
    jws = agreement_signer.sign_agreement(draft, node)
    agreement = _build_agreement(request, before, node, draft, jws)
    session.add(agreement)
    request.agreement_id = agreement.id
    await session.flush()
    if not request.connector:
        await announce_agreement(session, agreement, producer, request.applicant)
    audit.record(
        session,
        actor,
        "agreement.made",
        agreement.id,
        request=str(request.id),
        dataset=str(dataset.id),
    )
    return agreement


def _build_agreement(
    request: AccessRequest,
    before: AccessAgreement | None,
    node: Node,
    draft: Agreement,
    jws: str,
) -> AccessAgreement:
    return AccessAgreement(
        id=draft.id,
        request_id=request.id,
        dataset_id=draft.dataset,
        organisation_id=draft.provider.id,
        project_id=request.project_id,
        person_id=request.person_id,
        node_id=node.id,
        renews_id=request.renews_id,
        renewal=before.renewal + 1 if before else 0,
        document=write_agreement(draft),
        jws=jws,
        sha256=fingerprint(jws),
        state=AgreementState.UNCONFIRMED
        if request.connector
        else AgreementState.ACTIVE,
        since=now(),
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        revision=0,
        delivered=0,
    )


async def _find_agreement(
    session: AsyncSession, id_: UUID | None
) -> AccessAgreement | None:
    if id_:
        return await session.scalar(
            select(AccessAgreement).where(AccessAgreement.id == id_)
        )
    return None


def _draft_agreement(
    request: AccessRequest,
    dataset: Dataset,
    producer: Organisation,
    terms: Terms,
    starts: datetime,
    agreement_signer: AgreementSigner,
) -> Agreement:
    id_ = uuid4()
    project = request.applicant
    requester = Party(
        kind=project.requester,
        id=project.organisation_id or request.person_id,
        name=project.organisation,
    )
    draft = Agreement(
        id=id_,
        dataset=dataset.id,
        dataset_title=dataset.title,
        project=project.id,
        project_title=project.title,
        provider=Party(
            kind=Requester(producer.kind or Requester.PUBLIC_BODY),
            id=producer.id,
            name=producer.name,
        ),
        requester=requester,
        purpose=Purpose(request.purpose),
        terms=terms,
        starts_at=starts,
        ends_at=add_months(starts, terms.months),
        text={},
        page=f"{agreement_signer.territory.origin}/agreements/{id_}",
    )
    texts = {
        language: write_agreement_text(draft, language)
        for language in choose_languages(agreement_signer.territory.languages)
    }
    return Agreement(
        **{name: getattr(draft, name) for name in draft.__struct_fields__}
        | {"text": texts}
    )
