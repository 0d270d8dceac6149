"""Walking XML of others by local names: prefixes and versions of namespaces do not matter."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, tostring

HREF = "{http://www.w3.org/1999/xlink}href"


def local(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def space(element: Element) -> str:
    """The namespace."""
    return element.tag[1:].partition("}")[0] if isinstance(element.tag, str) and element.tag.startswith("{") else ""


def follow(element: Element | None, path: str) -> Iterator[Element]:
    """Descendants along a path of names; `*` is any one, `**/name` any depth."""
    if element is None:
        return
    name, _, rest = path.partition("/")
    if name == "**":
        name, _, rest = rest.partition("/")
        found: Iterator[Element] = (each for each in element.iter() if each is not element and local(each) == name)
    else:
        found = (each for each in element if name in {"*", local(each)})
    for each in found:
        if rest:
            yield from follow(each, rest)
        else:
            yield each


def first(element: Element | None, *paths: str) -> Element | None:
    """The first along the first path that leads somewhere."""
    return next((found for path in paths for found in follow(element, path)), None)


def words(element: Element | None) -> str:
    """All the text inside, blanks collapsed."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def text(element: Element | None, *paths: str) -> str:
    """The text of the first element along the paths that has some."""
    return next((said for path in paths for each in follow(element, path) if (said := words(each))), "")


def serialise(element: Element) -> bytes:
    """The element as a document of its own."""
    tail, element.tail = element.tail, None
    body: bytes = tostring(element, encoding="utf-8", xml_declaration=True)
    element.tail = tail
    return body
