"""A territory started on a page: the page asks, the worker makes it, and what cannot be is said beside its field."""

import asyncio
import io
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import httpx
import msgspec
import pytest
from aiosmtpd.smtp import SMTP
from litestar import Litestar
from sqlalchemy import select

from tests.cli.wire import served
from tests.cluster import free_ports
from tests.depth import by_depth
from tests.portal.installation.conftest import Console
from tests.portal.notifications.conftest import Relay
from tests.stage import remove_territory
from tests.visitors import browse
from udi.cli.installation import territory_start
from udi.cli.installation.work import forget_requests, perform_requests
from udi.kit.clock import now
from udi.kit.errors import ProvisionError
from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal.identity.provision import realm
from udi.portal.installation.models import OperatorRequest
from udi.portal.installation.new_territory import NewTerritory
from udi.portal.organisations.models import MembershipEntry
from udi.portal.tenants.files import read_files
from udi.portal.tenants.models import Tenant
from udi.settings import Settings

FORM = "/installation/territories/new"
MEMBER = "marie@rade.bzh"


@dataclass
class StartScene:
    """An operator in front of the form, a worker that reaches Keycloak, and a relay that keeps what it gets."""

    console: Console
    settings: Settings
    relay: Relay
    started: list[uuid.UUID] = field(default_factory=list)
    slug: str = field(default_factory=lambda: f"rade-{uuid.uuid4().hex[:6]}")

    @property
    def answers(self) -> dict[str, str]:
        return {
            "name": "Pays de la Rade",
            "slug": self.slug,
            "first_member": MEMBER,
            "contact": "donnees@rade.bzh",
            "hue": "145",
            "languages": "fr,en",
        }

    async def post(self, **changes: str) -> httpx.Response:
        return await self.console.operator.post(FORM, data={**self.answers, **changes})

    async def get(self, path: str) -> httpx.Response:
        return await self.console.operator.get(path)

    async def work(self, settings: Settings | None = None) -> int:
        return await perform_requests(settings or self.settings, self.console.databases)

    async def find_tenant(self) -> Tenant | None:
        query = select(Tenant).where(Tenant.slug == self.slug)
        portal = self.console.databases.portal
        async with portal.session(INSTALLATION_ID, role="worker") as session:
            tenant: Tenant | None = await session.scalar(query)
        if tenant is not None:
            self.started.append(tenant.id)
        return tenant

    async def list_requests(self) -> list[OperatorRequest]:
        query = select(OperatorRequest).order_by(OperatorRequest.requested_at)
        portal = self.console.databases.portal
        async with portal.session(INSTALLATION_ID, role="worker") as session:
            rows = (await session.scalars(query)).all()
        return [
            row
            for row in rows
            if row.details.get("territory", {}).get("slug") == self.slug
        ]


@pytest.fixture
async def scene(
    console: Console, keycloak: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[StartScene]:
    relay = Relay()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(relay, hostname="relay"), keycloak.smtp_host, keycloak.smtp_port
    )
    monkeypatch.setattr(territory_start, "LOOKS", 1)
    scene = StartScene(console, keycloak, relay)
    yield scene
    server.close()
    await server.wait_closed()
    await scene.find_tenant()
    databases = (console.databases.portal, console.databases.node)
    for territory in set(scene.started):
        await remove_territory(databases, territory)


async def test_a_territory_started_on_a_page_is_online(
    scene: StartScene, portal_app: Litestar, node_app: Litestar
) -> None:
    ports = {"portal": free_ports(1)}
    ports["node"] = ports["portal"] + 1
    local = {
        f"{program}_url": f"http://{{host}}:{port}" for program, port in ports.items()
    }

    response = await scene.post()
    path = response.headers["location"]
    waiting = await scene.get(path)
    async with served(portal_app, ports["portal"]), served(node_app, ports["node"]):
        territory_start.LOOKS = 10
        local_settings = scene.settings.model_copy(update=local)
        done = await scene.work(local_settings)
        territory_start.LOOKS = 1
        [request] = await scene.list_requests()
        new = msgspec.convert(request.details["territory"], NewTerritory)
        elsewhere = msgspec.structs.replace(new, host="nobody.localhost")
        online = await territory_start.look(local_settings, elsewhere)
    page = (await scene.get(path)).text

    assert (response.status_code, done) == (303, 1)
    assert "data-refresh" in waiting.text
    assert "data-refresh" not in page
    assert "Le territoire est en ligne" in page
    tenant = await scene.find_tenant()
    assert tenant is not None
    assert tenant.hosts == [f"{scene.slug}.localhost"]
    assert tenant.theme["hue"] == 145
    portal = scene.console.databases.portal
    async with portal.session(tenant.id, role="worker") as session:
        invitations = (await session.scalars(select(MembershipEntry))).all()
    assert [entry.email for entry in invitations] == [MEMBER]
    assert online == {"portal": False, "node": True}
    assert MEMBER not in str(request.details)
    credential = scene.settings.secrets_folder / f"node_credential_{scene.slug}"
    assert not credential.exists()
    assert await open_homes(tenant, portal_app, node_app) == [200, 200]


