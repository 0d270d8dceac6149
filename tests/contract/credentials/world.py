"""A territory in which one identifier names everything: a credential is held back by its kind, and by nothing else."""

import shutil
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc import jwt
from litestar import Litestar

from tests import stage, visitors
from tests.contract.node import Issuer, trusted_key
from tests.node.agreements.granting import METERS
from tests.node.producer import SLUG, Producer
from tests.portal.access.policies import POLICY
from tests.portal.catalogue.corpus import open_catalogue
from tests.service_overrides import ServiceOverrides, overridden_services
from tests.sign_in import sign_in
from tests.visitors import browse, make_person
from udi.cli.archive import signature
from udi.cli.journal_files import JOURNAL
from udi.kit import login_attempts
from udi.kit.agent_tokens import (
    AGENT_TOKEN,
    agent_client_id,
    agent_scope,
    resource_of,
)
from udi.kit.budgets import RateLimit
from udi.kit.clock import now
from udi.kit.identity import Actor
from udi.kit.keyring import FILE_KEYS
from udi.kit.keys import SIGNER, Signer
from udi.kit.oidc import CLIENT_SECRET, Login, node_client_id
from udi.kit.rates import RateLimiter
from udi.kit.sessions import SESSION, SESSIONS
from udi.kit.signed_ids import sign_id
from udi.kit.tenancy import Territory, space_context
from udi.kit.tokens import IssuerKeys
from udi.node import app as node
from udi.node import site as node_parts
from udi.node.agreements.actions import store_agreement
from udi.node.agreements.documents import SignedAgreement
from udi.node.agreements.models import HeldConsent
from udi.node.datasets.exchange.portal import PORTAL_KEYS
from udi.node.files.delivery.signed_urls import sign_path
from udi.node.manager.tokens import make_token as make_manager_token
from udi.node.spaces.actions import apply_space
from udi.node.spaces.keys import make_key
from udi.node.spaces.models import Space
from udi.node.subject_requests.dossiers.signing import DOSSIER, make_node_signer
from udi.node.subject_requests.identity import SUBJECT_AREA, SUBJECT_SESSIONS
from udi.node.subject_requests.portal_sync.tickets import (
    TICKET_COOKIE,
    name_ticket_cookie,
)
from udi.node.tables.requests import RATES
from udi.portal import app as portal
from udi.portal import site as portal_parts
from udi.portal.access.models import AccessDraft
from udi.portal.dataspace.connectors import ConnectorInput, add_connector
from udi.portal.identity.credentials.tokens import SCOPES
from udi.portal.identity.credentials.tokens import make_token as make_api_token
from udi.portal.nodes.actions.invite import invite_node
from udi.portal.nodes.actions.register import register_node
from udi.portal.nodes.sources.feeds import FEED
from udi.portal.notifications.tokens import UNSUBSCRIBE
from udi.portal.notifications.webhooks.signatures import new_secret
from udi.portal.organisations.actions import apply_organisation
from udi.portal.projects.models import Project
from udi.portal.projects.suggestions.tokens import SUGGESTIONS_OFF
from udi.portal.tenants import budgets
from udi.protocol.agreement import (
    AGREEMENT_STATUS_TYPE,
    AGREEMENT_TYPE,
    PROJECT_CREDENTIAL,
    Agreement,
    AgreementCredential,
    AgreementStatus,
    AgreementValidity,
    Party,
    fingerprint,
    write_agreement,
    write_agreement_status,
)
from udi.protocol.consent import (
    CONSENT_FRESHNESS_TYPE,
    CONSENT_RECEIPT_TYPE,
    CONSENT_STATUS_TYPE,
    ConsentState,
)
from udi.protocol.credentials import (
    AGREEMENT,
    CONFIRMATION,
    CONSENT_LINK,
    READING,
    REPORT,
    SPACE,
    SUBJECT_TICKET,
    TABLE_READING,
)
from udi.protocol.node_registration import ClientCredentials as NodeCredential
from udi.protocol.node_registration import NodeCredentials
from udi.protocol.policy import Requester
from udi.protocol.subject_requests import SubjectRight
from udi.protocol.subject_tickets import SubjectTicket, write_ticket_claims
from udi.protocol.terms import Purpose, Terms
from udi.settings import Settings
from udi.ui.login import cookie_name
from udi.ui.rate_limits import API_RATES, ApiRateLimiters
from udi.ui.site import Site

