"""Criteria of the RGAA 4.1.2 that a program can see in a document, and neither axe nor the page checker does. Each names its faults."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from babel.core import get_global

from tests.rules.pages import Page, describe_element, local

LANGUAGES = {code.split("_")[0] for code in get_global("likely_subtags")}
PRESENTATION = {
    "basefont",
    "big",
    "blink",
    "center",
    "font",
    "marquee",
    "s",
    "strike",
    "tt",
    "u",
}
DRAWN_BY = {
    "align", "alink", "background", "bgcolor", "border", "cellpadding", "cellspacing", "clear", "color", "compact",
    "frameborder", "hspace", "link", "marginheight", "marginwidth", "text", "valign", "vlink", "vspace",
}  # fmt: skip
SIZED = {"img", "iframe", "svg", "canvas", "video", "object", "embed", "source"}
BLOCKS = {
    "p", "li", "dd", "dt", "td", "th", "h1", "h2", "h3", "h4", "caption", "figcaption", "legend", "label", "summary", "a",
}  # fmt: skip
FRENCH = {
    "le", "la", "les", "des", "du", "une", "est", "sont", "pour", "dans", "avec", "qui", "que", "sur", "par", "aux", "cette", "ces",
    "nous", "vous", "ils", "elle",
}  # fmt: skip
ENGLISH = {
    "the", "of", "and", "is", "are", "for", "with", "that", "this", "these", "to", "by", "from", "which", "you", "your", "they", "it",
    "its", "be", "has", "have", "not",
}  # fmt: skip
SURE = 3
"""How many small words of the other language, and none of its own, make a text foreign."""
BULLET = re.compile(r"^\s*[•‣·*–—-]\s+\S")
SPACED = re.compile(r"(?:^|\s)(?:[^\W\d_] ){4,}[^\W\d_](?:\s|$)")
FILE_NAME = re.compile(r"\.(?:svg|png|jpe?g|gif|webp|avif)$", re.IGNORECASE)
FILE = re.compile(
    r"\.(csv|ods|odt|xlsx?|docx?|pdf|zip|geojson|gpkg|parquet)$", re.IGNORECASE
)


def _own_text(element: Element) -> str:
    return " ".join(
        "".join([element.text or "", *(child.tail or "" for child in element)]).split()
    )


def told_pictures(page: Page) -> Iterator[str]:
    """No alternative is the name of a file (1.1); what is hidden has no name (1.2); a caption is tied to its picture (1.9)."""
    for image in page.all("img", "svg"):
        name = image.get("alt") or image.get("aria-label") or ""
        if FILE_NAME.search(name):
            yield f"{describe_element(image)} is called «{name}»"
        hidden = image.get("aria-hidden") == "true" or image.get("alt") == ""
        if hidden and (
            image.get("title")
            or image.get("aria-label")
            or image.get("aria-labelledby")
        ):
            yield f"{describe_element(image)} is hidden and has a name"
    for figure in page.all("figure"):
        caption = next(
            (child for child in figure if local(child) == "figcaption"), None
        )
        if caption is not None and (
            figure.get("role") not in {"figure", "group"} or not page.name_of(figure)
        ):
            yield f"{describe_element(figure)} has a caption that is not its name"


def titled_frames(page: Page) -> Iterator[str]:
    """A frame has a title (2.1)."""
    yield from (
        f"{describe_element(frame)} has no title"
        for frame in page.all("iframe")
        if not frame.get("title", "").strip()
    )


def told_tables(page: Page) -> Iterator[str]:
    """A table of data has a title (5.4), and its header cells say what they head (5.6, 5.7)."""
    for table in page.all("table"):
        inside = [element for element in table.iter() if isinstance(element.tag, str)]
        captioned = any(
            local(element) == "caption" and page.text_of(element) for element in inside
        )
        if (
            not captioned
            and not table.get("aria-label")
            and not table.get("aria-labelledby")
        ):
            yield f"{describe_element(table)} has no title"
        for cell in inside:
            if local(cell) == "th" and not page.name_of(cell):
                yield f"{describe_element(table)} has an empty header cell"
            if local(cell) == "th" and cell.get("scope") not in {
                "row",
                "col",
                "rowgroup",
                "colgroup",
            }:
                yield f"the header cell «{page.name_of(cell)}» of {describe_element(table)} has no scope"


def explicit_links(page: Page) -> Iterator[str]:
    """The same words in the same place lead to one address, and whatever names a link keeps what it shows (6.1)."""
    led: dict[tuple[str, str], str] = {}
    for link in page.all("a"):
        address = link.get("href", "")
        if not address:
            continue
        name = page.name_of(link)
        visible_text = page.text_of(link)
        for attribute in ("aria-label", "title"):
            label = link.get(attribute)
            if label and visible_text and visible_text.lower() not in label.lower():
                yield f"{describe_element(link)} shows «{visible_text}» and says «{label}»"
        first = led.setdefault((name.lower(), _context(page, link)), address)
        if first != address:
            yield f"«{name}» leads to {first} and to {address}"


def _context(page: Page, link: Element) -> str:
    """What a reader has around a link: its sentence, item or row, else the heading before it."""
    for parent in page.ancestors(link):
        if local(parent) in {"p", "li", "td", "tr", "dd"} and page.text_of(
            parent
        ) != page.text_of(link):
            return page.text_of(parent)
        if local(parent) in {"section", "article", "nav", "footer", "header", "main"}:
            headings = [
                heading
                for heading in parent.iter()
                if isinstance(heading.tag, str)
                and re.fullmatch("h[1-6]", local(heading))
            ]
            return (
                local(parent)
                + parent.get("aria-label", "")
                + "".join(page.text_of(heading) for heading in headings[:1])
            )
    return ""


def told_files(page: Page) -> Iterator[str]:
    """A link to a file says its format, itself or beside it (6.1)."""
    for link in page.all("a"):
        address = link.get("href", "").partition("?")[0]
        named = FILE.search(address)
        if named is None and "download" not in link.attrib:
            continue
        around = next(
            (
                page.text_of(ancestor)
                for ancestor in page.ancestors(link)
                if local(ancestor) in {"li", "tr", "dd", "p", "section"}
            ),
            "",
        )
        words = f"{page.name_of(link)} {around}".lower()
        extension = named[1].lower() if named else ""
        if not (
            extension in words
            if extension
            else re.search(
                r"\b[a-z]*(csv|json|xlsx?|zip|pdf|rdf|bibtex|ris|svg|png|parquet|html)\b",
                words,
            )
        ):
            yield f"{describe_element(link)} leads to a file and does not say its format"


def known_languages(page: Page) -> Iterator[str]:
    """Codes of languages exist (8.4, 8.8), and directions too (8.10)."""
    for element in page.elements:
        for attribute in ("lang", "hreflang"):
            code = element.get(attribute)
            if (
                code
                and code != "x-default"
                and code.split("-")[0].lower() not in LANGUAGES
            ):
                yield f"{describe_element(element)} {attribute} is «{code}», which no language has"
        if element.get("dir", "auto") not in {"ltr", "rtl", "auto"}:
            yield f"{describe_element(element)} has no such direction as «{element.get('dir')}»"


def told_languages(page: Page) -> Iterator[str]:
    """A text in the other language says so (8.7); a text is foreign by its small words."""
    for element in page.all(*BLOCKS):
        words = [
            word.strip(".,;:!?«»“”()").lower() for word in _own_text(element).split()
        ]
        french = sum(word in FRENCH for word in words)
        english = sum(word in ENGLISH for word in words)
        if french >= SURE and not english:
            language = "fr"
        else:
            language = "en" if english >= SURE and not french else ""
        if language and language != _language(page, element):
            yield f"{describe_element(element)} «{_own_text(element)[:60]}» is not said to be in {language}"


def _language(page: Page, element: Element) -> str:
    codes = (ancestor.get("lang") for ancestor in (element, *page.ancestors(element)))
    return next((code for code in codes if code), "").partition("-")[0]


def not_for_looks(page: Page) -> Iterator[str]:
    """No element stands only to make room (8.9), no list is drawn with signs (9.3), no word with spaces (10.1)."""
    for element in page.elements:
        following = page.parents.get(element)
        if (
            local(element) == "p"
            and not page.text_of(element)
            and not len(element)
            and "aria-live" not in element.attrib
        ):
            yield f"{describe_element(element)} is empty"
        if (
            local(element) == "br"
            and following is not None
            and not (element.tail or "").strip()
        ):
            later = list(following)[list(following).index(element) + 1 :]
            if later and local(later[0]) == "br":
                yield "two line breaks stand where a paragraph should"
        if local(element) in {"p", "div", "br"} and BULLET.match(
            (element.tail if local(element) == "br" else element.text) or ""
        ):
            yield f"{describe_element(element)} draws the sign of a list"
        if local(element) not in {
            "pre",
            "code",
            "textarea",
            "script",
            "style",
        } and SPACED.search(_own_text(element)):
            yield f"{describe_element(element)} spaces the letters of a word"


def no_drawing_attribute(page: Page) -> Iterator[str]:
    """Looks are the business of style sheets alone (10.1)."""
    for element in page.elements:
        drawing = any(
            local(ancestor) == "svg" for ancestor in (element, *page.ancestors(element))
        )
        if local(element) in PRESENTATION and not drawing:
            yield f"{describe_element(element)} is only for looks"
        if local(element) in SIZED:
            forbidden_attributes = DRAWN_BY
        else:
            forbidden_attributes = DRAWN_BY | {"width", "height"}
        yield from (
            f"{describe_element(element)} has the attribute {name}"
            for name in element.attrib
            if name in forbidden_attributes and not drawing
        )


def landmarks(page: Page) -> Iterator[str]:
    """One banner, one main part and one foot; several menus are told apart (9.2, 12.6)."""
    if _is_frame(page):
        return
    for name in ("header", "main", "footer"):
        outer = [
            landmark
            for landmark in page.all(name)
            if not {local(up) for up in page.ancestors(landmark)}
            & {"main", "article", "section", "aside"}
        ]
        if len(outer) != 1:
            yield f"one {name} of the page is needed, found {len(outer)}"
    names = [
        page.name_of(menu)
        if "aria-labelledby" in menu.attrib
        else menu.get("aria-label", "")
        for menu in page.all("nav")
    ]
    if len(names) > 1 and (len(set(names)) != len(names) or "" in names):
        yield f"menus are not told apart: {names}"


def _is_frame(page: Page) -> bool:
    return "/embed/" in page.url


def skip_link(page: Page) -> Iterator[str]:
    """The first link of a page leads to its main part (12.7)."""
    if _is_frame(page):
        return
    first = next((link for link in page.all("a") if link.get("href")), None)
    if first is not None:
        target = page.by_id.get(first.get("href", "").removeprefix("#"))
    else:
        target = None
    if target is None or local(target) != "main":
        yield "the first link does not lead to the main part"


def told_fields(page: Page) -> Iterator[str]:
    """What must be filled in says so (11.10), what is wrong is tied to why (11.10), what goes together has a name (11.5, 11.6)."""
    for field in page.all("input", "select", "textarea"):
        if field.get("aria-invalid") == "true" and not (
            field.get("aria-describedby") or field.get("aria-errormessage")
        ):
            yield f"{describe_element(field)} is wrong, and nothing tied to it says why"
    groups: dict[tuple[str, int], list[Element]] = {}
    for field in page.all("input"):
        form = next(
            (
                ancestor
                for ancestor in page.ancestors(field)
                if local(ancestor) == "form"
            ),
            page.root,
        )
        if field.get("type") in {"radio", "checkbox"} and field.get("name"):
            groups.setdefault((field.get("name", ""), id(form)), []).append(field)
    for (name, _), fields in groups.items():
        if len(fields) > 1 and not all(_group_name(page, field) for field in fields):
            yield f"the fields «{name}» go together, and no group says what they are"
    for fieldset in page.all("fieldset"):
        if not any(
            local(child) == "legend" and page.text_of(child) for child in fieldset
        ):
            yield f"{describe_element(fieldset)} has no legend"
    yield from (
        f"{describe_element(group)} has no label"
        for group in page.all("optgroup")
        if not group.get("label")
    )


def _group_name(page: Page, field: Element) -> str:
    for parent in page.ancestors(field):
        if local(parent) == "fieldset":
            return next(
                (page.text_of(child) for child in parent if local(child) == "legend"),
                "",
            )
        if parent.get("role") in {"group", "radiogroup"} and (
            parent.get("aria-label") or parent.get("aria-labelledby")
        ):
            return page.name_of(parent)
    return ""


def shown_names(page: Page) -> Iterator[str]:
    """The name of a button keeps what it shows (11.9)."""
    for button in page.all("button", "summary"):
        label = button.get("aria-label")
        visible_text = page.text_of(button)
        if label and visible_text and visible_text.lower() not in label.lower():
            yield f"{describe_element(button)} shows «{visible_text}» and says «{label}»"


def still(page: Page) -> Iterator[str]:
    """Nothing reloads, leaves or opens by itself (13.1, 13.2), and no single key acts (12.10)."""
    for meta in page.all("meta"):
        if meta.get("http-equiv", "").lower() == "refresh":
            yield "the page reloads by itself"
    for element in page.elements:
        if "accesskey" in element.attrib:
            yield f"{describe_element(element)} answers to a key"
        if element.get("target") == "_blank":
            yield f"{describe_element(element)} opens a window"


def doctype(page: Page) -> Iterator[str]:
    """The document says that it is HTML, first (8.1)."""
    if not page.html.lstrip().lower().startswith("<!doctype html>"):
        yield "the document does not begin with its type"


RULES = (
    told_pictures, titled_frames, told_tables, explicit_links, told_files, known_languages, told_languages, not_for_looks,
    no_drawing_attribute, landmarks, skip_link, told_fields, shown_names, still, doctype,
)  # fmt: skip
