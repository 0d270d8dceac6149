"""What an operator types for a producer that leaves, and for files kept encrypted."""

import hashlib
import json
import shutil
import uuid
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from litestar import Litestar
from sqlalchemy import select

from tests.cli.conftest import Run
from tests.node.conftest import Browse
from tests.node.producer import SLUG, TABLE, Producer
from tests.node.test_ring import aged
from udi.cli.local.errors import LocalError
from udi.kit import keyring
from udi.kit.db import Database
from udi.kit.errors import InvalidError, NotFoundError
from udi.kit.keyring import Keyring
from udi.kit.oidc import Login
from udi.kit.tenancy import Territory
from udi.node.files.encryption.sealing_store import OBJECTS
from udi.node.files.models import StoredFile
from udi.node.spaces.actions import apply_space
from udi.settings import Settings
from udi.ui.site import Site


@pytest.fixture
def command_settings(settings: Settings, tmp_path: Path) -> Settings:
    """Secrets of this test's own."""
    folder = Path(shutil.copytree(settings.secrets_folder, tmp_path / "secrets"))
    return settings.model_copy(update={"secrets": folder})


@pytest.fixture
async def producer(
    node_app: Litestar,
    node_database: Database,
    demo: Territory,
    browse: Browse,
    make_person: Callable[..., Login],
) -> AsyncIterator[Producer]:
    async with node_database.session(demo.id, role="owner") as session:
        await apply_space(
            session,
            slug=SLUG,
            organisation_id=uuid.uuid4(),
            name="Mairie de Kerlévan",
            email="mairie@kerlevan.example",
        )
    async with browse(
        node_app, demo, make_person(demo, memberships={SLUG: ["publishers"]})
    ) as client:
        yield Producer(client)


async def test_everything_of_a_producer_is_written_into_one_file(
    run: Run, producer: Producer, demo: Territory, tmp_path: Path
) -> None:
    await producer.publish()
    target = tmp_path / "kerlevan.zip"

    result = await run("producer", "export", demo.slug, SLUG, "--to", target, "--json")

    done = json.loads(result.stdout)
    assert (done["datasets"], done["files"]) == (1, 1)
    assert_whole(target, done)
    again = await run("producer", "export", demo.slug, SLUG, "--to", target)
    assert again.exit_code == 0
    assert str(target) in again.stdout


def assert_whole(target: Path, done: dict[str, object]) -> None:
    content = target.read_bytes()
    assert (done["bytes"], done["sha256"]) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    assert target.stat().st_mode & 0o077 == 0
    assert [
        path.name for path in target.parent.iterdir() if "partial" in path.name
    ] == []
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert TABLE in [archive.read(name) for name in archive.namelist()]


async def test_a_damaged_file_is_named_and_no_archive_is_left(
    run: Run,
    producer: Producer,
    demo: Territory,
    node_database: Database,
    node_site: Site,
    tmp_path: Path,
) -> None:
    await producer.draft()
    async with node_database.session(demo.id, role="worker") as session:
        file = (await session.scalars(select(StoredFile))).one()
    await node_site.services[OBJECTS].delete(file.key)
    target = tmp_path / "kerlevan.zip"

    result = await run("producer", "export", demo.slug, SLUG, "--to", target)
    files = await run("node", "files", demo.slug, "--json")

    assert isinstance(result.exception, LocalError)
    assert str(file.id) in str(result.exception)
    assert names_in(tmp_path) == ["secrets"]
    assert files.exit_code == 1
    assert [row["id"] for row in json.loads(files.stdout)] == [str(file.id)]


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_who_is_not_there_is_reported(
    run: Run, producer: Producer, demo: Territory, tmp_path: Path
) -> None:
    for command in (
        ("producer", "export", "nowhere", SLUG, "--to", tmp_path / "a.zip"),
        ("producer", "export", demo.slug, "nobody", "--to", tmp_path / "a.zip"),
        ("producer", "moved", demo.slug, "nobody", "--to", "https://donnees.example"),
        ("producer", "seal", demo.slug, "nobody"),
        ("node", "files", "nowhere"),
    ):
        assert isinstance((await run(*command)).exception, NotFoundError), command


async def test_addresses_move_and_come_back_by_one_command(
    run: Run, producer: Producer, demo: Territory
) -> None:
    dataset = await producer.publish()
    new = "https://donnees.kerlevan.example"

    moved = await run("producer", "moved", demo.slug, SLUG, "--to", f"{new}/")
    back = await run("producer", "moved", demo.slug, SLUG, "--undo", "--json")
    invalid_result = await run(
        "producer", "moved", demo.slug, SLUG, "--to", "donnees.example"
    )
    neither = await run("producer", "moved", demo.slug, SLUG)

    assert f"6 addresses lead to {new}" in moved.stdout
    assert json.loads(back.stdout)["addresses"] == 6
    assert isinstance(invalid_result.exception, InvalidError)
    assert isinstance(neither.exception, LocalError)
    assert (await producer.client.get(f"/datasets/{dataset}/file")).content == TABLE


async def test_a_space_is_sealed_its_older_files_follow_and_keys_are_rewrapped(
    run: Run, producer: Producer, demo: Territory, command_settings: Settings
) -> None:
    dataset = await producer.publish()
    secret = command_settings.secrets_folder / keyring.SECRET

    first = await run("producer", "seal", demo.slug, SLUG, "--json")
    second = await run("producer", "seal", demo.slug, SLUG)
    done = await run("node", "seal", demo.slug, "--json")
    again = await run("node", "seal", demo.slug, "--producer", SLUG, "--json")
    secret.write_text(
        aged(
            keyring.rotate_keyring(aged(secret.read_text(), timedelta(days=9))),
            timedelta(days=1),
        )
    )
    rewrapped = await run("node", "seal", demo.slug, "--keys-only")
    off = await run("producer", "seal", demo.slug, SLUG, "--off")

    assert json.loads(first.stdout)["outcome"] == "updated"
    assert "unchanged" in second.stdout
    assert [row["objects"] for row in json.loads(done.stdout)] == [2]
    assert [(row["objects"], row["already"]) for row in json.loads(again.stdout)] == [
        (0, 2)
    ]
    assert "1 keys wrapped anew" in rewrapped.stderr
    assert "in clear" in off.stdout
    assert dataset


async def test_the_key_for_files_is_rotated_once_in_ten_minutes(
    run: Run, command_settings: Settings
) -> None:
    secret = command_settings.secrets_folder / keyring.SECRET
    secret.write_text(aged(secret.read_text(), timedelta(days=9)))

    rows = json.loads((await run("key", "rotate", "--files", "--json")).stdout)
    again = await run("key", "rotate", "--files")

    assert [row["state"] for row in rows] == ["opens what it sealed", "used"]
    assert "nothing changed" in again.stdout
    assert len(Keyring.parse(secret.read_text()).keys) == 2
    assert secret.stat().st_mode & 0o077 == 0
