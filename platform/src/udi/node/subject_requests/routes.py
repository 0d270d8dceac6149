"""The addresses of this domain, and what only web workers have of it."""

from udi.kit.identity import Actor
from udi.node.agreements.lender_login import LENDER_LOGIN
from udi.node.subject_requests.identity import SubjectLoginDueError
from udi.node.subject_requests.lending import LENDER_PAGES
from udi.node.subject_requests.pages import (
    lending_pages,
    login_pages,
    own_rows_pages,
    paper_pages,
    person_pages,
    producer_pages,
)
from udi.node.subject_requests.pages.producer_pages import REQUESTS_PATH
from udi.node.subject_requests.pages.unsent_words import lead_to_login
from udi.ui.dependencies import AnyRequest, Routes
from udi.ui.site import NAVIGATION, REFUSALS, Site


def list_navigation(site: Site, request: AnyRequest) -> list[tuple[str, str]]:
    """The way to requests, for those who manage an organisation."""
    actor: Actor | None = request.scope["state"].get("actor")
    if actor is None or not any(map(actor.may_manage, actor.memberships)):
        return []
    say = site.pages.translator(request)
    return [(say("Requests"), REQUESTS_PATH)]


def provide_web_services(site: Site) -> None:
    """The entry of the menu, and the login of those who bring a number for what they lend."""
    if site.settings.takes_subject_requests:
        site.services.contribute(NAVIGATION, list_navigation)
        site.services.contribute(LENDER_LOGIN, LENDER_PAGES)
        site.services.contribute(REFUSALS, (SubjectLoginDueError, lead_to_login))


def list_routes(site: Site) -> Routes:
    """The addresses; a producer's own node that was given no client for people who ask takes none."""
    if not site.settings.takes_subject_requests:
        return []
    return [
        *login_pages.routes,
        *person_pages.routes,
        *producer_pages.routes,
        *paper_pages.routes,
        *lending_pages.routes,
        *own_rows_pages.routes,
    ]
