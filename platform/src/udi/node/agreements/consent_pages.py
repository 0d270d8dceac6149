"""Of whom rows are: the number that somebody brings who lends their data, and the producer that names a column and confirms."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import ConflictError, InvalidError
from udi.kit.identity import Actor
from udi.kit.paging import page_number
from udi.kit.tenancy import Territory
from udi.node.agreements.consent_links import (
    BroughtCode,
    ColumnChoice,
    LinkDecision,
    bring_code,
    decide_link,
    list_confirmed_links,
    list_waiting_links,
    lock_links,
    name_person_column,
    reference_of,
)
from udi.node.agreements.consents import (
    find_link,
    find_person_column,
    get_live_consent,
)
from udi.node.agreements.gate import AGREEMENT_GATE
from udi.node.agreements.lender_login import KnownLender, identify_lender
from udi.node.agreements.models import HeldConsent, LinkState
from udi.node.datasets.exchange.portal_tokens import require_ticket
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import PageRequest, field_errors
from udi.node.datasets.queries import find_dataset, get_dataset
from udi.node.datasets.versions.findings import profile_of
from udi.node.files.delivery.downloads import keyring_of
from udi.node.files.delivery.signed_urls import require_signature, sign_path
from udi.node.files.restricted import PRIVATE
from udi.protocol.credentials import CONSENT_LINK
from udi.tabular.columns.column import TypedColumn
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import CurrentTerritory, Member, Routes, Session
from udi.ui.middleware import (
    FROM_ELSEWHERE,
    content_security_policy,
    list_form_targets,
)
from udi.ui.site import render, site_of

LINK = "/consents/{consent_id:uuid}/link"
CODE = "/consents/{consent_id:uuid}/code"
DATASET = "/datasets/{dataset_id:uuid}/consents"
LONGEST_FORM = 16 * 1024
OPENING = timedelta(hours=1)
"""How long somebody has to log in, and to open the form."""
TYPING = timedelta(minutes=15)
"""How long somebody has to write their number."""
QUIET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@get(LINK)
async def redirect_to_receipt(
    territory: CurrentTerritory, consent_id: FromPath[UUID]
) -> Redirect:
    """The portal gives the ticket that opens this page."""
    return Redirect(_receipt_of(territory, consent_id), status_code=303)


@post(
    LINK,
    status_code=303,
    opt={FROM_ELSEWHERE: True},
    request_max_body_size=LONGEST_FORM,
)
async def bring_ticket(
    request: PageRequest, territory: CurrentTerritory, consent_id: FromPath[UUID]
) -> Redirect:
    """Lead whoever the portal sends here with a ticket about their own consent to the form, which opens for an hour."""
    ticket = str((await request.form()).get("ticket") or "")
    await require_ticket(request, territory, ticket, CONSENT_LINK, consent_id)
    address = sign_path(
        keyring_of(request),
        territory.id,
        f"/consents/{consent_id}/code",
        lifetime=OPENING,
    )
    return Redirect(address, status_code=303, headers=QUIET)


@get(CODE)
async def show_code_form(
    request: PageRequest, territory: CurrentTerritory, consent_id: FromPath[UUID]
) -> Response[str]:
    """The form for the number, after the login of people where this node has one."""
    _require_signature(request, territory, "GET")
    await identify_lender(request, territory, f"{request.url.path}?{request.url.query}")
    gate = site_of(request).services[AGREEMENT_GATE]
    await gate.freshness.wait_until_fresh(territory)
    async with gate.session(territory.id) as session:
        consent = await get_live_consent(session, consent_id)
        return await _render_code_form(request, territory, session, consent)


@post(CODE, status_code=303, request_max_body_size=LONGEST_FORM)
async def submit_code(
    request: PageRequest, territory: CurrentTerritory, consent_id: FromPath[UUID]
) -> Response[Any]:
    """Keep the number, by an address that the form signed; the portal is not sent it."""
    _require_signature(request, territory, "POST")
    lender = await identify_lender(request, territory, f"/consents/{consent_id}/link")
    form = await request.form()
    gate = site_of(request).services[AGREEMENT_GATE]
    async with gate.session(territory.id) as session:
        consent = await get_live_consent(session, consent_id, lock=True)
        dataset = await find_dataset(session, consent.dataset_id)
        brought = BroughtCode(
            str(form.get("code") or ""),
            attempt=page_number(form.get("attempt")),
            columns=_list_columns(dataset) if dataset else (),
        )
        try:
            async with session.begin_nested():
                await _bring(session, consent, brought, _code_key(request), lender)
        except InvalidError as error:
            errors = field_errors(request, error.refusals)
            return await _render_code_form(request, territory, session, consent, errors)
    return Redirect(f"{_receipt_of(territory, consent_id)}?linked=1", status_code=303)


async def _bring(
    session: AsyncSession,
    consent: HeldConsent,
    brought: BroughtCode,
    key: bytes,
    lender: KnownLender | None,
) -> None:
    """Keep a number, and count it for who brought it; the same sent twice counts once."""
    await lock_links(session, consent.dataset_id)
    is_counted = True
    if lender is not None:
        is_counted = await lender.admit(session, consent)
    link = await find_link(session, consent.id)
    attempts = link.attempts if link else 0
    link = await bring_code(session, consent, brought, key)
    is_new = link.attempts > attempts or not is_counted
    if lender is not None and is_new:
        await lender.count(session, consent)


def _require_signature(request: PageRequest, territory: Territory, method: str) -> None:
    """Refuse an address that this node did not sign for this, a while ago.

    Raises:
        ForbiddenError: it was not, or is too old.
    """
    require_signature(
        keyring_of(request),
        territory.id,
        method,
        request.scope["path"],
        dict(request.query_params),
    )


@get(DATASET)
async def show_consents(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[str]:
    """Which column says whom rows are about, how many lend, and the numbers that wait."""
    dataset = await get_dataset(session, member, dataset_id)
    return await _render_consents(request, session, dataset)


@post(DATASET, status_code=303, guards=[require_confirmation()])
async def name_column(
    request: PageRequest, session: Session, member: Member, dataset_id: FromPath[UUID]
) -> Response[Any]:
    """Name the column, another one, or none.

    Raises:
        ConflictError: the data are open.
    """
    dataset = await get_dataset(session, member, dataset_id, lock=True)
    if not dataset.restricted:
        raise ConflictError(
            "These data are open: everybody reads every row.",
            remedy="Restrict them first.",
        )
    form = await request.form()
    try:
        await name_person_column(
            session,
            member,
            dataset_id,
            ColumnChoice(str(form.get("column") or ""), form.get("secret") == "1"),
            _list_columns(dataset),
            _code_key(request),
        )
    except InvalidError as error:
        errors = field_errors(request, error.refusals)
        return await _render_consents(request, session, dataset, errors)
    return Redirect(f"/datasets/{dataset_id}/consents", status_code=303)


@post(
    f"{DATASET}/{{consent_id:uuid}}/confirm",
    status_code=303,
    guards=[require_confirmation()],
)
async def confirm_link(
    request: PageRequest,
    session: Session,
    member: Member,
    dataset_id: FromPath[UUID],
    consent_id: FromPath[UUID],
) -> Redirect:
    """The number is that of who brought it."""
    return await _decide(
        request, session, member, dataset_id, consent_id, LinkState.CONFIRMED
    )


@post(f"{DATASET}/{{consent_id:uuid}}/reject", status_code=303)
async def reject_link(
    request: PageRequest,
    session: Session,
    member: Member,
    dataset_id: FromPath[UUID],
    consent_id: FromPath[UUID],
) -> Redirect:
    """It is not, or not any more: nothing is given for it."""
    return await _decide(
        request, session, member, dataset_id, consent_id, LinkState.REJECTED
    )


async def _decide(
    request: PageRequest,
    session: AsyncSession,
    member: Actor,
    dataset_id: UUID,
    consent_id: UUID,
    state: LinkState,
) -> Redirect:
    await get_dataset(session, member, dataset_id, lock=True)
    form = await request.form()
    decision = LinkDecision(
        state,
        version=str(form.get("version") or ""),
        same_person=form.get("same") == "1",
    )
    await decide_link(session, member, dataset_id, consent_id, decision)
    return Redirect(f"/datasets/{dataset_id}/consents", status_code=303)


def _code_key(request: PageRequest) -> bytes:
    return site_of(request).settings.derived_key("node", "consent codes")


def _receipt_of(territory: Territory, consent_id: UUID) -> str:
    return f"{territory.links['portal']}/my-data/consents/{consent_id}"


def _list_columns(dataset: Dataset) -> tuple[TypedColumn, ...]:
    """The columns of the newest file; none where it is no table."""
    if not dataset.has_file:
        return ()
    return profile_of(dataset).columns


async def _render_code_form(
    request: PageRequest,
    territory: Territory,
    session: AsyncSession,
    consent: HeldConsent,
    errors: dict[str, str] | None = None,
) -> Response[str]:
    dataset = await find_dataset(session, consent.dataset_id)
    column = await find_person_column(session, consent.dataset_id)
    link = await find_link(session, consent.id)
    attempt = link.attempts + 1 if link else 1
    page = render(
        request,
        "agreements/code.html",
        status=422 if errors else 200,
        dataset=dataset,
        column=column,
        action=sign_path(
            keyring_of(request),
            territory.id,
            f"/consents/{consent.id}/code",
            lifetime=TYPING,
            method="POST",
        ),
        receipt=_receipt_of(territory, consent.id),
        attempt=attempt,
        reference=reference_of(_code_key(request), consent.id, attempt),
        errors=errors or {},
    )
    targets = [*list_form_targets(request), territory.links["portal"]]
    page.headers.update({**PRIVATE, "Referrer-Policy": "no-referrer"})
    page.headers["Content-Security-Policy"] = content_security_policy(targets)
    return page


async def _render_consents(
    request: PageRequest,
    session: AsyncSession,
    dataset: Dataset,
    errors: dict[str, str] | None = None,
) -> Response[str]:
    key = _code_key(request)
    number = page_number(request.query_params.get("page"))
    page = render(
        request,
        "agreements/consents.html",
        status=422 if errors else 200,
        dataset=dataset,
        column=await find_person_column(session, dataset.id),
        columns=[column.name for column in _list_columns(dataset)],
        links=await list_waiting_links(session, dataset.id, key),
        confirmed=await list_confirmed_links(session, dataset.id, key, number=number),
        errors=errors or {},
    )
    page.headers.update(PRIVATE)
    return page


routes: Routes = [
    redirect_to_receipt,
    bring_ticket,
    show_code_form,
    submit_code,
    show_consents,
    name_column,
    confirm_link,
    reject_link,
]
