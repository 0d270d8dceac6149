"""Logging in through identity services of others, which a second realm plays: who comes in, as whom, with which groups."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, text, update

from tests.cluster import locked, own_settings
from tests.depth import only
from tests.identity.browser import query_of
from tests.identity.other_services import (
    CLIENT_SECRET,
    Letters,
    OtherRealm,
    TravellingBrowser,
    create_other_realm,
)
from tests.identity.programs import program
from tests.identity.scene import PASSWORD, Scene, provision
from tests.identity.test_second_factor import code_of, enrol
from tests.stage import add_territory
from udi.cli.checks.providers import check_login_providers
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.jobs import Job
from udi.kit.tenancy import Territory
from udi.portal.identity.identity_services.provider_grants import (
    LASTS,
    review_pass,
    task_handlers,
)
from udi.portal.identity.identity_services.provider_logins import REVIEW_PROVIDER_GROUPS
from udi.portal.identity.models import ProviderGrant
from udi.portal.identity.provision.admin import (
    ProvisionChange,
    RealmAdmin,
    connect,
    list_organisation_members,
)
from udi.portal.identity.provision.flows import apply_browser_flow
from udi.portal.identity.provision.memberships import MANAGED, apply_members_account
from udi.portal.identity.provision.provider_checks import check_providers
from udi.portal.identity.provision.providers import (
    apply_providers,
    delete_providers,
    secret_file,
)
from udi.portal.tenants.actions import register_values
from udi.portal.tenants.files import TenantFaultsError, TenantFolder, read_folder
from udi.portal.tenants.models import Tenant
from udi.settings import Settings
from udi.ui.login_theme import client_attributes

DEMO = Path(__file__).parents[2] / "tenants/demo"
TAKE_JOBS = text(
    "DELETE FROM queue.pgqueuer WHERE entrypoint = :name"
    " AND convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :tenant"
    " RETURNING convert_from(payload, 'UTF8')"
)
AGENTS = """
[[login.provider]]
name = "agents"
kind = "proconnect"
issuer = "{issuer}"
client_id = "agents"
groups = [
  {{ claim = "siret", value = "21350238800019", organisation = "mairie", group = "publishers" }},
  {{ claim = "siret", value = "21350238800019", organisation = "seve", group = "publishers" }},
]
"""
INHABITANTS = """
[[login.provider]]
name = "inhabitants"
kind = "franceconnect"
issuer = "{issuer}"
client_id = "inhabitants"
"""
TOWN = """
[[login.provider]]
name = "town"
kind = "oidc"
label = {{ fr = "la Ville", en = "the Town" }}
issuer = "{issuer}"
client_id = "town"
domain = "{domain}"
verified_addresses = true
groups = [{{ claim = "service", value = "data", organisation = "mairie", group = "managers" }}]
"""
DIRECTORY = """
[[login.provider]]
name = "directory"
kind = "saml"
label = {{ fr = "l’annuaire", en = "the directory" }}
issuer = "{issuer}/protocol/saml/descriptor"
groups = [{{ claim = "service", value = "data", organisation = "mairie", group = "publishers" }}]
"""
ORGANISATIONS = {"mairie", "seve"}


@pytest.fixture(scope="module")
def installation(
    keycloak: Settings, run_folder: Path, worker_name: str
) -> Iterator[tuple[Settings, Letters]]:
    """A realm of its own, where rights wait for a second factor, and its letters."""
    with locked(run_folder, "copy"):
        settings = own_settings(run_folder, f"providers_{worker_name}")
    settings = settings.model_copy(update={"second_factor": True})
    letters = Letters()
    controller = Controller(letters, hostname="127.0.0.1", port=settings.smtp_port)
    controller.start()
    yield settings, letters
    controller.stop()


@pytest.fixture(scope="module")
def installation_settings(installation: tuple[Settings, Letters]) -> Settings:
    return installation[0]


@pytest.fixture(scope="module")
def letters(installation: tuple[Settings, Letters]) -> Letters:
    return installation[1]


@pytest.fixture(scope="module")
def own_admin(installation_settings: Settings) -> RealmAdmin:
    connection = connect(installation_settings)
    apply_members_account(connection, installation_settings)
    apply_browser_flow(connection, second_factor=True)
    return connection


@pytest.fixture(scope="module")
def others(own_admin: RealmAdmin) -> OtherRealm:
    return create_other_realm(own_admin, f"others_{own_admin.realm}")


@dataclass
class Stage(Scene):
    """A territory with providers, and who passes through them."""

    settings: Settings = field(kw_only=True)
    database: Database = field(kw_only=True)
    others: OtherRealm = field(kw_only=True)
    letters: Letters = field(kw_only=True)
    folder: Path = field(kw_only=True)

    @property
    def domain(self) -> str:
        """A domain of this territory alone."""
        return f"{self.territory.slug}.example"

    def read(self, providers: str) -> TenantFolder:
        """The files of the territory with these providers."""
        folder = self.folder / self.territory.slug
        shutil.copytree(DEMO, folder, dirs_exist_ok=True)
        toml = (DEMO / "tenant.toml").read_text().partition("[[organisation]]")[0]
        toml = toml.replace('slug = "demo"', f'slug = "{self.territory.slug}"')
        written = providers.format(issuer=self.others.issuer, domain=self.domain)
        (folder / "tenant.toml").write_text(toml + written)
        return read_folder(folder)

    async def apply(self, providers: str) -> list[ProvisionChange]:
        """Make these the providers of the territory, and no other."""
        folder = await asyncio.to_thread(self.read, providers)
        metadata = await check_providers(
            self.admin, self.settings, folder, ORGANISATIONS
        )
        changes = await asyncio.to_thread(
            apply_providers,
            self.admin,
            self.settings,
            folder.slug,
            folder.file.login.provider,
            metadata,
        )
        rows = register_values(folder, self.settings, "portal", {})["login_providers"]
        async with self.database.platform_session(role="owner") as session:
            await session.execute(
                update(Tenant)
                .where(Tenant.id == self.territory.id)
                .values(login_providers=rows)
            )
        return changes

    def travel(self, territory: Territory | None = None) -> TravellingBrowser:
        """A browser that nobody used yet."""
        browser = TravellingBrowser(self.portal, territory or self.territory)
        self.opened.append(browser)
        return browser

    async def work(self) -> int:
        """Do what the worker was left by logins; how many jobs."""
        site = self.portal.state.site
        values = {"name": REVIEW_PROVIDER_GROUPS, "tenant": str(self.territory.id)}
        async with self.database.session(self.territory.id, role="worker") as session:
            jobs = (await session.scalars(TAKE_JOBS, values)).all()
        for row in jobs:
            payload = json.loads(row)
            await task_handlers(site)[REVIEW_PROVIDER_GROUPS](
                Job(REVIEW_PROVIDER_GROUPS, self.territory.id, payload, 0, last=False)
            )
        return len(jobs)

    async def grants(self) -> list[tuple[str, str]]:
        """Groups that logins gave and that are held."""
        query = select(ProviderGrant.organisation_slug, ProviderGrant.group_name)
        async with self.database.session(self.territory.id, role="worker") as session:
            return sorted(tuple(row) for row in await session.execute(query))

    async def find_account(self, email: str) -> dict[str, Any]:
        """The one account of our realm with an address."""
        [user] = await asyncio.to_thread(
            self.admin.get_users, {"email": email, "exact": True}
        )
        return dict(user)

    async def links_of(self, user: str) -> list[str]:
        """The providers that an account is linked with."""
        links = await asyncio.to_thread(self.admin.get_user_social_logins, user)
        return [link["identityProvider"] for link in links]


@pytest.fixture(scope="module")
async def databases(
    installation_settings: Settings,
) -> AsyncIterator[tuple[Database, Database]]:
    """Those of the portal and of the node."""
    opened = (
        Database(installation_settings, "portal"),
        Database(installation_settings, "node"),
    )
    yield opened
    for database in opened:
        await database.close()


@pytest.fixture
async def stage(
    installation_settings: Settings,
    databases: tuple[Database, Database],
    own_admin: RealmAdmin,
    others: OtherRealm,
    letters: Letters,
    tmp_path: Path,
) -> AsyncIterator[Stage]:
    portal, _ = databases
    territory = await add_territory(databases, installation_settings, "demo")
    for name in ("agents", "inhabitants", "town"):
        file = installation_settings.secrets_folder / secret_file(territory.slug, name)
        file.write_text(CLIENT_SECRET)
    colours = client_attributes(
        territory.slug, territory.name, territory.theme, territory.origin
    )
    await asyncio.to_thread(
        provision, own_admin, installation_settings, territory, theme=colours
    )
    async with program(installation_settings, portal) as app:
        scene = Stage(
            app,
            territory,
            own_admin,
            settings=installation_settings.model_copy(update={"tenants": tmp_path}),
            database=portal,
            others=others,
            letters=letters,
            folder=tmp_path,
        )
        yield scene
        await scene.close()


async def who(browser: TravellingBrowser) -> dict[str, Any]:
    return dict((await browser.get("/who")).json())


async def test_a_new_person_confirms_their_address_and_gets_the_groups_of_their_claims(
    stage: Stage,
) -> None:
    await stage.apply(AGENTS)
    email = stage.others.add_person(siret="21350238800019")
    browser = stage.travel()

    silent = await browser.open("/login?back=/who")
    choice = await browser.app.get(
        (await browser.arrive(silent)).headers["location"],
        headers={"Accept-Language": "fr"},
    )
    page = await browser.identify(email, "agents")
    nobody = await who(browser)
    back = await browser.confirm(stage.letters.link_for(email))
    await browser.arrive(back)
    at_first = await who(browser)
    jobs = await stage.work()
    then = await who(browser)
    stage.others.change_person(email, siret=["13002526500013"])
    later = stage.travel()
    await later.arrive(await later.identify(email, "agents"))
    await stage.work()
    left = await who(browser)

    assert query_of(silent.headers["location"])["error"] == "login_required"
    assert "S’identifier avec ProConnect" in choice.text
    assert email in page.text
    assert nobody == {}
    assert (at_first["email"], at_first["name"]) == (email, "Anne Le Gall")
    assert at_first["memberships"] == {}
    assert jobs == 1
    assert then["memberships"] == {"mairie": ["publishers"], "seve": ["publishers"]}
    assert left["memberships"] == {}
    assert await stage.grants() == []


async def test_only_what_a_provider_gave_is_taken_away(stage: Stage) -> None:
    await stage.apply(AGENTS)
    someone = await stage.person({f"{stage.territory.slug}--mairie": ["publishers"]})
    stage.others.add_person(someone.email, siret="21350238800019")
    browser = stage.travel()
    page = await browser.identify(someone.email, "agents")
    await browser.send(page, submitAction="linkAccount")
    await browser.arrive(await browser.confirm(stage.letters.link_for(someone.email)))
    await stage.work()
    before = (await who(browser), await stage.grants())

    await stage.apply("")
    await review_pass(stage.portal.state.site, now())

    assert before[0]["memberships"] == {
        "mairie": ["publishers"],
        "seve": ["publishers"],
    }
    assert before[1] == [("seve", "publishers")]
    assert (await who(browser))["memberships"] == {"mairie": ["publishers"]}
    assert await stage.grants() == []


async def test_what_a_provider_gave_ends_with_time_and_comes_from_a_node_too(
    stage: Stage,
) -> None:
    await stage.apply(TOWN)
    email = stage.others.add_person(f"anne@{stage.domain}", service="data")
    browser = stage.travel()
    since = now()
    await browser.arrive(await browser.identify(email, "town"))
    async with stage.database.session(stage.territory.id, role="worker") as session:
        values = {"name": REVIEW_PROVIDER_GROUPS, "tenant": str(stage.territory.id)}
        await session.execute(TAKE_JOBS, values)

    given = (await review_pass(stage.portal.state.site, since), await stage.grants())
    async with stage.database.session(stage.territory.id, role="worker") as session:
        await session.execute(
            update(ProviderGrant).values(
                confirmed_at=now() - LASTS - timedelta(hours=1)
            )
        )
    later = now() + timedelta(hours=1)
    ended = (await review_pass(stage.portal.state.site, later), await stage.grants())

    assert given == (1, [("mairie", "managers")])
    assert ended == (1, [])


async def test_a_known_address_is_linked_after_proof_and_never_silently(
    stage: Stage,
) -> None:
    await stage.apply(TOWN)
    someone = await stage.person(password=PASSWORD)
    email = f"{someone.id[:8]}@{stage.domain}"
    user = await stage.find_account(someone.email)
    await asyncio.to_thread(
        stage.admin.put,
        f"users/{someone.id}",
        {**user, "email": email, "username": email},
    )
    stage.others.add_person(email)
    browser = stage.travel()

    page = await browser.identify(email, "town")
    waiting = await browser.send(page, submitAction="linkAccount")
    before = (await who(browser), await stage.links_of(someone.id))
    await browser.arrive(await browser.confirm(stage.letters.link_for(email)))

    assert 'value="linkAccount"' in page.text
    assert email in waiting.text
    assert before == ({}, [])
    assert (await who(browser))["email"] == email
    assert await stage.links_of(someone.id) == [f"{stage.territory.slug}--town"]
    account = await stage.find_account(email)
    assert account["id"] == someone.id


@pytest.mark.parametrize("provider", only({"agents"}, ["agents", "town"]))
async def test_an_address_that_a_provider_only_claims_takes_no_account_over(
    stage: Stage, provider: str
) -> None:
    """`agents` says nothing of its addresses; `town` vouches for its domain, and claims another's."""
    await stage.apply(AGENTS + TOWN)
    victim = await stage.person(
        {f"{stage.territory.slug}--mairie": ["publishers"]}, password=PASSWORD
    )
    stage.others.add_person(victim.email, siret="21350238800019", service="data")
    attacker = stage.travel()

    page = await attacker.identify(victim.email, provider)
    if provider == "agents":
        page = await attacker.send(page, submitAction="linkAccount")
    await attacker.app.get("/login?provider=account&back=/who")

    assert not page.is_redirect
    assert await who(attacker) == {}
    assert await stage.links_of(victim.id) == []
    await stage.work()
    assert await stage.grants() == []


