"""The page checker: what every HTML page must be, whoever wrote it. `check_page` names each fault in one sentence."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

from tests.rules import policy
from tests.rules.html_parser import QuickParser

Rule = Callable[["Page"], Iterator[str]]
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
REFERENCES = (
    "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-details", "aria-errormessage",
    "aria-flowto", "aria-activedescendant", "for", "list", "form", "headers",
)  # fmt: skip
LOADING = {
    "link": "href",
    "img": "src",
    "script": "src",
    "source": "src",
    "iframe": "src",
    "object": "data",
}
SAID_ONLY = {"canonical", "alternate", "license", "author", "describedby"}
EMPTY_WORDS = {
    "here", "click here", "more", "read more", "learn more", "link", "this", "this page",
    "ici", "cliquez ici", "cliquer ici", "plus", "lire la suite", "en savoir plus", "lien", "cette page",
}  # fmt: skip


@dataclass
class Page:
    """A parsed page, with what rules ask of it."""

    html: str
    url: str
    headers: Mapping[str, str]
    territory: str | None
    _texts: dict[Element, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        parser = _parse(self.html)
        self.root: Element = parser.root
        self.errors: list[tuple[tuple[int, int], str, dict[str, object]]] = (
            parser.errors
        )

    @cached_property
    def elements(self) -> list[Element]:
        return [element for element in self.root.iter() if isinstance(element.tag, str)]

    @cached_property
    def parents(self) -> dict[Element, Element]:
        return {child: parent for parent in self.elements for child in parent}

    @cached_property
    def by_id(self) -> dict[str, Element]:
        return {
            element.attrib["id"]: element
            for element in self.elements
            if "id" in element.attrib
        }

    @cached_property
    def named(self) -> list[tuple[str, Element]]:
        return [(local(element), element) for element in self.elements]

    @cached_property
    def by_name(self) -> dict[str, list[Element]]:
        elements = defaultdict(list)
        for name, element in self.named:
            elements[name].append(element)
        return elements

    def all(self, *names: str) -> list[Element]:
        if len(names) == 1:
            return [*self.by_name.get(names[0], ())]
        return [element for name, element in self.named if name in names]

    def ancestors(self, element: Element) -> Iterator[Element]:
        while (parent := self.parents.get(element)) is not None:
            yield parent
            element = parent

    def name_of(self, element: Element) -> str:
        """Nearly the accessible name: aria, then the text and the alternatives inside."""
        if labels := element.get("aria-labelledby"):
            return " ".join(
                self.text_of(self.by_id[label])
                for label in labels.split()
                if label in self.by_id
            )
        name = (
            element.get("aria-label")
            or element.get("alt")
            or self.text_of(element)
            or element.get("title")
        )
        return name or ""

    def text_of(self, element: Element) -> str:
        text = self._texts.get(element)
        if text is None:
            text = self._texts[element] = self._read_text(element)
        return text

    def _read_text(self, element: Element) -> str:
        parts = [element.text or ""]
        for child in element:
            if isinstance(child.tag, str) and child.get("aria-hidden") != "true":
                parts.append(
                    child.get("aria-label") or child.get("alt") or self.text_of(child)
                )
            parts.append(child.tail or "")
        return " ".join("".join(parts).split())


@dataclass(frozen=True)
class ParsedPage:
    """What the parser of HTML 5 made of a page."""

    root: Element
    errors: list[Any]


@lru_cache(maxsize=4)
def _parse(html: str) -> ParsedPage:
    """A page as a tree, which nobody changes: what was fetched, and checked, is often looked at again."""
    parser = QuickParser(html)
    return ParsedPage(parser.parse(html), parser.errors)


def local(element: Element) -> str:
    """Name of an element without its namespace."""
    return _without_namespace(str(element.tag))


@lru_cache(maxsize=1000)
def _without_namespace(tag: str) -> str:
    return tag.rpartition("}")[2]


def describe_element(element: Element) -> str:
    """An element as a fault names it."""
    marks = "".join(
        f' {key}="{element.attrib[key][:60]}"'
        for key in ("id", "name", "href", "class")
        if key in element.attrib
    )
    return f"<{local(element)}{marks}>"


def check_page(
    html: str, *, url: str, headers: Mapping[str, str], territory: str | None = None
) -> list[str]:
    """The faults of a page, none when it is sound; `territory` is the name its title must carry."""
    page = Page(
        html, url, {key.lower(): value for key, value in headers.items()}, territory
    )
    faults = [fault for rule in RULES for fault in rule(page)]
    return [f"{url}: {fault}" for fault in faults]


def valid_syntax(page: Page) -> Iterator[str]:
    for (line, column), code, detail in page.errors:
        yield f"invalid HTML at {line}:{column}: {code} {detail or ''}".rstrip()


def sound_structure(page: Page) -> Iterator[str]:
    allowed = {
        "ul": {"li"},
        "ol": {"li"},
        "dl": {"div", "dt", "dd"},
        "tr": {"th", "td"},
    }
    acts = {"a", "button", "select", "textarea", "label"}
    for name, element in page.named:
        for child in element if name in allowed else ():
            if isinstance(child.tag, str) and local(child) not in allowed[name]:
                yield f"{describe_element(child)} may not stand in {describe_element(element)}"
        if name in acts:
            outer = {local(parent) for parent in page.ancestors(element)}
            if outer & ({"a", "button"} if name != "label" else acts):
                yield f"{describe_element(element)} stands in another control"
    for table in page.all("table"):
        if not any(
            local(cell) == "th" for cell in table.iter() if isinstance(cell.tag, str)
        ):
            yield f"{describe_element(table)} has no header cell"


def one_title(page: Page) -> Iterator[str]:
    titles = [
        page.text_of(title)
        for title in page.all("title")
        if local(page.parents[title]) == "head"
    ]
    if len(titles) != 1 or not titles[0]:
        yield f"one title that says something is needed, found {titles}"
    elif page.territory and not titles[0].endswith(page.territory):
        yield f"the title «{titles[0]}» does not end with the territory «{page.territory}»"
    elif not titles[0].partition(" – ")[2]:
        yield f"the title «{titles[0]}» does not say «page – site»"


def language_and_viewport(page: Page) -> Iterator[str]:
    if not page.root.get("lang", "").isalpha():
        yield "html has no lang"
    viewports = [
        meta.get("content", "")
        for meta in page.all("meta")
        if meta.get("name") == "viewport"
    ]
    if len(viewports) != 1 or "width=device-width" not in viewports[0]:
        yield "the viewport is missing"
    elif "user-scalable" in viewports[0] or "maximum-scale" in viewports[0]:
        yield "the viewport forbids zoom"
    for link in page.all("a"):
        language = link.get("hreflang")
        if (language or "/language/" in link.get("href", "")) and link.get("lang") != (
            language or link.get("lang", "-")
        ):
            yield f"{describe_element(link)} leads to another language without lang={language!r}"


def ordered_headings(page: Page) -> Iterator[str]:
    headings = page.all(*HEADINGS)
    count = sum(local(heading) == "h1" for heading in headings)
    if count != 1:
        yield f"one h1 is needed, found {count}"
    level = 1
    for heading in headings:
        if int(local(heading)[1]) > level + 1:
            yield f"{describe_element(heading)} «{page.text_of(heading)}» skips a level"
        if not page.text_of(heading):
            yield f"{describe_element(heading)} is empty"
        level = int(local(heading)[1])
    if len(page.all("main")) != 1:
        yield "one main is needed"


def unique_ids(page: Page) -> Iterator[str]:
    ids: set[str] = set()
    for element in page.elements:
        if (name := element.get("id")) is None:
            continue
        if name in ids or not name or " " in name:
            yield f"the id «{name}» is used twice or is not an id"
        ids.add(name)


def known_references(page: Page) -> Iterator[str]:
    for element in page.elements:
        for attribute in REFERENCES:
            for name in element.get(attribute, "").split():
                if name not in page.by_id:
                    yield f"{describe_element(element)} {attribute} names «{name}», which does not exist"
        target = element.get("href", "")
        if target.startswith("#") and target[1:] not in page.by_id:
            yield f"{describe_element(element)} leads to «{target}», which does not exist"


def labelled_controls(page: Page) -> Iterator[str]:
    labelled = {label.get("for") for label in page.all("label") if page.text_of(label)}
    for control in page.all("input", "select", "textarea", "progress", "meter"):
        if control.get("type") in {"hidden", "submit", "reset", "button", "image"}:
            continue
        wrapped = any(
            local(parent) == "label" and page.text_of(parent)
            for parent in page.ancestors(control)
        )
        if "aria-labelledby" in control.attrib:
            named = control.get("aria-label") or page.name_of(control)
        else:
            named = ""
        if not (
            named
            or control.get("aria-label")
            or wrapped
            or control.get("id", "-") in labelled
        ):
            yield f"{describe_element(control)} has no label"


def named_controls(page: Page) -> Iterator[str]:
    for element in page.all("button", "a", "summary", "iframe", "legend", "caption"):
        if not page.name_of(element) and (
            local(element) != "a" or "href" in element.attrib
        ):
            yield f"{describe_element(element)} has no name"
    for element in page.all("input"):
        naming = {
            "submit": "value",
            "button": "value",
            "reset": "value",
            "image": "alt",
        }.get(element.get("type", ""))
        if naming and not element.get(naming):
            yield f"{describe_element(element)} has no {naming}"


def named_images(page: Page) -> Iterator[str]:
    for image in page.all("img"):
        if "alt" not in image.attrib:
            yield f"{describe_element(image)} has no alt"
    for drawing in page.all("svg"):
        if drawing.get("role") == "img":
            if not page.name_of(drawing):
                yield f"{describe_element(drawing)} is an image without a name"
        elif drawing.get("aria-hidden") != "true":
            yield f"{describe_element(drawing)} is neither hidden nor named"


def telling_links(page: Page) -> Iterator[str]:
    for link in page.all("a"):
        if page.name_of(link).strip(" .…:»«\N{NO-BREAK SPACE}").lower() in EMPTY_WORDS:
            yield f"{describe_element(link)} says only «{page.name_of(link)}»"


def nothing_inline(page: Page) -> Iterator[str]:
    for name, element in page.named:
        if name == "style" or (name == "script" and _runs(element)):
            yield f"{describe_element(element)} is inline"
        for attribute, value in element.attrib.items():
            if attribute == "style" or attribute.startswith("on"):
                yield f"{describe_element(element)} carries {attribute}"
            if value.strip().lower().startswith("javascript:"):
                yield f"{describe_element(element)} runs a script from {attribute}"
        if (
            (position := element.get("tabindex"))
            and position.lstrip("-").isdigit()
            and int(position) > 0
        ):
            yield f"{describe_element(element)} has a positive tabindex"


def _runs(script: Element) -> bool:
    return "src" not in script.attrib and script.get("type") != "application/ld+json"


def working_forms(page: Page) -> Iterator[str]:
    for form in page.all("form"):
        if not form.get("action"):
            yield f"{describe_element(form)} has no action"
        inside = [element for element in form.iter() if isinstance(element.tag, str)]
        outside = [
            element
            for element in page.all("button", "input")
            if form.get("id") and element.get("form") == form.get("id")
        ]
        if not any(_submits(element) for element in [*inside, *outside]):
            yield f"{describe_element(form)} has no button"


def _submits(element: Element) -> bool:
    if local(element) == "button":
        return element.get("type", "submit") == "submit"
    return local(element) == "input" and element.get("type") in {"submit", "image"}


def nothing_from_elsewhere(page: Page) -> Iterator[str]:
    for name, element in page.named:
        attribute = LOADING.get(name)
        address = element.get(attribute, "") if attribute else ""
        if (
            not address
            or set(element.get("rel", "").split()) & SAID_ONLY
            or address.startswith("data:")
        ):
            continue
        if name == "iframe" and _waits_for_reader(page, element):
            continue
        if urlsplit(urljoin(page.url, address)).netloc != urlsplit(page.url).netloc:
            yield f"{describe_element(element)} loads from elsewhere: {address}"


def _waits_for_reader(page: Page, frame: Element) -> bool:
    """A frame that loads only once the reader opens what it stands in, and that runs nothing."""
    closed = any(
        local(parent) == "details" and "open" not in parent.attrib
        for parent in page.ancestors(frame)
    )
    return (
        closed
        and frame.get("loading") == "lazy"
        and "allow-scripts" not in frame.get("sandbox", "allow-scripts")
    )


def safe_headers(page: Page) -> Iterator[str]:
    framed = urlsplit(page.url).path.startswith("/embed/")
    yield from policy.faults(page.headers, framed=framed)
    if framed and "set-cookie" in page.headers:
        yield "a page made to be framed sets a cookie"


RULES: tuple[Rule, ...] = (
    valid_syntax, sound_structure, one_title, language_and_viewport, ordered_headings, unique_ids, known_references,
    labelled_controls, named_controls,
    named_images, telling_links, nothing_inline, working_forms, nothing_from_elsewhere, safe_headers,
)  # fmt: skip
