"""A real installation that invites, and producers' own nodes as processes of their own, each in a folder."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests import cluster
from tests.identity.browser import SAME_SITE
from tests.journeys.installation import Installation, running
from tests.node.producer import Producer
from tests.own_node.node import SPACE, Node, invite, log_in
from udi.kit import keys
from udi.portal.identity.provision import admin, realm
from udi.settings import Settings


@pytest.fixture(scope="package")
def installation(
    keycloak: Settings, postgres: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Portal, hosted node and their workers; two territories, `demo` and `autre`."""
    asyncio.run(cluster.copy_databases(postgres, "own_nodes"))
    own = cluster.run_settings(run_folder, "own_nodes", base_port=cluster.free_ports(8))
    with running(own, tmp_path_factory.mktemp("installation")) as found:
        yield found


@pytest.fixture(scope="package")
def elsewhere(
    keycloak: Settings, postgres: str, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Another installation, with databases, keys, accounts and a realm of its own; its territories have the same names."""
    asyncio.run(cluster.copy_databases(postgres, "elsewhere"))
    theirs = cluster.run_settings(run_folder, "elsewhere", base_port=cluster.free_ports(8))
    secrets = tmp_path_factory.mktemp("secrets")
    for path in (run_folder / "secrets").iterdir():
        if not path.name.startswith(("node_credential_", "account_", "signing_keys")):
            shutil.copy(path, secrets / path.name)
    (secrets / "signing_keys").write_text(keys.new_secret())
    theirs = theirs.model_copy(update={"secrets": secrets, "identity_realm": "elsewhere"})
    realm.apply_realm(admin.connect(theirs), theirs)
    with running(theirs, tmp_path_factory.mktemp("elsewhere")) as found:
        yield found


@pytest.fixture(scope="package")
def new_node() -> Iterator[Callable[[], Node]]:
    """Makes a folder for a node, not made yet; every node is stopped at the end."""
    made = list[Node]()

    def make() -> Node:
        folder = Path(tempfile.mkdtemp(prefix="udi-test-own-"))
        folder.chmod(0o755)
        made.append(Node(folder / "node", cluster.free_ports(8) + 1))
        return made[-1]

    yield make
    for node in made:
        node.stop()
        shutil.rmtree(node.folder.parent, ignore_errors=True)


@pytest.fixture(scope="package")
def node(installation: Installation, new_node: Callable[[], Node]) -> Node:
    """The town hall's own node, which joined and runs."""
    node = new_node()
    done = node.init(invite(installation, "mairie", node.url, SPACE))
    assert done.returncode == 0, done.stderr
    node.start()
    return node


@pytest.fixture(scope="package")
async def producer(installation: Installation, node: Node) -> AsyncIterator[Producer]:
    """Somebody of the town hall, logged in at its own node with the account that they have on the territory."""
    async with httpx.AsyncClient(base_url=node.url, timeout=60, headers=SAME_SITE) as client:
        await log_in(client, "responsable@kerlevan.example", installation.password("responsable@kerlevan.example"))
        yield Producer(client)