async def test_a_new_address_that_nobody_proved_opens_nothing(stage: Stage) -> None:
    await stage.apply(AGENTS + TOWN)
    unknown = stage.others.add_person(siret="21350238800019")
    outside = stage.others.add_person(service="data")
    attacker = stage.travel()
    other_attacker = stage.travel()

    waiting = await attacker.identify(unknown, "agents")
    refused = await other_attacker.identify(outside, "town")

    assert not waiting.is_redirect
    assert not refused.is_redirect
    assert (await stage.find_account(unknown))["emailVerified"] is False
    verified = [
        user["email"]
        for user in await asyncio.to_thread(
            stage.admin.get_users, {"email": outside, "exact": True}
        )
        if user["emailVerified"]
    ]
    assert verified == []
    assert (await who(attacker), await who(other_attacker)) == ({}, {})


async def test_a_provider_that_is_believed_gives_an_address_at_the_first_login_alone(
    stage: Stage,
) -> None:
    """Keycloak compares the address with the domain then; later another's would be taken for proven."""
    await stage.apply(TOWN)
    email = stage.others.add_person(f"rose@{stage.domain}")
    browser = stage.travel()
    await browser.arrive(await browser.identify(email, "town"))
    foreign = f"{stage.territory.slug}@elsewhere.example"
    stage.others.change_address(email, foreign)
    stage.others.rename_person(foreign, "Rose", "Kerjean")
    later = stage.travel()

    back = await later.identify(foreign, "town")

    taken = await asyncio.to_thread(
        stage.admin.get_users, {"email": foreign, "exact": True}
    )
    assert [user["email"] for user in taken] == []
    await later.arrive(back)
    identity = await who(later)
    assert (identity["email"], identity["name"]) == (email, "Rose Kerjean")
    assert (await stage.find_account(email))["emailVerified"] is True


