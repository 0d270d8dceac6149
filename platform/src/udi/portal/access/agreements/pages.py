"""Agreements: the public list, its feed, and each of them; what its two sides read and do."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, InvalidError
from udi.portal.access.agreements.creation import audience_of, is_unexpired, signer_of
from udi.portal.access.agreements.dispatch import apply_event, get_agreement_for_event
from udi.portal.access.agreements.encryption import find_key
from udi.portal.access.agreements.pdf import print_pdf
from udi.portal.access.agreements.queries import (
    SIZE,
    SignedAgreement,
    find_readable_agreement,
    find_signed_agreement,
    get_public_agreement,
    get_readable_agreement,
    get_signed_agreement,
    list_public_agreements,
    may_renew,
)
from udi.portal.access.agreements.transitions import AGREEMENT, LIVE
from udi.portal.access.models import AccessSide
from udi.portal.access.policies.queries import find_policy
from udi.protocol.agreement import read_agreement
from udi.protocol.credentials import READING, TICKET
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import (
    AnyRequest,
    CurrentTerritory,
    Member,
    Routes,
    Session,
    Visitor,
)
from udi.ui.errors import form_errors
from udi.ui.locale import find_text_language, localise
from udi.ui.middleware import content_security_policy, list_form_targets
from udi.ui.site import render, site_of

HOME = "/agreements"
ONE = f"{HOME}/{{agreement_id:uuid}}"
LAST_PAGE = 10_000
FIELDS = ("words", "days")
"""Of the forms of an agreement: what is wrong elsewhere is said at the first."""
UNPRINTABLE = (
    "Some characters cannot be printed in this PDF. The signed version (JWS) has them."
)


@get(HOME)
async def show_agreements(
    request: AnyRequest, session: Session, page: FromQuery[int] = 1
) -> Response[str]:
    """Every agreement, with what everybody may know."""
    number = min(max(page, 1), LAST_PAGE)
    rows, total = await list_public_agreements(session, page=number)
    last = max(1, -(-total // SIZE))
    return render(
        request,
        "access/agreements.html",
        rows=rows,
        total=total,
        number=number,
        last=last,
    )


@get(ONE)
async def show_agreement(
    request: AnyRequest, session: Session, actor: Visitor, agreement_id: FromPath[UUID]
) -> Response[str]:
    """One: what everybody may know, and for its sides the whole text and what may be done."""
    agreement_case = await find_signed_agreement(session, actor, agreement_id)
    if agreement_case is None:
        signed = await find_readable_agreement(session, actor, agreement_id)
        listed = await get_public_agreement(session, agreement_id)
        return render(
            request, "access/agreement-listed.html", listed=listed, signed=signed
        )
    return await render_agreement(request, session, agreement_case)


@get(f"{ONE}/agreement.jws")
async def send_signed(
    session: Session, member: Member, agreement_id: FromPath[UUID]
) -> Response[str]:
    """The agreement as it was signed, for its sides and whoever accepted it."""
    agreement = await get_readable_agreement(session, member, agreement_id)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="agreement.jws"',
    }
    return Response(agreement.jws, media_type="application/jose", headers=headers)


@get(f"{ONE}/agreement.pdf")
async def send_pdf(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    agreement_id: FromPath[UUID],
) -> Response[bytes]:
    """The text that both accepted, for the file, in the reader's language."""
    agreement = await get_readable_agreement(session, member, agreement_id)
    signed_agreement = read_agreement(agreement.document)
    texts = signed_agreement.text
    language = find_text_language(texts, request.scope["state"]["locale"])
    lines = [line for line in texts[language].splitlines() if line.strip()]
    paragraphs = [(line[:1].isdigit() and ". " in line[:5], line) for line in lines[1:]]
    paragraphs.append((False, f"{signed_agreement.page} – SHA-256 {agreement.sha256}"))
    site = site_of(request)
    body = await print_pdf(
        f"{lines[0]} – {signed_agreement.dataset_title}",
        paragraphs,
        language,
        signed_agreement.starts_at,
        note=site.pages.gettext(language, UNPRINTABLE),
        logo=await site.registry.read_logo(territory.id) or b"",
        signature=localise(territory.name, language),
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="agreement.pdf"',
    }
    return Response(body, media_type="application/pdf", headers=headers)


