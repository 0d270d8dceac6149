"""Refusals and accidents, as a page for a person and as problem+json (RFC 9457) for a machine."""

from typing import Any
from urllib.parse import quote

import asyncpg
import structlog
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import SQLAlchemyError

from udi.kit.db import is_unavailable
from udi.kit.errors import (
    ConflictError,
    ForbiddenError,
    InternalServerError,
    InvalidError,
    MediaTypeError,
    MethodNotAllowedError,
    NotFoundError,
    Refusal,
    RenamedError,
    TooLargeError,
    TooManyRequestsError,
    UdiError,
    UnauthenticatedError,
    UnavailableError,
)
from udi.ui import problems
from udi.ui.dependencies import AnyRequest
from udi.ui.locale import LANGUAGES, choose_language
from udi.ui.security_log import REFUSAL

log = structlog.get_logger()
PATH_SIGNS = "/:@!$&'()*+,;=~"
"""What stands in a path as it is (RFC 3986, pchar)."""
MACHINE_PATHS = (
    "/api/",
    "/kalim/",
    "/oauth2/",
    "/oauth/",
    "/.well-known/",
    "/konsult/",
    "/apigateway/",
    "/logout/back-channel",
    "/subjects/logout/back-channel",
    "/health",
    "/ready",
    "/metrics",
    "/resources/",
    "/catalog",
    "/ogc/",
    "/manager/",
    "/storage/",
    "/conf",
    "/oembed",
)
MACHINE_ENDS = (".ttl", ".rdf", ".xml", ".jsonld", ".nt", ".json")
"""Ends of addresses that a program asks for unless it says that it wants a page."""
NOTHING_LOST = "Try again in a minute; nothing was changed."
UNSURE = "Wait a minute, look whether it was done, and send it again if it was not."
BY_STATUS: dict[int, type[UdiError]] = {
    401: UnauthenticatedError,
    403: ForbiddenError,
    404: NotFoundError,
    405: MethodNotAllowedError,
    409: ConflictError,
    413: TooLargeError,
    415: MediaTypeError,
    422: InvalidError,
    429: TooManyRequestsError,
    500: InternalServerError,
    503: UnavailableError,
}


def wants_page(request: AnyRequest) -> bool:
    """Whether the answer is for a person's browser."""
    shows_token = request.headers.get("authorization", "").lower().startswith("bearer ")
    if (
        request.scope["path"].startswith(MACHINE_PATHS)
        or "tus-resumable" in request.headers
        or shows_token
    ):
        return False
    accepted = request.headers.get("accept", "*/*")
    anything = accepted == "*/*" and not request.scope["path"].endswith(MACHINE_ENDS)
    return "text/html" in accepted or anything


def render_problem(request: AnyRequest, error: UdiError) -> Response[dict[str, Any]]:
    """An `application/problem+json` answer: what happened, why, what to do, and each field that is wrong."""
    say = _translator(request)
    body: dict[str, Any] = {
        "type": f"{problems.PATH}/{error.slug}",
        "title": say(error.title),
        "status": error.status,
        "detail": _fill(say(error.detail), error.values),
    }
    if error.remedy:
        body["remedy"] = _fill(say(error.remedy), error.values)
    if error.code:
        body["code"] = error.code
    if error.page:
        body["page"] = error.page
    if error.refusals:
        body["errors"] = [describe_refusal(refusal, say) for refusal in error.refusals]
    return Response(
        body,
        status_code=error.status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", **error.headers},
    )


def on_udi_error(request: AnyRequest, error: UdiError) -> Response[Any]:
    """Answer a refusal; a page that needs a person leads to the login, and a former name to the present one."""
    if isinstance(error, RenamedError):
        return Redirect(_renamed_url(request, error), status_code=301)
    request.scope["state"][REFUSAL] = error
    _set_territory_and_language(request)
    if not wants_page(request):
        return render_problem(request, error)
    if (
        isinstance(error, UnauthenticatedError)
        and request.method == "GET"
        and request.scope["state"].get("login_scope")
    ):
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return Redirect(f"/login?back={quote(path, safe='/')}", status_code=303)
    site = request.app.state.site
    response: Response[str] = site.pages.render(
        request, "ui/error.html", status=error.status, error=error
    )
    response.headers.update(error.headers)
    return response


