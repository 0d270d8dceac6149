"""Pages made to stand in those of others: for nobody in particular, without cookie or script, in the language that the address names."""

from typing import Any

from litestar import Response
from markupsafe import escape

from udi.kit.errors import RenamedError, UdiError
from udi.kit.tenancy import Territory
from udi.ui.dependencies import AnyRequest
from udi.ui.errors import on_udi_error
from udi.ui.locale import LANGUAGES, choose_language
from udi.ui.middleware import content_security_policy
from udi.ui.site import render

LANGUAGE = "lang"
"""The parameter of an address that says the language."""
CACHE_CONTROL = "public, max-age=300"
LINE = '<iframe src="{}" title="{}" width="100%" height="{}" loading="lazy" style="border:0"></iframe>'


def iframe_html(address: str, title: str, height: int) -> str:
    """The line of HTML that puts a page of ours into one of others; `height` in pixels."""
    return LINE.format(escape(address), escape(title), height)


def language_of(request: AnyRequest) -> str:
    """The language that the address asks for; empty without, or where we do not speak it."""
    language = request.query_params.get(LANGUAGE) or ""
    if language in LANGUAGES:
        return language
    return ""


def render_embedded(
    request: AnyRequest,
    territory: Territory | None,
    template: str,
    *,
    status: int = 200,
    **context: Any,
) -> Response[str]:
    """A page that any other may frame, the same for everybody, in the language of its address."""
    state = request.scope["state"]
    state["actor"] = None
    offered = territory.languages if territory else ()
    state["locale"] = choose_language(
        language_of(request), request.headers.get("accept-language", ""), offered
    )
    page = render(request, template, status=status, **context)
    page.headers["Content-Security-Policy"] = content_security_policy((), framed=True)
    page.headers["Vary"] = "Accept-Language"
    page.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if status < 400:  # noqa: PLR2004 - what was refused may be there later
        page.headers["Cache-Control"] = CACHE_CONTROL
    return page


def on_embedded_error(request: AnyRequest, error: UdiError) -> Response[Any]:
    """A refusal that is read inside the frame; a former name leads to the present one."""
    if isinstance(error, RenamedError):
        return on_udi_error(request, error)
    territory: Territory | None = request.scope["state"].get("territory")
    page = render_embedded(
        request, territory, "ui/embedded-error.html", status=error.status, error=error
    )
    page.headers.update(error.headers)
    return page
