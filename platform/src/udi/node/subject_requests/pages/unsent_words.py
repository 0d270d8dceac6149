"""Words of a form that could not be taken yet: they come back in a page, to be sent again once somebody logged in."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.response import Redirect

from udi.node.files.restricted import PRIVATE
from udi.node.subject_requests.identity import (
    SUBJECT_AREA,
    SubjectLoginDueError,
)
from udi.protocol.subject_tickets import SUBJECT_REQUESTS_PATH
from udi.ui.dependencies import AnyRequest
from udi.ui.middleware import content_security_policy, list_form_targets
from udi.ui.site import render

WORDS = ("concerns", "known_by", "words", "text")
"""The fields of a person's forms that hold what they wrote."""
WITH_FILE = ("/new", "/messages")
"""Ends of addresses whose form has a file."""


def lead_to_login(request: AnyRequest, error: SubjectLoginDueError) -> Response[Any]:
    """The way to the login, and back; what was written comes back first, in a page that sends it again.

    A form of another site comes without cookies, and its words are not shown.
    """
    address = _login_address(error.back, fresh=error.fresh)
    if has_words(error.values) and "cookie" in request.headers:
        aside = _login_address(SUBJECT_REQUESTS_PATH, fresh=error.fresh)
        return render_unsent(request, error.values, login=aside)
    return Redirect(address, status_code=303, headers={"Cache-Control": "no-store"})


def _login_address(back: str, *, fresh: bool) -> str:
    options = "fresh=true&" if fresh else ""
    return f"{SUBJECT_AREA.login_path}?{options}back={quote(back, safe='/')}"


def has_words(values: Mapping[str, str]) -> bool:
    """Whether somebody wrote anything in a form."""
    return any(values.get(name) for name in WORDS)


def render_unsent(
    request: AnyRequest, values: Mapping[str, str], *, login: str = ""
) -> Response[str]:
    """The words of a form with a button that sends them again; first comes the login, or else a new ticket."""
    portal = request.scope["state"]["territory"].links["portal"]
    page = render(
        request,
        "subject_requests/unsent.html",
        status=403,
        words={name: values[name] for name in WORDS if values.get(name)},
        ticket=values.get("ticket", ""),
        action=request.url.path,
        takes_file=request.url.path.endswith(WITH_FILE),
        login=login,
        portal=portal,
    )
    page.headers.update(PRIVATE)
    targets = [*list_form_targets(request), portal]
    page.headers["Content-Security-Policy"] = content_security_policy(targets)
    return page