async def open_homes(
    tenant: Tenant, portal_app: Litestar, node_app: Litestar
) -> list[int]:
    """The statuses of both home pages, which have the name of the territory."""
    statuses = []
    for app, host in (
        (portal_app, f"{tenant.slug}.localhost"),
        (node_app, f"{tenant.slug}.node.localhost"),
    ):
        territory = Territory(
            id=tenant.id,
            slug=tenant.slug,
            name=tenant.name,
            tagline={},
            languages=("fr",),
            hosts=(host,),
            origin=f"http://{host}",
            contact=tenant.contact,
            links=tenant.links,
        )
        async with browse(app, territory) as visitor:
            page = await visitor.get("/")
        assert "Pays de la Rade" in page.text
        statuses.append(page.status_code)
    return statuses


@pytest.mark.thorough
async def test_its_files_come_with_it_and_are_those_that_are_online(
    scene: StartScene,
) -> None:
    path = (await scene.post()).headers["location"]
    await scene.work()

    archive = ZipFile(io.BytesIO((await scene.get(f"{path}/files.zip")).content))

    files = {
        name.removeprefix(f"{scene.slug}/"): archive.read(name)
        for name in archive.namelist()
    }
    folder = read_files(files, scene.slug)
    tenant = await scene.find_tenant()
    assert tenant is not None
    assert folder.fingerprint == tenant.fingerprint
    assert [part.email for part in folder.file.team] == [MEMBER]

    territory_path = f"/installation/territories/{scene.slug}"
    await scene.console.operator.post(f"{territory_path}/files")
    await scene.work()
    later = re.findall(
        r'href="([^"]+files\.zip)"', (await scene.get(territory_path)).text
    )
    assert len(later) == 2
    contents = [(await scene.get(link)).content for link in later]
    assert {content[:2] for content in contents} == {b"PK"}


@pytest.mark.thorough
async def test_addresses_that_do_not_answer_are_what_root_has_to_do(
    scene: StartScene,
) -> None:
    path = (await scene.post(host="donnees.rade.bzh")).headers["location"]
    await scene.work()

    page = (await scene.get(path)).text
    again = await scene.console.operator.post(f"{path}/again")
    await scene.work()

    assert "<code>donnees.rade.bzh</code>, <code>node.donnees.rade.bzh</code>" in page
    assert f"installation_territories: [… {scene.slug}]" in page
    looked = (await scene.get(again.headers["location"])).text
    assert "<code>donnees.rade.bzh</code>" in looked


REFUSED = [
    ("name", {"name": "?"}),
    ("slug", {"slug": "Rade"}),
    ("slug", {"slug": "a--b"}),
    ("slug", {"slug": "rade-node"}),
    ("slug", {"slug": "id"}),
    ("slug", {"slug": "{taken}"}),
    ("host", {"host": "https://rade.bzh"}),
    ("host", {"host": "{taken}.localhost"}),
    ("node_host", {"host": "a.rade.bzh", "node_host": "node.{taken}.localhost"}),
    ("node_host", {"host": "a.rade.bzh", "node_host": "a.rade.bzh"}),
    ("first_member", {"first_member": "marie"}),
    ("contact", {"contact": "donnees@rade.example"}),
    ("hue", {"hue": "361"}),
    ("hue", {"hue": "blue"}),
    ("languages", {"languages": "br"}),
]


