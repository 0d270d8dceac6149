"""Drawings (SVG) whose parts repeat one another until nothing can show them."""

from xml.etree import ElementTree as ET

MOST_SHAPES = 200_000
"""Elements that a drawing may come to, once each `use` stands for what it repeats."""
DEEPEST = 60
HREF = "{http://www.w3.org/1999/xlink}href"


def expands_without_end(content: bytes) -> bool:
    """Whether the `use` elements of a drawing repeat each other in a circle, or to more than any screen could show.

    For a document without entities (SVG 2, section 5.6: a circle is an error, and each `use` is a copy).
    """
    try:
        root = ET.fromstring(content)  # noqa: S314 - in a child with bounds, and entities were refused before
    except ET.ParseError:
        return False
    shapes = {
        element.get("id", ""): element for element in root.iter() if element.get("id")
    }
    try:
        return _count(root, shapes, {}, ()) > MOST_SHAPES
    except RecursionError:
        return True


def _count(
    element: ET.Element,
    shapes: dict[str, ET.Element],
    counts: dict[str, int],
    trail: tuple[str, ...],
) -> int:
    """How many elements one comes to; `known` are those counted before, `trail` the ids on the way."""
    total = 1
    if element.tag.rpartition("}")[2] == "use":
        target = (element.get("href") or element.get(HREF) or "").removeprefix("#")
        if target in trail or len(trail) > DEEPEST:
            return MOST_SHAPES + 1
        if target in shapes and target not in counts:
            counts[target] = _count(shapes[target], shapes, counts, (*trail, target))
        total += counts.get(target, 0)
    for child in element:
        total += _count(child, shapes, counts, trail)
        if total > MOST_SHAPES:
            break
    return total
