import os
import stat
import subprocess
from pathlib import Path

import pytest

from udi.cli.local import parts, state
from udi.cli.local.account import (
    SystemAccount,
    can_read,
    ensure_readable_copy,
    find_account,
)
from udi.cli.local.disk import require_free_space
from udi.cli.local.errors import LocalError
from udi.settings import Settings

STRANGER = SystemAccount("stranger", 54321, 54321)


def test_secrets_are_made_once_and_read_by_the_caller_only(settings: Settings) -> None:
    state.prepare_folders(settings, None)
    first = {name: settings.secret(name) for name in state.SECRETS}
    state.prepare_folders(settings, None)

    assert {name: settings.secret(name) for name in state.SECRETS} == first
    assert len(set(first.values())) == len(state.SECRETS)
    assert stat.S_IMODE(settings.secrets_folder.stat().st_mode) == 0o700
    assert {
        stat.S_IMODE(path.stat().st_mode) for path in settings.secrets_folder.iterdir()
    } == {0o600}


def test_the_state_folder_is_held_by_one(settings: Settings) -> None:
    state.prepare_folders(settings, None)

    with state.lock_state(settings) as first, state.lock_state(settings) as second:
        assert first
        assert not second
        assert state.is_running(settings)

    assert not state.is_running(settings)


def test_status_is_read_only_while_something_runs(settings: Settings) -> None:
    state.prepare_folders(settings, None)
    state.write_status(settings, {"pid": 1, "parts": []})

    assert state.read_status(settings) == {}
    with state.lock_state(settings):
        assert state.read_status(settings) == {"pid": 1, "parts": []}


def test_reset_deletes_our_data_and_nothing_else(settings: Settings) -> None:
    state.prepare_folders(settings, None)
    (settings.state / "notes.txt").write_text("mine")

    state.delete_data(settings)

    assert [path.name for path in settings.state.iterdir()] == ["notes.txt"]


def test_reset_refuses_a_folder_that_is_not_ours(settings: Settings) -> None:
    (settings.state / "objects").mkdir(parents=True)

    with pytest.raises(LocalError, match="was not made by `udi up`"):
        state.delete_data(settings)

    assert (settings.state / "objects").is_dir()


def test_a_state_folder_out_of_reach_of_the_account_is_refused(
    settings: Settings, open_folder: Path
) -> None:
    open_folder.chmod(0o700)

    with pytest.raises(LocalError, match=r"cannot reach .*UDI_STATE"):
        state.prepare_folders(settings, STRANGER)

    open_folder.chmod(0o755)
    state.prepare_folders(settings, STRANGER)


@pytest.mark.parametrize(
    ("folder", "file", "readable"),
    [
        (0o755, 0o644, True),
        (0o711, 0o644, True),
        (0o700, 0o644, False),
        (0o755, 0o640, False),
    ],
)
def test_reading_asks_for_every_folder_above(
    open_folder: Path, folder: int, file: int, *, readable: bool
) -> None:
    path = open_folder / "inside/file"
    path.parent.mkdir()
    path.touch()
    path.chmod(file)
    path.parent.chmod(folder)

    assert can_read(STRANGER, path) is readable


def test_programs_out_of_reach_are_copied_where_they_can_run(open_folder: Path) -> None:
    hidden = open_folder / "private/programs"
    (hidden / "bin").mkdir(parents=True)
    (hidden / "bin/tool").write_text("#!/bin/sh\n")
    (hidden / "bin/tool").chmod(0o700)
    (hidden.parent).chmod(0o700)

    copy = ensure_readable_copy(hidden, "bin/tool", open_folder / "copy", STRANGER)

    assert copy == open_folder / "copy"
    assert can_read(STRANGER, copy / "bin/tool")
    assert os.access(copy / "bin/tool", os.X_OK)
    assert (
        ensure_readable_copy(hidden, "bin/tool", open_folder / "copy", STRANGER) == copy
    )
    assert (
        ensure_readable_copy(hidden, "bin/tool", open_folder / "copy", None) == hidden
    )


def test_a_disk_without_room_is_named_with_what_is_missing(open_folder: Path) -> None:
    require_free_space(open_folder / "not/yet/made", 1, "nothing")

    with pytest.raises(
        LocalError, match=r"MB free and the moon needs 1000000000 MB: make room"
    ):
        require_free_space(open_folder / "not/yet/made", 10**15, "the moon")


def test_folders_of_the_programs_are_closed_to_other_accounts(
    settings: Settings,
) -> None:
    state.prepare_folders(settings, None)
    (settings.state / "objects").mkdir(mode=0o755)
    (settings.state / "objects/file").write_text("x")

    state.give_to_programs(settings, None)

    modes = {
        name: stat.S_IMODE((settings.state / name).stat().st_mode)
        for name in state.PROGRAM_FOLDERS
    }
    assert modes == dict.fromkeys(state.PROGRAM_FOLDERS, 0o700)


READ = "import sys; open(sys.argv[1]).close()"


@pytest.mark.programs
def test_no_local_account_reads_an_object_or_a_secret(settings: Settings) -> None:
    nobody = account_of_root("nobody")
    state.prepare_folders(settings, nobody)
    state.give_to_programs(settings, nobody)
    (settings.state / "objects/file").touch(mode=0o600)
    state.return_to_programs(settings)

    for path in (
        settings.state / "objects/file",
        settings.secrets_folder / "node_app_password",
    ):
        assert [reads(path, uid) for uid in (nobody.uid, STRANGER.uid)] == [True, False]


def test_what_root_wrote_is_left_alone_where_programs_run_as_the_caller(
    settings: Settings,
) -> None:
    nobody = account_of_root("nobody")
    state.prepare_folders(settings, nobody)
    state.give_to_programs(settings, nobody)
    state.give_to_programs(settings, None)
    (settings.state / "objects/file").write_text("x")

    state.return_to_programs(settings)

    assert (settings.state / "objects/file").stat().st_uid == os.geteuid()


def account_of_root(name: str) -> SystemAccount:
    """An ordinary account, for root only."""
    account = find_account(name)
    if os.geteuid() != 0 or account is None:
        pytest.skip("only root may give files to somebody else")
    return account


def reads(path: Path, uid: int) -> bool:
    """Whether an account opens a file."""
    command = ["/usr/bin/python3", "-I", "-c", READ, str(path)]
    done = subprocess.run(
        command,
        user=uid,
        group=uid,
        extra_groups=[],
        capture_output=True,
        check=False,
        cwd="/",
    )
    return done.returncode == 0


def test_programs_that_an_account_cannot_reach_are_named(
    settings: Settings, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)

    assert (
        parts.find_unreachable(
            settings.model_copy(update={"tenants": hidden}), STRANGER
        )
        == hidden
    )
    assert parts.find_unreachable(settings, None) is None
