"""A release beside the others: what is refused, what an interruption leaves, which one is the release before."""

import base64
import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from tests import commands
from udi.cli import units
from udi.cli.local.errors import LocalError
from udi.cli.units import ServiceUnit, UnitKind
from udi.cli.upgrade import checks, rollout
from udi.cli.upgrade import install as installation
from udi.cli.upgrade.install import install
from udi.cli.upgrade.journal import UpgradeJournal
from udi.cli.upgrade.release_files import read_announced
from udi.cli.upgrade.releases import COMPLETE, InstalledReleases, find_releases
from udi.cli.upgrade.wheel import Wheel, read_wheel, version_of
from udi.kit.backups import BackupRun, BackupState, write_state
from udi.kit.clock import now
from udi.settings import Settings

pytestmark = pytest.mark.programs

ROOT = Path(__file__).parents[2]
SMALL = 1_000_000


def make_wheel(
    folder: Path,
    *,
    name: str = "udi",
    version: str = "1.2.0",
    python: str = ">=3.11",
    pins: str | None = None,
) -> Path:
    """A wheel that pip installs, of one module; with `pins`, it holds the list of its dependencies."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {python}\n"
    files = {
        f"{name}/__init__.py": f'__version__ = "{version}"\n',
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if pins is not None:
        files[f"{name}/_release/run.txt"] = pins
    record = "".join(
        f"{path},sha256={_record_hash(text)},{len(text.encode())}\n"
        for path, text in files.items()
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as content:
        for filename, text in files.items():
            content.writestr(filename, text)
        content.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return path


def _record_hash(text: str) -> str:
    return (
        base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
        .decode()
        .rstrip("=")
    )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def releases(tmp_path: Path) -> InstalledReleases:
    (tmp_path / "opt/releases").mkdir(parents=True)
    return InstalledReleases(tmp_path / "opt")


@pytest.fixture
def wheel(tmp_path: Path) -> Wheel:
    path = make_wheel(tmp_path / "brought")
    return read_wheel(path, sha256(path))


@pytest.fixture
def brought(tmp_path: Path) -> tuple[Path, Path]:
    """A list of one dependency, with its hash, and the folder of its wheel."""
    dependency = make_wheel(tmp_path / "house", name="leaned_on", version="3.1")
    requirements = tmp_path / "run.txt"
    requirements.write_text(f"leaned_on==3.1 --hash=sha256:{sha256(dependency)}\n")
    return requirements, dependency.parent


def put(releases: InstalledReleases, *names: str, complete: bool = True) -> None:
    """Folders of releases, installed one after the other."""
    for name in names:
        releases.path(name).mkdir(parents=True)
        if complete:
            mark = releases.path(name) / COMPLETE
            mark.touch()
            moment = 1_700_000_000 + 60 * len(releases.list_installed())
            os.utime(mark, (moment, moment))


def try_install(
    releases: InstalledReleases,
    wheel: Wheel,
    brought: tuple[Path, Path],
    required_bytes: int = SMALL,
) -> bool:
    files = read_announced(wheel.path, wheel.sha256, *brought)
    with releases.lock() as lock:
        return install(releases, files, lock=lock, required_bytes=required_bytes)


def test_the_announced_wheel_is_read_and_another_is_refused(tmp_path: Path) -> None:
    path = make_wheel(tmp_path)

    assert (
        read_wheel(path, sha256(path).upper()).release == f"1.2.0-{sha256(path)[:12]}"
    )
    with pytest.raises(LocalError, match="not the wheel announced"):
        read_wheel(path, "0" * 64)


def test_a_file_that_is_no_wheel_of_ours_is_refused_with_the_reason(
    tmp_path: Path,
) -> None:
    other = make_wheel(tmp_path, name="another")
    future = make_wheel(tmp_path, version="9.0.0", python=">=99")
    text = tmp_path / "udi-1.0.0-py3-none-any.whl"
    text.write_text("not a wheel")

    for path, message in (
        (other, "of «another»"),
        (future, "asks for Python >=99"),
        (text, "is not a wheel"),
    ):
        with pytest.raises(LocalError, match=message):
            read_wheel(path, sha256(path))
    with pytest.raises(LocalError, match="There is no wheel at"):
        read_wheel(tmp_path / "absent.whl", "0" * 64)


def test_an_older_version_is_refused_and_the_way_back_is_named(
    releases: InstalledReleases, wheel: Wheel
) -> None:
    put(releases, "1.1.9-aaaaaaaaaaaa", "1.2.0-bbbbbbbbbbbb", "1.3.0-cccccccccccc")
    finding_by_version = {}
    for name in ("1.1.9-aaaaaaaaaaaa", "1.2.0-bbbbbbbbbbbb", "1.3.0-cccccccccccc"):
        releases.switch(name)
        finding_by_version[name[:5]] = checks.check_versions(releases, wheel)

    assert {version: finding.severity for version, finding in finding_by_version.items()} == {
        "1.1.9": "ok", "1.2.0": "ok", "1.3.0": "fault",
    }  # fmt: skip
    with pytest.raises(
        LocalError, match=r"older than what runs \(1\.3\.0.*udi upgrade --back"
    ):
        checks.refuse_faults(list(finding_by_version.values()))


def test_a_disk_without_room_is_told_before_and_refused_at_the_latest(
    releases: InstalledReleases, wheel: Wheel, brought: tuple[Path, Path]
) -> None:
    assert checks.check_room(releases, wheel, required_bytes=SMALL).severity == "ok"
    assert checks.check_room(releases, wheel, required_bytes=10**18).severity == "fault"
    with pytest.raises(LocalError, match="MB free"):
        try_install(releases, wheel, brought, required_bytes=10**18)
    assert releases.list_installed() == []

    put(releases, wheel.release)
    assert checks.check_room(releases, wheel, required_bytes=10**18).severity == "ok"


@pytest.mark.parametrize(
    ("hours", "severity"), [(1, "ok"), (23, "ok"), (25, "fault")], ids=str
)
def test_a_backup_of_less_than_a_day_is_wanted(
    tmp_path: Path, hours: int, severity: str
) -> None:
    backup_run = BackupRun(
        label="20261125-020000F", at=now() - timedelta(hours=hours), seconds=3
    )
    write_state(tmp_path, BackupState(created=backup_run))

    assert checks.check_backup(Settings(backup_state=tmp_path)).severity == severity


@pytest.mark.parametrize(
    "text", [None, "", "{}", "[]", '{"created": 3}', '{"created": "yesterday"}']
)
def test_a_backup_that_is_not_known_is_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "state.json").write_text(text)

    finding = checks.check_backup(Settings(backup_state=tmp_path))

    assert finding.severity == "fault"
    assert "--without-backup" in finding.remedy


def test_both_programs_must_run_here_and_one_unit_alone_is_reported() -> None:
    def web(name: str, port: int) -> ServiceUnit:
        return ServiceUnit(f"udi-{name}-web-{port}", "web", port, None)

    pair = [web("portal", 8000), web("portal", 8010)]

    assert (
        checks.check_units([*pair, web("node", 8001), web("node", 8011)]).severity
        == "ok"
    )
    assert checks.check_units([*pair, web("node", 8001)]).severity == "warning"
    finding = checks.check_units(pair)
    assert (finding.severity, finding.message) == (
        "fault",
        "No web unit of node runs on this machine.",
    )


@pytest.fixture(
    params=[
        "copied_environments",
        pytest.param("made_environments", marks=pytest.mark.thorough),
    ]
)
def environments(request: pytest.FixtureRequest) -> None:
    """Where the environment of a release comes from: a copy of the run's, or Python, in four seconds of processor."""
    request.getfixturevalue(request.param)


