"""The frame of both programs: territory by host, who asks, language, safe headers, errors in plain words."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import structlog
from litestar import Litestar, Response, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler, Guard
from pydantic_settings import BaseSettings
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.call_process import CallProcess, DelegatedClient
from udi.kit.db import Database
from udi.kit.emails import Email
from udi.kit.errors import NotFoundError, UnauthenticatedError
from udi.kit.http import OutgoingClient
from udi.kit.identity import Actor
from udi.kit.jobs import Job, enqueue_each
from udi.kit.mail_ids import mail_key, sign_mail_id
from udi.kit.mail_relay import (
    REFUSED_ADDRESSES,
    AddressRefusedError,
    EmailError,
    MailRelay,
    send_email,
)
from udi.kit.service_registry import Hook, Services
from udi.kit.tenancy import INSTALLATION_ID, INSTALLATION_SLUG, Territory
from udi.kit.territories import TerritoryColumns, TerritoryRegistry
from udi.settings import ProgramName, Role, Settings
from udi.ui import problems
from udi.ui.body_timeout import BodyTimeoutMiddleware
from udi.ui.compression import CompressionMiddleware
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Visitor
from udi.ui.domains import Domain, call_each, list_domains, list_locales
from udi.ui.emails import EmailRenderer
from udi.ui.errors import EXCEPTION_HANDLERS
from udi.ui.forms import FormRequest
from udi.ui.locale import LANGUAGES, SOURCE
from udi.ui.logo_pictures import LogoPictures
from udi.ui.metrics import Metrics
from udi.ui.middleware import FRAME, put_headers
from udi.ui.openapi.document import StructReferencePlugin
from udi.ui.pages import PageRenderer
from udi.ui.request_log import RequestLogMiddleware
from udi.ui.request_targets import RequestTargetMiddleware
from udi.ui.routes import common_routes

Navigation = Callable[["Site", AnyRequest], Sequence[tuple[str, str]]]
OwnNavigation = Callable[["Site", AnyRequest, Territory], Sequence[tuple[str, str]]]
FindActor = Callable[[AnyRequest], Awaitable[Actor | None]]
log = structlog.get_logger()
ONE_MAIL = "mail"
"""In the payload of a job: the one mail that it is for, by its identifier."""
MakeClient = Callable[[Sequence[str]], OutgoingClient]
BeforeRequest = Callable[[AnyRequest], Awaitable[Any]]
Refusal = tuple[type[Exception] | int, Callable[[AnyRequest, Any], Response[Any]]]
GUARDS = Hook[Guard]("guards")
"""Look at every request."""
BEFORE_REQUEST = Hook[BeforeRequest]("before a request")
"""May answer a request of a domain instead of its handler."""
REFUSALS = Hook[Refusal]("refusals")
"""How the exceptions of a domain are answered, in the requests of every domain."""
NAVIGATION = Hook[Navigation]("navigation")
"""Entries of the main menu, after those of the program itself."""
MAX_FORM = 1024 * 1024
DomainSettings = TypeVar("DomainSettings", bound=BaseSettings)


@dataclass
class Site:
    """One program: what it is made of, shared by every request (`request.app.state.site`)."""

    program: ProgramName
    settings: Settings
    database: Database
    registry: TerritoryRegistry
    make_client: MakeClient
    """A client of other machines, which private ones among these hosts are open to."""
    domains: Sequence[Domain]
    locales: Sequence[Path]
    """Folders of translations of the program itself."""
    find_actor: FindActor
    own_navigation: OwnNavigation
    """Entries of the main menu of the program itself."""
    form_targets: Sequence[str] = ()
    """Origins that a form or its redirect may reach, besides this one (Keycloak)."""
    confined: bool = False
    """Whether a request is kept to the spaces of who asks, by the database."""
    services: Services = field(default_factory=Services)
    """What domains provide to each other for the life of the process (search index, object store, signer)."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of every response, made for the first one."""
    metrics: Metrics = field(default_factory=Metrics)
    outgoing: OutgoingClient = field(init=False)
    """The client of nodes and portals."""
    pages: PageRenderer = field(init=False)
    emails: EmailRenderer = field(init=False)
    logo_pictures: LogoPictures = field(init=False)
    domain_settings: dict[type[BaseSettings], BaseSettings] = field(init=False)
    """What domains declared and the environment sets, by class (`settings_of`)."""

    def settings_of(self, settings_class: type[DomainSettings]) -> DomainSettings:
        """Return the settings that a domain declared.

        Raises:
            KeyError: no domain of this program did.
        """
        settings = self.domain_settings[settings_class]
        assert isinstance(settings, settings_class)  # noqa: S101 - kept by its class
        return settings

    @cached_property
    def installation(self) -> Territory:
        """The installation itself, as the scope of the logins of its operators."""
        host = self.settings.installation_host
        return Territory(
            id=INSTALLATION_ID,
            slug=INSTALLATION_SLUG,
            name={SOURCE: "Urban Data Interface"},
            tagline={},
            languages=tuple(LANGUAGES),
            hosts=(host,),
            origin=self.settings.origin("portal", host),
            contact="",
        )

    def __post_init__(self) -> None:
        self.outgoing = self.make_client(self.settings.private_hosts)
        self.pages = PageRenderer(
            {domain.name: domain.folder / "templates" for domain in self.domains},
            [*self.locales, *list_locales(self.domains)],
        )
        self.emails = EmailRenderer(self.pages, self.settings)
        self.logo_pictures = LogoPictures(self.registry)
        declared = [
            domain.read_settings() for domain in self.domains if domain.settings
        ]
        self.domain_settings = {type(settings): settings for settings in declared}

    def navigation(self, request: AnyRequest) -> list[tuple[str, str]]:
        """The main menu: what the program and its domains offer; nothing on the installation's own host."""
        territory: Territory | None = request.scope["state"].get("territory")
        if territory is None:
            return []
        entries = list(self.own_navigation(self, request, territory))
        for list_entries in self.services.contributions(NAVIGATION):
            entries += list_entries(self, request)
        return entries

    async def send_email(self, territory: Territory, mail: Email) -> bool:
        """Hand a mail of a territory to the relay; whether it took it. One whose address is refused for good, or that has
        none (its reader deleted their account), is left, with a line in the log.

        Raises:
            EmailError: the relay did not take it; the job that sends it is tried again.
        """
        if not mail.to:
            log.info("mail left, nobody reads it any more", mail=mail.id)
            return False
        refused = self.services.find(REFUSED_ADDRESSES)
        if refused and await refused.is_refused(territory.id, mail.to):
            log.info("mail left, its address refuses mails", mail=mail.id)
            return False
        signed_id = sign_mail_id(
            mail_key(self.settings, self.program), mail.id, mail.to
        )
        mail = replace(mail, id=signed_id)
        if mail.shows_logo:
            logo = await self.logo_pictures.find_mail_logo(territory)
            mail = replace(mail, logo=logo)
        try:
            await send_email(mail, MailRelay.from_settings(self.settings))
        except AddressRefusedError as refusal:
            log.warning(
                "address refused",
                territory=territory.slug,
                mail=mail.id,
                code=refusal.code,
            )
            if refused:
                await refused.note_refusal(territory.id, mail.to)
            return False
        except EmailError as error:
            log.warning("mail not taken", mail=mail.id, fault=str(error))
            raise
        if refused:
            await refused.note_delivery(territory.id, mail.to)
        return True

    async def send_emails(
        self, territory: Territory, job: Job, mails: Sequence[Email]
    ) -> None:
        """Send the mails of a job: one at once, several by a job for each, so that a fault sends none twice.

        Raises:
            EmailError: the relay did not take it; the job is tried again.
        """
        only = job.payload.get(ONE_MAIL)
        if only is not None:
            mails = [mail for mail in mails if mail.id == only]
        if len(mails) > 1:
            payloads = [{**job.payload, ONE_MAIL: mail.id} for mail in mails]
            async with self.database.session(territory.id, role="worker") as session:
                await enqueue_each(session, job.name, payloads)
            return
        for mail in mails:
            await self.send_email(territory, mail)


