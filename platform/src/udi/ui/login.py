"""Logging in and out, the same in both programs. What fails explains itself.

The founder of a `Site` gives `find_actor`, and puts `kit.sessions.Sessions` in its parts as "sessions".
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromQuery
from litestar.response import Redirect

from udi.kit import login_attempts
from udi.kit.erased_accounts import AccountErasedError
from udi.kit.errors import NotFoundError, UdiError, UnavailableError
from udi.kit.identity import SECOND_FACTOR, Actor
from udi.kit.login_providers import ACCOUNT, provider_alias
from udi.kit.oidc import IdentityRefusedError, Prompt
from udi.kit.service_registry import ServiceKey
from udi.kit.sessions import SESSIONS, Sessions, apply_backchannel_logout
from udi.kit.tenancy import Territory
from udi.kit.tokens import (
    ClockDifferenceError,
    IdentityUnavailableError,
    InvalidTokenError,
)
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Visitor
from udi.ui.login_choice import render_choice
from udi.ui.login_failures import (
    AWAY,
    CANCELLED,
    CLOCK,
    DELETED,
    EXPIRED,
    FOREIGN,
    LEFT,
    MISFIT,
    LoginFailure,
)
from udi.ui.refresh import is_refresh
from udi.ui.routes import local_path
from udi.ui.security_log import LOGIN_FAILURE
from udi.ui.site import Site, render, site_of

log = structlog.get_logger()
SET_CLOCK = "`udi doctor` names the clock that differs; `timedatectl set-ntp true` on that machine sets it."
LONGEST_BACK = 1000
LONGEST_COOKIE = 100


@dataclass(frozen=True)
class LoginArea:
    """One of the logins of a program: before which addresses it stands, its cookie, its sessions."""

    path: str
    """What its addresses begin with."""
    cookie: str
    sessions: ServiceKey[Sessions]
    home: str = "/"
    """Where somebody is led who came from no page."""

    @property
    def login_path(self) -> str:
        """Where it begins."""
        return f"{self.path}/login"

    @property
    def key_cookie(self) -> str:
        """The cookie with the key of a login under way."""
        return f"{self.cookie}-login"

    def sessions_of(self, request: AnyRequest) -> Sessions:
        """Its sessions in the program that answers."""
        return site_of(request).services[self.sessions]

    def find_token(self, request: AnyRequest, territory: Territory) -> str:
        """What its cookie holds, or nothing."""
        return request.cookies.get(cookie_name(territory.origin, self.cookie), "")[
            :LONGEST_COOKIE
        ]


MAIN_AREA = LoginArea("", "udi", SESSIONS)


UNKNOWN_BROWSER = {"login_required", "interaction_required", "consent_required"}
"""What an identity service answers that may ask nothing (OpenID Connect Core, 3.1.2.6)."""


def sessions_of(request: AnyRequest) -> Sessions:
    """The sessions of the program that answers."""
    return MAIN_AREA.sessions_of(request)


async def find_actor(request: AnyRequest) -> Actor | None:
    """Who asks, by the cookie and on the territory of the host, or on the installation itself."""
    scope: Territory = request.scope["state"]["login_scope"]
    token = MAIN_AREA.find_token(request, scope)
    if token:
        return await sessions_of(request).find_actor(
            scope, token, is_refresh=is_refresh(request)
        )
    return None


def cookie_name(origin: str, name: str = "udi") -> str:
    """The prefix makes the browser hold the cookie to this host, wherever it is encrypted (RFC 6265bis)."""
    if origin.startswith("https://"):
        return f"__Host-{name}"
    return name


def make_cookie(
    territory: Territory, value: str, *, name: str = "udi", max_age: int | None = None
) -> Cookie:
    """A cookie that only this host is shown, over an encrypted connection where there is one."""
    secure = territory.origin.startswith("https://")
    return Cookie(
        cookie_name(territory.origin, name),
        value=value,
        max_age=max_age,
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def explain_failure(
    request: AnyRequest,
    failure: LoginFailure,
    *,
    back: str = "/",
    area: LoginArea = MAIN_AREA,
) -> Response[Any]:
    """The page that says why, what to do, and what goes on."""
    log.warning("login failed", reason=failure.slug, program=site_of(request).program)
    request.scope["state"][LOGIN_FAILURE] = failure.slug
    response = render(
        request,
        "ui/login-away.html",
        status=failure.status,
        failure=failure,
        again=f"{area.login_path}?back={quote(back, safe='/')}",
    )
    response.headers["Cache-Control"] = "no-store"
    if failure is AWAY:
        response.headers["Retry-After"] = "60"
    return response


@get("/login")
async def begin_login(
    request: AnyRequest,
    login_scope: CurrentTerritory,
    actor: Visitor,
    back: FromQuery[str] = "/",
    provider: FromQuery[str] = "",
    choose: FromQuery[bool] = False,  # noqa: FBT002 - a parameter of the address
    again: FromQuery[bool] = False,  # noqa: FBT002 - a parameter of the address
    factor: FromQuery[bool] = False,  # noqa: FBT002 - a parameter of the address
    fresh: FromQuery[bool] = False,  # noqa: FBT002 - a parameter of the address
) -> Response[Any]:
    """Lead to the identity service, and later back to the page.

    `again` asks anew for someone already logged in: Keycloak tells a refresh nothing of the very first organisation.
    `factor` asks for the second factor, `fresh` for the password although Keycloak knows the browser.
    Where the territory has providers, the browser is asked first whether Keycloak knows it; `choose` shows the choice,
    and `provider` is what was chosen.
    """
    request_options = LoginOptions(back, provider, choose, again, factor, fresh)
    return await lead_to_login(request, MAIN_AREA, login_scope, actor, request_options)


@dataclass(frozen=True)
class LoginOptions:
    """What the address of a login asks for; `begin_login` says what each is."""

    back: str = "/"
    provider: str = ""
    choose: bool = False
    again: bool = False
    factor: bool = False
    fresh: bool = False


async def lead_to_login(
    request: AnyRequest,
    area: LoginArea,
    territory: Territory,
    actor: Actor | None,
    options: LoginOptions,
) -> Response[Any]:
    """Lead to the identity service, and later back to the page."""
    back = local_path(options.back) if len(options.back) <= LONGEST_BACK else "/"
    if actor is not None and not (
        options.again
        or options.fresh
        or (options.factor and actor.level < SECOND_FACTOR)
    ):
        return Redirect(back, status_code=303)
    if request.url.hostname != urlsplit(territory.origin).hostname:
        return Redirect(
            f"{territory.origin}{area.login_path}?back={quote(back, safe='/')}",
            status_code=303,
        )
    if options.choose and actor is None and territory.login_providers:
        return render_choice(
            request, area.login_path, territory, back, factor=options.factor
        )
    hint = _find_hint(territory, actor, options)
    sessions = area.sessions_of(request)
    try:
        await sessions.service.keys.refresh()
    except IdentityUnavailableError:
        return explain_failure(request, AWAY, back=back, area=area)
    key = _find_or_draw_key(request, area, territory)
    needs_factor = options.factor or (
        options.fresh and actor is not None and actor.level >= SECOND_FACTOR
    )
    attempt = login_attempts.begin_attempt(
        key, back, SECOND_FACTOR if needs_factor else 0
    )
    prompt: Prompt = "login" if options.fresh else ""
    if actor is None and not options.provider and territory.login_providers:
        prompt = "none"
    address = sessions.service.login_url(
        sessions.client_of(territory),
        state=attempt.state,
        nonce=attempt.nonce,
        verifier=attempt.verifier,
        language=request.scope["state"]["locale"],
        level=attempt.level,
        prompt=prompt,
        provider=hint,
    )
    return _lead_on(area, territory, key, address)


def _find_hint(territory: Territory, actor: Actor | None, options: LoginOptions) -> str:
    """How Keycloak calls the provider that the login goes through, if through one."""
    hint = _find_provider(territory, options.provider)
    if not options.provider and options.fresh and actor is not None:
        return actor.provider
    return hint


@get("/login/callback")
async def finish_login(
    request: AnyRequest, login_scope: CurrentTerritory, actor: Visitor
) -> Response[Any]:
    """What the identity service answers: open the session, go back to the page."""
    return await take_login(request, MAIN_AREA, login_scope, actor)


async def take_login(
    request: AnyRequest, area: LoginArea, territory: Territory, actor: Actor | None
) -> Response[Any]:
    """Open the session of whom the identity service sends back, and go back to the page."""
    query = request.query_params
    key = request.cookies.get(cookie_name(territory.origin, area.key_cookie))
    try:
        attempt = login_attempts.resume_attempt(key, query.get("state", ""))
    except login_attempts.InvalidLoginAttemptError:
        if actor:
            return Redirect(area.home, status_code=303)
        return explain_failure(request, EXPIRED, area=area)
    sessions = area.sessions_of(request)
    if query.get("iss") != sessions.service.issuer:
        return explain_failure(request, FOREIGN, back=attempt.back, area=area)
    if query.get("error") in UNKNOWN_BROWSER and territory.login_providers:
        return Redirect(_choice_address(area, attempt), status_code=303)
    if "error" in query:
        return explain_failure(
            request, _identify_failure(query), back=attempt.back, area=area
        )
    outcome = await _open_session(
        request, area, territory, attempt, query.get("code", "")
    )
    if isinstance(outcome, LoginFailure):
        if outcome is EXPIRED and actor:
            return Redirect(attempt.back, status_code=303)
        return explain_failure(request, outcome, back=attempt.back, area=area)
    cookie = make_cookie(territory, outcome, name=area.cookie)
    back = attempt.back
    if sessions.requires_second_factor(territory):
        someone = await sessions.find_actor(territory, outcome)
    else:
        someone = None
    if someone is not None and someone.lacks_factor and attempt.level < SECOND_FACTOR:
        back = f"{area.login_path}?factor=true&back={quote(back, safe='/')}"
    return Redirect(
        back, status_code=303, cookies=[cookie], headers={"Cache-Control": "no-store"}
    )


def _lead_on(area: LoginArea, territory: Territory, key: str, address: str) -> Redirect:
    """To the identity service, with the key of this login kept by the browser."""
    lifetime = int(login_attempts.LIFETIME.total_seconds())
    return Redirect(
        address,
        status_code=303,
        cookies=[make_cookie(territory, key, name=area.key_cookie, max_age=lifetime)],
        headers={"Cache-Control": "no-store"},
    )


def _find_or_draw_key(
    request: AnyRequest, area: LoginArea, territory: Territory
) -> str:
    """The key that this browser holds for its logins, or a new one."""
    key = request.cookies.get(cookie_name(territory.origin, area.key_cookie))
    if key and login_attempts.is_key(key):
        return key
    return login_attempts.new_key()


def _find_provider(territory: Territory, name: str) -> str:
    """How Keycloak calls the provider that was chosen; empty for an address and a password.

    Raises:
        NotFoundError: the territory has no such provider.
    """
    if name in {"", ACCOUNT}:
        return ""
    if name not in {provider.name for provider in territory.login_providers}:
        raise NotFoundError("This territory has no such way to log in.")
    return provider_alias(territory.slug, name)


def _choice_address(area: LoginArea, attempt: login_attempts.LoginAttempt) -> str:
    factor = "&factor=true" if attempt.level >= SECOND_FACTOR else ""
    back = quote(attempt.back, safe="/")
    return f"{area.login_path}?choose=true{factor}&back={back}"


def _identify_failure(query: Any) -> LoginFailure:
    error = query.get("error")
    description = query.get("error_description")
    if error == "access_denied":
        return CANCELLED
    if description == "authentication_expired" or error == "login_required":
        return EXPIRED
    if error in {"temporarily_unavailable", "server_error"}:
        return AWAY
    return MISFIT


async def _open_session(
    request: AnyRequest,
    area: LoginArea,
    territory: Territory,
    attempt: login_attempts.LoginAttempt,
    code: str,
) -> str | LoginFailure:
    sessions = area.sessions_of(request)
    try:
        client = sessions.client_of(territory)
        login = await sessions.service.exchange(
            client, code=code, nonce=attempt.nonce, verifier=attempt.verifier
        )
    except ClockDifferenceError as error:
        log.error("clocks differ", reason=str(error), remedy=SET_CLOCK)  # noqa: TRY400 - the reason says all
        return CLOCK
    except IdentityUnavailableError:
        return AWAY
    except IdentityRefusedError as error:
        log.warning("code refused", code=error.code)
        if error.code == "invalid_grant":
            return EXPIRED
        return MISFIT
    except InvalidTokenError as error:
        log.error("the identity service's tokens are refused", reason=str(error))  # noqa: TRY400 - no trace wanted
        return MISFIT
    try:
        return await sessions.log_in(
            territory, login, replaced=area.find_token(request, territory)
        )
    except AccountErasedError:
        return DELETED


@post("/logout")
async def log_out(request: AnyRequest, login_scope: CurrentTerritory) -> Response[Any]:
    """End the session here, then at the identity service."""
    return await end_session(request, MAIN_AREA, login_scope)


async def end_session(
    request: AnyRequest, area: LoginArea, territory: Territory
) -> Response[Any]:
    """End the session of a browser here, then at the identity service."""
    sessions = area.sessions_of(request)
    token = area.find_token(request, territory)
    id_token = await sessions.log_out(territory, token) if token else None
    cookie = make_cookie(territory, "", name=area.cookie, max_age=0)
    if not id_token:
        return Redirect("/", status_code=303, cookies=[cookie])
    try:
        await sessions.service.keys.refresh()
    except IdentityUnavailableError:
        request.scope["state"]["actor"] = None
        response = explain_failure(request, LEFT, area=area)
        response.set_cookie(cookie)
        return response
    address = sessions.service.logout_url(
        sessions.client_of(territory), id_token=id_token
    )
    return Redirect(address, status_code=303, cookies=[cookie])


@post("/logout/back-channel", status_code=200)
async def backchannel_logout(request: AnyRequest) -> Response[None]:
    """The identity service announces that a session ended; the token says on which territory."""
    return await take_logout_notice(request, MAIN_AREA)


async def take_logout_notice(request: AnyRequest, area: LoginArea) -> Response[None]:
    """End the sessions that a logout token of the identity service names."""
    sessions = area.sessions_of(request)
    site = site_of(request)
    form = await request.form()
    try:
        notice = await sessions.service.read_logout_token(
            str(form.get("logout_token", ""))
        )
    except IdentityUnavailableError as error:
        raise UnavailableError(
            "The keys of the identity service cannot be read."
        ) from error
    except InvalidTokenError as error:
        log.warning("logout token refused", reason=str(error))
        raise UdiError("This logout token is refused.") from error
    territories = await site.registry.list_all()
    territory = next(
        (
            candidate
            for candidate in (*territories, *_installation_scopes(site))
            if sessions.client_of(candidate).id == notice.client_id
        ),
        None,
    )
    if territory is None:
        raise UdiError("This logout token is for another program.")
    async with site.database.session(territory.id) as session:
        ended = await apply_backchannel_logout(session, sessions.tables, notice)
    if ended is None:
        raise UdiError("This logout token was used before.")
    log.info("sessions ended by the identity service", count=ended)
    return Response(None, status_code=200, headers={"Cache-Control": "no-store"})


def _installation_scopes(site: Site) -> list[Territory]:
    """The installation itself, in the program where its operators log in."""
    if site.program == "portal":
        return [site.installation]
    return []


routes: Routes = [
    begin_login,
    finish_login,
    log_out,
    backchannel_logout,
]
