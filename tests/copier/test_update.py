"""A territory follows the template without losing a word of its own; where both wrote, it is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.copier.conftest import Udi, commit, git
from udi.portal.tenants.files import read_folder

pytestmark = pytest.mark.programs

COPIER = [sys.executable, "-m", "copier"]
OWN = (
    "tenants/rade/tenant.toml",
    "tenants/rade/charter.md",
    "tenants/rade/legal.en.md",
    "tenants/rade/theme.css",
    "inventory/hosts.yml",
    "inventory/group_vars/all/territory.yml",
)


@pytest.fixture
def territory(udi: Udi, releases: Path, tmp_path: Path) -> Path:
    """A territory made by the first release, with its own words in every file that is its own."""
    folder = tmp_path / "rade"
    answers = ["--data", "name=Pays de la Rade", "--data", "slug=rade", "--defaults"]
    result = udi(
        "territory",
        "new",
        folder,
        *answers,
        "--source",
        releases,
        "--version",
        "v1.0.0",
    )
    assert result.status == 0
    commit(folder, "Start")
    for name in OWN:
        with (folder / name).open("a") as file:
            file.write("/* ours */\n" if name.endswith(".css") else "# ours\n")
    return folder


def test_an_update_brings_the_template_and_keeps_the_edits(
    udi: Udi, territory: Path
) -> None:
    readme = territory / "README.md"
    readme.write_text(readme.read_text() + "\nOur own last line.\n")
    commit(territory, "Ours")
    before = {name: (territory / name).read_text() for name in OWN}

    result = udi("territory", "update", territory)

    assert (result.status, result.err) == (0, "")
    assert "v1.1.0" in result.out
    assert {name: (territory / name).read_text() for name in OWN} == before
    assert "(v1.1.0)" in readme.read_text()
    assert "Our own last line." in readme.read_text()
    assert (territory / "NEWS.md").exists()
    assert "_commit: v1.1.0" in (territory / ".copier-answers.yml").read_text()
    read_folder(territory / "tenants/rade")

    commit(territory, "Follow")
    assert udi("territory", "update", territory).status == 0
    assert git(territory, "status", "--porcelain") == ""


@pytest.mark.thorough
def test_a_conflict_is_a_failure_that_names_the_files(
    udi: Udi, territory: Path
) -> None:
    readme = territory / "README.md"
    readme.write_text(
        readme.read_text().replace("| `bin/try` | ", "| `bin/try` | OURS ")
    )
    commit(territory, "Ours")

    result = udi("territory", "update", territory)
    again = udi("territory", "update", territory)

    assert result.status == 1
    assert "\n  README.md\n" in result.err
    assert "OURS" in readme.read_text()
    assert (again.status, "README.md" in again.err) == (1, True)
    checked = subprocess.run(
        [territory / ".ci/check"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, "not merged" in checked.stderr) == (1, True)


@pytest.mark.thorough
def test_an_answer_may_change_at_an_update(udi: Udi, territory: Path) -> None:
    commit(territory, "Ours")

    assert (
        udi("territory", "update", territory, "--data", "languages=en,fr").status == 0
    )
    assert "## Three commands" in (territory / "README.md").read_text()


def test_edits_that_are_not_committed_stop_an_update(udi: Udi, territory: Path) -> None:
    result = udi("territory", "update", territory)

    assert (result.status, "dirty" in result.err) == (1, True)
    assert not (territory / "NEWS.md").exists()


def test_a_folder_that_is_no_territory_is_refused(
    udi: Udi, territory: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert (
        "not a territory made from the template"
        in udi("territory", "update", tmp_path / "empty").err
    )

    (territory / ".git").rename(tmp_path / "away")
    assert "not a git repository" in udi("territory", "update", territory).err

    (territory / ".copier-answers.yml").write_text("name: Rade\n")
    assert "_src_path" in udi("territory", "update", territory).err


@pytest.mark.thorough
def test_plain_copier_needs_no_trust(releases: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rade"
    copy = [
        *COPIER,
        "copy",
        "--quiet",
        "--defaults",
        "--data",
        "name=Rade",
        "--vcs-ref",
        "v1.0.0",
    ]
    subprocess.run([*copy, f"git+file://{releases}", folder], check=True)
    commit(folder, "Start")

    subprocess.run([*COPIER, "update", "--quiet", "--defaults"], cwd=folder, check=True)

    assert (folder / "NEWS.md").exists()
    assert (
        f"_src_path: git+file://{releases}"
        in (folder / ".copier-answers.yml").read_text()
    )
