"""The journal of a producer's own node leaves by its technician's command, whether the node runs or not, and after a restore."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from rich.console import Console

from tests.own_node.joining import make_joining
from tests.own_node.node import Node
from tests.restic_key import make_cheap
from udi.cli.local.steps import TerminalReporter
from udi.cli.own import node_processes
from udi.cli.own.folder import OwnNode, read_own_node
from udi.kit.db import Database
from udi.node.audit import record_audit_event
from udi.node.datasets.models import DatasetEvent
from udi.node.subject_requests.dossiers.signing import make_node_signer

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def lone_node(begun_node: Callable[[], Node]) -> Node:
    """A node that joined and does not run, in a folder of its own, with an event in each of its tables."""
    node = begun_node()
    joining = make_joining(node.url)
    with node_processes.hold_folder(node.folder, node.port) as service:
        own_node = OwnNode(node.folder, node.port, joining)
        own_node.save_joining(joining)
        steps = TerminalReporter(Console(stderr=True))
        with node_processes.prepare_database(own_node, service, steps):
            asyncio.run(note_events(own_node))
    return node


async def note_events(own_node: OwnNode) -> None:
    database = Database(own_node.settings, "node", pool_size=1)
    try:
        async with database.session(own_node.joined.territory.id) as session:
            record_audit_event(session, None, "key.made", uuid4())
            detail = {"number": 1, "reason": "written by somebody"}
            session.add(DatasetEvent.by(None, uuid4(), "version.removed", detail))
    finally:
        await database.close()


def run(node: Node, *arguments: str | Path) -> Any:
    """What a command prints, for a program."""
    done = node.run(*arguments, "--node", node.folder, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


def test_a_node_that_is_stopped_exports_its_journal_signed_by_its_own_key(
    lone_node: Node, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    keys = tmp_path / "jwks.json"
    signer = make_node_signer(read_own_node(lone_node.folder).settings)
    keys.write_text(json.dumps(signer.public_keys()))

    [row] = run(lone_node, "journal", "export", "--folder", journal)
    again = run(lone_node, "journal", "export", "--folder", journal)
    portal = lone_node.run(
        "journal", "export", "--node", lone_node.folder, "--folder", journal,
        "--program", "portal",
    )  # fmt: skip

    assert again == []
    assert (portal.returncode, "has no portal" in portal.stderr) == (1, True)
    assert (row["territory"], row["program"]) == ("demo", "node")
    lines = read(row["file"])[:-1]
    assert {"key.made", "version.removed", "space.opened"} == {
        line["name"] for line in lines
    }
    [removed] = [line for line in lines if line["name"] == "version.removed"]
    assert removed["facts"] == {"number": 1}
    assert run(lone_node, "journal", "verify", row["file"])["faults"] == []
    elsewhere = lone_node.run("journal", "verify", row["file"], "--keys", keys)
    assert elsewhere.returncode == 0, elsewhere.stdout


def test_a_node_that_is_restored_begins_another_chain(
    lone_node: Node, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    disk = tmp_path / "disk"
    backup = run(lone_node, "backup", "prepare", "--repository", disk)
    make_cheap(disk / "files", Path(backup["passphrase_file"]).read_text().strip())
    [before] = run(lone_node, "journal", "export", "--folder", journal)
    run(lone_node, "backup", "create")
    run(lone_node, "backup", "restore", "--yes-replace")

    [after] = run(lone_node, "journal", "export", "--folder", journal)

    assert "every event again" in after["note"]
    events = [[line.get("id") for line in read(row["file"])] for row in (before, after)]
    assert events[0] == events[1]
    assert read(before["file"])[0]["previous"] != read(after["file"])[0]["previous"]
    assert run(lone_node, "journal", "verify", after["file"])["faults"] == []
