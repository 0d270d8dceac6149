"""Agreements: the public list, its feed, and each of them; what its two sides read and do."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, InvalidError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.access.agreements.acting import act_on, get_to_act
from udi.portal.access.agreements.encryption import find_key
from udi.portal.access.agreements.notary import audience_of, lasts, notary_of
from udi.portal.access.agreements.pdf import print_pdf
from udi.portal.access.agreements.queries import (
    SIZE,
    Deed,
    find_deed,
    find_signed,
    get_deed,
    get_public,
    get_signed,
    list_public,
)
from udi.portal.access.agreements.states import BY_PRODUCER, LIVE, NEXT, AgreementEvent
from udi.portal.access.policies.queries import find_policy, get_policy, get_restricted
from udi.portal.access.requests.renewing import may_renew, renew
from udi.portal.access.requests.states import Side
from udi.portal.projects.queries import get_led_project
from udi.protocol.agreement import read_agreement
from udi.protocol.credentials import READING, TICKET
from udi.ui.decisions import decides
from udi.ui.errors import say_fields
from udi.ui.middleware import content_security_policy
from udi.ui.site import render, site_of

HOME = "/agreements"
ONE = f"{HOME}/{{agreement_id:uuid}}"
LAST_PAGE = 10_000
FIELDS = ("words", "days")
"""Of the forms of an agreement: what is wrong elsewhere is said at the first."""
AnyRequest = Request[Any, Any, AppState]


@get(HOME)
async def show_list(
    request: AnyRequest, session: NamedDependency[AsyncSession], page: FromQuery[int] = 1
) -> Response[str]:
    """Every agreement, with what everybody may know."""
    number = min(max(page, 1), LAST_PAGE)
    rows, total = await list_public(session, page=number)
    last = max(1, -(-total // SIZE))
    return render(request, "access/agreements.html", rows=rows, total=total, number=number, last=last)


@get(ONE)
async def show_one(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    actor: NamedDependency[Actor | None],
    agreement_id: FromPath[UUID],
) -> Response[str]:
    """One: what everybody may know, and for its sides the whole text and what may be done."""
    deed = await find_deed(session, actor, agreement_id)
    if deed is None:
        signed = await find_signed(session, actor, agreement_id)
        listed = await get_public(session, agreement_id)
        return render(request, "access/agreement-listed.html", listed=listed, signed=signed)
    return await _show(request, session, deed)


@get(f"{ONE}/agreement.jws")
async def send_signed(
    session: NamedDependency[AsyncSession], member: NamedDependency[Actor], agreement_id: FromPath[UUID]
) -> Response[str]:
    """The agreement as it was signed, for its sides and whoever accepted it."""
    agreement = await get_signed(session, member, agreement_id)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="agreement.jws"'}
    return Response(agreement.jws, media_type="application/jose", headers=headers)


@get(f"{ONE}/agreement.pdf")
async def send_pdf(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    agreement_id: FromPath[UUID],
) -> Response[bytes]:
    """The text that both accepted, for the file, in the reader's language."""
    agreement = await get_signed(session, member, agreement_id)
    said, language = read_agreement(agreement.document), request.scope["state"]["locale"]
    language = language if language in said.text else "fr"
    lines = [line for line in said.text[language].splitlines() if line.strip()]
    paragraphs = [(line[:1].isdigit() and ". " in line[:5], line) for line in lines[1:]]
    paragraphs.append((False, f"{said.page} – SHA-256 {agreement.sha256}"))
    body = await print_pdf(f"{lines[0]} – {said.dataset_title}", paragraphs, language)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="agreement.pdf"'}
    return Response(body, media_type="application/pdf", headers=headers)


