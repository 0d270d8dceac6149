"""Somebody leaves: each credential that they hold, each way of leaving, and how long it still opened."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from croniter import croniter
from sqlalchemy import select, update

from tests.contract.credentials.keycloak_double import KeycloakDouble
from tests.contract.credentials.world import Programs, World, build
from tests.depth import only
from tests.node.producer import SLUG
from tests.stage import confirm_accounts
from tests.visitors import browse
from udi.kit import schedules
from udi.kit.clock import now
from udi.kit.credentials import LEEWAY
from udi.kit.errors import ProvisionError
from udi.kit.oidc import node_client_id
from udi.kit.sessions import SESSIONS
from udi.kit.signed_ids import sign_id
from udi.node.datasets.exchange.accounts import CRON as NODE_CRON
from udi.node.datasets.exchange.accounts import AccountSync
from udi.node.datasets.exchange.portal import PortalClient
from udi.node.files.delivery.signed_urls import LIFETIME
from udi.node.identity.models import WebSession
from udi.node.spaces.models import ScriptKey
from udi.portal.access.models import ProjectCredential
from udi.portal.dataspace.models import Connector
from udi.portal.identity.account_watcher import CRON, AccountWatcher
from udi.portal.identity.models import AccountWatch
from udi.portal.identity.provision.account_changes import AccountChanges
from udi.portal.nodes.actions.register import register_node
from udi.portal.nodes.models import Node
from udi.portal.nodes.sources.feeds import END, FEED, renew_feed
from udi.portal.notifications.models import Webhook, WebhookState
from udi.portal.notifications.webhooks.actions import create_webhook
from udi.portal.organisations.models import MembershipEntry
from udi.portal.projects.models import ProjectMember
from udi.protocol.agreement import PROJECT_CREDENTIAL, fingerprint
from udi.protocol.credentials import READING, TICKET
from udi.settings import HOSTED
from udi.ui.personal_rows import read_register

FIVE_MINUTES = timedelta(minutes=5)
GONE = ("disabled", "deleted", "deleted by themselves")
LESS = ("removed from the organisation", "role lost")
WAYS: dict[str, Callable[[KeycloakDouble, str], None]] = {
    "disabled": KeycloakDouble.disable,
    "deleted": KeycloakDouble.delete_account,
    "deleted by themselves": KeycloakDouble.delete_self,
    "removed from the organisation": KeycloakDouble.remove,
    "role lost": KeycloakDouble.take_role,
}
USUAL = {
    "disabled",
    "deleted by themselves",
    "removed from the organisation",
    "role lost",
}
"""The ways that every run tries: an account that others deleted answers as a disabled one does."""
ENDS: dict[str, tuple[str, ...]] = {
    "session at the portal": GONE,
    "administering by a session at the portal": GONE + LESS,
    "session at the node": GONE,
    "managing by a session at the node": GONE + LESS,
    "token of a person": GONE,
    "rights of a token over an organisation": GONE + LESS,
    "key of a space": GONE + LESS,
    "token of a client of RUDI": GONE + LESS,
    "invitation into an organisation": GONE + LESS,
    "invitation into a team": GONE,
    "webhook": GONE,
    "address of a feed": GONE + LESS,
    "project credential": GONE,
    "connector of a project": GONE,
}
"""Which ways of leaving end each credential; after the others it goes on."""
AT_NODE = {
    "session at the node", "managing by a session at the node", "key of a space", "token of a client of RUDI",
}  # fmt: skip
"""What a node ends, a minute at most after the portal knows."""
NEVER = 10**9
"""Of territories, such a part is none."""
Alive = Callable[[], Awaitable[bool]]


def period(cron: str) -> timedelta:
    """The time between two runs of a scheduled task."""
    times = croniter(cron, now())
    return timedelta(seconds=-times.get_next(float) + times.get_next(float))


@dataclass
class Outgoing:
    """What the node's worker calls: the portal, in this process."""

    world: World
    client: httpx.AsyncClient

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        path = urlsplit(url).path
        if path == "/oauth2/token":
            token = self.world.issuer.token(
                node_client_id(self.world.territory.slug, HOSTED),
                self.world.territory.origin,
            )
            return httpx.Response(200, json={"access_token": token, "expires_in": 300})
        return await self.client.request(
            method, path, headers=options["headers"], json=options.get("json")
        )


@dataclass
class Leaver:
    """Somebody with one of everything, and what watches them."""

    world: World
    double: KeycloakDouble
    alive: dict[str, Alive]
    watcher: AccountWatcher
    asker: AccountSync

    async def opening(self) -> set[str]:
        return {name for name, check in self.alive.items() if await check()}


