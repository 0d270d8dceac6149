"""What a release and the site of the documentation are made of, without building either."""

import importlib.util
import re
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
