"""A backup made under load restores elsewhere, whole; one that is cut short, changed or locked says so."""

import asyncio
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.cli.installation import (
    PASSPHRASE,
    Installation,
    Load,
    make_scratch,
    require_programs,
)
from tests.cluster import free_ports
from tests.restic_key import make_cheap
from udi.cli.backup import census
from udi.cli.backup.manifest import Manifest
from udi.kit.backups import read_state

pytestmark = pytest.mark.programs


@dataclass
class Scene:
    """Two installations, each with its own repository; a third folder for copies."""

    first: Installation
    second: Installation
    folder: Path
    durations: dict[str, float] = field(default_factory=dict)
    moment: str = ""
    made: Any = None

    def copied(self) -> Path:
        """A copy of the first's repository, as it would be mounted elsewhere."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.first.repository, copy, symlinks=True)
        if os.geteuid() == 0:
            for path in (copy, *copy.rglob("*")):
                if not path.is_symlink():
                    shutil.chown(path, self.first.account, self.first.account)
        return copy


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """An installation under load that was backed up twice, and another that is empty."""
    require_programs()
    folder = make_scratch()
    port = free_ports(2)
    first = Installation(
        folder / "first", folder / "first-repository", port, has_account=True
    )
    second = Installation(folder / "second", folder / "second-repository", port + 1)
    new_scene = Scene(first, second, folder)
    try:
        first.lay()
        second.lay(migrated=False)
        begin(first, PASSPHRASE)
        asyncio.run(back_up_under_load(new_scene))
        yield new_scene
        show(request, new_scene.durations)
    finally:
        for installation in (new_scene.first, new_scene.second):
            installation.stop()
        shutil.rmtree(folder)


def begin(installation: Installation, passphrase: str) -> None:
    """Its repository, whose key is made at little cost."""
    assert installation.udi("backup", "prepare").returncode == 0
    make_cheap(installation.repository / "files", passphrase)


async def back_up_under_load(made: Scene) -> None:
    """A full backup and an incremental one while rows and files are written; a moment between them; a later mark."""
    chain = "INSERT INTO app.journal_line (tenant_id, chain, number, digest) VALUES (gen_random_uuid(), 1, 0, '')"
    for database in ("udi_portal", "udi_node"):
        await asyncio.to_thread(made.first.query, database, chain)
    load = Load(made.first)
    await load.begin()
    try:
        made.durations["full backup"] = (
            await asyncio.to_thread(made.first.must, "create")
        )["seconds"]
        await asyncio.sleep(0.5)
        moment = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS')"
        made.moment = await asyncio.to_thread(made.first.query, "udi_node", moment)
        await asyncio.sleep(0.5)
        writes_before = load.written
        made.made = await asyncio.to_thread(made.first.must, "create")
        made.durations["incremental backup"] = made.made["seconds"]
        assert load.written > writes_before
    finally:
        await load.end()


def show(request: pytest.FixtureRequest, durations: dict[str, float]) -> None:
    """The times, whatever captures the output."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        summary = ", ".join(
            f"{what} {seconds:.1f} s" for what, seconds in durations.items()
        )
        print(f"\nbackup: {summary}", file=sys.__stderr__)


def counted(installation: Installation) -> census.Census:
    return asyncio.run(
        census.recount(installation.dsn("postgres"), installation.settings)
    )


def files_of(installation: Installation) -> dict[str, str]:
    """The checksum of each file that its database names."""
    return {
        stored.key: hashlib.sha256(
            (installation.objects / stored.key).read_bytes()
        ).hexdigest()
        for stored in counted(installation).files
    }


def every(*places: str) -> list[Any]:
    """Further places of the same kind, which only a run of everything tries."""
    return [pytest.param(place, marks=pytest.mark.thorough) for place in places]


def restore(scene: Scene, *options: str | Path) -> Any:
    """Restore the first's backups on the second, as on another machine."""
    opened = opening(scene)
    return scene.second.must("restore", *opened, *options)


def opening(scene: Scene, passphrase: str = PASSPHRASE) -> list[str | Path]:
    """The options that open the first's repository from another machine."""
    path = scene.folder / "passphrase"
    path.write_text(passphrase)
    return ["--repository", scene.first.repository, "--passphrase-file", path]


def test_restore_leaves_a_cluster_to_its_play(scene: Scene) -> None:
    machine = scene.second
    machine.write_plan(clustered=True)
    try:
        alone = machine.udi("backup", "restore", "--yes-replace")
    finally:
        machine.write_plan()
    mistaken = machine.udi("backup", "restore", "--in-cluster")

    assert (alone.returncode, mistaken.returncode) == (1, 1)
    assert "run the play `restore.yml`" in alone.stderr
    assert "This machine is of no cluster" in mistaken.stderr


