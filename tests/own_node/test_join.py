"""From an invitation to a node that publishes, on its own pages and on the portal; and invitations that are no good."""

import stat
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from tests.journeys.installation import Installation
from tests.node.producer import Producer
from tests.own_node.node import SPACE, Node, invite, on_portal, wait_for
from tests.rules.pages import check_page
from udi.kit.clock import now
from udi.kit.db import Database
from udi.portal.nodes.models import NodeInvitation
from udi.portal.tenants.queries import get_tenant

pytestmark = pytest.mark.programs


async def test_it_publishes_on_its_own_pages_and_on_the_portal(
    installation: Installation, node: Node, producer: Producer
) -> None:
    dataset = await producer.publish()

    wait_for(lambda: on_portal(installation, dataset).status_code == 200)
    wait_for(lambda: dataset in node.catalogue())
    record = on_portal(installation, dataset).json()
    assert record["available_formats"][0]["connector"]["url"].startswith(f"{node.url}/")
    for language in ("fr", "en"):
        page = node.get(accept_language=language)
        assert (
            check_page(
                page.text, url=node.url, headers=page.headers, territory="Armorine"
            )
            == []
        )
        assert "Associations de Kerlévan" in page.text
    feed = node.get("/catalog.ttl")
    assert feed.headers["content-type"].startswith("text/turtle")
    assert f"{installation.portal()}/data/{dataset}" in feed.text
    assert dataset in node.get("/catalog.jsonld").text
    assert node.get("/catalog.ttl?page=2").status_code == 404
    assert node.get(f"/datasets/{dataset}/file").status_code == 200


async def test_it_corrects_and_withdraws(
    installation: Installation, node: Node, producer: Producer
) -> None:
    dataset = await producer.publish()
    wait_for(lambda: on_portal(installation, dataset).status_code == 200)

    await producer.publish(dataset, title="Associations de Kerlévan, suite")
    wait_for(
        lambda: (
            on_portal(installation, dataset).json()["resource_title"].endswith("suite")
        )
    )
    gone = await producer.client.post(
        f"/datasets/{dataset}/withdraw", data={"reason": "Remplacé"}
    )

    assert gone.status_code == 303
    wait_for(lambda: on_portal(installation, dataset).status_code == 410)
    wait_for(lambda: dataset not in node.catalogue())


async def test_another_organisations_people_find_no_space_here(
    installation: Installation, node: Node
) -> None:
    page = node.get(f"/spaces/{SPACE}")

    assert page.status_code == 303
    assert page.headers["location"].startswith("/login")


@pytest.mark.thorough
def test_an_invitation_is_good_once(
    installation: Installation,
    new_node: Callable[[], Node],
    begun_node: Callable[[], Node],
) -> None:
    first = begun_node()
    second = new_node()
    link = invite(installation, "once", first.url, "seve")

    assert first.init(link).returncode == 0
    again = second.init(link)

    assert (again.returncode, again.stdout) == (1, "")
    assert "was used already, on" in again.stderr
    assert "Ask the territory’s team for another one" in again.stderr
    assert not (second.folder / "node.json").exists()


@pytest.mark.thorough
async def test_an_invitation_ends(
    installation: Installation,
    new_node: Callable[[], Node],
    begun_node: Callable[[], Node],
) -> None:
    node = new_node()
    portal = Database(installation.settings, "portal")
    link = invite(installation, "late", node.url, "seve")
    async with portal.platform_session() as session:
        tenant = (await get_tenant(session, "demo")).id
    async with portal.session(tenant, role="worker") as session:
        ended = now() - timedelta(seconds=1)
        await session.execute(
            update(NodeInvitation)
            .where(NodeInvitation.slug == "late")
            .values(expires_at=ended)
        )
    await portal.close()

    refused = node.init(link)

    assert refused.returncode == 1
    assert "This invitation ended on" in refused.stderr


