"""One node on three portals: its territory's, another territory's of the same installation, and another installation's.

Each portal is told everything, reports for itself, and may be away or be left without the others noticing.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from tests.identity.browser import SAME_SITE
from tests.journeys.installation import Installation
from tests.node.producer import Producer
from tests.own_node.node import SPACE, Node, invite, log_in, on_portal, wait_for
from tests.own_node.test_alone import pushed_by
from tests.rules.pages import check_page
from udi.kit.db import Database
from udi.kit.identity import Actor
from udi.portal.nodes.actions.moderate import (
    get_dataset_for_team,
    withdraw_dataset_for_team,
)
from udi.portal.nodes.models import Node as Registered
from udi.portal.nodes.models import Report
from udi.portal.tenants.queries import get_tenant

pytestmark = pytest.mark.thorough

SLUG = "several"
WHO = "responsable@kerlevan.example"
LONG = 120
Place = tuple[Installation, str]
"""An installation and the slug of one of its territories."""


@pytest.fixture(scope="module")
def places(
    installation: Installation, elsewhere: Installation
) -> tuple[Place, Place, Place]:
    """The territory of the node, its neighbour, and one of another installation."""
    return (installation, "demo"), (installation, "autre"), (elsewhere, "demo")


@pytest.fixture(scope="module")
def several(places: tuple[Place, ...], begun_node: Callable[[], Node]) -> Node:
    """The town hall's node, which joined the three and runs."""
    node = begun_node()
    for number, (at, territory) in enumerate(places):
        link = invite(at, SLUG, node.url, SPACE, territory=territory)
        done = node.join(link) if number else node.init(link)
        assert done.returncode == 0, done.stderr
    node.start()
    return node


@pytest.fixture
async def town(installation: Installation, several: Node) -> AsyncIterator[Producer]:
    """Somebody of the town hall, logged in with the account of the first territory."""
    async with httpx.AsyncClient(
        base_url=several.url, timeout=60, headers=SAME_SITE
    ) as client:
        await log_in(client, WHO, installation.password(WHO))
        yield Producer(client)


def statuses(places: tuple[Place, ...], dataset: str) -> list[int]:
    return [on_portal(at, dataset, slug).status_code for at, slug in places]


def titles(places: tuple[Place, ...], dataset: str) -> list[str]:
    responses = [on_portal(at, dataset, slug) for at, slug in places]
    return [
        response.json()["resource_title"] if response.status_code == 200 else ""
        for response in responses
    ]


async def reports(place: Place) -> dict[str, list[bool]]:
    """What a portal reported to the node: by dataset, whether it accepted, the oldest first."""
    at, slug = place
    portal = Database(at.settings, "portal")
    outcomes_by_dataset = dict[str, list[bool]]()
    try:
        async with portal.platform_session() as session:
            tenant = (await get_tenant(session, slug)).id
        async with portal.session(tenant, role="worker") as session:
            mine = (
                select(Registered.id).where(Registered.slug == SLUG).scalar_subquery()
            )
            query = select(Report.resource_id, Report.accepted).where(
                Report.node_id == mine
            )
            for dataset, accepted in await session.execute(
                query.order_by(Report.submitted_at)
            ):
                outcomes_by_dataset.setdefault(str(dataset), []).append(accepted)
            assert await session.scalar(
                select(func.count()).select_from(Report).where(Report.node_id == mine)
            )
    finally:
        await portal.close()
    return outcomes_by_dataset


async def test_each_portal_shows_it_and_reports_for_itself(
    places: tuple[Place, ...], several: Node, town: Producer
) -> None:
    dataset = await town.publish()

    wait_for(lambda: statuses(places, dataset) == [200] * 3, LONG)
    wait_for(lambda: several.get("/").text.count(f"/data/{dataset}") == 3)
    assert [(await reports(place))[dataset] for place in places] == [[True]] * 3
    assert (
        len(
            {
                on_portal(at, dataset, slug).json()["producer"]["organization_id"]
                for at, slug in places
            }
        )
        > 1
    )
    page = await town.client.get(
        f"/datasets/{dataset}", headers={"Accept-Language": "fr"}
    )
    assert (
        check_page(
            page.text, url=str(page.url), headers=page.headers, territory="Armorine"
        )
        == []
    )
    assert "Hautes-Terres" in page.text
    assert page.text.count(f"/data/{dataset}") == 3
    assert "Sur Hautes-Terres" in await town.page(f"/spaces/{SPACE}")
    await town.publish(dataset, title="Associations, revues")
    wait_for(lambda: titles(places, dataset) == ["Associations, revues"] * 3, LONG)
    await town.client.post(f"/datasets/{dataset}/withdraw", data={"reason": "Remplacé"})
    wait_for(lambda: statuses(places, dataset) == [410] * 3, LONG)