@pytest.fixture
def made_environments() -> None:
    """Python makes each."""


@pytest.mark.usefixtures("environments")
def test_a_release_is_installed_wholly_with_its_hashes_and_found_done_the_second_time(
    releases: InstalledReleases, wheel: Wheel, brought: tuple[Path, Path]
) -> None:
    assert try_install(releases, wheel, brought)
    assert not try_install(releases, wheel, brought)

    release_folder = releases.path(wheel.release)
    code = "import udi, leaned_on; print(udi.__version__, leaned_on.__version__, udi.__file__)"
    output = subprocess.run(
        [release_folder / "venv/bin/python", "-I", "-c", code],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert output.split()[:2] == ["1.2.0", "3.1"]
    assert output.split()[2].startswith(str(release_folder))
    assert {path.name for path in release_folder.iterdir()} == {
        ".complete", ".dependencies", "requirements.txt", "venv", wheel.path.name,
    }  # fmt: skip


@pytest.mark.usefixtures("copied_environments")
def test_a_dependency_that_is_not_the_announced_one_leaves_nothing(
    releases: InstalledReleases, wheel: Wheel, brought: tuple[Path, Path]
) -> None:
    put(releases, "1.1.0-aaaaaaaaaaaa")
    releases.switch("1.1.0-aaaaaaaaaaaa")
    brought[0].write_text(f"leaned_on==3.1 --hash=sha256:{'0' * 64}\n")

    with pytest.raises(LocalError, match=r"could not be installed \(.*nothing changed"):
        try_install(releases, wheel, brought)

    assert [release.name for release in releases.list_installed()] == [
        "1.1.0-aaaaaaaaaaaa"
    ]
    assert releases.current() == "1.1.0-aaaaaaaaaaaa"


@pytest.mark.thorough
def test_an_installation_killed_in_the_middle_is_made_again_whole(
    releases: InstalledReleases, wheel: Wheel, brought: tuple[Path, Path]
) -> None:
    code = (
        "import sys; from pathlib import Path; from udi.cli.upgrade import install, release_files, releases\n"
        "r = releases.InstalledReleases(Path(sys.argv[1])); house = Path(sys.argv[5])\n"
        "f = release_files.read_announced(Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]), house)\n"
        "with r.lock() as lock: install.install(r, f, lock=lock, required_bytes=1)"
    )
    arguments = [
        str(argument)
        for argument in (releases.folder, wheel.path, wheel.sha256, *brought)
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "platform/src")}
    first = subprocess.Popen(
        [sys.executable, "-P", "-c", code, *arguments], env=environment
    )
    release_folder = releases.path(wheel.release)
    while not (release_folder / "venv/bin").exists():
        assert first.poll() is None
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()

    assert release_folder.exists()
    assert not releases.is_complete(wheel.release)
    assert try_install(releases, wheel, brought)
    assert (release_folder / "venv/bin/pip").exists()
    assert releases.is_complete(wheel.release)