@pytest.mark.parametrize("provider", only({"directory"}, ["agents", "directory"]))
async def test_an_address_that_changes_at_a_provider_is_proven_again(
    stage: Stage, provider: str
) -> None:
    await stage.apply(AGENTS + DIRECTORY)
    email = stage.others.add_person()
    browser = stage.travel()
    await browser.identify(email, provider)
    await browser.arrive(await browser.confirm(stage.letters.link_for(email)))
    other = f"{stage.territory.slug}-{provider}@elsewhere.example"
    stage.others.change_address(email, other)
    later = stage.travel()

    waiting = await later.identify(other, provider)
    before = (await who(later), (await stage.find_account(other))["emailVerified"])
    await later.arrive(await later.confirm(stage.letters.link_for(other)))

    assert not waiting.is_redirect
    assert before == ({}, False)
    assert (await who(later))["email"] == other


@pytest.mark.thorough
async def test_franceconnect_is_asked_for_its_level_and_a_name_is_completed(
    stage: Stage,
) -> None:
    await stage.apply(INHABITANTS)
    email = stage.others.add_person(names=("Jeanne", "Kerjean"))
    browser = stage.travel()
    leaving = await browser.app.get("/login?provider=inhabitants&back=/who")
    step = await browser.keycloak.get(leaving.headers["location"])
    while urlsplit(step.headers["location"]).path.startswith(
        f"/realms/{stage.admin.realm}/"
    ):
        step = await browser.keycloak.get(step.headers["location"])
    query = query_of(step.headers["location"])

    page = await browser.identify(email, "inhabitants")
    await browser.send(
        page, email=email, firstName="Jeanne", lastName="Le Bihan", username=email
    )
    await browser.arrive(await browser.confirm(stage.letters.link_for(email)))

    assert query["acr_values"] == "eidas1"
    assert query["scope"] == "openid given_name email"
    identity = await who(browser)
    assert (identity["email"], identity["name"]) == (email, "Jeanne Le Bihan")


