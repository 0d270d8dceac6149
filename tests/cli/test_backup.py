"""Backups without a backup: the plan, the repository's address, manifests, refusals, what doctor and metrics say."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from udi.cli.backup import census
from udi.cli.backup.manifest import (
    Manifest,
    ObjectBackup,
    TableChecksum,
    choose_manifest,
)
from udi.cli.backup.pgbackrest import render_configuration, write_configuration
from udi.cli.backup.plan import read_plan
from udi.cli.backup.processes import hold_lock, run_program, wrap_command
from udi.cli.backup.repository import BackupRepository, other_repository, own_repository
from udi.cli.backup.restore import RestoreOptions, refuse_newer_release
from udi.cli.checks.backup import check_backup
from udi.cli.local.errors import LocalError
from udi.kit.backups import BackupRun, BackupState, read_state, write_state
from udi.kit.clock import now
from udi.settings import Settings
from udi.ui.backups import measure_backups
from udi.ui.metrics import render_metrics

pytestmark = pytest.mark.programs

PASSPHRASE = "a-passphrase-long-enough"
PLAN = """
repository = "/var/backups/udi"
[server]
data = "/var/lib/postgresql/15/main"
binaries = "/usr/lib/postgresql/15/bin"
"""
IN_S3 = 'repository = "s3://saved/deep/below"\n[store]\nendpoint = "s3.example.org:9000"\n[server]\ndata = "/d"\nbinaries = "/b"\n'


@pytest.fixture
def planned(settings: Settings, tmp_path: Path) -> Settings:
    """Settings whose plan goes to a folder, with a passphrase."""
    return settled(settings, tmp_path, PLAN)


def settled(settings: Settings, folder: Path, plan: str) -> Settings:
    secrets = folder / "secrets"
    secrets.mkdir()
    for path in settings.secrets_folder.iterdir():
        (secrets / path.name).write_bytes(path.read_bytes())
    for name, value in {
        "backup_passphrase": PASSPHRASE,
        "backup_s3_key": "AKEY",
        "backup_s3_secret": "ASECRET",
    }.items():
        (secrets / name).write_text(value)
    (folder / "backup.toml").write_text(plan)
    (folder / "backup").mkdir()
    changed = {
        "secrets": secrets,
        "backup_plan": folder / "backup.toml",
        "backup_state": folder / "backup",
    }
    return settings.model_copy(update=changed)


def repository(settings: Settings) -> BackupRepository:
    return own_repository(settings, read_plan(settings))


def manifest(label: str, finished: datetime, release: str = "0.1.0") -> Manifest:
    return Manifest(
        label=label, release=release, started=finished, finished=finished, seconds=1, kind="full", point=f"udi-{label}",
        exact=True, tables={"udi_node": {"app.stored_file": TableChecksum(rows=2, sum="7")}}, revisions={}, files=[],
        objects=ObjectBackup(kind="held", where="/objects"), installation="abc", database_size=1, stored_size=1,
    )  # fmt: skip


def test_without_a_plan_the_command_says_which_file_is_absent(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(LocalError, match="No backup is set up"):
        read_plan(settings.model_copy(update={"backup_plan": tmp_path / "none.toml"}))


@pytest.mark.parametrize(
    ("slip", "named"),
    [
        ("repositori = 'x'\n", "repositori"),
        ("[retention]\nfull = 0\n", "retention.full"),
        ("repository = [", "cannot be used"),
    ],
)
def test_a_slip_in_the_plan_is_named(
    settings: Settings, tmp_path: Path, slip: str, named: str
) -> None:
    before, after = (slip, PLAN) if slip.startswith("repo") else ("", PLAN + slip)
    backup_settings = settled(settings, tmp_path, before + after)

    with pytest.raises(LocalError, match=named):
        read_plan(backup_settings)


def test_a_folder_holds_both_halves(planned: Settings) -> None:
    backup_repository = repository(planned)

    assert backup_repository.files == "/var/backups/udi/files"
    assert backup_repository.options()["repo1-path"] == "/var/backups/udi/database"
    assert not backup_repository.in_s3


def test_a_bucket_holds_both_halves_below_its_prefix(
    settings: Settings, tmp_path: Path
) -> None:
    backup_repository = repository(settled(settings, tmp_path, IN_S3))

    assert (
        backup_repository.files
        == "s3:https://s3.example.org:9000/saved/deep/below/files"
    )
    assert backup_repository.environment["AWS_ACCESS_KEY_ID"] == "AKEY"
    options = backup_repository.options()
    assert options["repo1-path"] == "/deep/below/database"
    assert (options["repo1-s3-endpoint"], options["repo1-storage-port"]) == (
        "s3.example.org",
        "9000",
    )
    assert (options["repo1-s3-bucket"], options["repo1-s3-key-secret"]) == (
        "saved",
        "ASECRET",
    )


def test_a_repository_shows_no_secret_when_it_is_printed(planned: Settings) -> None:
    assert PASSPHRASE not in f"{repository(planned)!r}"


@pytest.mark.parametrize(
    ("address", "passphrase"), [("backups", PASSPHRASE), ("/backups", "short")]
)
def test_a_relative_address_and_a_short_passphrase_are_refused(
    planned: Settings, address: str, passphrase: str
) -> None:
    with pytest.raises(LocalError, match=r"no repository|protects nothing"):
        other_repository(planned, read_plan(planned), address, passphrase)


def test_the_configuration_is_written_once_and_for_few(
    planned: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "deep/pgbackrest.conf"
    owner = (os.geteuid(), os.getegid())

    assert write_configuration(repository(planned), path, tmp_path, owner=owner)
    assert not write_configuration(repository(planned), path, tmp_path, owner=owner)
    assert path.read_text() == render_configuration(repository(planned), tmp_path)
    assert f"repo1-cipher-pass={PASSPHRASE}" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_backup_of_a_label_or_before_a_moment_is_chosen_else_the_newest() -> None:
    first = datetime(2026, 5, 1, tzinfo=UTC)
    second = datetime(2026, 5, 2, tzinfo=UTC)
    manifests = [manifest("one", first), manifest("two", second)]

    assert choose_manifest(manifests, None, None).label == "two"
    assert choose_manifest(manifests, "one", None).label == "one"
    assert choose_manifest(manifests, None, second - timedelta(hours=1)).label == "one"
    for label, moment in (("three", None), (None, first - timedelta(hours=1))):
        with pytest.raises(LocalError, match="holds no backup"):
            choose_manifest(manifests, label, moment)
    with pytest.raises(LocalError, match="udi backup create"):
        choose_manifest([], None, None)


def test_a_backup_of_a_later_release_is_refused_and_one_of_an_earlier_is_not() -> None:
    refuse_newer_release(manifest("old", now(), release="0.0.1"))

    with pytest.raises(LocalError, match=r"release 99\.0\.0"):
        refuse_newer_release(manifest("new", now(), release="99.0.0"))


def test_only_the_backups_own_moment_is_compared_with_what_was_counted() -> None:
    assert RestoreOptions(None, None, newest=False, replace=False).uses_own_point
    assert not RestoreOptions(None, now(), newest=False, replace=False).uses_own_point
    assert not RestoreOptions(None, None, newest=True, replace=False).uses_own_point


def test_tables_that_differ_are_told_each_in_a_few_words() -> None:
    before = {
        "udi_node": {
            "a": TableChecksum(rows=1, sum="1"),
            "b": TableChecksum(rows=2, sum="2"),
            "c": TableChecksum(rows=3, sum="3"),
        }
    }
    after = {
        "udi_node": {
            "a": TableChecksum(rows=1, sum="9"),
            "b": TableChecksum(rows=1, sum="1"),
            "d": TableChecksum(rows=0, sum="0"),
        }
    }

    assert census.list_differences(before, before) == []
    assert census.list_differences(before, after) == [
        "udi_node a holds 1 row(s), changed",
        "udi_node b holds 1 row(s) instead of 2",
        "udi_node c is missing",
        "udi_node d is new",
    ]


@pytest.mark.parametrize(
    ("writes", "ends", "expected"),
    [(False, False, "exact"), (True, False, "exact"), (True, True, "not exact")],
)
async def test_a_count_is_exact_unless_a_transaction_ended_while_the_point_was_marked(
    settings: Settings,
    postgres: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    writes: bool,
    ends: bool,
    expected: str,
) -> None:
    monkeypatch.setattr(census, "ATTEMPTS", 1 if ends else 20)
    monkeypatch.setattr(census, "COMMIT_DELAY", 0.1)
    monkeypatch.setattr(
        census, "databases", lambda _: [*settings.database_names.values()]
    )
    writer = await asyncpg.connect(postgres)
    transaction = writer.transaction()
    looked_again = census.are_still_writing
    await transaction.start()
    if writes:
        await writer.execute("SELECT pg_current_xact_id()")

    async def end_then_look(*arguments: Any) -> bool:
        await transaction.rollback()
        return await looked_again(*arguments)

    if ends:
        monkeypatch.setattr(census, "are_still_writing", end_then_look)
    try:
        counted = await census.take_census(postgres, settings, "udi-test")
    finally:
        await writer.close()

    assert ("exact" if counted.exact else "not exact") == expected
    assert counted.tables.keys() == set(settings.database_names.values())
    assert counted.rows > 0


def test_a_second_backup_waits_for_the_first(tmp_path: Path) -> None:
    messages: list[str] = []
    with hold_lock(tmp_path, messages.append):
        done = run_program(["flock", "--nonblock", tmp_path / "lock", "true"])
    after = run_program(["flock", "--nonblock", tmp_path / "lock", "true"])

    assert done.returncode != 0
    assert after.returncode == 0


def test_a_program_that_we_run_ends_with_us_and_gets_no_secret_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UDI_SECRETS", "/somewhere")

    assert wrap_command(["true"])[1:3] == ["--pdeathsig", "TERM"]
    assert "UDI_SECRETS" not in run_program(["env"]).stdout


def noted(age: timedelta) -> BackupRun:
    return BackupRun(label="20261125-000000F", at=now() - age, seconds=12)


async def findings(settings: Settings, **state: Any) -> dict[str, tuple[str, str]]:
    write_state(settings.backup_state, BackupState(**state))
    return {
        finding.name: (finding.severity, finding.remedy)
        for finding in await check_backup(settings)
    }


async def test_a_recent_backup_that_was_proven_is_well(planned: Settings) -> None:
    findings_by_name = await findings(
        planned, created=noted(timedelta(hours=25)), verified=noted(timedelta(days=7))
    )

    assert findings_by_name["last backup"] == ("ok", "")
    assert findings_by_name["restore drill"] == ("ok", "")


@pytest.mark.parametrize(
    ("state", "name", "severity", "remedy"),
    [
        (dict, "last backup", "warning", "udi backup create"),
        (
            lambda: {"created": noted(timedelta(hours=27))},
            "last backup",
            "fault",
            "udi backup create",
        ),
        (
            lambda: {"created": noted(timedelta())},
            "restore drill",
            "warning",
            "udi backup verify",
        ),
        (
            lambda: {
                "created": noted(timedelta()),
                "verified": noted(timedelta(days=9)),
            },
            "restore drill",
            "fault",
            "udi backup verify",
        ),
        (
            lambda: {
                "created": noted(timedelta()),
                "verified": noted(timedelta()),
                "refused": noted(timedelta()),
            },
            "restore drill",
            "fault",
            "--full",
        ),
    ],
)
async def test_what_is_old_or_unproven_is_told_with_its_remedy(
    planned: Settings,
    state: Callable[[], dict[str, BackupRun]],
    name: str,
    severity: str,
    remedy: str,
) -> None:
    findings_by_name = await findings(planned, **state())

    assert findings_by_name[name][0] == severity
    assert remedy in findings_by_name[name][1]


async def test_a_database_that_does_not_archive_is_a_fault(planned: Settings) -> None:
    findings_by_name = await findings(planned)

    assert findings_by_name["archiving"][0] == "fault"
    assert "play" in findings_by_name["archiving"][1]


async def test_where_no_backup_can_be_expected_nothing_is_reported(
    settings: Settings, tmp_path: Path
) -> None:
    assert (
        await check_backup(
            settings.model_copy(update={"backup_plan": tmp_path / "none/backup.toml"})
        )
        == []
    )


async def test_ages_are_measured_and_nothing_where_there_is_no_backup(
    planned: Settings,
) -> None:
    site: Any = SimpleNamespace(settings=planned)
    assert await measure_backups(site) == []

    write_state(
        planned.backup_state,
        BackupState(created=noted(timedelta(hours=1)), refused=noted(timedelta())),
    )
    text = render_metrics(await measure_backups(site))

    assert "udi_backup_age_seconds 36" in text
    assert (
        "udi_backup_verified_age_seconds "
        not in text.partition("# HELP udi_backup_verified_age_seconds")[2].partition(
            "#"
        )[0]
    )
    assert "udi_backup_refused 1" in text
    assert (planned.backup_state / "state.json").stat().st_mode & 0o777 == 0o644


def test_a_state_that_cannot_be_understood_counts_as_none(planned: Settings) -> None:
    (planned.backup_state / "state.json").write_text("{")

    assert read_state(planned) is None
