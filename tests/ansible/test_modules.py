"""The modules that come with the play: what they change, what they leave, and what `--check` shows."""

import json
import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ansible.machine import PLAY

pytestmark = pytest.mark.programs

MODULES = PLAY / "collections/ansible_collections/udi/deployment/plugins/modules"
OWNER = pwd.getpwuid(os.getuid()).pw_name


LOGGED = """
import runpy, sys
from ansible.module_utils import basic
basic.has_journal = False
basic.AnsibleModule._log_to_syslog = lambda self, message: sys.stderr.write(message)
runpy.run_path({path!r}, run_name="__main__")
"""
"""Runs a module with what it would write to the log of the machine on its error stream."""


def run(module: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """What a module answers, run as Ansible runs it on a machine."""
    return answer_and_log(module, check=check, **options)[0]


def answer_and_log(
    module: str, *, check: bool = False, **options: Any
) -> tuple[dict[str, Any], str]:
    """What a module answers and what it logs; under the umask of a hardened machine."""
    arguments = {"ANSIBLE_MODULE_ARGS": {**options, "_ansible_check_mode": check}}
    done = subprocess.run(
        [sys.executable, "-c", LOGGED.format(path=str(MODULES / f"{module}.py"))],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer, done.stderr


def describe(folder: Path) -> dict[str, Any]:
    """All that a module may write of a folder that holds a file, a folder, a link and something to remove."""
    return {
        "folders": [{"path": str(folder / "secrets"), "mode": "0700", "owner": OWNER}],
        "absent": [str(folder / "old")],
        "files": [
            {
                "path": str(folder / "web-@each@.d/unit"),
                "content": "port @each@\n",
                "mode": "0640",
                "owner": OWNER,
                "each": ["8000", "8010"],
            }
        ],
        "links": [{"path": str(folder / "current"), "target": str(folder / "new")}],
    }


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with a file that must go and a link that leads elsewhere."""
    (tmp_path / "old").write_text("old")
    (tmp_path / "current").symlink_to(tmp_path / "former")
    return tmp_path


needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="folders that it creates for root need root"
)


@needs_root
def test_files_are_brought_once(machine: Path) -> None:
    first = run("files", **describe(machine))
    files = [machine / f"web-{port}.d/unit" for port in (8000, 8010)]
    numbers = [file.stat().st_ino for file in files]

    again = run("files", **describe(machine))

    assert first["changed"] is True
    assert again["changed"] is False
    assert (again["changed_paths"], again["diff"]) == ([], [])
    assert [file.read_text() for file in files] == ["port 8000\n", "port 8010\n"]
    assert [file.stat().st_ino for file in files] == numbers
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o640}
    assert stat.S_IMODE((machine / "secrets").stat().st_mode) == 0o700
    assert (machine / "current").readlink() == machine / "new"
    assert sorted(path.name for path in machine.iterdir()) == [
        "current",
        "secrets",
        "web-8000.d",
        "web-8010.d",
    ]


@needs_root
def test_what_has_other_rights_or_content_is_put_right_and_named(machine: Path) -> None:
    run("files", **describe(machine))
    (machine / "secrets").chmod(0o755)
    (machine / "web-8000.d/unit").write_text("port 9\n")
    (machine / "web-8010.d/unit").chmod(0o666)

    mended = run("files", **describe(machine))

    assert mended["changed_paths"] == [
        str(machine / name)
        for name in ("secrets", "web-8000.d/unit", "web-8010.d/unit")
    ]
    [preview] = [part for part in mended["diff"] if "port" in part["after"]]
    assert (preview["before"], preview["after"]) == ("port 9\n", "port 8000\n")
    assert stat.S_IMODE((machine / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((machine / "web-8010.d/unit").stat().st_mode) == 0o640


@needs_root
def test_with_check_all_is_shown_and_nothing_is_changed(machine: Path) -> None:
    options = describe(machine)
    options["files"].append(
        {"path": str(machine / "own"), "content": "", "owner": "nobody-there-yet"}
    )
    before = sorted(machine.rglob("*"))

    preview = run("files", check=True, **options)

    assert preview["changed"] is True
    assert {str(machine / name) for name in ("old", "current", "own", "secrets")} < set(
        preview["changed_paths"]
    )
    assert sorted(machine.rglob("*")) == before
    assert (machine / "current").readlink() == machine / "former"


@needs_root
def test_folders_above_are_for_all_to_read_whatever_root_has_for_its_own(
    tmp_path: Path,
) -> None:
    run(
        "files",
        folders=[{"path": str(tmp_path / "www/acme/sites"), "mode": "0700"}],
        files=[{"path": str(tmp_path / "etc/unit.d/own"), "content": "own"}],
    )

    assert {
        str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode)
        for path in tmp_path.rglob("*")
    } == {
        "www": 0o755,
        "www/acme": 0o755,
        "www/acme/sites": 0o700,
        "etc": 0o755,
        "etc/unit.d": 0o755,
        "etc/unit.d/own": 0o644,
    }


@needs_root
def test_what_is_written_is_not_in_the_log_of_the_machine(tmp_path: Path) -> None:
    answer, log = answer_and_log(
        "files",
        files=[{"path": str(tmp_path / "unit"), "content": "TOKEN=a-word-of-its-own"}],
    )

    assert answer["changed"] is True
    assert "a-word-of-its-own" not in log
    assert "Invoked" in answer_and_log("units", check=True, names=["a"])[1]


def test_an_account_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = {"path": str(tmp_path / "own"), "content": "", "owner": "nobody-there"}

    refused = run("files", files=[file])

    assert refused["failed"] is True
    assert "«nobody-there»" in refused["msg"]
    assert list(tmp_path.iterdir()) == []


SYSTEMCTL = """#!/bin/sh
echo "$*" >>"$0.calls"
case "$1" in
show) cat "$0.states" ;;
daemon-reload) sed -i 's/NeedDaemonReload=yes/NeedDaemonReload=no/; s/not-found/loaded/' "$0.states" ;;
esac
"""


def write_state(unit: str, **changes: str) -> str:
    """What systemd says of a unit that runs and starts at boot, but for the changes."""
    state = {
        "Id": unit,
        "LoadState": "loaded",
        "ActiveState": "active",
        "UnitFileState": "enabled",
        "NeedDaemonReload": "no",
        **changes,
    }
    return "".join(f"{name}={value}\n" for name, value in state.items())


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl that notes what it is asked, and shows the states of a file beside it."""
    program = tmp_path / "systemctl"
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return program