@pytest.mark.thorough
async def test_a_directory_that_speaks_saml_gives_names_and_groups(
    stage: Stage,
) -> None:
    await stage.apply(DIRECTORY)
    email = stage.others.add_person(service="data")
    browser = stage.travel()

    await browser.identify(email, "directory")
    await browser.arrive(await browser.confirm(stage.letters.link_for(email)))
    await stage.work()

    identity = await who(browser)
    assert (identity["email"], identity["name"]) == (email, "Anne Le Gall")
    assert identity["memberships"] == {"mairie": ["publishers"]}


@pytest.mark.thorough
async def test_a_brokered_manager_shows_a_code_and_decides_after_a_login_at_the_provider(
    stage: Stage,
) -> None:
    await stage.apply(TOWN)
    email = stage.others.add_person(f"chef@{stage.domain}", service="data")
    browser = stage.travel()
    await browser.arrive(await browser.identify(email, "town"))
    await stage.work()
    plain = await who(browser)

    sent_back, secret = await enrol(browser, "/login?factor=true&back=/who")
    await browser.get(sent_back)
    raised = await who(browser)
    again = await browser.open("/login?fresh=true&back=/who")
    at_provider = str(again.url)
    page = await browser.send(again, username=email, password="a password of elsewhere")
    back = await browser.send(page, otp=code_of(secret, steps=1))
    await browser.arrive(back)

    assert plain["memberships"] == {"mairie": []}
    assert raised["memberships"] == {"mairie": ["managers"]}
    assert stage.others.name in at_provider
    assert (await browser.post("/decide")).json() == {"decided": True}