RESTRICTED = 7
"""The line of the corpus that is restricted."""
TICKET = SubjectTicket(
    producer=SLUG,
    right=SubjectRight.ACCESS,
    number="7F3K-2M",
    country="FR",
    time_zone="Europe/Paris",
    language="fr",
    officer=False,
)
Mint = Callable[[str], Awaitable[str]]
"""Makes a credential for an address (`program METHOD path`), new where it works once."""


@dataclass
class World:
    """Both programs, a territory, and what makes each kind of credential."""

    portal: Site
    node: Site
    apps: dict[str, Litestar]
    territory: Territory
    thing: UUID
    login: Login
    actor: Actor
    issuer: Issuer
    texts_by_kind: dict[str, str]
    """What is made once: a text by the kind."""

    @property
    def mints(self) -> dict[str, Mint]:
        """By the name of the kind."""
        once = {name: self._keep(text) for name, text in self.texts_by_kind.items()}
        signed = {
            kind.typ: self._sign(kind)
            for kind in (
                REPORT,
                SPACE,
                AGREEMENT,
                READING,
                SUBJECT_TICKET,
                TABLE_READING,
                CONSENT_LINK,
            )
        }
        return {
            **once,
            **signed,
            "udi-manager+jwt": self._manager_token,
            "session at the portal": self._session(self.portal),
            "session at the node": self._session(self.node),
            "session of a reader of answers": self._subject_session,
            "invitation of a node": self._invitation,
            "state of a login": self._login_state,
            "signed address": self._signed_address,
            "logout token": self._logout_token,
            "access token of a machine": self._machine_token,
        }

    def _keep(self, text: str) -> Mint:
        async def give(_address: str) -> str:
            return text

        return give

    def _sign(self, kind: Any) -> Mint:
        async def give(_address: str) -> str:
            signer: Signer = self.portal.services[SIGNER]
            audience = self.territory.links["node"]
            return signer.sign(
                kind,
                subject=str(self.thing),
                issuer=self.territory.origin,
                audience=audience,
                further_claims=write_ticket_claims(TICKET)
                if kind is SUBJECT_TICKET
                else None,
            )

        return give

    def _session(self, site: Site) -> Mint:
        async def give(_address: str) -> str:
            return await sign_in(site.services[SESSIONS], self.territory, self.login)

        return give

    async def _subject_session(self, _address: str) -> str:
        sessions = self.node.services[SUBJECT_SESSIONS]
        token: str = await sessions.log_in(self.territory, self.login)
        return token

    async def _manager_token(self, _address: str) -> str:
        ring = self.node.services[FILE_KEYS]()
        return make_manager_token(
            ring, self.territory.id, UUID(self.texts_by_kind["id of the key"])
        )

    async def _invitation(self, _address: str) -> str:
        name = f"{self.territory.slug}-node-invited"
        credential = NodeCredential(client_id=name, secret="x" * 40)
        async with self.portal.database.session(self.territory.id) as session:
            return await invite_node(
                session, slug="invited", name="Invited", url="https://invited.example", organisations=[self.thing],
                credentials=NodeCredentials(push=credential, login=credential),
            )  # fmt: skip

    async def _login_state(self, _address: str) -> str:
        return login_attempts.begin_attempt(
            self.texts_by_kind["key of a login"], "/"
        ).state

    async def _signed_address(self, address: str) -> str:
        path = address.split(" ")[2]
        return sign_path(
            self.node.services[FILE_KEYS](), self.territory.id, path
        ).partition("?")[2]

    async def _machine_token(self, _address: str) -> str:
        return self.issuer.token(
            node_client_id(self.territory.slug, "north"), self.territory.origin
        )

    async def _logout_token(self, address: str) -> str:
        program = address.partition(" ")[0]
        claims = {
            "iss": self.issuer.url, "aud": f"{self.territory.slug}-{program}", "iat": int(time.time()),
            "exp": int(time.time()) + 120, "jti": str(uuid.uuid4()), "sub": str(uuid.uuid4()),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }  # fmt: skip
        key = self.issuer._key
        return jwt.encode(
            {"alg": "RS256", "kid": key.kid, "typ": "logout+jwt"}, claims, key
        )