@pytest.fixture
async def leaver(programs: Programs) -> AsyncIterator[Leaver]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(build(programs, moderator=False))
        territory = world.territory
        subject = world.login.subject
        aliases = {
            f"{territory.slug}--{slug}": {"managers"} for slug in (SLUG, "armor")
        }
        account = {
            "enabled": True,
            "email": world.login.email,
            "emailVerified": True,
            "groups": aliases,
        }
        double = KeycloakDouble({subject: account})
        portal, node = [
            await stack.enter_async_context(
                browse(world.apps[name], territory, world.login)
            )
            for name in ("portal", "node")
        ]
        machine, outside = [
            await stack.enter_async_context(browse(world.apps[name], territory))
            for name in ("node", "portal")
        ]
        secrets = programs.settings.secrets_folder
        secret = secrets / f"node_credential_{territory.slug}"
        secret.write_text("x")
        async with world.portal.database.session(territory.id) as session:
            url = territory.links["node"]
            client = node_client_id(territory.slug, HOSTED)
            await register_node(
                session,
                slug=HOSTED,
                name="Node",
                url=url,
                client_id=client,
                hosted=True,
            )
        client = PortalClient(world.node.settings, Outgoing(world, outside))  # type: ignore[arg-type]  # a double has what the client asks of it
        asker = AccountSync(
            world.node.database,
            world.node.registry,
            client,
            world.issuer.url,
            read_register(world.node.domains),
            lambda _territory: "Ancien membre",
        )
        watcher = AccountWatcher(world.portal, lambda: double)  # type: ignore[arg-type, return-value]  # the same double
        yield Leaver(
            world,
            double,
            await _holdings(world, portal, node, machine, outside),
            watcher,
            asker,
        )


async def _holdings(
    world: World, portal: httpx.AsyncClient, node: httpx.AsyncClient, machine: httpx.AsyncClient,
    outside: httpx.AsyncClient,
) -> dict[str, Alive]:  # fmt: skip
    territory = world.territory
    credentials = world.texts_by_kind
    feed = await _more(world, portal)

    async def text(
        client: httpx.AsyncClient, address: str, secret: str = ""
    ) -> httpx.Response:
        headers = {"Accept": "application/json" if secret else "text/html"}
        return await client.get(
            address,
            headers=headers | ({"Authorization": f"Bearer {secret}"} if secret else {}),
        )

    def status(
        client: httpx.AsyncClient, address: str, right: int, secret: str = ""
    ) -> Alive:
        async def check() -> bool:
            return (await text(client, address, secret)).status_code == right

        return check

    def says(
        client: httpx.AsyncClient, address: str, words: str, secret: str = ""
    ) -> Alive:
        async def check() -> bool:
            return words in (await text(client, address, secret)).text

        return check

    def row(model: Any, **criteria: object) -> Alive:
        async def check() -> bool:
            async with world.portal.database.session(
                territory.id, role="worker"
            ) as session:
                query = select(model.id).where(
                    *(getattr(model, name) == value for name, value in criteria.items())
                )
                return await session.scalar(query) is not None

        return check

    manager_token = await world.mints["udi-manager+jwt"]("")
    return {
        "session at the portal": status(portal, "/my-space", 200),
        "administering by a session at the portal": says(
            portal, f"/my-space/organisations/{SLUG}", 'id="invite"'
        ),
        "session at the node": says(node, "/", "/logout"),
        "managing by a session at the node": status(node, f"/spaces/{SLUG}/keys", 200),
        "token of a person": status(
            outside, "/api/v1/me", 200, credentials["token of a person"]
        ),
        "rights of a token over an organisation": says(
            outside, "/api/v1/me", '"managers"', credentials["token of a person"]
        ),
        "key of a space": status(
            machine, f"/uploads/{world.thing}", 404, credentials["key of a space"]
        ),
        "token of a client of RUDI": status(
            machine, "/manager/api/v1/catalog/version", 200, manager_token
        ),
        "invitation into an organisation": row(MembershipEntry, stage="invited"),
        "invitation into a team": row(ProjectMember, stage="invited"),
        "webhook": row(Webhook, state=WebhookState.ACTIVE),
        "address of a feed": status(outside, feed, 200),
        "project credential": row(ProjectCredential, revoked_at=None),
        "connector of a project": row(Connector, revoked_at=None),
    }