@pytest.mark.thorough
async def test_a_logout_goes_on_to_the_provider_and_comes_back(stage: Stage) -> None:
    await stage.apply(TOWN)
    email = stage.others.add_person(f"marie@{stage.domain}")
    browser = stage.travel()
    await browser.arrive(await browser.identify(email, "town"))
    page = await browser.get("/my-space", **{"Accept-Language": "en"})
    before = stage.others.sessions_of(email)

    leaving = await browser.post("/logout")
    back = await browser.follow(await browser.keycloak.get(leaving.headers["location"]))

    origin = stage.others.issuer.partition("/realms/")[0]
    assert f"form-action 'self' {origin}" in page.headers["content-security-policy"]
    assert len(before) == 1
    assert stage.others.sessions_of(email) == []
    assert back.headers["location"] == f"{stage.territory.origin}/"
    assert await who(browser) == {}


@pytest.mark.thorough
async def test_an_address_of_the_domain_leads_to_its_provider(stage: Stage) -> None:
    await stage.apply(TOWN)
    browser = stage.travel()

    page = await browser.open("/login?provider=account&back=/who")
    led = await browser.send(page, username=f"someone@{stage.domain}")

    assert stage.admin.realm in str(page.url)
    assert f"/realms/{stage.others.name}/" in str(led.url)


