"""A real installation that invites, and producers' own nodes as processes of their own, each in a folder."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests import cluster
from tests.identity.browser import SAME_SITE
from tests.journeys.installation import PARTS, Installation, running
from tests.node.producer import Producer
from tests.own_node.joining import make_database
from tests.own_node.node import SPACE, Node, invite, log_in
from udi.settings import Settings


@pytest.fixture(scope="package")
def installation(
    keycloak: Settings, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Portal, hosted node and their workers; two territories, `demo` and `autre`; its programs have one web worker each."""
    own_settings = cluster.own_settings(run_folder, "own_nodes")
    with running(
        own_settings.model_copy(update={"web_workers": 1}),
        tmp_path_factory.mktemp("installation"),
    ) as new_installation:
        yield new_installation


@pytest.fixture(scope="package")
def elsewhere(
    keycloak: Settings, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Another installation: a portal without a hosted node, for a territory that has the same name as here."""
    other_settings = cluster.own_settings(run_folder, "elsewhere")
    with running(
        other_settings.model_copy(update={"web_workers": 1}),
        tmp_path_factory.mktemp("elsewhere"),
        with_second=False,
        parts=[part for part in PARTS if "node" not in part],
    ) as new_installation:
        yield new_installation


@pytest.fixture(scope="package")
def new_node() -> Iterator[Callable[[], Node]]:
    """Makes a folder for a node, not made yet; every node is stopped at the end."""
    nodes = list[Node]()

    def make() -> Node:
        folder = Path(tempfile.mkdtemp(prefix="udi-test-own-"))
        folder.chmod(0o755)
        nodes.append(Node(folder / "node", cluster.free_ports(8) + 1))
        return nodes[-1]

    yield make
    for node in nodes:
        node.stop()
        shutil.rmtree(node.folder.parent, ignore_errors=True)


@pytest.fixture(scope="package")
def database(new_node: Callable[[], Node]) -> Path:
    """A folder with the database of a node that joined nothing yet."""
    empty = new_node()
    make_database(empty.folder, empty.port)
    return empty.folder


@pytest.fixture(scope="package")
def begun_node(new_node: Callable[[], Node], database: Path) -> Callable[[], Node]:
    """Makes a folder for a node, in which a database is made already: `udi node init` finds it there.

    That the command makes it is shown by the node of the fixture `node`.
    """

    def make() -> Node:
        node = new_node()
        node.take_database(database)
        return node

    return make


@pytest.fixture(scope="package")
def node(installation: Installation, new_node: Callable[[], Node]) -> Node:
    """The town hall's own node, which joined and runs, with as many web workers as this machine has room for."""
    node = new_node()
    node.web_workers = None
    done = node.init(invite(installation, "mairie", node.url, SPACE))
    assert done.returncode == 0, done.stderr
    node.start()
    return node


@pytest.fixture(scope="package")
async def producer(installation: Installation, node: Node) -> AsyncIterator[Producer]:
    """Somebody of the town hall, logged in at its own node with the account that they have on the territory."""
    async with httpx.AsyncClient(
        base_url=node.url, timeout=60, headers=SAME_SITE
    ) as client:
        await log_in(
            client,
            "responsable@kerlevan.example",
            installation.password("responsable@kerlevan.example"),
        )
        yield Producer(client)
