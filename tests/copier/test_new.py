"""`udi territory new`, and the commands of the territory that it makes."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.copier.conftest import Udi, commit, git
from udi import __version__
from udi.cli import template as command

pytestmark = pytest.mark.programs


@pytest.fixture
def territory(udi: Udi, releases: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "rade"
    arguments = (
        "-d",
        "name=Rade",
        "--defaults",
        "--source",
        releases,
        "--version",
        "v1.0.0",
    )
    assert udi("territory", "new", folder, *arguments).status == 0
    commit(folder, "Start")
    return folder


def test_the_last_release_is_taken_and_the_version_pinned(
    udi: Udi, releases: Path, tmp_path: Path
) -> None:
    result = udi(
        "territory",
        "new",
        tmp_path / "rade",
        "-d",
        "name=Rade",
        "--defaults",
        "--source",
        releases,
    )

    assert (result.status, result.err) == (0, "")
    assert "bin/try" in result.out
    answers = (tmp_path / "rade/.copier-answers.yml").read_text()
    assert "_commit: v1.1.0" in answers
    assert f"_src_path: {releases}" in answers


def test_without_a_name_it_says_what_is_missing(
    udi: Udi, template: Path, tmp_path: Path
) -> None:
    result = udi(
        "territory", "new", tmp_path / "rade", "--defaults", "--source", template
    )

    assert (result.status, '"name" is required' in result.err) == (1, True)


def test_a_folder_in_use_is_left_alone(
    udi: Udi, template: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious.txt").write_text("mine")

    result = udi(
        "territory",
        "new",
        tmp_path,
        "-d",
        "name=Rade",
        "--defaults",
        "--source",
        template,
    )

    assert (result.status, "is not empty" in result.err) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_an_address_that_is_nowhere_is_refused_in_one_sentence(
    udi: Udi, tmp_path: Path
) -> None:
    result = udi(
        "territory",
        "new",
        tmp_path / "rade",
        "-d",
        "name=Rade",
        "--defaults",
        "--source",
        "git+file:///nowhere",
    )

    assert (result.status, "git failed (fatal:" in result.err) == (1, True)
    assert not (tmp_path / "rade").exists()


def test_an_answer_without_a_value_is_refused(
    udi: Udi, template: Path, tmp_path: Path
) -> None:
    result = udi(
        "territory",
        "new",
        tmp_path / "rade",
        "-d",
        "name",
        "--defaults",
        "--source",
        template,
    )

    assert (result.status, "key=value" in result.err) == (1, True)


def test_an_installed_program_pins_its_own_version(
    udi: Udi, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "CLONE", tmp_path / "nowhere")
    monkeypatch.setattr(command, "PACKAGED", template)

    result = udi("territory", "new", tmp_path / "rade", "-d", "name=Rade", "--defaults")

    answers = (tmp_path / "rade/.copier-answers.yml").read_text()
    assert (result.status, "_src_path: <address>" in result.out) == (0, True)
    assert f"_commit: v{__version__}" in answers
    assert str(template) not in answers


def test_a_clone_gives_its_own_template_and_the_address_it_came_from(
    udi: Udi, releases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "CLONE", tmp_path / "clone")
    git(tmp_path, "clone", "--quiet", "--branch", "v1.0.0", str(releases), "clone")

    result = udi("territory", "new", tmp_path / "rade", "-d", "name=Rade", "--defaults")

    answers = (tmp_path / "rade/.copier-answers.yml").read_text()
    assert result.status == 0
    assert f"_src_path: {releases}\n" in answers
    assert "_commit: v1.0.0\n" in answers


def test_a_program_without_its_template_asks_for_an_address(
    udi: Udi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "CLONE", tmp_path)
    monkeypatch.setattr(command, "PACKAGED", tmp_path)

    result = udi("territory", "new", tmp_path / "rade", "-d", "name=Rade", "--defaults")

    assert (result.status, "--source" in result.err) == (1, True)


@pytest.mark.thorough
def test_the_territory_checks_itself_with_the_pinned_program(
    territory: Path,
) -> None:
    done = subprocess.run(
        [territory / ".ci/check"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "rade: all is right (1 organisation(s), 1 demonstration account(s))."
        in done.stdout
    )
    assert (territory / ".udi/v1.0.0/udi").exists()


def test_a_fault_of_the_territory_fails_by_the_pinned_program(territory: Path) -> None:
    path = territory / "tenants/rade/tenant.toml"
    path.write_text(path.read_text().replace("privacy_contact", "privacy"))
    done = subprocess.run(
        [territory / ".ci/check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "territory.privacy_contact" in done.stderr) == (1, True)
    assert (territory / ".udi/v1.0.0/udi").exists()


def test_trying_puts_the_territory_on_this_machine(
    territory: Path, releases: Path
) -> None:
    program = territory / ".udi/v1.0.0/udi"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$UDI_TENANTS $*"\n')
    program.chmod(0o755)
    before = (territory / "tenants/rade/tenant.toml").read_text()

    done = subprocess.run(
        [territory / "bin/try", "--detach"], capture_output=True, text=True, check=True
    )

    tried = tomllib.loads((territory / ".udi/try/rade/tenant.toml").read_text())
    assert done.stdout == f"{territory}/.udi/try up --detach\n"
    assert tried["hosts"] == {
        "portal": ["rade.localhost"],
        "node": ["node.rade.localhost"],
    }
    assert tried == {**tomllib.loads(before), "hosts": tried["hosts"]}
    assert (territory / ".udi/try/rade/charter.md").exists()
    assert (territory / "tenants/rade/tenant.toml").read_text() == before


def test_a_program_that_cannot_be_fetched_is_reported(territory: Path) -> None:
    answers = territory / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("v1.0.0", "v9.9.9"))

    done = subprocess.run(
        [territory / "bin/udi", "version"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, "has no version v9.9.9" in done.stderr) == (1, True)
    assert not (territory / ".udi/v9.9.9").exists()