def test_no_portal_reads_of_another(places: tuple[Place, ...], several: Node) -> None:
    for at, slug in places:
        own_portal = at.portal(slug)
        response = httpx.get(
            f"http://127.0.0.1:{at.settings.port(0)}/catalog.ttl",
            headers={"Host": f"{slug}.localhost"},
            timeout=30,
        )
        others = {place.portal(name) for place, name in places} - {own_portal}
        assert response.status_code == 200
        assert not [other for other in others if other in response.text]


async def test_a_portal_away_holds_back_no_other_and_is_told_when_it_is_back(
    places: tuple[Place, ...], elsewhere: Installation, several: Node, town: Producer
) -> None:
    remaining = places[:2]
    leaving = places[2:]
    changed = await town.publish()
    gone = await town.publish()
    wait_for(
        lambda: statuses(places, changed) + statuses(places, gone) == [200] * 6, LONG
    )
    before = await reports(places[2])
    elsewhere.stop("serve-portal")
    try:
        new = await town.publish()
        await town.publish(changed, title="Une fois")
        await town.publish(changed, title="Deux fois")
        await town.client.post(
            f"/datasets/{gone}/withdraw", data={"reason": "Remplacé"}
        )
        wait_for(
            lambda: (
                statuses(remaining, new) + statuses(remaining, gone)
                == [200, 200, 410, 410]
            )
        )
        wait_for(lambda: titles(remaining, changed) == ["Deux fois"] * 2)
        page = (
            await town.client.get(f"/datasets/{new}", headers={"Accept-Language": "fr"})
        ).text
        assert "En cours d’envoi" in page
        assert several.stop() == 0
        several.start()
    finally:
        elsewhere.start("serve", "portal")
        elsewhere.wait("portal")

    wait_for(
        lambda: statuses(leaving, new) + statuses(leaving, gone) == [200, 410], LONG
    )
    wait_for(lambda: titles(leaving, changed) == ["Deux fois"], LONG)
    pushed_datasets = [sorted(await pushed_by(at, SLUG, slug)) for at, slug in places]
    assert pushed_datasets[0] == pushed_datasets[1] == pushed_datasets[2]
    after = await reports(places[2])
    assert {name: len(after[name]) - len(before.get(name, ())) for name in (new, changed, gone)} == {
        new: 1, changed: 1, gone: 1,
    }  # fmt: skip
    assert all(all(accepted) for accepted in after.values())


async def test_the_own_territory_away_holds_back_no_other(
    places: tuple[Place, ...], installation: Installation, several: Node, town: Producer
) -> None:
    installation.stop("serve-portal")
    try:
        dataset = await town.publish()
        wait_for(lambda: statuses(places[2:], dataset) == [200])
    finally:
        installation.start("serve", "portal")
        installation.wait("portal")
    wait_for(lambda: statuses(places, dataset) == [200] * 3, LONG)
    assert statuses(places, dataset) == [200] * 3


async def wait_for_words(town: Producer, path: str, words: str) -> None:
    """Until a page says something."""
    deadline = time.monotonic() + LONG
    while words not in await town.page(path):
        assert time.monotonic() < deadline, f"{path} does not say «{words}»"
        await asyncio.sleep(0.3)


async def withdraw_by_team(place: Place, dataset: str, reason: str) -> None:
    at, slug = place
    portal = Database(at.settings, "portal")
    async with portal.platform_session() as session:
        tenant = (await get_tenant(session, slug)).id
    async with portal.session(tenant, role="worker") as session:
        team = Actor(UUID(int=7), "Team", "team@example.org", slug, moderator=True)
        await withdraw_dataset_for_team(
            session,
            team,
            await get_dataset_for_team(session, team, UUID(dataset)),
            reason=reason,
        )
    await portal.close()


