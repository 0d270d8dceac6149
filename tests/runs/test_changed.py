"""What a change can break is what is run for it: importers, tests of the same folder, and everything where nobody knows."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.changed import (
    OWNERS,
    ROOT,
    Suite,
    UnknownRevisionError,
    describe,
    is_revision,
    list_changes,
    report,
)


@dataclass(frozen=True)
class Fault:
    """A line of a file, what a slip makes of it, and the test file that fails then."""

    path: str
    line: str
    slip: str
    finder: str


FAULTS = [
    Fault(
        "platform/src/udi/protocol/access_decision.py",
        "or moment < agreement_status.closes_at",
        "or moment > agreement_status.closes_at",
        "tests/protocol/test_access_decision.py",
    ),
    Fault(
        "platform/src/udi/portal/organisations/members/pages.py",
        "managing=not leaves, lock=True",
        "managing=False, lock=True",
        "tests/portal/organisations/test_members.py",
    ),
    Fault(
        "platform/src/udi/portal/catalogue/templates/search.html",
        '<h1 class="hide">{{ _("Search the data") }}</h1>',
        "",
        "tests/portal/catalogue/test_search_pages.py",
    ),
    Fault(
        "platform/src/udi/portal/organisations/locale/fr.po",
        'msgstr "Indiquez la raison : la personne la lira."',
        'msgstr ""',
        "tests/portal/organisations/test_members.py",
    ),
    Fault(
        "platform/src/udi/portal/migrations/versions/initial/organisations.sql",
        "producer boolean NOT NULL,",
        "producer boolean,",
        "tests/rules/test_migrations.py",
    ),
    Fault(
        "platform/src/udi/node/spaces/limits.py",
        "if slot is None:",
        "if slot == 0:",
        "tests/node/test_limits.py",
    ),
    Fault(
        "platform/src/udi/cli/local/ports.py",
        "        except OSError:\n            return False\n    return True",
        "        except OSError:\n            return True\n    return True",
        "tests/local/test_ports.py",
    ),
    Fault(
        "infra/ansible/roles/backup/defaults/main.yml",
        "backup_keep_full: 4\n",
        "",
        "tests/ansible/test_play.py",
    ),
    Fault(
        "tenants/demo/tenant.toml",
        'slug = "mairie-kerlevan"\n',
        'slug = "mairie-kerlevan-2"\n',
        "tests/portal/tenants/test_files.py",
    ),
    Fault(
        "docs/reference/settings.md",
        "| `UDI_BASE_PORT` |",
        "| `UDI_FIRST_PORT` |",
        "tests/rules/test_documented.py",
    ),
]
"""Ten slips, each in another kind of place: a pure function, pages, a template, a translation, a migration, a guard that
is reached over HTTP, a command's part, a role, a territory, a document."""


UNKNOWN = str(Path("folder") / "of-no-kind")
ALONE = str(Path("tests/kit") / "test_fairness.py")
"""Paths that no test names."""


@pytest.fixture(scope="module")
def suite() -> Suite:
    """The tests of this checkout."""
    return Suite()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.path)
def test_the_test_that_finds_a_fault_is_chosen(suite: Suite, fault: Fault) -> None:
    selection = suite.select([fault.path])

    assert (ROOT / fault.path).read_text().count(fault.line) == 1
    assert fault.finder in selection.files
    assert selection.everything == ""
    assert len(selection.files) < len(suite.files)


@pytest.mark.thorough
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.path)
def test_a_planted_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    copy = copy_checkout(tmp_path / "checkout")
    before = run_tests(copy, fault.finder)
    planted = copy / fault.path
    planted.write_text(planted.read_text().replace(fault.line, fault.slip))

    after = run_tests(copy, fault.finder)

    assert before.returncode == 0, before.stdout
    assert after.returncode == 1, after.stdout


def copy_checkout(target: Path) -> Path:
    """The files of this checkout that are under version control, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(lambda name: (ROOT / name).exists(), listed.stdout.splitlines()):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    return target


def run_tests(checkout: Path, file: str) -> subprocess.CompletedProcess[str]:
    """Run one file of a checkout in a run of its own."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "UDI_TEST_"))
    }
    environment["PYTHONPATH"] = f"{checkout / 'platform/src'}{os.pathsep}{checkout}"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        file,
    ]
    return subprocess.run(
        command,
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "path",
    [
        "platform/src/udi/kit/db.py",
        "platform/src/udi/ui/templates/page.html",
        "pyproject.toml",
        "requirements/dev.txt",
        "tests/conftest.py",
        "tests/cluster.py",
        "tests/rules/pages.py",
        UNKNOWN,
    ],
)
def test_everything_is_run_for_what_is_under_everything_or_known_to_nobody(
    suite: Suite, path: str
) -> None:
    selection = suite.select(["docs/README.md", path])

    assert path in selection.everything
    assert selection.files == suite.files