@pytest.mark.thorough
def test_preparing_again_changes_nothing(scene: Scene) -> None:
    assert scene.first.udi("backup", "prepare").stdout == "unchanged\n"


@pytest.mark.thorough
def test_an_installation_where_nothing_was_published_is_backed_up_and_proven(
    scene: Scene,
) -> None:
    assert scene.second.udi("database", "migrate").returncode == 0
    begin(scene.second, PASSPHRASE)

    backup_report = scene.second.must("create")

    assert backup_report["files"] == 0
    assert scene.second.must("verify")["verified"]


def test_backups_are_listed_newest_first_and_counted_exactly(scene: Scene) -> None:
    rows = scene.first.must("list")

    assert [row["kind"] for row in rows] == ["incremental", "full"]
    assert {row["exact"] for row in rows} == {True}
    assert rows[0]["rows"] > rows[1]["rows"] > 0
    assert rows[0]["label"] == scene.made["label"]


def test_nothing_in_the_repository_is_readable_without_the_passphrase(
    scene: Scene,
) -> None:
    secret = scene.first.settings.secret("portal_client_key").encode()
    contents = [
        path.read_bytes()
        for path in scene.first.repository.rglob("*")
        if path.is_file()
    ]

    assert len(contents) > 5
    assert not any(
        secret in content or b"stored_file" in content for content in contents
    )


def test_a_drill_proves_the_backup_and_leaves_nothing(scene: Scene) -> None:
    proven = scene.first.must("verify")
    scene.durations["drill"] = proven["verified_in"]
    state = read_state(scene.first.settings)

    assert proven["label"] == scene.made["label"]
    assert state
    assert state.verified
    assert state.verified.label == scene.made["label"]
    assert state.refused is None
    assert not (scene.first.folder / "backup/drill").exists()
    assert scene.first.must("list")[0]["verified"] != "no"


def test_restored_elsewhere_every_row_file_and_secret_is_the_same(scene: Scene) -> None:
    """Killed on its way first: it goes on when it is asked again."""
    own_passphrase = scene.second.settings.secrets_folder / "backup_passphrase"
    own_passphrase.write_text(f"{PASSPHRASE}-of-the-second")
    shutil.rmtree(scene.second.repository, ignore_errors=True)
    begin(scene.second, f"{PASSPHRASE}-of-the-second")
    scene.second.interrupt("restore", *opening(scene), after="database: restored")
    began = time.monotonic()
    done = restore(scene)
    scene.durations["restore"] = time.monotonic() - began

    expected = manifest_of(scene, done["label"])
    assert remove_new_chains(scene.second) == [1, 1]
    assert counted(scene.second).tables == expected.tables
    assert done["rows"] == expected.rows
    assert done["missing"] == []
    assert files_of(scene.second) == {
        stored.key: stored.sha256 for stored in expected.files
    }
    assert len(expected.files) > 20
    for name in ("portal_client_key", "signing_keys", "node_owner_password"):
        assert scene.second.settings.secret(name) == scene.first.settings.secret(name)
    assert (
        scene.second.settings.tenants / "baie/tenant.toml"
    ).read_text() == 'name = "first"\n'
    assert own_passphrase.read_text() == f"{PASSPHRASE}-of-the-second"
    assert scene.second.udi("database", "migrate").stdout == "unchanged\n"


def remove_new_chains(installation: Installation) -> Any:
    """How many chains of both exported journals began with the restore; without them the rows are those of the backup."""
    removal = (
        "WITH removed AS (DELETE FROM app.journal_line WHERE chain = 2 AND number = 0 RETURNING 1)"
        " SELECT count(*) FROM removed"
    )
    return [
        installation.query(database, removal) for database in ("udi_portal", "udi_node")
    ]


def manifest_of(scene: Scene, label: str) -> Manifest:
    """What was counted when that backup was made."""
    read = [
        Manifest.model_validate_json(path.read_text())
        for path in (scene.first.folder / "backup/manifests").iterdir()
    ]
    return next(manifest for manifest in read if manifest.label == label)


@pytest.mark.thorough
def test_the_restored_machine_backs_itself_up_in_its_own_repository(
    scene: Scene,
) -> None:
    backup_report = scene.second.must("create")

    assert backup_report["kind"] == "full"
    assert (
        scene.second.must("verify", backup_report["label"])["label"]
        == backup_report["label"]
    )


