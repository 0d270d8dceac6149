import io
from pathlib import Path

import pytest
from rich.console import Console

from udi.cli.local import state
from udi.cli.local.down import down, reset
from udi.cli.local.errors import LocalError
from udi.cli.local.logs import logs
from udi.settings import Settings


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def _output_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_reset_asks_first(
    settings: Settings, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.prepare_folders(settings, None)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    assert reset(settings, console=console) == 1

    assert "Nothing was deleted." in _output_of(console)
    assert settings.secret("postgres_password")


def test_reset_deletes_when_told_so(settings: Settings, console: Console) -> None:
    state.prepare_folders(settings, None)

    assert reset(settings, yes=True, console=console) == 0

    assert not settings.state.exists()


def test_reset_leaves_a_folder_that_is_not_ours(
    settings: Settings, console: Console
) -> None:
    (settings.state / "objects").mkdir(parents=True)

    assert reset(settings, yes=True, console=console) == 1

    assert "was not made by `udi up`" in _output_of(console)
    assert (settings.state / "objects").is_dir()


def test_down_without_anything_running_says_so(
    settings: Settings, console: Console
) -> None:
    assert down(settings, console=console) == 0
    assert _output_of(console) == "Nothing is running.\n"


def test_logs_show_the_last_lines_of_each_part(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    state.prepare_folders(settings, None)
    _log(settings, "postgres", "one\ntwo\nthree\n")
    _log(settings, "portal-web", "four\n")

    assert logs(settings, lines=2) == 0

    assert (
        capsys.readouterr().out
        == "postgres   │ two\npostgres   │ three\nportal-web │ four\n"
    )


def test_logs_of_one_part_come_without_its_name(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    state.prepare_folders(settings, None)
    _log(settings, "postgres", "one\ntwo")

    logs(settings, "postgres")

    assert capsys.readouterr().out == "one\ntwo\n"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("kitchen", "no part called «kitchen»: choose one of postgres"),
        (None, "no log yet: start with"),
    ],
)
def test_logs_that_cannot_be_shown_are_explained(
    settings: Settings, part: str | None, words: str
) -> None:
    state.prepare_folders(settings, None)

    with pytest.raises(LocalError, match=words):
        logs(settings, part)


def _log(settings: Settings, name: str, text: str) -> Path:
    path = settings.state / f"logs/{name}.log"
    path.write_text(text)
    return path
