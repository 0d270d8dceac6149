"""Which tests a change can break: the files of `./udi test --changed [REV]`.

A changed module is followed to all that imports it, and to the tests that import any of those. What is served is also
asked for over HTTP by tests that import nothing of it: these are found by the folder that mirrors its own, and so are
those of templates, translations, migrations, roles, territories and documents.

`python -m tests.changed --report 50` says how much of the suite the last fifty commits would have run.
"""

import argparse
import csv
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
SOURCE = "platform/src/"
PACKAGES = ("udi", "bench", "tests")
MAIN = ("origin/main", "main")
ALWAYS = "tests/rules/"
"""The rules of the house look at everything, and take seconds."""
EVERYTHING = (
    "platform/src/udi/kit/",
    "platform/src/udi/ui/",
    "platform/src/udi/__",
    "tests/__init__.py",
    "pyproject.toml",
    "requirements/",
)
"""What everything stands on; and so is the first `conftest.py`, with what it takes of the tests."""
CONFTEST = "tests.conftest"
OWNERS = {
    "platform/src/udi/portal/": ("tests/portal/{domain}/", "tests/walks/"),
    "platform/src/udi/portal/identity/": ("tests/identity/",),
    "platform/src/udi/portal/dataspace/": ("tests/contract/dataspace/",),
    "platform/src/udi/portal/nodes/": ("tests/contract/test_",),
    "platform/src/udi/portal/nodes/sources/": ("tests/contract/harvests/",),
    "platform/src/udi/portal/app.py": ("tests/portal/", "tests/journeys/"),
    "platform/src/udi/portal/site.py": ("tests/portal/", "tests/journeys/"),
    "platform/src/udi/portal/work.py": ("tests/portal/", "tests/journeys/"),
    "platform/src/udi/portal/locale/": ("tests/portal/",),
    "platform/src/udi/portal/migrations/": (
        "tests/portal/",
        "tests/kit/test_migrations.py",
        "tests/cli/test_archive",
    ),
    "platform/src/udi/node/": ("tests/node/",),
    "platform/src/udi/node/identity/": ("tests/identity/",),
    "platform/src/udi/node/migrations/": (
        "tests/kit/test_migrations.py",
        "tests/cli/test_archive",
    ),
    "platform/src/udi/tabular/": ("tests/node/",),
    "platform/src/udi/protocol/": ("tests/protocol/",),
    "platform/src/udi/cli/": ("tests/cli/test_{domain}",),
    "platform/src/udi/cli/checks/": ("tests/cli/test_doctor.py",),
    "platform/src/udi/cli/installation/": (
        "tests/portal/installation/",
        "tests/cli/test_operator_worker.py",
    ),
    "platform/src/udi/cli/local/": ("tests/local/",),
    "platform/src/udi/cli/own/": ("tests/own_node/",),
    "bench/": ("tests/cli/test_bench", "tests/walks/"),
    "infra/": ("tests/ansible/",),
    "templates/copier/": ("tests/copier/",),
    "copier.yml": ("tests/copier/",),
    "tenants/": (
        "tests/portal/tenants/",
        "tests/cli/test_provision.py",
        "tests/journeys/",
    ),
    "docs/": (
        "tests/cli/test_documented_commands.py",
        "tests/node/test_documented_commands.py",
    ),
    "README.md": ("tests/cli/test_documented_commands.py",),
    "CONTRIBUTING.md": (),
    "CHANGELOG.md": (),
    "CODE_OF_CONDUCT.md": (),
    "SECURITY.md": (),
    "LICENSE": (),
    "REUSE.toml": (),
    "CODEOWNERS": (),
    "publiccode.yml": (),
    "mkdocs.yml": (),
    "renovate.json": (),
    ".gitignore": (),
    ".pre-commit-config.yaml": (),
    ".ci/": (),
    ".github/": (),
    ".gitlab": (),
    "udi": ("tests/local/test_launcher.py",),
}
"""Who tests what no import tells, by the start of a path; «{domain}» is the folder or module below it."""
PAGES = {"/templates/": ("tests/pages/",)}
"""The same, by a part of a path."""


class UnknownRevisionError(Exception):
    """Git knows no such revision."""


@dataclass
class Selection:
    """Test files, each with the first reason to run it; `everything` is the reason to run all there are."""

    everything: str = ""
    reasons: dict[str, str] = field(default_factory=dict)

    def add(self, files: Iterable[str], reason: str) -> None:
        for file in files:
            self.reasons.setdefault(file, reason)

    @property
    def files(self) -> list[str]:
        return sorted(self.reasons)


