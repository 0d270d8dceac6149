"""What a producer does so that its node lasts: it is looked at, backed up, proven to restore, and brought back elsewhere."""

import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.identity.browser import SAME_SITE
from tests.journeys.installation import Installation
from tests.node.producer import TABLE, Producer
from tests.own_node.node import SPACE, Node, invite, log_in, on_portal, wait_for
from tests.own_node.test_alone import set_address
from tests.restic_key import make_cheap

WHO = "responsable@kerlevan.example"


@pytest.fixture(scope="module")
async def running_node(
    installation: Installation, begun_node: Callable[[], Node]
) -> AsyncIterator[Node]:
    """A node that joined and runs; after these tests the portal leads nobody to it."""
    node = begun_node()
    done = node.init(invite(installation, "kept", node.url, SPACE))
    assert done.returncode == 0, done.stderr
    node.start()
    yield node
    node.stop()
    await set_address(installation, "kept", "")


@pytest.fixture
async def town(
    installation: Installation, running_node: Node
) -> AsyncIterator[Producer]:
    """Somebody of the town hall, logged in there."""
    async with httpx.AsyncClient(
        base_url=running_node.url, timeout=60, headers=SAME_SITE
    ) as client:
        await log_in(client, WHO, installation.password(WHO))
        yield Producer(client)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another disk."""
    return tmp_path_factory.mktemp("disk")


def doctor(node: Node) -> tuple[int, dict[str, dict[str, Any]]]:
    """Its exit status and what it found, by name; clocks have the names of whose they are."""
    done = node.run("doctor", "--node", node.folder, "--json")
    findings = {
        f"clock {finding['name']}"
        if finding["part"] == "clock"
        else finding["name"]: finding
        for finding in json.loads(done.stdout)["findings"]
    }
    return done.returncode, findings


def backup(node: Node, verb: str, *more: str | Path) -> Any:
    done = node.run("backup", verb, *more, "--node", node.folder, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.thorough
async def test_the_doctor_of_a_node_that_is_well(
    installation: Installation, running_node: Node, town: Producer
) -> None:
    dataset = await town.publish()
    wait_for(lambda: dataset in running_node.catalogue())

    status, findings = doctor(running_node)

    faults = [
        finding for finding in findings.values() if finding["severity"] == "fault"
    ]
    assert (status, faults) == (0, [])
    origin = installation.portal()
    assert "takes this node's credential" in findings[origin]["message"]
    assert findings[f"clock {origin}"]["severity"] == "ok"
    assert findings[f"outbox {origin}"]["message"].startswith("0 waiting")
    assert "was accepted" in findings["last push"]["message"]
    assert findings["plan"]["severity"] == "warning"
    assert {
        "state",
        "objects",
        "udi_node_app",
        "udi_node_worker",
        "running",
        "address",
    } <= findings.keys()
    portal_findings = json.loads(installation.run("doctor", "--json").stdout)[
        "findings"
    ]
    assert [
        finding["severity"]
        for finding in portal_findings
        if finding["name"] == "demo kept"
    ] == ["ok"]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a collector reads."""
    return tmp_path_factory.mktemp("journal")


