"""People who joined their first organisation after they logged in: the next page passes by the identity service.

It knows the browser and asks nothing: the organisation is there without a new login.
"""

from urllib.parse import quote, urlsplit

from udi.kit.identity import Actor
from udi.kit.sessions import SESSIONS
from udi.kit.tokens import IdentityUnavailableError
from udi.ui.dependencies import AnyRequest

NODE_PATHS = ("/spaces", "/inbox")
"""Pages of the node that are for producers; its home page is another."""
LOGIN_PATHS = ("/login", "/logout")


async def find_login(request: AnyRequest) -> str:
    """Where a page leads first, since its reader may have joined an organisation meanwhile; empty: nowhere.

    Programs, scripts of pages (which do not ask for HTML) and pages for everybody at the node stay as they are, and so does
    everything while the identity service does not answer.
    """
    state = request.scope["state"]
    actor: Actor | None = state.get("actor")
    if actor is None or not actor.login_due or not _is_page(request):
        return ""
    if request.url.hostname != urlsplit(state["login_scope"].origin).hostname:
        return ""
    sessions = request.app.state.site.services[SESSIONS]
    try:
        await sessions.service.keys.refresh()
    except IdentityUnavailableError:
        return ""
    address = request.url.path
    if request.url.query:
        address += f"?{request.url.query}"
    return f"/login?again=true&back={quote(address, safe='/')}"


def _is_page(request: AnyRequest) -> bool:
    path = request.scope["path"]
    if request.method != "GET" or path.startswith(LOGIN_PATHS):
        return False
    if request.app.state.site.program == "node":
        is_for_producers = path == "/" or path.startswith(NODE_PATHS)
    else:
        is_for_producers = True
    return is_for_producers and "text/html" in request.headers.get("accept", "")
