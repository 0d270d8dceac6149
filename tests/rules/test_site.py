"""The documentation as a site: built strictly, with no broken link, nothing of other hosts, and a search of its own."""

import json
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from litestar import Litestar
from mkdocs.commands.build import build
from mkdocs.config import load_config
from playwright.async_api import Browser, Page, Route

from tests.rules.test_release import list_generated_pages, load
from udi import __version__
from udi.ui.openapi.document import build_template

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
HOST = "docs.test"
ORIGIN = f"http://{HOST}/"
RESOURCE = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
SHALLOW = re.compile(r"^ {1,3}(?:[-*] |\d+\. |```).*", re.MULTILINE)
"""What stands in an item of a list on a forge, and beside it on the site, which counts by four spaces."""
ITEM = re.compile(r"\n(?:[-*] |\d+\. |\|).*")
"""What begins as an item of a list, or a row of a table."""
OPERATIONS = pytest.mark.parametrize(
    ("program", "operation"),
    [
        ("portal", "GET /api/v1/datasets"),
        ("node", "GET /api/v1/resources/search"),
    ],
)
LITERAL = {"pre", "script", "style"}
LINK_ATTRIBUTES = {"a": "href", "area": "href"}
RESOURCE_ATTRIBUTES = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "link": "href",
}
NOT_LOADED = {"canonical", "alternate", "next", "prev"}
"""Relations of a `link` that a browser reads, and does not fetch."""


class SitePage(HTMLParser):
    """What a page of the site names: its own ids, what it links to, what it loads; and items that are in no list, or rows in no table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.resources: list[str] = []
        self.lost_items: list[str] = []
        self._literal = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self._literal += tag in LITERAL
        values = {name: value or "" for name, value in attrs}
        if identifier := values.get("id") or values.get("name"):
            self.ids.add(identifier)
        link = values.get(LINK_ATTRIBUTES.get(tag, ""))
        if link:
            self.links.append(link)
        resource = values.get(RESOURCE_ATTRIBUTES.get(tag, ""))
        if resource and values.get("rel") not in NOT_LOADED:
            self.resources.append(resource)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of an element."""
        self._literal -= tag in LITERAL

    def handle_data(self, data: str) -> None:
        """Note what was meant as an item or a row, and is text."""
        if not self._literal:
            self.lost_items += ITEM.findall(data)


@cache
def read_pages(site: Path) -> dict[str, SitePage]:
    """Return the pages of a site by their path below its folder; read once."""
    return {
        path.relative_to(site).as_posix(): SitePage(path.read_text())
        for path in site.rglob("*.html")
    }


def address_of(path: str) -> str:
    """Return the address at which a file of the site is served."""
    return ORIGIN + path.removesuffix("index.html")


def find_broken_links(site: Path) -> Iterator[str]:
    """Return the links and resources of a site that lead to no file, or no heading, of its own."""
    pages = read_pages(site)
    for path, page in pages.items():
        for target in page.links + page.resources:
            address = urlsplit(urljoin(address_of(path), target))
            if address.netloc != HOST:
                continue
            file = unquote(address.path).lstrip("/")
            if not file or file.endswith("/"):
                file += "index.html"
            if not (site / file).is_file():
                yield f"{path}: {target} is not there"
            elif address.fragment and address.fragment not in pages[file].ids:
                yield f"{path}: {target}: no such heading"


def find_shallow_items(text: str) -> list[str]:
    """Return the items, and the fences, that the site would not show within their list."""
    return SHALLOW.findall(FENCED.sub("", text))


def find_foreign_resources(site: Path) -> Iterator[str]:
    """Return what the pages and styles of a site load from other hosts."""
    named = {path: page.resources for path, page in read_pages(site).items()}
    for style in site.rglob("*.css"):
        path = style.relative_to(site).as_posix()
        named[path] = [
            address or imported
            for address, imported in RESOURCE.findall(style.read_text())
        ]
    for path, targets in named.items():
        for target in targets:
            host = urlsplit(urljoin(address_of(path), target)).netloc
            if host not in {"", HOST}:
                yield f"{path} loads {target}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as a release builds it: a warning stops it."""
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder)))
    return folder


@pytest.fixture
async def tab(browser: Browser, site: Path) -> Page:
    """A tab that gets the files of the site, and nothing from any other host."""
    context = await browser.new_context()

    async def answer(route: Route) -> None:
        address = urlsplit(route.request.url)
        file = site / unquote(address.path).lstrip("/")
        if file.is_dir():
            file /= "index.html"
        if address.netloc != HOST or not file.is_file():
            await route.abort()
            return
        content_type = guess_type(file.name)[0] or "application/octet-stream"
        await route.fulfill(body=file.read_bytes(), content_type=content_type)

    await context.route("**/*", answer)
    return await context.new_page()


