"""What a release and the site of the documentation are made of, without building either."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.rules.test_links import LINK, PAGES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)", re.MULTILINE)
ENTRY = re.compile(r"^(?:- |\d+\. )\[[^\]]+\]\(([^)#]+\.md)\)", re.MULTILINE)


def load(name: str) -> ModuleType:
    """Load a module of `.ci`, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f".ci/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def list_pages(nav: list[Any]) -> Iterator[str]:
    """The pages of a navigation, in its order."""
    for entry in nav:
        [target] = entry.values()
        if isinstance(target, str):
            yield target
        else:
            yield from list_pages(target)


def list_generated_pages() -> set[str]:
    """The pages that the site has besides those of `docs/`."""
    return set(load("site_api").PAGES.values())


def read_navigation() -> list[Any]:
    nav: list[Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    return nav


def test_the_navigation_of_the_site_has_every_page_once() -> None:
    pages = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    pages += list_generated_pages()

    assert sorted(list_pages(read_navigation())) == sorted(pages)


def test_the_navigation_of_the_site_is_that_of_the_index() -> None:
    index = (DOCS / "README.md").read_text()
    parts = re.split(r"^## (.+)$", index, flags=re.MULTILINE)[1:]
    expected = {
        heading: [page for page in ENTRY.findall(text) if not page.startswith("..")]
        for heading, text in zip(parts[::2], parts[1::2], strict=True)
    }
    home, *groups = read_navigation()
    generated = list_generated_pages()
    pages_by_heading = {
        heading: [page for page in list_pages(entries) if page not in generated]
        for group in groups
        for heading, entries in group.items()
    }

    assert home == {"Home": "README.md"}
    assert list(pages_by_heading.items()) == list(expected.items())


@pytest.mark.parametrize("repository", ["", "https://forge.example/udi/"])
def test_no_page_of_the_site_links_out_of_the_documentation(repository: str) -> None:
    rewrite = load("site_links").rewrite
    pages = [page for page in PAGES if page.is_relative_to(DOCS)]
    leaving = [
        link
        for page in pages
        for link in LINK.findall(
            rewrite(page.read_text(), page.relative_to(DOCS).as_posix(), repository)
        )
        if link.startswith("../")
        and not (page.parent / link.partition("#")[0]).resolve().is_relative_to(DOCS)
    ]

    assert leaving == []


def test_a_link_out_of_the_documentation_leads_to_the_forge_or_names_the_file() -> None:
    rewrite = load("site_links").rewrite
    text = "[a](../../infra/a.yml), [infra/b](../../infra/b), [c](../glossary.md#c)"

    assert rewrite(text, "how-to/x.md", "") == (
        "a (`infra/a.yml`), `infra/b`, [c](../glossary.md#c)"
    )
    assert rewrite(text, "how-to/x.md", "https://forge.example/udi/") == (
        "[a](https://forge.example/udi/blob/HEAD/infra/a.yml), "
        "[infra/b](https://forge.example/udi/blob/HEAD/infra/b), [c](../glossary.md#c)"
    )


def test_the_bill_of_materials_has_every_pinned_package_with_its_hashes() -> None:
    pins = (ROOT / "requirements/run.txt").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    describe_release = load("sbom").describe_release
    document = describe_release(project, pins)
    components = document["components"]

    assert document == describe_release(project, pins)
    assert sorted((part["name"], part["version"]) for part in components) == sorted(
        PIN.findall(pins)
    )
    assert [part["name"] for part in components if not part["hashes"]] == []
    [root] = document["dependencies"]
    assert len(root["dependsOn"]) == len(project["dependencies"])
    assert document["metadata"]["component"]["version"] == project["version"]


PUBLISHER = {
    "repository": "https://forge.town.fr/udi.git",
    "security_contact": "https://forge.town.fr/udi/security",
    "conduct_contact": "conduct@town.fr",
    "reviewers": "@town/udi",
}
FILES = (
    *("publisher.toml", "publiccode.yml", "mkdocs.yml", "pyproject.toml"),
    *("CODEOWNERS", "SECURITY.md", "CODE_OF_CONDUCT.md"),
    *(".ci/publisher.py", ".ci/release"),
    "platform/src/udi/cli/upgrade/allowed_signers",
)


@pytest.fixture
def unnamed(tmp_path: Path) -> Path:
    """A checkout of what a release needs of its publisher, who is not named yet."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    name_publisher(tmp_path, dict.fromkeys(PUBLISHER, ""))
    return tmp_path


def name_publisher(checkout: Path, values: dict[str, str]) -> None:
    lines = [f'{name} = "{value}"\n' for name, value in values.items()]
    (checkout / "publisher.toml").write_text("".join(lines))


def run_git(checkout: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@town.fr")
    subprocess.run(["git", *identity, *arguments], cwd=checkout, check=True)


@pytest.mark.programs
def test_no_release_is_made_while_its_publisher_is_not_named(unnamed: Path) -> None:
    run_git(unnamed, "init", "--quiet")
    run_git(unnamed, "add", "--all")
    run_git(unnamed, "commit", "--quiet", "--message", "project: release 1.0.0")
    run_git(unnamed, "tag", "v1.0.0")

    release = subprocess.run(
        [unnamed / ".ci/release", "1.0.0"],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )

    assert release.returncode == 1
    assert [line.split("`")[1] for line in release.stderr.splitlines()] == list(
        PUBLISHER
    )
    assert not (unnamed / "dist").exists()


def test_the_publisher_is_named_in_one_place_and_every_file_follows(
    unnamed: Path,
) -> None:
    publisher = load("publisher")
    name_publisher(unnamed, PUBLISHER)
    differing = publisher.find_faults(unnamed)
    publisher.write_files(unnamed)
    texts = {name: (unnamed / name).read_text() for name in FILES}

    assert [fault.split()[0] for fault in differing] == [
        *("publiccode.yml", "mkdocs.yml", "CODEOWNERS", "pyproject.toml"),
        *("SECURITY.md", "CODE_OF_CONDUCT.md"),
    ]
    assert publisher.main([str(unnamed)]) == 0
    publisher.write_files(unnamed)
    assert texts == {name: (unnamed / name).read_text() for name in FILES}
    assert f"\nurl: {PUBLISHER['repository']}\n" in texts["publiccode.yml"]
    assert "\nrepo_url: https://forge.town.fr/udi\n" in texts["mkdocs.yml"]
    assert "@maintainers" not in texts["CODEOWNERS"]
    assert "\n/docs/                       @town/udi\n" in texts["CODEOWNERS"]
    assert tomllib.loads(texts["pyproject.toml"])["project"]["urls"] == {
        "Repository": "https://forge.town.fr/udi"
    }
    assert (
        "\n[private report]: https://forge.town.fr/udi/security\n"
        in (texts["SECURITY.md"])
    )
    assert "\n[private report]: mailto:conduct@town.fr\n" in texts["CODE_OF_CONDUCT.md"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("repository", ""),
        ("repository", "forge.town.fr/udi"),
        ("repository", "https://example.org/udi.git"),
        ("security_contact", "the town hall"),
        ("security_contact", "security@town.example"),
        ("conduct_contact", "https://"),
        ("reviewers", "town"),
    ],
)
def test_a_publisher_who_cannot_be_reached_is_refused(
    unnamed: Path, name: str, value: str
) -> None:
    name_publisher(unnamed, {**PUBLISHER, name: value})

    [fault] = load("publisher").find_faults(unnamed)
    assert fault.startswith(f"publisher.toml: `{name}` is «{value}»; it must be ")