@dataclass(frozen=True)
class Programs:
    """Both programs, and the issuer that they trust; made once for the tests of a file."""

    settings: Settings
    sites: dict[str, Site]
    apps: dict[str, Litestar]
    issuer: Issuer


@asynccontextmanager
async def start_programs(settings: Settings, folder: Path) -> AsyncIterator[Programs]:
    """Make programs of their own: their budgets are not to be met, and the metrics have a token."""
    secrets = Path(shutil.copytree(settings.secrets_folder, folder / "secrets"))
    (secrets / "metrics_token").write_text("metrics-" + SESSION.generate())
    program_settings = settings.model_copy(update={"secrets": secrets, "state": folder})
    sites = {
        "portal": portal_parts.build_site(program_settings),
        "node": node_parts.build_site(program_settings),
    }
    apps = {
        "portal": portal.create(sites["portal"]),
        "node": node.create(sites["node"]),
    }
    issuer = Issuer(sites["portal"].services[SESSIONS].service.issuer, trusted_key())
    async with AsyncExitStack() as stack:
        for name, site in sites.items():
            visitors.freshen(site.registry)
            stack.push_async_callback(visitors.set_apart(site).close)
            site.services[SESSIONS].service.keys = IssuerKeys(issuer.published)
            stack.push_async_callback(visitors.shut_down, apps[name])
        for budget in (
            rate_limit
            for rate_limit in vars(budgets).values()
            if isinstance(rate_limit, RateLimit)
        ):
            stack.callback(object.__setattr__, budget, "limit", budget.limit)
            object.__setattr__(budget, "limit", 10**9)
        ServiceOverrides(sites["portal"].services)[API_RATES] = ApiRateLimiters(
            RateLimiter("api", 10**8), RateLimiter("api", 10**8)
        )
        ServiceOverrides(sites["node"].services)[RATES] = RateLimiter("tables", 10**8)
        yield Programs(program_settings, sites, apps, issuer)


@asynccontextmanager
async def build(programs: Programs, *, moderator: bool = True) -> AsyncIterator[World]:
    """Make a territory of its own at both programs; services that a test replaces come back after it."""
    sites = programs.sites
    databases = [site.database for site in sites.values()]
    async with AsyncExitStack() as stack:
        for site in sites.values():
            stack.enter_context(overridden_services(site.services))
        territory = await stage.add_territory(databases, programs.settings, "kinds")
        stack.push_async_callback(stage.remove_territory, databases, territory.id)
        yield await _furnish(
            stack,
            programs.settings,
            sites,
            programs.apps,
            territory,
            programs.issuer,
            moderator=moderator,
        )