async def test_what_a_team_withdraws_is_gone_there_and_nowhere_else(
    places: tuple[Place, ...], several: Node, town: Producer
) -> None:
    first = await town.publish()
    second = await town.publish()
    wait_for(
        lambda: statuses(places, first) + statuses(places, second) == [200] * 6, LONG
    )

    await withdraw_by_team(places[2], first, "Pas chez nous")
    await withdraw_by_team(places[0], second, "Pas chez nous non plus")

    wait_for(lambda: statuses(places, first) == [200, 200, 410])
    wait_for(lambda: first in several.catalogue())
    wait_for(lambda: second not in several.catalogue())
    assert statuses(places, second) == [410, 200, 200]
    assert several.get(f"/datasets/{second}/file").status_code == 200
    await wait_for_words(town, f"/datasets/{first}", "Pas chez nous")
    for place in places[1:]:
        await withdraw_by_team(place, second, "Nulle part")
    wait_for(lambda: several.get(f"/datasets/{second}/file").status_code != 200)


async def test_leaving_one_withdraws_there_only(
    places: tuple[Place, ...],
    elsewhere: Installation,
    several: Node,
    town: Producer,
    tmp_path: Path,
) -> None:
    dataset = await town.publish()
    wait_for(lambda: statuses(places, dataset) == [200] * 3, LONG)
    credential = [
        path
        for path in (several.folder / "secrets").iterdir()
        if path.name.startswith("further_")
    ]
    assert len(credential) == 2
    assert several.stop() == 0

    left = several.run(
        "node", "leave-portal", several.folder, elsewhere.portal(), "--json"
    )
    assert left.returncode == 0, left.stderr
    assert json.loads(left.stdout)["to_withdraw"] > 0
    several.start()

    wait_for(lambda: statuses(places, dataset) == [200, 200, 410], LONG)
    wait_for(lambda: several.get("/").text.count(f"/data/{dataset}") == 2)
    later = await town.publish()
    wait_for(lambda: statuses(places[:2], later) == [200, 200], LONG)
    assert statuses(places[2:], later) == [404]
    assert await pushed_by(elsewhere, SLUG) == []
    assert several.stop() == 0
    away = several.run("node", "leave", several.folder, "--file", tmp_path / "back.tar")
    assert (
        away.returncode,
        "is shown on" in away.stderr,
        "leave-portal" in away.stderr,
    ) == (1, True, True)
    assert elsewhere.portal() not in (several.folder / "node.json").read_text()
    assert len([path for path in credential if path.exists()]) == 1

    back = several.join(invite(elsewhere, SLUG, several.url, SPACE))
    assert back.returncode == 0, back.stderr
    several.start()
    wait_for(
        lambda: statuses(places, dataset) + statuses(places, later) == [200] * 6, LONG
    )


def test_what_cannot_be_joined_or_left_is_said(
    installation: Installation, elsewhere: Installation, several: Node
) -> None:
    assert several.stop() == 0

    def refused(link: str, *more: str) -> str:
        done = several.join(link, *more)
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    invitation = invite(installation, SLUG, several.url, SPACE)
    assert "portal of this node already" in refused(invitation)
    assert several.init(invitation).returncode == 0
    assert "no invitation of a node" in refused("nothing")
    other = invite(elsewhere, "away", "https://away.example", SPACE)
    assert "invited a node at https://away.example" in refused(other)
    stranger = invite(
        elsewhere, "stranger", several.url, "seve", "--producer", "mairie-kerlevan"
    )
    assert "<name there>=<name here>" in refused(stranger, "--producer", "seve")
    completed = several.run(
        "node", "leave-portal", several.folder, "https://unknown.example"
    )
    assert (
        completed.returncode,
        "has not joined https://unknown.example" in completed.stderr,
    ) == (1, True)
    home = several.run("node", "leave-portal", several.folder, installation.portal())
    assert (home.returncode, "own pages" in home.stderr) == (1, True)
    gone = several.run(
        "node",
        "leave-portal",
        several.folder,
        installation.portal("autre"),
        "--at-once",
        "--json",
    )
    assert json.loads(gone.stdout) == {
        "portal": installation.portal("autre"),
        "to_withdraw": 0,
    }
