"""The notice of an agreement, for its two sides: the project writes versions, the producer accepts or refuses them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import InvalidError, NotFoundError
from udi.portal.access.agreements.creation import is_unexpired
from udi.portal.access.agreements.queries import SignedAgreement, get_signed_agreement
from udi.portal.access.agreements.transitions import LIVE
from udi.portal.access.models import AccessSide
from udi.portal.consents.models import NoticeVersion
from udi.portal.consents.notices import (
    LENGTHS,
    NoticeInput,
    accept_notice,
    refuse_notice,
    submit_notice,
)
from udi.portal.consents.queries import (
    list_versions,
    notice_of,
    read_closing_state,
)
from udi.protocol.policy import Requester
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render

NOTICE = "/agreements/{agreement_id:uuid}/consents"
Form = Mapping[str, str]


def address_of(agreement_id: UUID) -> str:
    """Where the two sides of an agreement see its notice."""
    return f"/agreements/{agreement_id}/consents"


@get(NOTICE)
async def show_notice(
    request: AnyRequest, session: Session, member: Member, agreement_id: FromPath[UUID]
) -> Response[str]:
    """Its versions, how many lend, and what either side may do."""
    agreement_case = await get_signed_agreement(session, member, agreement_id)
    return await _render_notice(request, session, agreement_case)


@post(NOTICE, status_code=303, guards=[require_confirmation()])
async def submit_version(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    member: Member,
    agreement_id: FromPath[UUID],
) -> Response[Any]:
    """Send a version to the producer."""
    agreement_case = await get_signed_agreement(
        session, member, agreement_id, side=AccessSide.REQUESTER, lock=True
    )
    form = await _read_form(request)
    described = NoticeInput(
        **{name: form.get(name, "") for name in (*LENGTHS, "months")},
        language=request.scope["state"]["locale"],
    )
    try:
        await submit_notice(session, member, territory, agreement_case, described)
    except InvalidError as error:
        return await _render_notice(
            request, session, agreement_case, error=error, form=form
        )
    return Redirect(address_of(agreement_id), status_code=303)


@post(
    f"{NOTICE}/{{notice_id:uuid}}/accept",
    status_code=303,
    guards=[require_confirmation()],
)
async def accept_version(
    session: Session,
    member: Member,
    agreement_id: FromPath[UUID],
    notice_id: FromPath[UUID],
) -> Redirect:
    """Hold it: people answer from now on."""
    _, version = await _get_version_for_producer(
        session, member, agreement_id, notice_id
    )
    await accept_notice(session, member, version)
    return Redirect(address_of(agreement_id), status_code=303)


@post(
    f"{NOTICE}/{{notice_id:uuid}}/refuse",
    status_code=303,
    guards=[require_confirmation()],
)
async def refuse_version(
    request: AnyRequest,
    session: Session,
    member: Member,
    agreement_id: FromPath[UUID],
    notice_id: FromPath[UUID],
) -> Response[Any]:
    """Do not hold it, and say why."""
    agreement_case, version = await _get_version_for_producer(
        session, member, agreement_id, notice_id
    )
    form = await _read_form(request)
    try:
        await refuse_notice(session, member, version, form.get("reason", ""))
    except InvalidError as error:
        return await _render_notice(
            request, session, agreement_case, error=error, form=form
        )
    return Redirect(address_of(agreement_id), status_code=303)


async def _read_form(request: AnyRequest) -> dict[str, str]:
    return {name: str(value or "") for name, value in (await request.form()).items()}


async def _get_version_for_producer(
    session: AsyncSession, member: Member, agreement_id: UUID, notice_id: UUID
) -> tuple[SignedAgreement, NoticeVersion]:
    """The agreement and one version of its notice, for the producer.

    Raises:
        NotFoundError: the agreement has no such version, or is others'.
        ForbiddenError: the project does not decide on its own notice.
    """
    agreement_case = await get_signed_agreement(
        session, member, agreement_id, side=AccessSide.PRODUCER, lock=True
    )
    for version in await list_versions(session, agreement_id):
        if version.id == notice_id:
            return agreement_case, version
    raise NotFoundError("This agreement has no such question.")


async def _render_notice(
    request: AnyRequest,
    session: AsyncSession,
    agreement_case: SignedAgreement,
    *,
    error: InvalidError | None = None,
    form: Form | None = None,
) -> Response[str]:
    versions = await list_versions(session, agreement_case.agreement.id)
    is_producer = agreement_case.side is AccessSide.PRODUCER
    form_values: dict[str, str] = {"months": "12"}
    if form is not None:
        form_values = dict(form)
    elif versions and not is_producer:
        newest = notice_of(versions[0])
        form_values = {
            name: str(getattr(newest, name)) for name in (*LENGTHS, "months")
        }
    signed_agreement = agreement_case.signed_agreement
    return render(
        request,
        "consents/notice.html",
        status=422 if error else 200,
        agreement=agreement_case.agreement,
        signed_agreement=signed_agreement,
        versions=[(version, notice_of(version)) for version in versions],
        is_producer=is_producer,
        is_open=agreement_case.agreement.state in LIVE
        and is_unexpired(agreement_case.agreement),
        closing_state=read_closing_state(agreement_case.agreement),
        may_ask=signed_agreement.requester.kind is not Requester.PERSON,
        limits=LENGTHS,
        form=form_values,
        errors=form_errors(request, error),
    )


routes: Routes = [show_notice, submit_version, accept_version, refuse_version]