async def _more(world: World, portal: httpx.AsyncClient) -> str:
    """Invitations, a webhook, a feed (its address), a credential of a machine."""
    email = {"email": "someone@people.example"}
    sent = await portal.post(
        f"/my-space/organisations/{SLUG}/invitations",
        data=email | {"role": "publisher"},
    )
    team = await portal.post(
        f"/projects/{world.thing}/team", data=email | {"right": "see"}
    )
    assert (sent.status_code, team.status_code) == (303, 303), sent.text
    person = world.actor.person_id
    async with world.portal.database.session(
        world.territory.id, person=person
    ) as session:
        await create_webhook(
            session, world.actor, url="https://hook.example/x", everything=True
        )
        feed = await renew_feed(session, world.actor)
        session.add(
            ProjectCredential(
                project_id=world.thing, node_id=await _node(session), name="Serveur", created_by=person, created_at=now(),
                sha256=fingerprint(PROJECT_CREDENTIAL.generate()), expires_at=now() + timedelta(days=30),
            )
        )  # fmt: skip
    key = world.portal.settings.derived_key("portal", FEED.purpose)
    return (
        f"/sources/feeds/{sign_id(key, world.territory.id, feed)}/producers/armor/{END}"
    )


async def _node(session: Any) -> UUID:
    return (await session.scalars(select(Node.id))).first()


@pytest.mark.parametrize("way", only(USUAL, WAYS))
async def test_what_somebody_holds_who_leaves_ends_within_five_minutes(
    leaver: Leaver, way: str
) -> None:
    await leaver.watcher.run_once()
    await leaver.asker.check_accounts(leaver.world.territory)
    assert await leaver.opening() == set(ENDS)

    WAYS[way](leaver.double, leaver.world.login.subject)
    before = await leaver.opening()
    await leaver.watcher.run_once()
    at_portal = await leaver.opening()
    await leaver.asker.check_accounts(leaver.world.territory)
    at_last = await leaver.opening()

    ended = {name for name, ways in ENDS.items() if way in ways}
    assert before == set(ENDS)
    assert at_portal == set(ENDS) - (ended - AT_NODE)
    assert at_last == set(ENDS) - ended
    longest = {
        name: period(CRON) + (period(NODE_CRON) if name in AT_NODE else timedelta())
        for name in ended
    }
    print(  # noqa: T201 - a figure to publish
        f"\n{way}: {len(ended)} of {len(ENDS)} end, the last after {max(longest.values()).total_seconds():.0f} s"
    )
    assert max(longest.values()) <= FIVE_MINUTES
    assert (leaver.double.logged_out == []) == (way != "disabled")