async def _furnish(
    stack: AsyncExitStack, settings: Settings, sites: dict[str, Site], apps: dict[str, Litestar], territory: Territory,
    issuer: Issuer, *, moderator: bool,
) -> World:  # fmt: skip
    someone = make_person(
        territory,
        moderator=moderator,
        memberships={SLUG: ["managers"], "armor": ["managers"]},
    )
    login = replace(someone, issuer=issuer.url)
    organisation = uuid.uuid4()
    async with sites["node"].database.session(territory.id, role="owner") as session:
        space = await apply_space(
            session,
            slug=SLUG,
            organisation_id=organisation,
            name="Mairie",
            email="m@example.org",
            quota_bytes=10**6,
        )
    signer: Signer = sites["portal"].services[SIGNER]
    sites["node"].services[PORTAL_KEYS]._cached_keys[territory.origin] = (
        signer.public_keys(),
        time.monotonic(),
    )
    client = await stack.enter_async_context(browse(apps["node"], territory, login))
    producer = Producer(client)
    thing = UUID(
        await producer.publish(
            await producer.draft(METERS, "compteurs.csv"), access="restricted"
        )
    )
    actor = await visitors.enter(sites["portal"], territory, login=login)
    node_session = await visitors.enter(sites["node"], territory, login=login)
    credentials = {
        **await _at_node(sites["node"], territory, space, thing, signer, node_session),
        **await _at_portal(
            sites["portal"], apps["portal"], territory, thing, login, actor
        ),
        **_elsewhere(settings, issuer, territory, login),
    }
    return World(
        sites["portal"],
        sites["node"],
        apps,
        territory,
        thing,
        login,
        actor,
        issuer,
        credentials,
    )


async def _at_node(
    site: Site,
    territory: Territory,
    space: Space,
    thing: UUID,
    signer: Signer,
    maker: Actor,
) -> dict[str, str]:
    audience = territory.links["node"]
    secret = PROJECT_CREDENTIAL.generate()
    moment = now()
    later = moment.replace(year=moment.year + 1, day=1)
    agreement = Agreement(
        id=thing, dataset=thing, dataset_title="Compteurs", project=thing, project_title="Îlots frais",
        purpose=Purpose.RESEARCH, terms=Terms(purposes=(Purpose.RESEARCH,)),
        provider=Party(kind=Requester.PUBLIC_BODY, id=thing, name="Mairie"),
        requester=Party(kind=Requester.RESEARCH, id=thing, name="Laboratoire"), starts_at=moment, ends_at=later,
        text={"fr": "Texte.", "en": "Text."}, page=f"{territory.origin}/agreements/{thing}",
    )  # fmt: skip
    parties = {"issuer": territory.origin, "audience": audience}
    document = signer.sign_document(
        write_agreement(agreement), kind=AGREEMENT_TYPE, **parties
    )
    credential = AgreementCredential(
        id=thing, sha256=fingerprint(secret), expires_at=later
    )
    standing = AgreementStatus(
        agreement=thing, agreement_sha256=fingerprint(document), revision=1, state=AgreementValidity.ACTIVE,
        credentials=(credential,),
    )  # fmt: skip
    status_document = signer.sign_document(
        write_agreement_status(standing), kind=AGREEMENT_STATUS_TYPE, **parties
    )
    with space_context(None):
        async with site.database.session(territory.id) as session:
            await store_agreement(
                session, SignedAgreement(agreement, standing, document, status_document)
            )
            session.add(
                HeldConsent(
                    id=thing,
                    agreement_id=thing,
                    dataset_id=thing,
                    document="",
                    revision=1,
                    state=ConsentState.GIVEN,
                    expires_at=later,
                )
            )
            key, token = await make_key(
                session, maker, space, name="script", datasets=None, expires_at=None
            )
    evidence = {
        kind.typ: signer.sign_document({}, kind=kind, **parties)
        for kind in (CONSENT_STATUS_TYPE, CONSENT_RECEIPT_TYPE, CONSENT_FRESHNESS_TYPE)
    }
    return {
        **evidence,
        "udi-agreement+jwt": document, "udi-agreement-status+jwt": status_document, "project credential": secret, "key of a space": token,
        "id of the key": str(key.id),
    }  # fmt: skip