def assemble_site(
    program: ProgramName,
    settings: Settings,
    territory_table: type[TerritoryColumns],
    *,
    pages: bool,
    **parts: Any,
) -> Site:
    """A program of the domains that are found, for web workers (`pages`) or for the worker; `parts` are fields of `Site`."""
    database = Database(settings, program, pages=pages)
    calls = CallProcess()

    def make_client(hosts: Sequence[str]) -> OutgoingClient:
        if pages:
            return DelegatedClient(hosts, calls)
        return OutgoingClient(hosts)

    registry = TerritoryRegistry(
        database, territory_table, lambda host: settings.origin(program, host)
    )
    site = Site(
        program=program,
        settings=settings,
        database=database,
        registry=registry,
        make_client=make_client,
        domains=list_domains(program),
        form_targets=(settings.keycloak_url,),
        **parts,
    )
    return provide_services(site, pages=pages)


def provide_services(site: Site, *, pages: bool) -> Site:
    """Have every domain provide its services, those for web workers (`pages`) or those for the worker; return the site."""
    call_each([domain.services for domain in site.domains], site)
    if pages:
        call_each([domain.web_services for domain in site.domains], site)
    else:
        call_each([domain.worker_services for domain in site.domains], site)
    return site


def site_of(request: AnyRequest) -> Site:
    """The program that answers this request."""
    site: Site = request.app.state.site
    return site


