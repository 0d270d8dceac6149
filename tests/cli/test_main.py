"""The command line by itself: what it lists without loading, and what only a clone has."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.depth import by_depth
from udi import __version__
from udi.cli.local.errors import LocalError
from udi.cli.main import ALONE, COMMANDS, GROUPS, build_app
from udi.cli.upgrade.wheel import PINS

ROOT = Path(__file__).parents[2]
NAMES = [
    "version",
    *GROUPS,
    *(name for commands in COMMANDS.values() for name in commands),
]
IMPORTED = "import sys; from udi.cli.main import build_app; build_app({command!r}); print(*sys.modules)"
HELP = """
import sys
from udi.cli.main import main
sys.argv = ["udi", "--help"]
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
STARTED = "import sys; from udi.cli.main import build_app; build_app({first!r}, {words!r}); print(*sys.modules)"
CHECKED = HELP.replace('"--help"', f'"tenant", "check", "{ROOT}/tenants/demo"')
OF_OTHER_COMMANDS = {"udi.node", "litestar", "asyncpg", "copier", "duckdb"}
OF_A_RUN = ("udi.settings", "udi.kit", "pydantic", "structlog", "httpx", "rich")
"""What a command that runs needs, and the list of all commands does not: `udi` alone starts in a fifth of the time."""
HEAVY = ("udi.portal", "udi.node", "litestar", "sqlalchemy", "duckdb")
ONLY_IN_A_CLONE = (
    "bench/",
    "tests/",
    "udi/cli/load",
    "udi/cli/bench",
    "udi/cli/tests",
    "udi/cli/browser",
)


def list_commands(program_name: str | None) -> dict[str, Any]:
    """The commands by name, as the top level shows them."""
    group: Any = typer.main.get_command(build_app(program_name))
    return dict(group.commands)


def test_the_version_is_printed_as_an_option_too() -> None:
    for words in (["--version"], ["version"]):
        done = CliRunner().invoke(build_app("version"), words)

        assert (done.exit_code, done.stdout) == (0, f"{__version__}\n")


def test_help_says_of_each_command_what_its_module_says() -> None:
    unloaded = {
        name: command.get_short_help_str(1000)
        for name, command in list_commands("").items()
    }
    loaded = {
        name: command.get_short_help_str(1000)
        for name, command in list_commands(None).items()
    }

    assert sorted(unloaded) == sorted(NAMES)
    assert unloaded == loaded


@pytest.mark.parametrize("name", NAMES)
def test_a_named_command_is_the_real_one(name: str) -> None:
    named = list_commands(name)[name]
    real = list_commands(None)[name]

    assert [parameter.name for parameter in named.params] == [
        parameter.name for parameter in real.params
    ]
    assert list(getattr(named, "commands", ())) == list(getattr(real, "commands", ()))


@pytest.mark.programs
@pytest.mark.parametrize(
    "command",
    [
        *("", "version", "down"),
        *(
            pytest.param(name, marks=pytest.mark.thorough)
            for name in ("logs", "reset", "test", "bench")
        ),
    ],
)
def test_what_needs_no_program_loads_none(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED.format(command=command)],
        check=True,
        capture_output=True,
        text=True,
    )

    assert "udi.cli.main" in done.stdout.split()
    assert [name for name in done.stdout.split() if name.startswith(HEAVY)] == []


@pytest.mark.programs
@by_depth(
    ("words", "unneeded"),
    [
        ("tenant apply", ("copier", "duckdb", "tantivy", "udi.cli.archive.")),
        ("database migrate", ("udi.portal", "udi.node", "litestar", "keycloak")),
        ("backup prepare", ("udi.portal", "keycloak")),
    ],
    by_default={0},
)
def test_commands_that_each_play_calls_load_little_that_they_do_not_need(
    words: str, unneeded: tuple[str, ...]
) -> None:
    first = words.partition(" ")[0]
    done = subprocess.run(
        [sys.executable, "-c", STARTED.format(first=first, words=words)],
        check=True,
        capture_output=True,
        text=True,
    )

    assert "sqlalchemy" in done.stdout.split()
    assert [name for name in done.stdout.split() if name.startswith(unneeded)] == []


@pytest.mark.programs
def test_a_territory_is_checked_without_what_the_other_commands_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHECKED], check=False, capture_output=True, text=True
    )

    loaded = done.stderr.split()
    assert "demo: all is right" in done.stdout
    assert "udi.portal.tenants.files" in loaded
    assert [name for name in loaded if name in OF_OTHER_COMMANDS] == []


def test_a_command_with_a_module_of_its_own_is_the_one_of_its_group() -> None:
    for words, module in ALONE.items():
        name, command = words.split()
        alone: Any = typer.main.get_command(build_app(name, words))
        [loaded_command] = alone.commands[name].commands.values()
        real = list_commands(None)[name].commands[command]
        assert module.startswith(name)
        assert (loaded_command.name, loaded_command.help) == (command, real.help)
        assert [parameter.name for parameter in loaded_command.params] == [
            parameter.name for parameter in real.params
        ]


@pytest.mark.programs
def test_the_list_of_commands_is_shown_without_settings_logs_or_clients() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP], check=False, capture_output=True, text=True
    )

    assert "Start a territory's data interface on this machine" in done.stdout
    assert done.stderr.split()
    assert [name for name in done.stderr.split() if name.startswith(OF_A_RUN)] == []


@pytest.mark.parametrize("command", ["test", "bench"])
def test_a_package_without_a_clone_says_what_it_lacks(command: str) -> None:
    result = CliRunner().invoke(build_app(command), [command, "anything", "--all"])

    assert isinstance(result.exception, LocalError)
    assert str(result.exception).endswith(
        f"are not part of the package: run `./udi {command}` in a clone of the project."
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout, built."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(folder),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=os.environ)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


@pytest.mark.programs
def test_the_wheel_has_nothing_of_what_only_developers_use(
    wheel: zipfile.ZipFile,
) -> None:
    names = wheel.namelist()

    assert "udi/cli/main.py" in names
    assert [name for name in names if name.startswith(ONLY_IN_A_CLONE)] == []


@pytest.mark.programs
def test_the_wheel_holds_every_file_of_the_program(wheel: zipfile.ZipFile) -> None:
    source = ROOT / "platform/src"
    files = {
        path
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {".po", ".html", ".css", ".ftl", ".mako"} <= {path.suffix for path in files}
    assert {str(path.relative_to(source)) for path in files} - {
        *wheel.namelist()
    } == set()


@pytest.mark.programs
def test_the_wheel_holds_the_list_of_its_dependencies(wheel: zipfile.ZipFile) -> None:
    pins = (ROOT / "requirements/run.txt").read_bytes()

    assert wheel.read(PINS) == pins


@pytest.mark.programs
def test_nothing_in_the_wheel_imports_it(wheel: zipfile.ZipFile) -> None:
    sources = {
        name: wheel.read(name).decode()
        for name in wheel.namelist()
        if name.endswith(".py")
    }
    lines = [
        f"{name}: {line}"
        for name, source in sources.items()
        for line in source.splitlines()
    ]

    assert len(sources) > 500
    developers = ("import bench", "from bench", "import tests", "from tests")
    assert [
        line
        for line in lines
        if line.partition(": ")[2].lstrip().startswith(developers)
    ] == []