@pytest.mark.thorough
def test_site_has_every_page_of_the_documentation(site: Path) -> None:
    expected = {"index.html", "404.html", "search.html"}
    for page in DOCS.rglob("*.md"):
        path = page.relative_to(DOCS)
        if path.name != "README.md":
            expected.add(path.with_suffix("").as_posix() + "/index.html")
    for name in list_generated_pages():
        expected.add(name.removesuffix(".md") + "/index.html")

    assert set(read_pages(site)) == expected


@pytest.mark.thorough
@OPERATIONS
def test_site_has_the_operations_of_each_program(
    site: Path, program: str, operation: str
) -> None:
    page = (site / f"reference/api-{program}/index.html").read_text()

    assert f"<code>{operation}</code>" in page
    assert page.count("<h3") > 40


@OPERATIONS
def test_page_of_an_api_has_the_operations_of_its_program(
    portal_app: Litestar, node_app: Litestar, program: str, operation: str
) -> None:
    reference = load("api_reference")
    app = {"portal": portal_app, "node": node_app}[program]
    document = build_template(app, reference.PROGRAMS[program][-1].first)

    page = reference.write_page(program, document)

    assert operation in page
    assert page.count("\n### ") > 40


@pytest.mark.thorough
def test_site_has_no_broken_link(site: Path) -> None:
    assert list(find_broken_links(site)) == []


@pytest.mark.thorough
def test_site_loads_nothing_from_other_hosts(site: Path) -> None:
    assert list(find_foreign_resources(site)) == []


@pytest.mark.thorough
def test_menu_of_each_page_leads_to_every_page(site: Path) -> None:
    pages = read_pages(site)
    addresses = {
        address_of(path) for path in pages if path not in {"404.html", "search.html"}
    }
    incomplete = {
        path: missing
        for path, page in pages.items()
        if (
            missing := addresses
            - {urljoin(address_of(path), link).partition("#")[0] for link in page.links}
        )
    }

    assert incomplete == {}


@pytest.mark.thorough
def test_search_index_has_every_page(site: Path) -> None:
    entries = json.loads((site / "search/search_index.json").read_text())["docs"]
    indexed = {urljoin(ORIGIN, entry["location"]) for entry in entries if entry["text"]}
    addresses = {
        address_of(path)
        for path in read_pages(site)
        if path not in {"404.html", "search.html"}
    }

    assert addresses - {address.partition("#")[0] for address in indexed} == set()


@pytest.mark.thorough
def test_each_page_names_its_version(site: Path) -> None:
    silent = [
        path
        for path in read_pages(site)
        if f"Version {__version__}. ©" not in (site / path).read_text()
    ]

    assert silent == []


def test_versions_of_the_site_are_listed_from_the_newest(tmp_path: Path) -> None:
    for name in ("0.2.0", "0.10.0", "0.9.1", "trial"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text("<h1>Home</h1>")

    load("site_versions").write_index(tmp_path)

    index = read_pages(tmp_path)["index.html"]
    assert index.links == ["0.10.0/", "0.9.1/", "0.2.0/"]
    assert list(find_broken_links(tmp_path)) == []


def test_versions_of_a_site_without_any_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no site of a version"):
        load("site_versions").write_index(tmp_path)


@pytest.mark.thorough
def test_site_shows_items_in_lists_and_rows_in_tables(site: Path) -> None:
    lost = {
        path: page.lost_items
        for path, page in read_pages(site).items()
        if page.lost_items
    }

    assert lost == {}
    planted = SitePage("<p>a\n2. b</p><pre>\n- c</pre><p>d\n| e |</p>")
    assert planted.lost_items == ["\n2. b", "\n| e |"]


def test_lists_in_lists_are_indented_by_four_spaces() -> None:
    shallow = {
        page.relative_to(DOCS).as_posix(): items
        for page in DOCS.rglob("*.md")
        if (items := find_shallow_items(page.read_text()))
    }

    assert shallow == {}
    assert find_shallow_items("1. a\n   - b\n    - c\n```\n  - d\n```\n   ```sh\n") == [
        "   - b",
        "   ```sh",
    ]


@pytest.mark.thorough
async def test_search_of_the_site_needs_no_other_host(tab: Page) -> None:
    await tab.goto(f"{ORIGIN}search.html?q=Keycloak")

    result = tab.locator("#mkdocs-search-results article a")
    await result.first.wait_for()

    assert await result.filter(has_text="Keycloak holds identity").count() >= 1


def test_planted_faults_of_a_site_are_found(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("@import 'https://fonts.example/a.css';")
    (tmp_path / "index.html").write_text(
        '<h1 id="here">Here</h1><a href="#here">1</a><a href="#there">2</a>'
        '<a href="gone/">3</a><a href="https://example.org/">4</a>'
        '<script src="//scripts.example/a.js"></script><img src="lost.png">'
    )

    assert list(find_broken_links(tmp_path)) == [
        "index.html: #there: no such heading",
        "index.html: gone/ is not there",
        "index.html: lost.png is not there",
    ]
    assert sorted(find_foreign_resources(tmp_path)) == [
        "index.html loads //scripts.example/a.js",
        "style.css loads https://fonts.example/a.css",
    ]