def test_a_machine_that_holds_data_is_refused_until_said_otherwise(
    scene: Scene,
) -> None:
    before = counted(scene.second).tables

    done = scene.second.udi("backup", "restore", *opening(scene), "--json")

    assert done.returncode == 1
    assert "holds datasets or files" in done.stderr
    assert "--yes-replace" in done.stderr
    assert counted(scene.second).tables == before


def test_a_moment_between_two_backups_comes_back_to_the_millisecond(
    scene: Scene,
) -> None:
    moment = f"{scene.moment}+00"
    rows = scene.first.query(
        "udi_node",
        "SELECT count(*) FROM app.stored_file WHERE created_at <= $1::text::timestamptz",
        moment,
    )

    done = restore(scene, "--to-time", scene.moment, "--yes-replace")

    restored_rows = scene.second.query(
        "udi_node", "SELECT count(*) FROM app.stored_file"
    )
    last = (
        "SELECT count(*) FROM app.stored_file WHERE created_at > $1::text::timestamptz"
    )
    assert rows - 1 <= restored_rows <= rows
    assert scene.second.query("udi_node", last, moment) == 0
    assert done["missing"] == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    "word", ["waiting for the log", *every("full backup", "files:")]
)
def test_a_backup_killed_on_its_way_is_forgotten_and_the_next_succeeds(
    scene: Scene, word: str
) -> None:
    before = [row["label"] for row in scene.first.must("list")]

    scene.first.interrupt("create", "--full", after=word)
    assert [row["label"] for row in scene.first.must("list")] == before

    backup_report = scene.first.must("create")
    assert scene.first.must("list")[0]["label"] == backup_report["label"]
    assert scene.first.must("verify")["label"] == backup_report["label"]


@pytest.mark.parametrize(
    "word", every("database: restoring", "database: restored", "secrets")
)
def test_a_restore_killed_on_its_way_goes_on_when_asked_again(
    scene: Scene, word: str
) -> None:
    opened = opening(scene)
    scene.second.interrupt("restore", *opened, "--yes-replace", after=word)

    done = restore(scene)

    expected = manifest_of(scene, done["label"])
    assert remove_new_chains(scene.second) == [1, 1]
    assert counted(scene.second).tables == expected.tables
    assert files_of(scene.second) == {
        stored.key: stored.sha256 for stored in expected.files
    }


def test_a_wrong_passphrase_is_one_sentence(scene: Scene) -> None:
    opened = opening(scene, "x" * 40)

    done = scene.second.udi("backup", "restore", *opened, "--yes-replace")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "passphrase does not open" in done.stderr
    assert "x" * 40 not in done.stderr


@pytest.mark.parametrize(
    "half", ["database/backup", *every("files/data", "database/archive")]
)
def test_a_repository_that_was_changed_is_refused_by_the_drill(
    scene: Scene, half: str
) -> None:
    repository_copy = scene.copied()
    try:
        for path in (scene.first.repository / half).rglob("*"):
            if path.is_file() and not path.is_symlink() and ".info" not in path.name:
                spoil(path)

        done = scene.first.udi("backup", "verify")

        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        state = read_state(scene.first.settings)
        assert state
        assert state.refused
    finally:
        shutil.rmtree(scene.first.repository)
        repository_copy.rename(scene.first.repository)
    assert scene.first.udi("backup", "verify").returncode == 0


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.chmod(0o600)
    path.write_bytes(content)


@pytest.mark.thorough
def test_a_file_that_the_store_lost_is_told_when_the_backup_is_made(
    scene: Scene,
) -> None:
    stored = counted(scene.first).files[0]
    (scene.first.objects / stored.key).rename(scene.folder / "aside")
    try:
        done = scene.first.udi("backup", "create", "--json")
    finally:
        (scene.folder / "aside").rename(scene.first.objects / stored.key)

    assert done.returncode == 0
    assert "1 file(s) that the database names are not in the store" in done.stderr
    assert stored.key in done.stdout


def test_a_log_that_is_not_archived_is_refused_with_the_reason(scene: Scene) -> None:
    scene.first.query("postgres", "ALTER SYSTEM SET archive_command = '/bin/false'")
    scene.first.query("postgres", "SELECT pg_reload_conf()")
    try:
        done = scene.first.udi("doctor", "--json")
    finally:
        scene.first.query("postgres", "ALTER SYSTEM RESET archive_command")
        scene.first.query("postgres", "SELECT pg_reload_conf()")

    assert "archiving" in done.stdout
