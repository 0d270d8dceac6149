"""Walking XML of others by local names: prefixes and versions of namespaces do not matter."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, tostring

TRANSLATIONS = {"PT_FreeText", "PT_FreeURL"}
"""Elements of ISO that stand beside a text or an address, and have it in other languages."""
HREF = "{http://www.w3.org/1999/xlink}href"


def local_name(element: Element) -> str:
    """The name without its namespace."""
    tag: object = element.tag
    if isinstance(tag, str):
        return tag.rpartition("}")[2]
    return ""


def namespace(element: Element) -> str:
    """The namespace."""
    if isinstance(element.tag, str) and element.tag.startswith("{"):
        return element.tag[1:].partition("}")[0]
    return ""


def find_elements(element: Element | None, path: str) -> Iterator[Element]:
    """Descendants along a path of names; `*` is any one, `**/name` any depth."""
    if element is None:
        return
    name, _, rest = path.partition("/")
    if name == "**":
        name, _, rest = rest.partition("/")
        descendants: Iterator[Element] = (
            descendant
            for descendant in element.iter()
            if descendant is not element and local_name(descendant) == name
        )
    else:
        descendants = (child for child in element if name in {"*", local_name(child)})
    for descendant in descendants:
        if rest:
            yield from find_elements(descendant, rest)
        else:
            yield descendant


def find_element(element: Element | None, *paths: str) -> Element | None:
    """The first along the first path that leads somewhere."""
    return next(
        (descendant for path in paths for descendant in find_elements(element, path)),
        None,
    )


def element_text(element: Element | None) -> str:
    """All the text inside, blanks collapsed; of one in several languages, the main one, else the first."""
    if element is None:
        return ""
    return main_text(element) or next(
        (
            text
            for name in ("LocalisedCharacterString", "LocalisedURL")
            for localised in find_elements(element, f"**/{name}")
            if (text := main_text(localised))
        ),
        "",
    )


def main_text(element: Element) -> str:
    """The text inside without those in other languages, blanks collapsed."""
    return " ".join("".join(_main_texts(element)).split())


def _main_texts(element: Element) -> Iterator[str]:
    if element.text:
        yield element.text
    for child in element:
        if local_name(child) not in TRANSLATIONS:
            yield from _main_texts(child)
        if child.tail:
            yield child.tail


def find_text(element: Element | None, *paths: str) -> str:
    """The text of the first element along the paths that has some."""
    return next(
        (
            content
            for path in paths
            for descendant in find_elements(element, path)
            if (content := element_text(descendant))
        ),
        "",
    )


def serialise(element: Element) -> bytes:
    """The element as a document of its own."""
    tail = element.tail
    element.tail = None
    body: bytes = tostring(element, encoding="utf-8", xml_declaration=True)
    element.tail = tail
    return body