@get(f"{ONE}/files")
async def open_files(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    agreement_id: FromPath[UUID],
) -> Response[str]:
    """A form that takes who leads the project to the files at the node; the ticket is in it, and in no address."""
    deed = await get_deed(session, member, agreement_id, side=Side.REQUESTER)
    if deed.agreement.state not in LIVE or not lasts(deed.agreement):
        raise ConflictError("This agreement is over: nothing is read under it.", remedy="Its page says why.")
    site, audience = site_of(request), audience_of(deed.node)
    signer = notary_of(site, territory).signer
    page = render(
        request,
        "access/agreement-files.html",
        agreement=deed.agreement,
        said=deed.said,
        node=deed.node,
        ticket=signer.sign(READING, subject=str(agreement_id), issuer=territory.origin, audience=audience),
        minutes=int(TICKET.total_seconds() // 60),
    )
    page.headers["Cache-Control"] = "no-store"
    page.headers["Content-Security-Policy"] = content_security_policy([*site.form_targets, audience])
    return page


@post(f"{ONE}/renew", status_code=303)
async def ask_renewal(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    member: NamedDependency[Actor],
    agreement_id: FromPath[UUID],
) -> Response[Any]:
    """Ask that it go on after its end."""
    deed = await get_deed(session, member, agreement_id, side=Side.REQUESTER, lock=True)
    dataset = await get_restricted(session, deed.agreement.dataset_id)
    project = await get_led_project(session, member, deed.agreement.project_id)
    words = str((await request.form()).get("words") or "").replace("\x00", "").strip()
    try:
        async with session.begin_nested():
            asked = await renew(
                session, member, deed.agreement, dataset, project, words,
                policy=await get_policy(session, dataset), territory=territory, language=request.scope["state"]["locale"],
            )  # fmt: skip
    except InvalidError as error:
        return await _show(request, session, deed, error=error, form={"words": words})
    return Redirect(f"/access-requests/{asked.id}", status_code=303)


@post(f"{ONE}/{{event:str}}", status_code=303, guards=[decides()])
async def change(
    request: AnyRequest,
    session: NamedDependency[AsyncSession],
    member: NamedDependency[Actor],
    agreement_id: FromPath[UUID],
    event: FromPath[str],
) -> Response[Any]:
    """Suspend, resume, revoke at once or with notice, take the notice back; give up."""
    deed = await get_to_act(session, member, agreement_id, event)
    form = {name: str(value or "") for name, value in (await request.form()).items()}
    try:
        async with session.begin_nested():
            await act_on(session, member, deed, event, form)
    except InvalidError as error:
        await session.refresh(deed.agreement)
        return await _show(request, session, deed, error=error, form=form)
    return Redirect(f"{HOME}/{agreement_id}", status_code=303)


async def _show(
    request: AnyRequest,
    session: AsyncSession,
    deed: Deed,
    *,
    error: InvalidError | None = None,
    form: Mapping[str, str] | None = None,
) -> Response[str]:
    agreement, language = deed.agreement, request.scope["state"]["locale"]
    possible = {event for state, event in NEXT if state == agreement.state}
    policy = await find_policy(session, agreement.dataset_id)
    readable = agreement.state in LIVE and agreement.state != "suspended" and lasts(agreement)
    shown = readable and deed.side is Side.PRODUCER
    return render(
        request,
        "access/agreement.html",
        status=422 if error else 200,
        deed=deed,
        agreement=agreement,
        said=deed.said,
        text=deed.said.text.get(language) or deed.said.text["fr"],
        requester=deed.side is Side.REQUESTER,
        possible=possible & set(BY_PRODUCER if deed.side is Side.PRODUCER else (AgreementEvent.GIVE_UP,)),
        renewable=deed.side is Side.REQUESTER and may_renew(agreement, policy),
        readable=readable,
        key=await find_key(session, agreement.project_id) if shown else None,
        told=agreement.delivered >= agreement.revision,
        form=form or {},
        errors={field if field in FIELDS else "words": words for field, words in say_fields(request, error).items()},
    )


routes: Sequence[ControllerRouterHandler] = [
    show_list,
    show_one,
    send_signed,
    send_pdf,
    open_files,
    ask_renewal,
    change,
]