async def _at_portal(
    site: Site,
    app: Litestar,
    territory: Territory,
    thing: UUID,
    login: Login,
    actor: Actor,
) -> dict[str, str]:
    catalogue = await open_catalogue(site.database, territory)
    await catalogue.add(RESTRICTED, global_id=str(thing))
    async with browse(app, territory, login) as client:
        answer = await client.post(
            f"/data/{thing}/access-policy/edit", data=POLICY | {"revision": "0"}
        )
        assert answer.status_code == 303, answer.text
    async with site.database.session(territory.id, person=actor.person_id) as session:
        await apply_organisation(
            session,
            id=thing,
            slug=SLUG,
            name="Mairie",
            summary={},
            email="m@example.org",
        )
        await register_node(
            session, slug="north", name="North", url=territory.links["node"],
            client_id=node_client_id(territory.slug, "north"), organisations=[thing],
        )  # fmt: skip
        project = Project(
            id=thing, title="Îlots frais", summary="x", language="fr", leader_id=actor.person_id, created_at=now(),
            changed_at=now(),
        )  # fmt: skip
        session.add(project)
        session.add(
            AccessDraft(
                id=thing,
                dataset_id=thing,
                form_values={"words": "Le texte du brouillon."},
                started_at=now(),
            )
        )
        await session.flush()
        _, api_token = await make_api_token(
            session, actor, name="program", scopes=SCOPES, days=30
        )
        described = ConnectorInput(
            name="Machine", participant="urn:machine", address="https://machine.example", purpose="research",
            words="Pour voir.",
        )  # fmt: skip
        _, connector = await add_connector(session, actor, project, described)
    sealed = {
        kind.name: sign_id(
            site.settings.derived_key("portal", kind.purpose), territory.id, thing
        )
        for kind in (UNSUBSCRIBE, SUGGESTIONS_OFF, FEED)
    }
    return {
        **sealed, "token of a person": api_token, "connector of a project": connector, "address of a draft": str(thing),
        "secret of a webhook": new_secret(), "token of the metrics": site.settings.secret("metrics_token"),
    }  # fmt: skip


def _elsewhere(
    settings: Settings, issuer: Issuer, territory: Territory, login: Login
) -> dict[str, str]:
    """What opens nothing here, or is given by the identity service."""
    client = f"{territory.slug}-portal"
    person = {"sub": login.subject, "sid": str(uuid.uuid4()), "client_id": None}
    origin = territory.links["node"]
    document, _ = signature.sign_manifest(settings, "0" * 64, territory.slug)
    return {
        "udi-archive": str(document["jws"]),
        JOURNAL.typ: Signer.from_file(
            settings.get_secret_path("signing_keys")
        ).sign_document({}, kind=JOURNAL, issuer=origin, audience=origin),
        DOSSIER.typ: make_node_signer(settings).sign_document(
            {}, kind=DOSSIER, issuer=origin, audience=origin
        ),
        "key of a login": login_attempts.new_key(),
        CONFIRMATION.name: CONFIRMATION.generate(),
        TICKET_COOKIE.name: TICKET_COOKIE.generate(),
        "secret of a client": CLIENT_SECRET.generate(),
        "identity token": issuer.token(client, client, **person, typ="ID"),
        "access token of a person": issuer.token(client, territory.origin, **person),
        AGENT_TOKEN.name: issuer.token(
            agent_client_id(territory.slug),
            resource_of(territory.origin),
            scope=agent_scope(client),
            **person,
        ),
    }


def cookies(world: World, program: str, text: str) -> dict[str, str]:
    """A credential as each of the cookies that a program reads."""
    origin = world.territory.links[program]
    return {
        cookie_name(origin): text,
        cookie_name(origin, "udi-login"): text,
        cookie_name(origin, SUBJECT_AREA.cookie): text,
        cookie_name(origin, name_ticket_cookie(world.thing)): text,
        "consoleToken": text,
    }