@pytest.mark.parametrize(
    ("path", "chosen", "left"),
    [
        ("tests/kit/test_db.py", "tests/kit/test_db.py", "tests/kit/test_fifo_pool.py"),
        (
            "tests/portal/catalogue/corpus.py",
            "tests/portal/catalogue/test_search_pages.py",
            "tests/kit/test_db.py",
        ),
        (
            "tests/portal/catalogue/conftest.py",
            "tests/portal/catalogue/test_dcat.py",
            "tests/portal/nodes/test_push.py",
        ),
        (
            "tests/portal/catalogue/queries.tsv",
            "tests/portal/catalogue/test_real_catalogues.py",
            "tests/kit/test_db.py",
        ),
        (
            "bench/load/territories.py",
            "tests/cli/test_bench.py",
            "tests/kit/test_db.py",
        ),
        (
            "platform/src/udi/cli/backup/gone.py",
            "tests/cli/test_backup.py",
            "tests/cli/test_upgrade.py",
        ),
        (
            "tests/mutants/places/access.toml",
            "tests/mutants/test_catalogue.py",
            "tests/kit/test_db.py",
        ),
        ("udi", "tests/local/test_launcher.py", "tests/local/test_up.py"),
        ("docs/glossary.md", "tests/rules/test_links.py", "tests/kit/test_db.py"),
    ],
)
def test_a_change_is_followed_to_its_tests_and_no_further(
    suite: Suite, path: str, chosen: str, left: str
) -> None:
    selection = suite.select([path])

    assert selection.everything == ""
    assert chosen in selection.files
    assert left in suite.files
    assert left not in selection.files


def test_a_new_module_of_each_domain_leads_to_tests(suite: Suite) -> None:
    source = ROOT / "platform/src/udi"
    inits = [
        path
        for program in ("portal", "node", "cli")
        for path in (source / program).glob("*/__init__.py")
    ]
    rules = set(suite.select([]).files)
    files_by_domain = {
        init.parent.name: suite.select(
            [f"{init.parent.relative_to(ROOT)}/new.py"]
        ).files
        for init in inits
    }

    assert len(files_by_domain) > 20
    assert [
        name
        for name, files in files_by_domain.items()
        if not set(files) - rules or files == suite.files
    ] == []


def test_every_owner_leads_to_tests(suite: Suite) -> None:
    prefixes = {
        prefix for owned in OWNERS.values() for prefix in owned if "{" not in prefix
    }

    assert [
        prefix
        for prefix in sorted(prefixes)
        if not any(file.startswith(prefix) for file in suite.files)
    ] == []


def test_each_choice_is_said_with_its_reason(suite: Suite) -> None:
    lines = describe(suite.select([ALONE]), suite)

    assert lines[0].endswith(f"of {len(suite.files)} test files:")
    assert lines[1].endswith("for the rules of the house")
    assert lines[2:] == [f"    1 for {ALONE}"]


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with a branch that changed one file, whose work tree changed another and has a new one."""
    git(tmp_path, "init", "--initial-branch=main")
    for name in ("first", "second", "third"):
        (tmp_path / name).write_text("before")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "main")
    git(tmp_path, "switch", "-c", "branch")
    (tmp_path / "first").write_text("committed")
    git(tmp_path, "commit", "-am", "branch")
    (tmp_path / "second").unlink()
    (tmp_path / "new").write_text("new")
    return tmp_path


@pytest.mark.programs
def test_a_change_is_what_left_the_main_branch_and_what_is_not_committed(
    clone: Path,
) -> None:
    assert list_changes("", clone) == ["first", "new", "second"]
    assert list_changes("HEAD", clone) == ["new", "second"]


@pytest.mark.programs
def test_a_revision_is_told_from_a_path(clone: Path) -> None:
    assert is_revision("main", clone)
    assert not is_revision("third", clone)
    assert not is_revision("nothing", clone)
    with pytest.raises(UnknownRevisionError):
        list_changes("nothing", clone)


@pytest.mark.programs
def test_the_report_counts_what_the_last_commits_would_have_run(
    suite: Suite, tmp_path: Path
) -> None:
    table = tmp_path / "times.tsv"
    table.write_text(
        "file\ttests\tseconds\ntests/kit/test_db.py\t3\t30.5\ntests/rules/test_links.py\t1\t9.5\n"
    )

    commits, files, tests, seconds = report(suite, 3, table)

    assert commits.startswith("3 commits, ")
    assert f"of {len(suite.files)}" in files
    assert tests.endswith("of 4")
    assert seconds.endswith("of 40")