async def test_a_provider_that_is_gone_from_the_files_is_closed_and_its_people_stay(
    stage: Stage,
) -> None:
    await stage.apply(TOWN)
    email = stage.others.add_person(f"paul@{stage.domain}")
    browser = stage.travel()
    await browser.arrive(await browser.identify(email, "town"))

    changes = await stage.apply("")
    unknown = await stage.travel().app.get("/login?provider=town")
    alias = f"{stage.territory.slug}--town"
    plain = await stage.travel().open("/login?back=/who")
    again = await stage.apply("")

    assert (
        await asyncio.to_thread(delete_providers, stage.admin, stage.territory.slug)
        == 1
    )
    assert [str(change) for change in changes] == [
        f"disabled login provider {alias}: updated"
    ]
    assert [change.outcome for change in again] == ["unchanged"]
    assert unknown.status_code == 404
    assert f"/realms/{stage.admin.realm}/" in str(plain.url)
    account = await stage.find_account(email)
    assert account["enabled"] is True
    [organisation] = await asyncio.to_thread(
        stage.admin.get_user_organizations, account["id"]
    )
    [member] = await asyncio.to_thread(
        list_organisation_members, stage.admin, organisation["id"]
    )
    assert (organisation["alias"], member["membershipType"]) == (
        stage.territory.slug,
        MANAGED,
    )
    assert (await who(browser))["email"] == email


async def test_territories_never_see_each_others_providers(
    stage: Stage, installation_settings: Settings
) -> None:
    await stage.apply(AGENTS + TOWN)
    node = Database(installation_settings, "node")
    other = await add_territory((stage.database, node), installation_settings, "other")
    await node.close()
    await asyncio.to_thread(provision, stage.admin, installation_settings, other)
    async with stage.database.platform_session(role="owner") as session:
        rows = [
            {
                "name": "staff",
                "kind": "oidc",
                "label": {"fr": "le Personnel"},
                "origin": "https://staff.example",
                "rules": [],
            }
        ]
        await session.execute(
            update(Tenant).where(Tenant.id == other.id).values(login_providers=rows)
        )
    login_page = await stage.travel().get("/login?choose=true")
    other_page = await stage.travel(other).get("/login?choose=true")
    stolen = await stage.travel(other).app.get("/login?provider=agents")
    form = await stage.travel(other).open("/login?provider=account")

    offered = [
        re.findall(r'href="/login\?provider=(\w+)', page.text)
        for page in (login_page, other_page)
    ]
    assert offered == [["agents", "town", "account"], ["staff", "account"]]
    assert stolen.status_code == 404
    assert "/broker/" not in form.text
    assert f"provider={stage.territory.slug}" not in form.text