def render(
    request: AnyRequest,
    template: str,
    *,
    status: int = 200,
    **context: Any,
) -> Response[str]:
    """An HTML page in the reader's language; `template` is "<domain>/<page>.html"."""
    return site_of(request).pages.render(request, template, status=status, **context)


async def provide_territory(
    request: AnyRequest,
    actor: Visitor,  # noqa: ARG001 - so that it comes after the actor
) -> Territory:
    """The territory of the host.

    Litestar makes a group of tasks for what may be provided at the same time, which takes longer than both.

    Raises:
        NotFoundError: the host is the installation's own, which belongs to no territory.
    """
    territory: Territory | None = request.scope["state"].get("territory")
    if territory is None:
        raise NotFoundError(
            "This page belongs to a territory; choose one on the home page."
        )
    return territory


async def provide_login_scope(request: AnyRequest) -> Territory:
    """Where a login of this request counts: the territory of the host, or the installation on its own host.

    Raises:
        NotFoundError: nobody logs in at this host.
    """
    scope: Territory | None = request.scope["state"].get("login_scope")
    if scope is None:
        raise NotFoundError(
            "This page belongs to a territory; choose one on the home page."
        )
    return scope


async def provide_actor(request: AnyRequest) -> Actor | None:
    """Who asks, or None for a passer-by."""
    actor: Actor | None = request.scope["state"].get("actor")
    return actor


async def provide_member(request: AnyRequest) -> Actor:
    """Who asks; a page leads a passer-by to the login first.

    Raises:
        UnauthenticatedError: nobody is logged in.
    """
    actor: Actor | None = request.scope["state"].get("actor")
    if actor is None:
        raise UnauthenticatedError("Log in to see this page.")
    return actor


@asynccontextmanager
async def open_session(
    request: AnyRequest, territory: Territory, actor: Actor | None
) -> AsyncIterator[AsyncSession]:
    """One transaction; a passer-by who only reads uses the role that sees public rows only.

    For handlers that wait for another machine, and may not hold a connection meanwhile.
    """
    reads = request.method in {"GET", "HEAD"}
    role: Role = "public" if actor is None and reads else "app"
    person: UUID | None = actor.person_id if actor else None
    async with site_of(request).database.session(
        territory.id, role=role, person=person
    ) as session:
        yield session


async def provide_session(
    request: AnyRequest, territory: CurrentTerritory, actor: Visitor
) -> AsyncIterator[AsyncSession]:
    """The transaction of `open_session`, for as long as the request."""
    async with open_session(request, territory, actor) as session:
        yield session


def create_app(site: Site, handlers: Routes = ()) -> Litestar:
    """The ASGI application of a program: the handlers of its domains, and these."""

    async def close() -> None:
        await site.services.close()
        await site.outgoing.close()
        await site.database.close()

    routed = Router(
        "/",
        route_handlers=[*list_routes(site), *handlers],
        before_request=_compose_before_request(site),
        exception_handlers=dict(site.services.contributions(REFUSALS)),
    )
    app = Litestar(
        route_handlers=[*common_routes(), *problems.routes, routed],
        dependencies={
            "territory": Provide(provide_territory),
            "login_scope": Provide(provide_login_scope),
            "actor": Provide(provide_actor),
            "member": Provide(provide_member),
            "session": Provide(provide_session),
        },
        guards=list(site.services.contributions(GUARDS)),
        middleware=FRAME,
        before_send=[put_headers],
        exception_handlers=EXCEPTION_HANDLERS,
        on_shutdown=[close],
        state=State({"site": site}),
        openapi_config=None,
        include_in_schema=False,
        plugins=[StructReferencePlugin()],
        logging_config=None,
        request_class=FormRequest,
        request_max_body_size=MAX_FORM,
        debug=False,
    )
    app.asgi_handler = RequestTargetMiddleware(
        RequestLogMiddleware(
            CompressionMiddleware(BodyTimeoutMiddleware(app.asgi_handler)), site
        )
    )
    return app


def list_routes(site: Site) -> list[ControllerRouterHandler]:
    """The handlers of every domain of a program."""
    return [
        handler
        for routes in call_each([domain.routes for domain in site.domains], site)
        for handler in routes
    ]


def _compose_before_request(site: Site) -> BeforeRequest | None:
    """What the domains do before a request: the first that answers it ends it. None where no domain does anything."""
    contributions = site.services.contributions(BEFORE_REQUEST)
    if not contributions:
        return None

    async def before_request(request: AnyRequest) -> Any:
        for contribution in contributions:
            response = await contribution(request)
            if response is not None:
                return response
        return None

    return before_request