class Suite:
    """The tests of a checkout and what they import."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.graph = grimp.build_graph(*PACKAGES, cache_dir=None)
        for test in self._tests:
            for conftest in self._list_conftests(test):
                self.graph.add_import(importer=test, imported=conftest)

    @cached_property
    def files(self) -> list[str]:
        """Every file of tests."""
        return sorted(
            str(path.relative_to(self.root))
            for path in (self.root / "tests").rglob("test_*.py")
        )

    @cached_property
    def _tests(self) -> dict[str, str]:
        """The file of each module of tests."""
        return {_name_module(file): file for file in self.files}

    @cached_property
    def _foundations(self) -> set[str]:
        """The first `conftest.py`, and what it takes of the tests: every test stands on them."""
        modules = self.graph.find_upstream_modules(CONFTEST) | {CONFTEST}
        return {module for module in modules if module.startswith("tests.")}

    @cached_property
    def _texts(self) -> dict[str, str]:
        """What each file of the tests says, helpers too."""
        paths = (self.root / "tests").rglob("*.py")
        return {str(path.relative_to(self.root)): path.read_text() for path in paths}

    def _list_conftests(self, test: str) -> list[str]:
        """The `conftest.py` of each folder above a test but the first, which nearly everything would follow from."""
        parts = test.split(".")
        names = (
            ".".join([*parts[:depth], "conftest"]) for depth in range(2, len(parts))
        )
        return [name for name in names if name in self.graph.modules]

    def select(self, changed: Sequence[str]) -> Selection:
        """Find the tests that these files can break."""
        selection = Selection()
        selection.add(self._start_with(ALWAYS), "the rules of the house")
        for path in changed:
            if self._is_foundation(path):
                selection.everything = f"{path} is under everything"
                break
            test_files = (
                self._find_importers(path)
                | self._find_owned(path)
                | self._find_mentions(path)
            )
            if not test_files or not path.endswith(".py"):
                test_files |= self._find_neighbours(path)
            if not test_files and _find_owner(path) is None:
                selection.everything = f"nothing says which tests look at {path}"
                break
            selection.add(test_files, path)
        if selection.everything:
            selection.add(self.files, selection.everything)
        return selection

    def _is_foundation(self, path: str) -> bool:
        return path.startswith(EVERYTHING) or _name_module(path) in self._foundations

    def _find_importers(self, path: str) -> set[str]:
        """Test files that import a module, or what imports it."""
        if not path.endswith(".py"):
            return set()
        module = _name_module(path)
        if module not in self.graph.modules:
            return set()
        modules = {module}
        if path.endswith("/__init__.py"):
            modules |= self.graph.find_descendants(module)
        importers = modules.union(
            *(
                self.graph.find_downstream_modules(module_name)
                for module_name in modules
            )
        )
        return {self._tests[importer] for importer in importers & self._tests.keys()}

    def _find_owned(self, path: str) -> set[str]:
        """Test files of the folders that own a path."""
        prefixes = [
            prefix
            for start, owned in OWNERS.items()
            if path.startswith(start)
            for prefix in owned
        ]
        domain = _name_domain(path)
        prefixes = [prefix.replace("{domain}", domain) for prefix in prefixes]
        prefixes += [
            prefix for part, owned in PAGES.items() if part in path for prefix in owned
        ]
        return set(self._start_with(*prefixes))

    def _find_neighbours(self, path: str) -> set[str]:
        """Test files beside a file of the tests, or in the nearest folder above it that has some."""
        if not path.startswith("tests/"):
            return set()
        folders = (set(self._start_with(f"{folder}/")) for folder in Path(path).parents)
        return next(filter(None, folders))

    def _find_mentions(self, path: str) -> set[str]:
        """Test files that name a file as no import does, and those that import what names it."""
        words = [f'"{path}"']
        if Path(path).suffix not in {"", ".py", ".html", ".po"}:
            words += [f"/{Path(path).name}", f'"{Path(path).name}"']
        mentions = [
            file
            for file, text in self._texts.items()
            if any(word in text for word in words)
        ]
        return set().union(*map(self._find_importers, mentions))

    def _start_with(self, *prefixes: str) -> list[str]:
        return [file for file in self.files if file.startswith(prefixes)]


def _name_module(path: str) -> str:
    """The module of a Python file: `udi.kit.db` for `platform/src/udi/kit/db.py`."""
    return (
        path.removeprefix(SOURCE)
        .removesuffix(".py")
        .removesuffix("/__init__")
        .replace("/", ".")
    )


def _name_domain(path: str) -> str:
    """The folder or module below a program: `catalogue` for `platform/src/udi/portal/catalogue/queries.py`."""
    parts = path.removeprefix(SOURCE).split("/")
    if len(parts) > len(("udi", "portal")):
        return parts[2].removesuffix(".py")
    return ""


def _find_owner(path: str) -> str | None:
    return next((start for start in OWNERS if path.startswith(start)), None)


def list_changes(revision: str = "", root: Path = ROOT) -> list[str]:
    """Files that differ from a revision, by default from where this branch left the main one; new ones too.

    Raises:
        UnknownRevisionError: git knows no such revision.
    """
    start = revision or _find_fork(root)
    changed = _git(root, "diff", "--name-only", "--no-renames", start)
    new = _git(root, "ls-files", "--others", "--exclude-standard")
    return sorted({*changed, *new})


def is_revision(word: str, root: Path = ROOT) -> bool:
    """Whether git knows it, and no file has that name."""
    command = ["git", "rev-parse", "--verify", "--quiet", f"{word}^{{commit}}"]
    is_commit = (
        subprocess.run(command, cwd=root, capture_output=True, check=False).returncode
        == 0
    )
    return is_commit and not (root / word).exists()


def _find_fork(root: Path) -> str:
    main = next((name for name in MAIN if is_revision(name, root)), "HEAD")
    [fork] = _git(root, "merge-base", "HEAD", main)
    return fork


def _git(root: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UnknownRevisionError(done.stderr.strip())
    return done.stdout.splitlines()


def describe(selection: Selection, suite: Suite) -> list[str]:
    """What was chosen, and why: a line for each reason."""
    count = f"{len(selection.reasons)} of {len(suite.files)} test files"
    if selection.everything:
        return [f"{count}: {selection.everything}."]
    lines = []
    for reason in dict.fromkeys(selection.reasons.values()):
        files = [
            file for file, because in selection.reasons.items() if because == reason
        ]
        lines.append(f"{len(files):5} for {reason}")
    return [f"{count}:", *lines]


def report(
    suite: Suite, commits: int, table: Path | None, last: str = "HEAD"
) -> list[str]:
    """The median and the worst share of the suite that each of some commits would have run."""
    weights = {"test files": dict.fromkeys(suite.files, 1.0)}
    if table:
        with table.open(newline="") as file:
            rows = [
                row
                for row in csv.DictReader(file, delimiter="\t")
                if row["file"] in suite.files
            ]
        for column in ("tests", "seconds"):
            weights[column] = {row["file"]: float(row[column]) for row in rows}
    selections = []
    for commit in _git(
        suite.root, "rev-list", "--no-merges", f"--max-count={commits}", last
    ):
        changed = _git(
            suite.root,
            "diff-tree",
            "--no-commit-id",
            "--name-only",
            "--no-renames",
            "-r",
            commit,
        )
        selections.append(suite.select(changed))
    everything = sum(bool(selection.everything) for selection in selections)
    lines = [f"{len(selections)} commits, {everything} of which can break everything"]
    for name, weight in weights.items():
        shares = [
            sum(weight.get(file, 0) for file in selection.files) / sum(weight.values())
            for selection in selections
        ]
        lines.append(
            f"{name}: median {statistics.median(shares):.1%}, worst {max(shares):.1%} of {sum(weight.values()):.0f}"
        )
    return lines


def main() -> None:
    """Print what a change can break, or what the last commits would have run."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.changed", description=__doc__
    )
    parser.add_argument(
        "revision",
        nargs="?",
        default="",
        help="what to compare with; for a report, the last commit",
    )
    parser.add_argument(
        "--report",
        type=int,
        metavar="COMMITS",
        help="how much the last commits would have run",
    )
    parser.add_argument(
        "--table", type=Path, help="columns file, tests and seconds, for the report"
    )
    arguments = parser.parse_args()
    suite = Suite()
    if arguments.report:
        lines = report(
            suite, arguments.report, arguments.table, arguments.revision or "HEAD"
        )
    else:
        selection = suite.select(list_changes(arguments.revision))
        lines = [*describe(selection, suite), *selection.files]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
