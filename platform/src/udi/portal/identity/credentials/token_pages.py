"""«My tokens»: the page where a person makes, sees and revokes the tokens of their programs."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import InvalidError
from udi.kit.identity import Actor
from udi.kit.tenancy import Territory
from udi.portal.identity.credentials.tokens import (
    DAYS,
    LONGEST_NAME,
    SCOPES,
    list_tokens,
    make_token,
    revoke_token,
)
from udi.ui.decision_guards import require_confirmation
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Member, Routes, Session
from udi.ui.errors import form_errors
from udi.ui.site import render

PATH = "/my-space/tokens"


@get(PATH)
async def show_tokens(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[str]:
    """The tokens, and the form that makes one."""
    return await _page(request, session, territory, member)


@post(PATH, status_code=201, guards=[require_confirmation()])
async def add_token(
    request: AnyRequest, session: Session, territory: CurrentTerritory, member: Member
) -> Response[str]:
    """Make a token and show it, this once."""
    form = await request.form()
    name = " ".join(str(form.get("name") or "").split())[:LONGEST_NAME]
    days = str(form.get("days") or "")
    scopes = [str(value) for value in form.getall("scope", [])]
    lifetime = next((option for option in DAYS if str(option) == days), 0)
    try:
        _, token = await make_token(
            session, member, name=name, scopes=scopes, days=lifetime
        )
    except InvalidError as error:
        errors = form_errors(request, error)
        form_values = {"name": name, "days": days, "scopes": scopes}
        return await _page(
            request,
            session,
            territory,
            member,
            status=422,
            errors=errors,
            form_values=form_values,
        )
    return await _page(request, session, territory, member, status=201, token=token)


@post(f"{PATH}/{{token_id:uuid}}/revoke")
async def revoke_api_token(
    session: Session, member: Member, token_id: FromPath[UUID]
) -> Redirect:
    """Refuse it from now on."""
    await revoke_token(session, member, token_id)
    return Redirect(PATH, status_code=303)


async def _page(
    request: AnyRequest,
    session: AsyncSession,
    territory: Territory,
    member: Actor,
    *,
    status: int = 200,
    token: str = "",
    errors: dict[str, str] | None = None,
    form_values: dict[str, Any] | None = None,
) -> Response[str]:
    return render(
        request,
        "identity/tokens.html",
        status=status,
        tokens=await list_tokens(session, member),
        token=token,
        origin=territory.origin,
        days=DAYS,
        scopes=SCOPES,
        errors=errors or {},
        form_values=form_values or {"name": "", "days": str(DAYS[1]), "scopes": []},
        moment=now(),
    )


routes: Routes = [show_tokens, add_token, revoke_api_token]
