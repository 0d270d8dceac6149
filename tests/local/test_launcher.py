"""The launcher of a clone: which Python it takes, the environment that it makes, what it says when it cannot."""

import hashlib
import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.environments import find_bare_environment, write_copying_python

pytestmark = pytest.mark.programs

LAUNCHER = Path(__file__).resolve().parents[2] / "udi"
SHELL = shutil.which("dash") or "/bin/sh"
TOOLS = (
    "awk",
    "cat",
    "cksum",
    "df",
    "dirname",
    "find",
    "grep",
    "ls",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "sleep",
    "tail",
    "tee",
)
SYSTEM = "/usr/bin/python3"
COPYING = """
import shutil, sys
from pathlib import Path

if __name__ == "__main__":
    shutil.copytree({bare!r}, sys.argv[1], symlinks=True, dirs_exist_ok=True)
    Path(sys.argv[1], "made-by").write_text(sys.executable)
"""
"""In the place of the module `venv`: what it takes to make an environment is another test's."""
Run = Callable[..., subprocess.CompletedProcess[str]]


def fit(python: str) -> bool:
    """Whether the launcher may take it."""
    code = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
    return (
        Path(python).exists()
        and subprocess.run([python, "-c", code], check=False).returncode == 0
    )


def _wheel(folder: Path, word: str) -> str:
    """A package `toy` that holds one word; returns its line for a requirements file."""
    path = folder / "toy-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("toy.py", f"WORD = {word!r}\n")
        wheel.writestr(
            "toy-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1\n"
        )
        wheel.writestr(
            "toy-1.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("toy-1.dist-info/RECORD", "")
    return f"toy==1 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _installer(checkout: Path, script: str) -> None:
    """A package `uv` whose program is this script, and the list that pins it."""
    path = checkout / "wheels/uv-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        member = zipfile.ZipInfo("uv-1.data/scripts/uv")
        member.external_attr = (stat.S_IFREG | 0o755) << 16
        wheel.writestr(member, f"#!/bin/sh\n{script}\n")
        wheel.writestr(
            "uv-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: uv\nVersion: 1\n"
        )
        wheel.writestr(
            "uv-1.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("uv-1.dist-info/RECORD", "")
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    (checkout / "requirements/installer.txt").write_text(
        f"uv==1 --hash=sha256:{checksum}\n"
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a folder with spaces and an apostrophe, whose `udi` prints what it was called with."""
    root = tmp_path / "ville d'été"
    package = root / "platform/src/udi"
    package.mkdir(parents=True)
    package.joinpath("__init__.py").touch()
    package.joinpath("__main__.py").write_text(
        "import os, sys, toy\nprint(toy.WORD, *sys.argv[1:], os.environ['UDI_TENANTS'], sep='|')\n"
    )
    for name, module in {"tests": "command", "bench": "__main__"}.items():
        (root / name).mkdir()
        (root / name / f"{module}.py").write_text(
            f"import sys, toy, udi\nprint({name!r}, toy.WORD, *sys.argv[1:], sep='|')\n"
        )
    shutil.copy(LAUNCHER, root / "udi")
    (root / "wheels").mkdir()
    (root / "requirements").mkdir()
    line = _wheel(root / "wheels", "first")
    for name in ("embedded", "dev"):
        (root / f"requirements/{name}.txt").write_text(line)
    return root


@pytest.fixture
def interrupted(checkout: Path) -> None:
    """An installation that was interrupted once the environment was made: what is to come is installed in it."""
    shutil.copytree(find_bare_environment(), checkout / ".venv", symlinks=True)


@pytest.fixture
def run(checkout: Path, tmp_path: Path) -> Run:
    def call(
        *arguments: str, script: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        offline = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": (checkout / "wheels").as_uri(),
            "PIP_RETRIES": "0",
        }
        return subprocess.run(
            [SHELL, str(script or checkout / "udi"), *arguments],
            check=False, capture_output=True, text=True, cwd=tmp_path, timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | offline | environment,
        )  # fmt: skip

    return call


def _tools(folder: Path, *names: str) -> str:
    """A PATH that holds these tools only."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name) or name)
    return str(folder)


@pytest.fixture(params=["copying", pytest.param("making", marks=pytest.mark.thorough)])
def python_path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a Python is that copies the environment of the run, or one that makes it in four seconds of processor."""
    if request.param == "making":
        return os.environ["PATH"]
    write_copying_python(tmp_path / "python/python3")
    return _tools(tmp_path / "tools", *TOOLS) + f":{tmp_path}/python"


def test_the_environment_is_made_once_and_again_when_the_lock_changes(
    checkout: Path, run: Run, tmp_path: Path, python_path: str
) -> None:
    link = tmp_path / "link"
    link.symlink_to(Path("ville d'été") / "udi")

    first = run("up", "a b", script=link, PATH=python_path)
    second = run("status")
    line = _wheel(checkout / "wheels", "changed")
    (checkout / "requirements/embedded.txt").write_text(
        "# changed\n" + line.replace("toy==1", "toy==1 ")
    )
    subprocess.run(
        [checkout / ".venv/bin/python", "-m", "pip", "uninstall", "-qy", "toy"],
        check=True,
    )
    third = run("status")

    assert first.stdout == f"first|up|a b|{checkout}/tenants\n"
    assert "preparing the Python environment" in first.stderr
    assert (second.returncode, second.stdout, second.stderr) == (
        0,
        f"first|status|{checkout}/tenants\n",
        "",
    )
    assert third.stdout == f"changed|status|{checkout}/tenants\n"
    assert not (checkout / ".venv/.udi-lock").exists()


@pytest.mark.thorough
@pytest.mark.usefixtures("interrupted")
def test_two_calls_at_once_make_one_environment(checkout: Path, tmp_path: Path) -> None:
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": (checkout / "wheels").as_uri()}
    calls = [
        subprocess.Popen(
            [SHELL, str(checkout / "udi"), "version"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]} | offline,
        )
        for _ in range(2)
    ]  # fmt: skip

    answers = [call.communicate(timeout=120) for call in calls]

    assert [out for out, _ in answers] == [f"first|version|{checkout}/tenants\n"] * 2
    assert sum("preparing" in err and "ready" in err for _, err in answers) == 1


@pytest.mark.thorough
@pytest.mark.usefixtures("interrupted")
def test_the_development_list_is_installed_for_tests_and_serves_for_the_rest(
    checkout: Path, run: Run
) -> None:
    tested = run("test")
    served = run("up")

    assert tested.returncode == 0
    assert (checkout / ".venv/.udi").read_text().startswith("dev ")
    assert served.stderr == ""


@pytest.mark.usefixtures("interrupted")
@pytest.mark.parametrize("status", ["0", pytest.param("2", marks=pytest.mark.thorough)])
def test_uv_installs_the_development_list_and_pip_what_it_cannot(
    checkout: Path, run: Run, status: str
) -> None:
    site = next((checkout / ".venv/lib").glob("python*/site-packages"))
    notes = checkout / "notes"
    _installer(
        checkout,
        f'echo "$UV_DEFAULT_INDEX" "$@" >>"{notes}"\n'
        f"""[ {status} = 2 ] || echo "WORD = 'by uv'" >"{site}/toy.py"\nexit {status}""",
    )

    tested = run("test", PIP_INDEX_URL="https://mirror.example/simple")

    assert tested.stdout == {"0": "tests|by uv\n", "2": "tests|first\n"}[status]
    (call,) = notes.read_text().splitlines()
    assert call.startswith("https://mirror.example/simple pip install ")
    assert call.endswith(
        f"--require-hashes --requirement {checkout}/requirements/dev.txt"
    )
    assert run("up").stderr == ""


def test_uv_is_pinned_as_in_the_development_list() -> None:
    folder = LAUNCHER.parent / "requirements"
    pinned = (folder / "installer.txt").read_text()

    assert pinned.startswith("uv==")
    assert pinned in (folder / "dev.txt").read_text()


@pytest.mark.thorough
@pytest.mark.usefixtures("interrupted")
def test_what_only_a_clone_has_is_found_in_it(run: Run) -> None:
    assert run("test", "--all", "a b").stdout == "tests|first|--all|a b\n"
    assert run("bench", "pages").stdout == "bench|first|pages\n"


def test_an_interrupted_installation_is_taken_up_again(
    checkout: Path, run: Run, tmp_path: Path
) -> None:
    path = _tools(tmp_path / "bin", *TOOLS)
    write_copying_python(tmp_path / "bin/python3")
    lock = checkout / ".venv/.udi-lock"
    lock.mkdir(parents=True)
    gone = subprocess.Popen(["true"])
    gone.wait()
    (lock / "pid").write_text(f"{gone.pid}\n")
    (checkout / ".venv/bin").mkdir()
    (checkout / ".venv/bin/python").write_text("half made")
    (checkout / ".venv/half").touch()

    assert run("up", PATH=path).stdout.startswith("first|up")
    assert not (checkout / ".venv/half").exists()


def test_without_python_the_remedy_is_named(
    checkout: Path, run: Run, tmp_path: Path
) -> None:
    answer = run("up", PATH=_tools(tmp_path / "bin", *TOOLS))

    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert (
        "Python 3.11 or newer is needed and no python3 was found: install it"
        in answer.stderr
    )


def test_an_old_python_is_named_with_its_version(run: Run, tmp_path: Path) -> None:
    path = _tools(tmp_path / "bin", *TOOLS)
    old = tmp_path / "bin/python3"
    old.write_text(
        "#!/bin/sh\ncase $2 in *version_info*) exit 1;; *python_version*) echo 3.9.2;; esac\n"
    )
    old.chmod(0o755)

    answer = run("up", PATH=path)

    assert answer.returncode == 1
    assert "Python 3.11 or newer is needed and python3 is 3.9.2" in answer.stderr


def test_a_python_without_venv_is_refused(run: Run, tmp_path: Path) -> None:
    path = _tools(tmp_path / "bin", *TOOLS)
    bare = tmp_path / "bin/python3"
    bare.write_text("#!/bin/sh\ncase $2 in *ensurepip*) exit 1;; esac\n")
    bare.chmod(0o755)

    answer = run("up", PATH=path)

    assert answer.returncode == 1
    assert "apt install python3-venv" in answer.stderr


@pytest.mark.thorough
def test_the_next_python_serves_where_the_first_lacks_venv(
    run: Run, tmp_path: Path
) -> None:
    path = _tools(tmp_path / "bin", *TOOLS)
    bare = tmp_path / "bin/python3"
    bare.write_text("#!/bin/sh\ncase $2 in *ensurepip*) exit 1;; esac\n")
    bare.chmod(0o755)
    write_copying_python(tmp_path / "bin/python3.11")

    answer = run("up", PATH=path)

    assert answer.stdout.startswith("first|up"), answer.stderr


@pytest.mark.thorough
@pytest.mark.skipif(
    not fit(SYSTEM), reason=f"{SYSTEM} is not here, is older than 3.11 or has no venv"
)
def test_the_python_of_the_distribution_comes_first(
    checkout: Path, run: Run, tmp_path: Path
) -> None:
    other = tmp_path / "bin/python3"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\necho asked >&2\nexit 1\n")
    other.chmod(0o755)

    modules = tmp_path / "modules"
    modules.mkdir()
    bare = str(find_bare_environment())
    (modules / "venv.py").write_text(COPYING.format(bare=bare))
    path = f"{other.parent}:{os.environ['PATH']}:/usr/bin"

    answer = run("up", PATH=path, PYTHONPATH=str(modules))

    assert answer.stdout.startswith("first|up"), answer.stderr
    assert "asked" not in answer.stderr
    assert (checkout / ".venv/made-by").read_text() == SYSTEM


@pytest.mark.thorough
@pytest.mark.usefixtures("interrupted")
def test_an_unreachable_index_is_said_in_one_sentence(run: Run) -> None:
    answer = run(
        "up",
        PIP_NO_INDEX="0",
        PIP_FIND_LINKS="",
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
    )

    assert answer.returncode == 1
    assert (
        "The package index cannot be reached: check the network, or name a mirror in PIP_INDEX_URL"
        in answer.stderr
    )
    assert "Traceback" not in answer.stderr


@pytest.mark.usefixtures("interrupted")
def test_an_altered_package_is_refused(checkout: Path, run: Run) -> None:
    _wheel(checkout / "wheels", "altered")

    answer = run("up")

    assert answer.returncode == 1
    assert "is not the one that was pinned" in answer.stderr
    assert not (checkout / ".venv/.udi").exists()
