"""How much of a description is read: whoever runs a service writes it, and the portal keeps it in memory."""

import math
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from udi.portal.nodes.harvest.xml_tree import find_elements

MOST_LAYERS = 2_000
MOST_CHARACTERS = 2_000_000
"""Of all the layers of a service together; those beyond are left out."""
LONGEST_NAME = 500
LONGEST_VERSION = 20
LONGEST_TEMPLATE = 2_000
LONGEST_URL = 4_000
LONGEST_NUMBER = 50
MOST_DIMENSIONS = 16


def read_text(element: Element | None, *paths: str) -> str:
    """The text of the first element along the paths that has some, or of the element itself; empty where it is too long."""
    if element is None:
        return ""
    if not paths:
        return _read_element(element)
    for path in paths:
        for descendant in find_elements(element, path):
            if text := _read_element(descendant):
                return text
    return ""


def _read_element(element: Element) -> str:
    """All the text inside, blanks collapsed; no more of it is taken than may be kept."""
    pieces: list[str] = []
    length = 0
    for piece in element.itertext():
        length += len(piece)
        if length > LONGEST_TEMPLATE:
            return ""
        pieces.append(piece)
    text = " ".join("".join(pieces).split())
    return text if len(text) <= LONGEST_NAME else ""


def read_number(text: str) -> float | None:
    """A number of a description; None where it is none, or has no end."""
    if len(text) > LONGEST_NUMBER:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """The template with values in the places of `{words}`; empty where it would be too long."""
    url = template
    for word, value in values.items():
        for place in (f"{{{word}}}", f"{{{word.lower()}}}"):
            if len(url) + url.count(place) * len(value) > LONGEST_URL:
                return ""
            url = url.replace(place, value)
    return url
