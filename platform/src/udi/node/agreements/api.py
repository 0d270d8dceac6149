"""What the portal tells of agreements, and what machines read about their own."""

import json
from typing import Any
from uuid import UUID

from litestar import Response, get, put
from litestar.params import FromPath

from udi.kit.errors import NotFoundError, UnauthenticatedError, field_error
from udi.kit.paging import page_number
from udi.kit.tenancy import space_context
from udi.node.agreements.actions import store_agreement
from udi.node.agreements.consents import store_consent
from udi.node.agreements.documents import (
    SignedAgreement,
    read_current_agreement,
    verify_consent,
    verify_documents,
)
from udi.node.agreements.gate import AGREEMENT_GATE, credential_digest
from udi.node.agreements.models import AgreementUse
from udi.node.agreements.queries import list_credential_agreements, list_uses
from udi.node.agreements.schemas import (
    AgreementPath,
    AgreementUses,
    AgreementUsesParameters,
)
from udi.node.datasets.exchange.portal import PORTAL_KEYS
from udi.node.datasets.exchange.portal_tokens import require_portal
from udi.node.datasets.queries import find_dataset
from udi.node.files.restricted import CHALLENGE, PRIVATE
from udi.node.spaces.operations import CREDENTIAL, RESTRICTED_DATA
from udi.protocol.consent import ConsentStatus
from udi.protocol.credentials import AGREEMENT
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.openapi.operations import describe_operation
from udi.ui.site import site_of

LONGEST = 4 * 1024**2
MOST = 100
AGREEMENT_PATH = "/api/v1/agreements/{agreement_id:uuid}"


@put(AGREEMENT_PATH, status_code=200, request_max_body_size=LONGEST)
async def receive_agreement(
    request: AnyRequest, territory: CurrentTerritory, agreement_id: FromPath[UUID]
) -> Response[dict[str, Any]]:
    """Keep an agreement and how it stands; the revision that is held now, which may be a later one; so of a consent."""
    await require_portal(request, territory, AGREEMENT, agreement_id)
    document, status_document, consent_document = await _read_body(request)
    keys = site_of(request).services[PORTAL_KEYS]
    signed = await verify_documents(keys, territory, document, status_document)
    consent = None
    if consent_document:
        consent = await verify_consent(keys, territory, consent_document)
    if signed.agreement.id != agreement_id:
        raise field_error(
            "agreement", "This is another agreement than the address says."
        )
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            if await find_dataset(session, signed.agreement.dataset) is None:
                raise NotFoundError("This node has no such dataset.")
            stored: dict[str, Any] = {
                "revision": await store_agreement(session, signed)
            }
            if consent is not None:
                _require_same_agreement(signed, consent)
                held = await store_consent(session, consent, consent_document)
                stored["consent"] = {
                    "id": str(held.id),
                    "state": str(held.state),
                    "revision": held.revision,
                }
    return Response(stored, headers=PRIVATE)


def _require_same_agreement(signed: SignedAgreement, consent: ConsentStatus) -> None:
    agreement = signed.agreement
    if (consent.agreement, consent.dataset) != (agreement.id, agreement.dataset):
        raise field_error("consent", "The consent is about another agreement.")


async def _read_body(request: AnyRequest) -> tuple[str, str, str]:
    try:
        body = json.loads(await request.body())
        document = body["agreement"]
        status_document = body["status"]
        consent_document = body.get("consent", "")
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise field_error(
            "",
            "This is not JSON with both documents.",
            "Send agreement and status, each as a JWS.",
        ) from error
    documents = (document, status_document, consent_document)
    if not all(isinstance(text, str) for text in documents):
        raise field_error("", "Both documents are texts: a JWS each.")
    return documents


@get(
    f"{AGREEMENT_PATH}/uses",
    **describe_operation(
        "listReadings",
        tag=RESTRICTED_DATA,
        summary="List what was read under an agreement",
        description="For whoever shows its key, the newest first.",
        answer=AgreementUses,
        errors=(UnauthenticatedError, NotFoundError),
        query=AgreementUsesParameters,
        schemes=(CREDENTIAL,),
        is_public=False,
    ),
)
async def show_uses(
    request: AnyRequest, territory: CurrentTerritory, agreement_id: AgreementPath
) -> Response[dict[str, Any]]:
    """What was read under an agreement, for whoever shows its credential, of whatever state: a hundred a page."""
    gate = site_of(request).services[AGREEMENT_GATE]
    digest = credential_digest(request)
    number = page_number(request.query_params.get("page"))
    async with gate.session(territory.id) as session:
        if digest:
            stored_agreements = await list_credential_agreements(session, digest)
        else:
            stored_agreements = ()
        stored_agreement = next(
            (
                candidate
                for candidate in stored_agreements
                if candidate.id == agreement_id
            ),
            None,
        )
        if stored_agreement is None:
            raise UnauthenticatedError(
                "Only a credential of this agreement shows what was read under it.",
                headers={"WWW-Authenticate": CHALLENGE},
            )
        page = await list_uses(session, agreement_id, number=number, size=MOST)
    agreement_status = read_current_agreement(stored_agreement).status
    about = {
        "agreement": str(agreement_id),
        "state": agreement_status.state.value,
        "revision": agreement_status.revision,
    }
    uses = [describe_use(use) for use in page.items]
    return Response(
        {**about, "uses": uses, "total": page.total, "page": page.number},
        headers=PRIVATE,
    )


def describe_use(use: AgreementUse) -> dict[str, Any]:
    """A line of the log, for programs."""
    return {
        "at": use.happened_at.isoformat(timespec="seconds"),
        "kind": use.kind,
        "credential": str(use.credential_id) if use.credential_id else None,
        "outcome": use.outcome,
        "bytes": use.bytes,
        "times": use.times,
    }


routes: Routes = [receive_agreement, show_uses]
