"""Logging in and out of those who ask about themselves: the same as for everybody, with a client and cookies of its own."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from udi.node.subject_requests.identity import SUBJECT_AREA, find_subject
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.login import (
    LoginOptions,
    end_session,
    lead_to_login,
    take_login,
    take_logout_notice,
)


@get(SUBJECT_AREA.login_path)
async def begin_subject_login(
    request: AnyRequest,
    territory: CurrentTerritory,
    back: FromQuery[str] = SUBJECT_AREA.home,
    provider: FromQuery[str] = "",
    choose: FromQuery[bool] = False,  # noqa: FBT002 - a parameter of the address
    fresh: FromQuery[bool] = False,  # noqa: FBT002 - a parameter of the address
) -> Response[Any]:
    """Lead to the identity service, and later back; `fresh` asks for the password although it knows the browser."""
    subject = await find_subject(request, territory)
    options = LoginOptions(back, provider, choose=choose, fresh=fresh)
    return await lead_to_login(request, SUBJECT_AREA, territory, subject, options)


@get(f"{SUBJECT_AREA.login_path}/callback")
async def finish_subject_login(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """What the identity service answers: open the session, go back to the page."""
    subject = await find_subject(request, territory)
    return await take_login(request, SUBJECT_AREA, territory, subject)


@post(f"{SUBJECT_AREA.path}/logout")
async def log_subject_out(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """End the session here, then at the identity service."""
    return await end_session(request, SUBJECT_AREA, territory)


@post(f"{SUBJECT_AREA.path}/logout/back-channel", status_code=200)
async def apply_subject_logout(request: AnyRequest) -> Response[None]:
    """The identity service announces that a session ended."""
    return await take_logout_notice(request, SUBJECT_AREA)


routes: Routes = [
    begin_subject_login,
    finish_subject_login,
    log_subject_out,
    apply_subject_logout,
]