@pytest.mark.thorough
def test_another_territory_knows_nothing_of_it(
    installation: Installation, begun_node: Callable[[], Node]
) -> None:
    node = begun_node()
    link = invite(installation, "elsewhere", node.url, "seve")

    refused = node.init(link.replace("//demo.", "//autre."))

    assert refused.returncode == 1
    assert "This territory gave no such invitation" in refused.stderr
    assert node.init(link).returncode == 0


@pytest.mark.thorough
def test_a_newer_invitation_replaces_the_one_before(
    installation: Installation, begun_node: Callable[[], Node]
) -> None:
    node = begun_node()
    before, link = (invite(installation, "again", node.url, "seve") for _ in range(2))

    assert "gave no such invitation" in node.init(before).stderr
    assert node.init(link).returncode == 0
    assert node.init(invite(installation, "again", node.url, "seve")).returncode == 0


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("nothing", "no invitation of a node"),
        ("https://portal.example/nodes/join", "no invitation of a node"),
        ("https://portal.example/data#code", "no invitation of a node"),
        ("http://portal.example/nodes/join#code", "would travel in clear"),
        ("http://localhost:9/nodes/join#code", "does not answer"),
    ],
)
def test_a_link_that_is_none_is_refused(
    new_node: Callable[[], Node], link: str, why: str
) -> None:
    node = new_node()

    refused = node.init(link)

    assert refused.returncode == 1
    assert why in refused.stderr
    assert not (node.folder / "node.json").exists()


def test_the_page_of_an_invitation_says_what_to_do(installation: Installation) -> None:
    for language, words in (
        ("fr", "Une invitation pour un nœud"),
        ("en", "An invitation for a node"),
    ):
        headers = {"Host": "demo.localhost", "Accept-Language": language}
        page = httpx.get(
            f"http://127.0.0.1:{installation.settings.port(0)}/nodes/join",
            headers=headers,
            timeout=30,
        )
        assert (
            check_page(
                page.text, url=str(page.url), headers=page.headers, territory="Armorine"
            )
            == []
        )
        assert words in page.text


def test_what_is_no_invitation_is_reported(installation: Installation) -> None:
    for body, status in (
        (b"{}", 422),
        (b"[", 422),
        (b'{"code": 3}', 422),
        (b'{"code": "x"}', 404),
    ):
        address = f"http://127.0.0.1:{installation.settings.port(0)}/nodes/join"
        headers = {
            "Host": "demo.localhost",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        assert (
            httpx.post(address, content=body, headers=headers, timeout=30).status_code
            == status
        )


def test_its_keys_are_its_owners_only(node: Node) -> None:
    private = [*(node.folder / "secrets").iterdir(), node.folder / "node.json"]

    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_a_folder_without_a_node_is_reported(new_node: Callable[[], Node]) -> None:
    done = new_node().run("node", "serve", "/nowhere")

    assert done.returncode == 1
    assert "There is no node in /nowhere" in done.stderr


def test_a_node_runs_once(node: Node) -> None:
    again = node.run("node", "serve", node.folder)

    assert again.returncode == 1
    assert "runs already" in again.stderr


@pytest.mark.thorough
def test_what_an_operator_gets_wrong_is_reported(installation: Installation) -> None:
    def refused(*arguments: str) -> str:
        done = installation.run("node", "invite", "demo", *arguments)
        assert done.returncode == 1
        return done.stderr

    assert "name the producer" in refused("far", "--url", "https://far.example")
    assert "No organisation is called nobody" in refused(
        "far", "--url", "https://far.example", "--producer", "nobody"
    )
    assert "hosted node" in refused(
        "hosted", "--url", "https://far.example", "--producer", "seve"
    )
    assert "short name" in refused(
        "Far!", "--url", "https://far.example", "--producer", "seve"
    )
    for ending in ("-login", "-subjects"):
        assert f"«{ending}»" in refused(
            f"far{ending}", "--url", "https://far.example", "--producer", "seve"
        )
    assert "web address" in refused("far", "--url", "far", "--producer", "seve")