def list_calls(systemctl: Path) -> list[str]:
    """What it was asked that changes something."""
    calls = Path(f"{systemctl}.calls").read_text().splitlines()
    return [call for call in calls if not call.startswith("show ")]


def test_units_that_run_and_start_at_boot_are_left_as_they_are(systemctl: Path) -> None:
    states = [write_state("a.service"), write_state("b.timer", UnitFileState="static")]
    Path(f"{systemctl}.states").write_text("\n".join(states))

    answer = run("units", names=["a", "b.timer"])

    assert answer["changed"] is False
    assert list_calls(systemctl) == []
    assert "-- a.service b.timer" in Path(f"{systemctl}.calls").read_text()


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        pytest.param({"ActiveState": "failed"}, ["start b.timer"], id="stopped"),
        pytest.param(
            {"UnitFileState": "disabled"},
            ["enable b.timer"],
            id="not at boot",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            {"UnitFileState": "enabled-runtime"},
            ["enable b.timer"],
            id="this boot only",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            {"NeedDaemonReload": "yes"},
            ["daemon-reload"],
            id="written since",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            {"LoadState": "not-found", "ActiveState": "inactive", "UnitFileState": ""},
            ["daemon-reload", "enable b.timer", "start b.timer"],
            id="new",
        ),
    ],
)
def test_units_that_are_not_as_they_should_are_made_so(
    systemctl: Path, changes: dict[str, str], calls: list[str]
) -> None:
    states = "\n".join([write_state("a.service"), write_state("b.timer", **changes)])
    Path(f"{systemctl}.states").write_text(states)

    preview = run("units", check=True, names=["a", "b.timer"])
    before = list_calls(systemctl)
    made = run("units", names=["a", "b.timer"])

    assert before == []
    assert list_calls(systemctl) == calls
    assert preview["changed"] is made["changed"] is (calls != ["daemon-reload"])


def test_systemd_reads_its_units_again_when_told(systemctl: Path) -> None:
    Path(f"{systemctl}.states").write_text(write_state("a.service"))

    answer = run("units", names=["a"], reload=True)

    assert answer["changed"] is False
    assert list_calls(systemctl) == ["daemon-reload"]