@pytest.mark.thorough
async def test_a_second_apply_changes_nothing_and_a_new_secret_is_taken(
    stage: Stage,
) -> None:
    everything = AGENTS + INHABITANTS + TOWN + DIRECTORY
    first = await stage.apply(everything)
    calls = stage.admin.calls
    second = await stage.apply(everything)
    used = stage.admin.calls - calls
    alias = f"{stage.territory.slug}--town"
    await asyncio.to_thread(
        stage.admin.put,
        f"identity-provider/instances/{alias}",
        {
            **stage.admin.get(f"identity-provider/instances/{alias}"),
            "trustEmail": False,
            "enabled": False,
        },
    )
    third = await stage.apply(everything)

    assert {change.outcome for change in first} == {"created"}
    assert {change.outcome for change in second} == {"unchanged"}
    assert [change.name for change in third if change.outcome == "updated"] == [alias]
    assert used < 30


Break = Callable[[Stage], str]


def _without_secret(stage: Stage) -> str:
    (
        stage.settings.secrets_folder / secret_file(stage.territory.slug, "agents")
    ).unlink()
    return AGENTS


def _with_wrong_secret(stage: Stage) -> str:
    path = stage.settings.secrets_folder / secret_file(stage.territory.slug, "agents")
    path.write_text("another")
    return AGENTS


BROKEN: dict[str, tuple[Break, str]] = {
    "issuer that does not answer": (
        lambda _: AGENTS.replace("{issuer}", "http://localhost:9/none"),
        "Nothing answers at http://localhost:9/none/.well-known/openid-configuration.",
    ),
    "issuer that is none": (
        lambda _: AGENTS.replace("{issuer}", "{issuer}/account"),
        "has no metadata of OpenID Connect.",
    ),
    "SAML metadata that are none": (
        lambda _: DIRECTORY.replace("/protocol/saml/descriptor", ""),
        "has no SAML metadata.",
    ),
    "no secret": (_without_secret, "the secret «login_{slug}_agents» is absent."),
    "wrong secret": (
        _with_wrong_secret,
        "refuses the client «agents» with this secret.",
    ),
    "unknown organisation": (
        lambda _: AGENTS.replace("mairie", "mairy"),
        "no organisation has the slug «mairy».",
    ),
    "domain of another": (
        lambda _: TOWN.replace("{domain}", "taken.example"),
        "taken.example belongs to the territory «",
    ),
}


async def test_a_provider_that_is_not_right_is_one_sentence_and_nothing_is_applied(
    stage: Stage,
) -> None:
    await asyncio.to_thread(give_domain, stage.admin, "taken.example")
    slug = stage.territory.slug
    secret = stage.settings.secrets_folder / secret_file(slug, "agents")
    problems = {}
    unseen = []
    for case, (break_, _) in BROKEN.items():
        secret.write_text(CLIENT_SECRET)
        broken = break_(stage)
        with pytest.raises(TenantFaultsError) as refusal:
            await stage.apply(broken)
        [fault] = refusal.value.faults
        problems[case] = fault.problem
        findings = await check_login_providers(stage.settings)
        if findings[0].severity != "fault":
            unseen.append(case)

    providers = stage.admin.get("identity-provider/instances", max=1000)
    assert [
        case
        for case, (_, expected) in BROKEN.items()
        if expected.format(slug=slug) not in problems[case]
    ] == []
    assert unseen == ["unknown organisation", "domain of another"]
    assert [p["alias"] for p in providers if p["alias"].startswith(slug)] == []


@pytest.mark.thorough
async def test_the_doctor_says_that_a_provider_answers_and_which_claims_it_does_not_announce(
    stage: Stage,
) -> None:
    await asyncio.to_thread(stage.read, INHABITANTS + AGENTS)

    findings = await check_login_providers(stage.settings)

    assert [(finding.severity, finding.message) for finding in findings] == [
        ("ok", f"{stage.others.issuer} answers."),
        ("warning", "Does not announce siret."),
    ]


def give_domain(admin: RealmAdmin, domain: str) -> None:
    """Have an organisation of another territory own a domain."""
    body = {"name": "Elsewhere", "alias": "elsewhere", "enabled": True}
    admin.post(
        "organizations", {**body, "domains": [{"name": domain, "verified": False}]}
    )