def test_going_back_follows_what_each_release_took_over_from(
    releases: InstalledReleases,
) -> None:
    first_release = "1.0.0-aaaaaaaaaaaa"
    two = "1.1.0-bbbbbbbbbbbb"
    three = "1.2.0-cccccccccccc"
    put(releases, first_release, two, three)
    releases.switch(two)
    assert releases.find_previous(two) == first_release
    releases.switch(first_release, back=True)
    releases.switch(three)

    assert releases.current() == three
    assert releases.find_previous(three) == first_release
    assert releases.find_previous(first_release) is None
    assert (releases.folder / "current").resolve() == releases.path(three)


def test_the_last_three_are_kept_and_whatever_runs(releases: InstalledReleases) -> None:
    names = [f"1.{minor}.0-aaaaaaaaaaaa" for minor in range(6)]
    put(releases, *names)
    put(releases, "1.9.0-bbbbbbbbbbbb", complete=False)
    releases.switch(names[2])

    gone = releases.prune({names[0]})

    assert set(gone) == {"1.9.0-bbbbbbbbbbbb"}
    releases.switch(names[5])
    (releases.path(names[5]) / ".before").unlink()
    assert releases.prune(set()) == names[:3]
    assert [release.name for release in releases.list_installed()] == names[3:]
    assert releases.prune(set()) == []