def export_journal(node: Node, folder: Path) -> Any:
    """What is new of its journal: a row for each file."""
    done = node.run(
        "journal", "export", "--node", node.folder, "--folder", folder, "--json"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


async def test_its_journal_leaves_signed_by_the_key_that_it_publishes(
    running_node: Node, town: Producer, journal: Path, tmp_path: Path
) -> None:
    dataset = await town.publish()
    keys = tmp_path / "jwks.json"
    keys.write_text(running_node.get("/.well-known/jwks.json").text)

    [row] = export_journal(running_node, journal)
    verify = ("journal", "verify", row["file"], "--program", "node")
    without_node = running_node.run(*verify, "--keys", keys)
    with_node = running_node.run(*verify, "--node", running_node.folder)
    refused = running_node.run(
        "journal", "export", "--node", running_node.folder, "--program", "portal",
        "--folder", journal,
    )  # fmt: skip

    assert (without_node.returncode, with_node.returncode) == (0, 0)
    assert (refused.returncode, "has no portal" in refused.stderr) == (1, True)
    lines = read_lines(Path(row["file"]))
    events = {(line["name"], line["subject"]) for line in lines[:-1]}
    assert {("dataset.created", dataset), ("dataset.published", dataset)} <= events
    assert {line["program"] for line in lines[:-1]} == {"node"}


@pytest.mark.thorough
async def test_the_doctor_says_what_is_wrong(
    installation: Installation, running_node: Node, town: Producer
) -> None:
    origin = installation.portal()
    credential = running_node.folder / "secrets/node_credential_demo"
    before = credential.read_text()
    credential.write_text("another")
    try:
        status, findings = doctor(running_node)
        assert (status, findings[origin]["severity"]) == (1, "fault")
        assert "udi node init" in findings[origin]["remedy"]
    finally:
        credential.write_text(before)
    installation.stop("serve-portal")
    try:
        dataset = await town.publish()
        findings = doctor(running_node)[1]
        assert findings[f"outbox {origin}"]["message"].startswith("1 waiting")
        assert "does not answer" in findings[origin]["message"]
    finally:
        installation.start("serve", "portal")
        installation.wait("portal")
    wait_for(lambda: on_portal(installation, dataset).status_code == 200, 150)
    running_node.stop()
    findings = doctor(running_node)[1]
    assert findings["running"]["severity"] == "fault"
    assert "udi node serve" in findings["running"]["remedy"]
    running_node.start()


async def test_a_node_is_backed_up_and_brought_back_elsewhere(
    installation: Installation,
    running_node: Node,
    town: Producer,
    disk: Path,
    new_node: Callable[[], Node],
    tmp_path: Path,
) -> None:
    refused = running_node.run("backup", "create", "--node", running_node.folder)
    assert (refused.returncode, "udi backup prepare" in refused.stderr) == (1, True)
    preparation = backup(running_node, "prepare", "--repository", disk)
    passphrase = tmp_path / "passphrase"
    shutil.copy(preparation["passphrase_file"], passphrase)
    make_cheap(disk / "files", passphrase.read_text().strip())
    public = await town.publish()
    draft = await town.draft()
    wait_for(lambda: public in running_node.catalogue())

    running = backup(running_node, "create")
    later = await town.publish()
    wait_for(lambda: later in running_node.catalogue())
    running_node.stop()
    stopped = backup(running_node, "create")

    assert [entry["label"] for entry in backup(running_node, "list")] == [
        stopped["label"],
        running["label"],
    ]
    assert running["files"] < stopped["files"]
    # The other one is brought back for good below.
    drilled = backup(running_node, "verify", running["label"])
    assert drilled["label"] == running["label"]
    assert {
        entry["label"]: entry["verified"] for entry in backup(running_node, "list")
    } == {stopped["label"]: "no", running["label"]: "yes"}
    assert doctor(running_node)[1]["last backup"]["severity"] == "ok"
    assert (
        sorted(
            path.name
            for path in running_node.folder.iterdir()
            if path.name.startswith("drill-")
        )
        == []
    )

    again = running_node.run("backup", "restore", "--node", running_node.folder)
    assert (again.returncode, "--yes-replace" in again.stderr) == (1, True)
    elsewhere = Node(new_node().folder, running_node.port)
    done = elsewhere.run(
        "backup",
        "restore",
        "--node",
        elsewhere.folder,
        "--repository",
        disk,
        "--passphrase-file",
        passphrase,
    )
    assert done.returncode == 0, done.stderr
    elsewhere.start()
    try:
        assert {public, later} <= set(elsewhere.catalogue())
        assert elsewhere.get(f"/datasets/{later}/file").content == TABLE
        async with httpx.AsyncClient(
            base_url=elsewhere.url, timeout=60, headers=SAME_SITE
        ) as client:
            await log_in(client, WHO, installation.password(WHO))
            assert (await client.get(f"/datasets/{draft}/check")).status_code == 200
            after = await Producer(client).publish()
        wait_for(lambda: on_portal(installation, after).status_code == 200)
    finally:
        elsewhere.stop()
    spoilt = shutil.copytree(disk, tmp_path / "spoilt")
    spoil(spoilt)
    lost = ("--repository", spoilt, "--passphrase-file", passphrase)
    unread = elsewhere.run("backup", "restore", "--node", tmp_path / "none", *lost)
    assert unread.returncode == 1
    assert not (tmp_path / "none/node.json").exists()


def spoil(repository: Path) -> None:
    """Lose the beginning of each file of a repository."""
    for path in sorted(
        (repository / "files/data").rglob("*"), key=lambda file: -file.stat().st_size
    ):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(bytes(40) + path.read_bytes()[40:])


@pytest.mark.thorough
async def test_a_node_is_put_back_as_it_was(
    installation: Installation,
    running_node: Node,
    disk: Path,
    journal: Path,
    tmp_path: Path,
) -> None:
    labels = [entry["label"] for entry in backup(running_node, "list")]
    done = running_node.run(
        "backup",
        "restore",
        labels[-1],
        "--node",
        running_node.folder,
        "--yes-replace",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    running_node.start()
    assert (
        on_portal(installation, next(iter(running_node.catalogue()))).status_code == 200
    )
    [exported] = export_journal(running_node, journal)
    assert "every event again" in exported["note"]
    verify = ("journal", "verify", exported["file"], "--node", running_node.folder)
    assert running_node.run(*verify).returncode == 0
    running_node.stop()

    wrong_passphrase = tmp_path / "wrong"
    wrong_passphrase.write_text("a passphrase that opens nothing")
    where = ("--repository", disk, "--passphrase-file", wrong_passphrase)
    refused = running_node.run("backup", "restore", "--node", tmp_path / "none", *where)
    assert refused.returncode == 1
    assert not (tmp_path / "none/node.json").exists()
    spoil(disk)
    assert (
        running_node.run("backup", "verify", "--node", running_node.folder).returncode
        == 1
    )
    assert running_node.run("doctor", "--node", running_node.folder).returncode == 1