def _renamed_url(request: AnyRequest, error: RenamedError) -> str:
    """The same address with the present name, which an extension may follow."""
    parts = [
        error.present + part[len(error.former) :]
        if part == error.former or part.startswith(f"{error.former}.")
        else part
        for part in request.url.path.split("/")
    ]
    path = quote("/".join(parts), safe=PATH_SIGNS)
    if request.url.query:
        return f"{path}?{request.url.query}"
    return path


def _set_territory_and_language(request: AnyRequest) -> None:
    """Find the territory and the language where no page has this address, so that nothing before it did."""
    state = request.scope["state"]
    site = request.app.state.site
    if "locale" in state:
        return
    installation = site.settings.installation_host
    territory = site.registry.find_known(
        request.headers.get("host", ""), installation_host=installation
    )
    offered = territory.languages if territory else tuple(LANGUAGES)
    accepted = request.headers.get("accept-language", "")
    state["territory"] = territory
    state["locale"] = choose_language(request.cookies.get("lang"), accepted, offered)


def on_http_exception(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Translate the framework's own refusals."""
    kind = BY_STATUS.get(error.status_code, UdiError)
    refusals: list[Refusal] = []
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        refusals = [
            Refusal(str(item.get("key", "")), str(item.get("message", "")))
            for item in error.extra
        ]
    translated = kind(
        "" if error.status_code == NotFoundError.status else str(error.detail),
        refusals=refusals,
    )
    translated.status = error.status_code
    translated.headers = dict(error.headers or {})
    return on_udi_error(request, translated)


def on_database_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """The database does not answer: say so, and when to come back. Whatever else it says is an accident.

    A write that was not acknowledged may have been made.
    """
    if not is_unavailable(error):
        return on_unexpected_error(request, error)
    log.error("database away", error=type(error).__name__)
    reads = request.method in {"GET", "HEAD"}
    refusal = UnavailableError(
        "The database does not answer.",
        remedy=NOTHING_LOST if reads else UNSURE,
        headers={"Retry-After": "30"},
    )
    if request.scope["state"].get("territory") is None:
        return render_problem(request, refusal)
    return on_udi_error(request, refusal)


def on_unexpected_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """Anything unforeseen: a page that admits it, a line in the log that says where; a path may hold a secret."""
    route = request.scope.get("path_template", "")
    log.error("unforeseen", route=route, error=type(error).__name__, exc_info=error)
    return on_udi_error(
        request, InternalServerError("Something went wrong on our side.")
    )


def _translator(request: AnyRequest) -> Any:
    return request.app.state.site.pages.translator(request)


def _fill(text: str, values: dict[str, Any]) -> str:
    if values:
        return text % values
    return text


def form_errors(request: AnyRequest, error: UdiError | None) -> dict[str, str]:
    """What is wrong with each field of a form, and what to do, in the reader's language."""
    entries = [
        describe_refusal(refusal, _translator(request))
        for refusal in (error.refusals if error else ())
    ]
    return {
        entry.get("field", ""): " ".join(
            entry[part] for part in ("reason", "remedy") if part in entry
        )
        for entry in entries
    }


def describe_refusal(refusal: Refusal, say: Any) -> dict[str, str]:
    """What is wrong with a field, with the words in the reader's language; a part that is empty is left out."""
    reason, remedy = (
        _fill(say(words), dict(refusal.values))
        for words in (refusal.reason, refusal.remedy)
    )
    entry = {
        "field": refusal.field,
        "reason": reason,
        "remedy": remedy,
        "code": refusal.code,
    }
    return {key: value for key, value in entry.items() if value}


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    UdiError: on_udi_error,
    HTTPException: on_http_exception,
    SQLAlchemyError: on_database_error,
    asyncpg.PostgresError: on_database_error,
    ConnectionError: on_database_error,
    TimeoutError: on_database_error,
    Exception: on_unexpected_error,
}
