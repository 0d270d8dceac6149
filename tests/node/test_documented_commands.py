"""The commands of the how-to for scripts, run as they are written."""

import asyncio
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.running import RunningNode
from tests.node.producer import Producer
from tests.node.scripts import OTHER, new_key
from tests.node.sending import Sender
from udi.kit.tenancy import Territory
from udi.settings import Settings

HOW_TO = (
    Path(__file__).parents[2] / "docs/how-to/send-files-from-a-script.md"
).read_text()
EXAMPLE = "https://node.example.org"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", HOW_TO, re.DOTALL)


def shape(value: Any) -> Any:
    """The names in an answer, whatever their values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list) and value:
        return [shape(value[0])]
    return type(value).__name__


@pytest.fixture
def node(settings: Settings, tmp_path: Path) -> Iterator[RunningNode]:
    running = RunningNode(settings, tmp_path)
    yield running
    running.stop()


@pytest.fixture
def environment(node: RunningNode, tmp_path: Path) -> dict[str, str]:
    """Where a command is run: a folder with the file."""
    (tmp_path / "associations.csv").write_bytes(OTHER)
    (tmp_path / ".curlrc").write_text("silent\n")
    node.start("serve")
    return {**os.environ, "CURL_HOME": str(tmp_path)}


async def run(
    command: str, folder: Path, origin: str, environment: Mapping[str, str]
) -> Any:
    process = await asyncio.create_subprocess_exec(
        "sh",
        "-euc",
        command.replace(EXAMPLE, origin),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    if output:
        return json.loads(output)
    return None


@pytest.mark.thorough
async def test_a_file_is_sent_and_looked_at_as_the_how_to_says(
    producer: Producer,
    manager: httpx.AsyncClient,
    demo: Territory,
    tmp_path: Path,
    environment: dict[str, str],
) -> None:
    send, expect, add, fetch, remove, look = blocks("sh")
    dataset = await producer.publish()
    key = await new_key(manager)
    origin = demo.links["node"]
    variables = {**environment, "KEY": key, "DATASET": dataset}

    sent = await run(send, tmp_path, origin, variables)
    headers = {"Authorization": f"Bearer {key}"}
    address = await Sender(producer.client, headers).address(5, dataset=dataset)
    looked = await run(
        look, tmp_path, origin, {**variables, "UPLOAD": address.rpartition("/")[2]}
    )

    removed = await run(
        remove.replace("versions/7", "versions/1"), tmp_path, origin, variables
    )
    page = await producer.page(f"/datasets/{dataset}")
    (tmp_path / "associations.csv").write_bytes(OTHER + OTHER.partition(b"\n")[2])
    expected = await run(
        expect.replace('"least_rows": 500', '"least_rows": 6'),
        tmp_path,
        origin,
        variables,
    )
    (tmp_path / "counts-2025.csv").write_text("lieu;passages\nPort;41\n")
    added = await run(add, tmp_path, origin, variables)
    fetched = await run(fetch, tmp_path, origin, variables)

    assert removed is None
    assert "Names were left in it" in page
    documented, _ = blocks("json")
    assert shape(sent) == shape(json.loads(documented))
    assert (sent["published"], sent["version"], sent["changed"]) == (True, 2, True)
    assert (looked["state"], looked["publication"]) == ("receiving", None)
    assert (expected["published"], expected["version"]) == (True, 3)
    assert (added["published"], added["version"]) == (True, 1)
    assert fetched["address"] == "sftp://files.example.org/counts.csv"
    assert "password" not in json.dumps(fetched)