async def test_who_leaves_a_territory_whose_turn_is_later_is_seen_at_once(
    leaver: Leaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await leaver.watcher.run_once()
    monkeypatch.setattr(schedules, "FEW", 0)
    monkeypatch.setattr(schedules, "QUIET_TURNS", NEVER)
    leaver.double.disable(leaver.world.login.subject)

    await leaver.watcher.run_once()

    ended = {name for name, ways in ENDS.items() if "disabled" in ways}
    assert await leaver.opening() == set(ENDS) - (ended - AT_NODE)


@pytest.mark.parametrize(("minutes", "is_confirmed"), [(1, False), (4, True)])
async def test_a_quiet_territory_of_many_is_confirmed_by_its_age(
    leaver: Leaver, monkeypatch: pytest.MonkeyPatch, minutes: int, *, is_confirmed: bool
) -> None:
    await leaver.watcher.run_once()
    monkeypatch.setattr(schedules, "FEW", 0)
    monkeypatch.setattr(schedules, "QUIET_TURNS", NEVER)
    database, tenant = leaver.world.portal.database, leaver.world.territory.id
    before = now() - timedelta(minutes=minutes)
    async with database.session(tenant, role="worker") as session:
        await session.execute(update(AccountWatch).values(confirmed_at=before))

    await leaver.watcher.run_once()

    async with database.session(tenant, role="worker") as session:
        confirmed_at = await session.scalar(select(AccountWatch.confirmed_at))
    assert (confirmed_at != before) == is_confirmed


async def test_an_account_that_was_seen_to_be_disabled_concerns_its_territory_once(
    leaver: Leaver,
) -> None:
    await leaver.watcher.run_once()
    subject, tenant = leaver.world.login.subject, leaver.world.territory.id
    issuer = leaver.world.issuer.url
    of_account = frozenset({subject})
    disabled = AccountChanges(disabled=of_account, touched=frozenset())
    touched = AccountChanges(disabled=frozenset(), touched=of_account)
    everybody = AccountChanges(of_account, of_account, everybody=True)

    before = await leaver.watcher._find_concerned(issuer, disabled, now())
    leaver.double.disable(subject)
    await leaver.watcher.run_once()
    after = await leaver.watcher._find_concerned(issuer, disabled, now())

    assert tenant in before
    assert tenant not in after
    assert tenant in await leaver.watcher._find_concerned(issuer, touched, now())
    assert await leaver.watcher._find_concerned(issuer, everybody, now()) == set()


async def test_what_was_given_for_some_minutes_ends_by_itself(leaver: Leaver) -> None:
    world = leaver.world
    ticket = await world.mints[READING.typ]("")
    body = ticket.split(".")[1]
    lasts = timedelta(
        seconds=json.loads(base64.urlsafe_b64decode(body + "=="))["exp"]
        - now().timestamp()
    )
    async with browse(world.apps["node"], world.territory) as visitor:
        page = await visitor.post(
            f"/agreements/{world.thing}/files", data={"ticket": ticket}
        )
    links = [
        part.split('"')[0]
        for part in page.text.split('href="')[1:]
        if "signature=" in part.split('"')[0]
    ]
    ends = [
        parse_qs(urlsplit(link.replace("&amp;", "&")).query)["expires"][0]
        for link in links
    ]
    opened = timedelta(seconds=max(int(expiry) for expiry in ends) - now().timestamp())

    longest = lasts + LEEWAY + opened
    print(  # noqa: T201 - a figure to publish
        f"\nticket and its links: {longest.total_seconds():.0f} s; other links: {LIFETIME.seconds} s"
    )
    assert lasts <= TICKET
    assert longest <= FIVE_MINUTES
    assert LIFETIME <= FIVE_MINUTES


async def test_an_account_that_was_missed_is_found_by_the_look_of_each_day(
    leaver: Leaver,
) -> None:
    subject = leaver.world.login.subject
    leaver.double.accounts.pop(subject)

    await leaver.watcher.run_once()
    await leaver.asker.check_accounts(leaver.world.territory)

    assert await leaver.opening() == set()


async def test_who_comes_back_finds_no_credential_alive(leaver: Leaver) -> None:
    world = leaver.world
    subject = leaver.world.login.subject
    leaver.double.disable(subject)
    await leaver.watcher.run_once()
    await leaver.asker.check_accounts(world.territory)
    logged_out = len(leaver.double.logged_out)
    leaver.double.admin_events.clear()
    await leaver.watcher.run_once()
    leaver.double.accounts[subject]["enabled"] = True
    leaver.double.note("USER", f"users/{subject}")
    await world.node.services[SESSIONS].log_in(world.territory, world.login)

    await leaver.watcher.run_once()
    await leaver.asker.check_accounts(world.territory)

    assert await leaver.opening() == set()
    assert len(leaver.double.logged_out) == logged_out, "once is enough"
    async with world.node.database.session(
        world.territory.id, role="worker"
    ) as session:
        assert len((await session.scalars(select(WebSession))).all()) == 1, (
            "what they open anew stays"
        )


async def test_while_the_identity_service_is_away_nothing_is_confirmed_and_an_hour_is_the_most(
    leaver: Leaver,
) -> None:
    world = leaver.world
    credentials = leaver.world.texts_by_kind
    english = {"Accept": "application/json", "Accept-Language": "en"}
    bearer = {"Authorization": f"Bearer {credentials['token of a person']}", **english}
    key = {
        "Authorization": f"Bearer {credentials['key of a space']}",
        "Accept": "application/json",
    }
    await leaver.watcher.run_once()
    leaver.double.away = True
    with pytest.raises(ProvisionError):
        await leaver.watcher.run_once()
    outcomes_by_minutes = {}
    async with (
        browse(world.apps["portal"], world.territory) as portal,
        browse(world.apps["node"], world.territory) as node,
    ):
        for minutes in (59, 61):
            for site in (world.portal, world.node):
                await confirm_accounts(
                    site.database,
                    world.territory.id,
                    now() - timedelta(minutes=minutes),
                )
            answers = [
                await portal.get("/api/v1/me", headers=bearer),
                await node.get(f"/uploads/{world.thing}", headers=key),
            ]
            outcomes_by_minutes[minutes] = [
                (answer.status_code, answer.headers.get("retry-after"))
                for answer in answers
            ]
        open_to_all = await portal.get("/api/v1/datasets", headers=bearer)

    assert outcomes_by_minutes == {
        59: [(200, None), (404, None)],
        61: [(503, "60"), (503, "60")],
    }
    assert "identity service has not answered for an hour" in answers[0].text
    assert open_to_all.status_code == 200


async def test_an_earlier_word_of_the_portal_takes_nothing_that_was_said_since(
    leaver: Leaver,
) -> None:
    world = leaver.world
    subject = leaver.world.login.subject
    await leaver.watcher.run_once()
    leaver.double.take_role(subject)
    await leaver.watcher.run_once()
    await confirm_accounts(
        world.portal.database, world.territory.id, now() - timedelta(minutes=1)
    )

    await leaver.asker.check_accounts(world.territory)

    async with world.node.database.session(
        world.territory.id, role="worker"
    ) as session:
        keys = (await session.scalars(select(ScriptKey.revoked_at))).all()
    assert await leaver.alive["managing by a session at the node"]()
    assert keys == [None]
