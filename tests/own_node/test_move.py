"""A producer leaves the hosted node for its own and comes back: the same identifiers, everything once."""

import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from tests.identity.browser import SAME_SITE
from tests.journeys.installation import Installation
from tests.node.producer import ANSWERS
from tests.own_node.node import Node, invite, log_in, on_portal, wait_for
from tests.own_node.test_alone import pushed_by

WHO = "responsable@kerlevan.example"
TREES = b"espece;hauteur\nch\xc3\xaane;12\nh\xc3\xaatre;9\n"


@pytest.fixture
async def hosted(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody of the association at the hosted node."""
    address = f"http://127.0.0.1:{installation.settings.port(1)}"
    host = "node.demo.localhost"
    async with httpx.AsyncClient(
        base_url=address, timeout=60, headers={**SAME_SITE, "Host": host}
    ) as client:
        origin = installation.node()

        async def stay(request: httpx.Request) -> None:
            request.headers["Host"] = origin.removeprefix("http://")

        client.event_hooks = {"request": [stay]}
        await log_in(client, WHO, installation.password(WHO), origin=origin)
        yield client


async def publish(
    client: httpx.AsyncClient, title: str, content: bytes = TREES, dataset: str = ""
) -> str:
    """The id of what was published."""
    if dataset:
        path = f"/datasets/{dataset}/versions"
    else:
        path = "/spaces/seve/datasets"
    sent = await client.post(path, files={"file": ("arbres.csv", content, "text/csv")})
    assert sent.status_code == 303, sent.text
    dataset = dataset or sent.headers["location"].split("/")[2]
    described = await client.post(
        f"/datasets/{dataset}/describe", data={**ANSWERS, "title": title}
    )
    assert described.status_code == 303, described.text
    published = await client.post(f"/datasets/{dataset}/publish", data={"reason": ""})
    assert published.status_code == 303, published.text
    return dataset


def address_on_portal(installation: Installation, dataset: str) -> str:
    answer = on_portal(installation, dataset)
    if answer.status_code == 200:
        return str(answer.json()["available_formats"][0]["connector"]["url"])
    return ""


async def furnish(
    installation: Installation, hosted: httpx.AsyncClient
) -> tuple[str, str, str, str]:
    """What a producer has on the hosted node: two datasets, one of two versions; a draft; one that was withdrawn."""
    first = await publish(hosted, "Arbres")
    second = await publish(hosted, "Arbres abattus")
    await publish(hosted, "Arbres", TREES + b"orme;7\n", dataset=first)
    draft = (
        await hosted.post(
            "/spaces/seve/datasets",
            files={"file": ("brouillon.csv", TREES, "text/csv")},
        )
    ).headers
    draft_id = draft["location"].split("/")[2]
    gone = await publish(hosted, "Retiré")
    wait_for(lambda: on_portal(installation, gone).status_code == 200)
    await hosted.post(f"/datasets/{gone}/withdraw", data={"reason": "Remplacé"})
    wait_for(lambda: on_portal(installation, gone).status_code == 410)
    wait_for(
        lambda: (
            {
                on_portal(installation, dataset).status_code
                for dataset in (first, second)
            }
            == {200}
        )
    )
    return first, second, draft_id, gone


def move_out(installation: Installation, node: Node, file: Path) -> None:
    """Bring a producer to the node; another one, and a file that was cut, are refused."""
    move = ("producer", "move-out", "demo")
    to = ("--to", "jardins", "--file", str(file))
    strange = installation.run(*move, "mairie-kerlevan", *to)
    assert (strange.returncode, file.exists()) == (1, False)
    assert "may not publish for" in strange.stderr
    left = installation.run(*move, "seve", *to)
    assert left.returncode == 0, left.stderr
    shortened = file.with_name("shortened.tar")
    shortened.write_bytes(file.read_bytes()[:-1024])
    assert "is refused" in node.run("node", "take", node.folder, shortened).stderr
    completed = node.run("node", "take", node.folder, file)
    assert completed.returncode == 0, completed.stderr


@pytest.mark.thorough
async def test_there_and_back(
    installation: Installation,
    hosted: httpx.AsyncClient,
    begun_node: Callable[[], Node],
    tmp_path: Path,
) -> None:
    first, second, draft_id, gone = await furnish(installation, hosted)
    node = begun_node()
    out = tmp_path / "out.tar"
    back = tmp_path / "back.tar"
    assert node.init(invite(installation, "jardins", node.url, "seve")).returncode == 0

    move_out(installation, node, out)
    node.start()

    wait_for(
        lambda: all(
            address_on_portal(installation, dataset).startswith(node.url)
            for dataset in (first, second)
        )
    )
    assert sorted(await pushed_by(installation, "jardins")) == sorted([first, second])
    assert await pushed_by(installation, "hosted") == []
    wait_for(lambda: set(node.catalogue()) == {first, second})
    assert node.get(f"/datasets/{first}/file").content == TREES + b"orme;7\n"
    led = await hosted.get(f"/datasets/{second}/file", headers={"Cookie": ""})
    async with httpx.AsyncClient(
        base_url=node.url, timeout=60, headers=SAME_SITE
    ) as client:
        await log_in(client, WHO, installation.password(WHO))
        assert (await client.get(f"/datasets/{draft_id}/check")).status_code == 200
        history = (await client.get(f"/datasets/{first}")).text
        assert "2" in history
        await publish(
            client,
            "Arbres, au propre nœud",
            TREES + b"h\xc3\xaatre;3\n",
            dataset=second,
        )
        third = await publish(client, "Haies")
    wait_for(lambda: on_portal(installation, third).status_code == 200)
    wait_for(
        lambda: (
            on_portal(installation, second).json()["resource_title"]
            == "Arbres, au propre nœud"
        )
    )
    assert (led.status_code, led.headers.get("location")) == (
        308,
        f"{node.url}/datasets/{second}/file",
    )
    assert node.run("node", "take", node.folder, out).returncode == 1

    node.stop()
    again = node.run("node", "take", node.folder, out)
    assert (again.returncode, "are here already" in again.stderr) == (1, True)
    leaving = node.run("node", "leave", node.folder, "--file", back)
    assert leaving.returncode == 0, leaving.stderr
    home = installation.run(
        "producer", "move-in", "demo", str(back), "--from", "jardins"
    )
    assert home.returncode == 0, home.stderr

    everything = (first, second, third)
    wait_for(
        lambda: all(
            address_on_portal(installation, dataset).startswith(installation.node())
            for dataset in everything
        )
    )
    assert sorted(await pushed_by(installation, "hosted")) == sorted(everything)
    assert await pushed_by(installation, "jardins") == []
    for dataset, content in ((first, TREES + b"orme;7\n"), (third, TREES)):
        file = await hosted.get(f"/datasets/{dataset}/file")
        assert hashlib.sha256(file.content).digest() == hashlib.sha256(content).digest()
    assert (await hosted.get(f"/datasets/{draft_id}/check")).status_code == 200
    assert on_portal(installation, gone).status_code == 410
    node.start()
    assert node.catalogue() == {}
    assert (
        node.get(f"/datasets/{first}/file").headers["location"]
        == f"{installation.node()}/datasets/{first}/file"
    )
    node.stop()


@pytest.mark.thorough
def test_what_cannot_move_is_reported(
    installation: Installation, begun_node: Callable[[], Node], tmp_path: Path
) -> None:
    node = begun_node()
    invitation = invite(installation, "other", node.url, "mairie-kerlevan")
    assert node.init(invitation).returncode == 0
    file = tmp_path / "nothing.tar"

    def refused(*arguments: str) -> str:
        done = installation.run(
            "producer", "move-out", "demo", *arguments, "--file", str(file)
        )
        assert (done.returncode, file.exists()) == (1, False)
        return done.stderr

    assert "may not publish for" in refused("seve", "--to", "other")
    assert "may not publish for" in refused("seve", "--to", "hosted")
    assert "No node has this name" in refused("seve", "--to", "nobody")
    assert "No organisation is called" in refused("nobody", "--to", "other")
    empty = node.run("node", "leave", node.folder, "--file", file)
    assert (empty.returncode, "holds nothing" in empty.stderr) == (1, True)
    file.write_bytes(b"no archive")
    assert "is refused" in node.run("node", "take", node.folder, file).stderr