def test_a_second_upgrade_waits_for_the_first_and_then_refuses(
    releases: InstalledReleases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udi.cli.upgrade.releases.PATIENCE", 0.2)

    with (
        releases.lock(),
        pytest.raises(LocalError, match="Another upgrade"),
        releases.lock(),
    ):
        pass
    with releases.lock() as lock:
        assert lock > 0


def test_only_a_program_that_the_play_installed_upgrades(tmp_path: Path) -> None:
    assert (
        find_releases(str(tmp_path / "releases/1.0.0-aaaaaaaaaaaa/venv")).folder
        == tmp_path
    )
    with pytest.raises(LocalError, match="git pull"):
        find_releases(str(tmp_path / ".venv"))


def test_the_name_of_a_release_says_its_version() -> None:
    assert str(version_of("0.2.0-0123456789ab")) == "0.2.0"
    assert version_of("something else") is None


def test_a_unit_is_restarted_when_it_runs_another_release_or_does_not_answer() -> None:
    worker = ServiceUnit("udi-node-worker", "worker", None, "1.0.0-a")
    silent = ServiceUnit("udi-node-web-1", "web", 1, "1.0.0-a")

    assert not rollout.needs_restart(worker, "1.0.0-a", None)
    assert rollout.needs_restart(worker, "1.1.0-b", None)
    assert rollout.needs_restart(silent, "1.0.0-a", None)


def test_the_mark_of_a_unit_file_is_the_play_s() -> None:
    template = (
        ROOT / "infra/ansible/roles/udi/templates/udi-portal-web.service.j2"
    ).read_text()
    rendered = template.replace(
        "{{ installation_wheel.release }}", "1.0.0-aaaaaaaaaaaa"
    )

    marked = units.MARK.sub("# Release 1.1.0-bbbbbbbbbbbb", rendered, count=1)

    assert marked.splitlines()[0] == template.splitlines()[0].replace(
        "{{ installation_wheel.release }}", "1.1.0-bbbbbbbbbbbb"
    )
    assert marked.splitlines()[1:] == rendered.splitlines()[1:]


def test_room_is_asked_for_what_an_environment_really_takes() -> None:
    assert installation.ROOM > 2 * 530_000_000


def udi(*arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.run("upgrade", *arguments, environment=os.environ)


def test_on_a_clone_the_command_says_how_to_upgrade_there() -> None:
    done = udi("--list")

    assert done.returncode == 1
    assert "`git pull` and `./udi up`" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_thing_is_asked_at_a_time() -> None:
    assert udi().returncode == 2
    assert udi("--back", "--prune").returncode == 2


@pytest.mark.parametrize(
    ("units_here", "outcome", "built"),
    [
        (["keycloak"], "built", "/opt/keycloak-1"),
        ([], "not on this machine", None),
    ],
    ids=["ours", "another's"],
)
def test_keycloak_is_built_only_where_it_runs(
    releases: InstalledReleases,
    monkeypatch: pytest.MonkeyPatch,
    units_here: list[UnitKind],
    outcome: str,
    built: str | None,
) -> None:
    running = [ServiceUnit(f"udi-{kind}", kind, None, None) for kind in units_here]
    monkeypatch.setattr(units, "list_units", lambda: running)
    monkeypatch.setattr(rollout, "call_udi", lambda *_, **__: "built /opt/keycloak-1\n")
    journal = UpgradeJournal()

    assert rollout.build_keycloak(releases, "1.2.0", journal, 0) == built
    [step] = journal.steps
    assert step.outcome == outcome