@by_depth(("name", "changes"), REFUSED, by_default=[0])
async def test_an_answer_that_cannot_be_is_refused_beside_its_field(
    console: Console, name: str, changes: dict[str, str]
) -> None:
    scene = StartScene(console, console.settings, Relay())
    taken = console.territory.slug
    filled = {key: value.format(taken=taken) for key, value in changes.items()}

    answer = await scene.post(**filled)

    assert answer.status_code == 422
    assert re.findall(r'id="(\w+)-e"', answer.text) == [name]
    assert await scene.list_requests() == []


@pytest.mark.thorough
async def test_an_address_that_the_relay_refuses_stops_the_start_before_anything(
    scene: StartScene,
) -> None:
    scene.relay.refuses = True
    path = (await scene.post()).headers["location"]
    await scene.work()

    page = (await scene.get(path)).text
    form = (await scene.get(f"{FORM}?start={path.rpartition('/')[2]}")).text
    again = await scene.console.operator.post(f"{path}/again")

    assert "Rien n’a été créé" in page
    assert re.findall(r'id="(\w+)-e"', form) == ["first_member"]
    assert f'value="{MEMBER}"' in form
    assert again.status_code == 409
    assert await scene.find_tenant() is None


@pytest.mark.thorough
async def test_a_start_that_was_cut_short_is_taken_up(
    scene: StartScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        msg = "Keycloak went away"
        raise ProvisionError(msg)

    path = (await scene.post()).headers["location"]
    with monkeypatch.context() as patched:
        patched.setattr(realm, "apply_realm", refuse)
        await scene.work()
    failed = (await scene.get(path)).text
    taken = await scene.post()
    scene.relay.refuses = True
    refused = await scene.console.operator.post(f"{path}/again")
    await scene.work()
    scene.relay.refuses = False
    again = await scene.console.operator.post(f"{refused.headers['location']}/again")
    await scene.work()
    late = await scene.console.operator.post(f"{path}/again")
    await scene.work()

    assert "Keycloak went away" in failed
    assert "Ce qui a été commencé est gardé" in failed
    assert re.findall(r'id="(\w+)-e"', taken.text) == ["slug"]
    page = (await scene.get(again.headers["location"])).text
    assert "Ce qui suit" in page
    assert late.status_code == 303
    requests = await scene.list_requests()
    states = [row.state for row in requests]
    assert states == ["failed", "failed", "done", "failed"]
    assert MEMBER not in str([row.details for row in requests])


async def test_a_name_taken_between_the_form_and_the_worker_stays_its_owners(
    scene: StartScene,
) -> None:
    path = (await scene.post()).headers["location"]
    portal = scene.console.databases.portal
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        request = await session.get_one(
            OperatorRequest, (INSTALLATION_ID, uuid.UUID(path.rpartition("/")[2]))
        )
        territory = scene.console.territory
        request.territory_id = territory.id

    await scene.work()

    page = (await scene.get(path)).text
    assert "vient d’être pris" in page
    assert await scene.find_tenant() is None


async def test_the_colours_of_the_preview_are_those_of_the_form(
    console: Console,
) -> None:
    scene = StartScene(console, console.settings, Relay())

    answer = await scene.post(hue="15", preview="1", name="")
    css = await scene.get(f"{FORM}/preview.css?hue=15")

    assert answer.status_code == 200
    assert "preview.css?hue=15" in answer.text
    assert '[data-territory="preview"]' in css.text
    assert await scene.list_requests() == []


@pytest.mark.parametrize(("days", "count"), [(29, 1), (31, 0)])
async def test_what_was_settled_thirty_days_ago_is_forgotten(
    console: Console, demo: Territory, days: int, count: int
) -> None:
    portal = console.databases.portal
    settled = OperatorRequest(
        id=uuid.uuid4(),
        territory_id=demo.id,
        act="sync",
        details={},
        requested_by=uuid.uuid4(),
        state="done",
        finished_at=now() - timedelta(days=days),
    )
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        session.add(settled)

    await forget_requests(portal)

    query = select(OperatorRequest.id).where(OperatorRequest.id == settled.id)
    async with portal.session(INSTALLATION_ID, role="worker") as session:
        assert len((await session.scalars(query)).all()) == count
