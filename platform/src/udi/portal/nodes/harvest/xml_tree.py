"""Walking XML of others by local names: prefixes and versions of namespaces do not matter."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, tostring

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
    """All the text inside, blanks collapsed."""
    if element is not None:
        return " ".join("".join(element.itertext()).split())
    return ""


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