@get(f"{ONE}/files")
async def open_files(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    agreement_id: FromPath[UUID],
) -> Response[str]:
    """A form that takes who leads the project to the files at the node; the ticket is in it, and in no address."""
    agreement_case = await get_signed_agreement(
        session, member, agreement_id, side=AccessSide.REQUESTER
    )
    if agreement_case.agreement.state not in LIVE or not is_unexpired(
        agreement_case.agreement
    ):
        raise ConflictError(
            "This agreement has ended: it no longer gives access to the data.",
            remedy="Its page says why.",
        )
    site = site_of(request)
    audience = audience_of(agreement_case.node)
    signer = signer_of(site, territory).signer
    page = render(
        request,
        "access/agreement-files.html",
        agreement=agreement_case.agreement,
        signed_agreement=agreement_case.signed_agreement,
        node=agreement_case.node,
        ticket=signer.sign(
            READING,
            subject=str(agreement_id),
            issuer=territory.origin,
            audience=audience,
        ),
        minutes=int(TICKET.total_seconds() // 60),
    )
    page.headers["Cache-Control"] = "no-store"
    page.headers["Content-Security-Policy"] = content_security_policy(
        [*list_form_targets(request), audience]
    )
    return page


@post(f"{ONE}/{{event:str}}", status_code=303, guards=[require_confirmation()])
async def change_agreement(
    request: AnyRequest,
    session: Session,
    member: Member,
    agreement_id: FromPath[UUID],
    event: FromPath[str],
) -> Response[Any]:
    """Suspend, resume, revoke at once or with notice, take the notice back; give up."""
    agreement_case = await get_agreement_for_event(session, member, agreement_id, event)
    form = {name: str(value or "") for name, value in (await request.form()).items()}
    try:
        async with session.begin_nested():
            await apply_event(session, member, agreement_case, event, form)
    except InvalidError as error:
        await session.refresh(agreement_case.agreement)
        return await render_agreement(
            request, session, agreement_case, error=error, form=form
        )
    return Redirect(f"{HOME}/{agreement_id}", status_code=303)


async def render_agreement(
    request: AnyRequest,
    session: AsyncSession,
    agreement_case: SignedAgreement,
    *,
    error: InvalidError | None = None,
    form: Mapping[str, str] | None = None,
) -> Response[str]:
    """The page of an agreement for one of its sides, with what was wrong in a form of it."""
    agreement = agreement_case.agreement
    language = request.scope["state"]["locale"]
    policy = await find_policy(session, agreement.dataset_id)
    readable = (
        agreement.state in LIVE
        and agreement.state != "suspended"
        and is_unexpired(agreement)
    )
    is_key_visible = readable and agreement_case.side is AccessSide.PRODUCER
    return render(
        request,
        "access/agreement.html",
        status=422 if error else 200,
        agreement=agreement,
        signed_agreement=agreement_case.signed_agreement,
        text=localise(agreement_case.signed_agreement.text, language),
        requester=agreement_case.side is AccessSide.REQUESTER,
        possible=AGREEMENT.events(agreement.state, agreement_case.side),
        renewable=agreement_case.side is AccessSide.REQUESTER
        and may_renew(agreement, policy),
        readable=readable,
        key=await find_key(session, agreement.project_id) if is_key_visible else None,
        is_applied=agreement.delivered >= agreement.revision,
        form=form or {},
        errors={
            field if field in FIELDS else "words": words
            for field, words in form_errors(request, error).items()
        },
    )


routes: Routes = [
    show_agreements,
    show_agreement,
    send_signed,
    send_pdf,
    open_files,
    change_agreement,
]
