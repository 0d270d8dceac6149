"""What I lend: who may use what, until when, when they last did; one click stops it. And the receipt of each yes."""

import base64
import json
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from udi.kit.errors import NotFoundError
from udi.kit.web_addresses import travels_in_clear
from udi.portal.access.agreements.creation import audience_of, signer_of
from udi.portal.consents.actions import (
    LINK_PERIOD,
    LINK_TICKETS,
    count_link_ticket,
    withdraw_consent,
)
from udi.portal.consents.queries import LentData, get_own_consent, list_lent_data
from udi.protocol.consent import ConsentState, notice_digest
from udi.protocol.credentials import CONSENT_LINK, TICKET
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
)
from udi.ui.middleware import content_security_policy, list_form_targets
from udi.ui.site import render, site_of

CONSENTS = "/my-data/consents"
ONE = f"{CONSENTS}/{{consent_id:uuid}}"
NO_STORE = {"Cache-Control": "no-store"}


@get(CONSENTS)
async def show_consents(
    request: AnyRequest, session: Session, member: Member
) -> Response[str]:
    """What the person lends now, and what they answered before."""
    lent = await list_lent_data(session, member)
    stopped = request.query_params.get("stopped", "")
    page = render(
        request,
        "consents/consents.html",
        current=[data for data in lent if data.is_live],
        ended=[data for data in lent if not data.is_live],
        stopped=next(
            (
                data
                for data in lent
                if str(data.consent.id) == stopped
                and data.consent.state == ConsentState.WITHDRAWN
            ),
            None,
        ),
    )
    page.headers.update(NO_STORE)
    return page


@post(f"{ONE}/withdraw", status_code=303)
async def stop(
    session: Session, member: Member, consent_id: FromPath[UUID]
) -> Redirect:
    """Stop at once: no reason, no second question."""
    consent = await get_own_consent(session, member, consent_id)
    await withdraw_consent(session, consent)
    return Redirect(f"{CONSENTS}?stopped={consent_id}", status_code=303)


@get(ONE)
async def show_receipt(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    consent_id: FromPath[UUID],
) -> Response[str]:
    """What was agreed, with whom, until when; and the way to the node, where the person says which rows are theirs."""
    data = await _get_lent_data(session, member, consent_id)
    ticket = ""
    targets = list_form_targets(request)
    has_site = bool(data.is_live and data.node.url)
    is_in_clear = has_site and travels_in_clear(data.node.url)
    is_linkable = has_site and not is_in_clear
    is_asked = is_linkable and request.query_params.get("step") == "number"
    is_counted = is_asked and await count_link_ticket(session, data.consent)
    if is_counted:
        audience = audience_of(data.node)
        targets = [*targets, audience]
        ticket = signer_of(site_of(request), territory).signer.sign(
            CONSENT_LINK,
            subject=str(consent_id),
            issuer=territory.origin,
            audience=audience,
        )
    page = render(
        request,
        "consents/receipt.html",
        data=data,
        notice_sha256=notice_digest(data.notice),
        ticket=ticket,
        is_linkable=is_linkable,
        is_in_clear=is_in_clear,
        is_refused=is_asked and not is_counted,
        most_tickets=LINK_TICKETS,
        ticket_days=LINK_PERIOD.days,
        minutes=int(TICKET.total_seconds() // 60),
        is_linked=request.query_params.get("linked") == "1",
    )
    page.headers.update(NO_STORE)
    page.headers["Content-Security-Policy"] = content_security_policy(targets)
    return page


@get(f"{ONE}/receipt.json")
async def send_receipt(
    session: Session, member: Member, consent_id: FromPath[UUID]
) -> Response[bytes]:
    """The receipt as it was signed, and the same to be read."""
    data = await _get_lent_data(session, member, consent_id)
    document = {"jws": data.consent.receipt, "receipt": _decode(data.consent.receipt)}
    headers = {
        **NO_STORE,
        "Content-Disposition": 'attachment; filename="receipt.json"',
    }
    body = json.dumps(document, ensure_ascii=False, indent=1).encode()
    return Response(body, media_type="application/json", headers=headers)


async def _get_lent_data(session: Session, member: Member, id_: UUID) -> LentData:
    """A yes of the person who asks.

    Raises:
        NotFoundError: there is none.
    """
    for data in await list_lent_data(session, member):
        if data.consent.id == id_ and data.consent.receipt:
            return data
    raise NotFoundError("No consent of yours is at this address.")


def _decode(document: str) -> Any:
    payload = document.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


routes: Routes = [show_consents, stop, show_receipt, send_receipt]
