"""What each parameter of the API takes."""

from collections.abc import Sequence
from typing import Any

from udi.kit.paging import MAX_PAGE_SIZE, PAGE_SIZE
from udi.portal.catalogue.search.criteria import (
    CLOSED_LISTS,
    LAST_PAGE,
    LONGEST_TEXT,
    MOST_VALUES,
    ON_DEMAND,
    SORTS,
)
from udi.portal.catalogue.search.extent import FIRST_YEAR, LAST_YEAR

Parameter = tuple[str, dict[str, Any], Any]
"""What it does, its schema, an example."""
WORDS = {"type": "string", "maxLength": LONGEST_TEXT}
YEAR = {"type": "integer", "minimum": FIRST_YEAR, "maximum": LAST_YEAR}
NUMBER = r"-?\d+(\.\d+)?"


def _list_schema(name: str) -> dict[str, Any]:
    allowed = CLOSED_LISTS.get(name)
    return {
        "type": "array",
        "items": {"type": "string", "enum": list(allowed)} if allowed else WORDS,
        "maxItems": MOST_VALUES,
    }


def _choice_schema(allowed: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(allowed)}


def _number_schema(last: int, default: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": last, "default": default}


SEARCH: dict[str, Parameter] = {
    "q": (
        "Words, in French or in English; accents, capitals and plurals do not matter. “A phrase” stands between double quotes, -word leaves out.",
        WORDS,
        "arbres",
    ),
    "theme": (
        "Codes of themes. Values of one filter are alternatives.",
        _list_schema("theme"),
        ["environment"],
    ),
    "producer": ("Readable names of producers.", _list_schema("producer"), ["mairie"]),
    "access": ("Who may read the data.", _list_schema("access"), ["public"]),
    "format": (
        "Kinds of files or services, as answers name them.",
        _list_schema("format"),
        ["CSV", "GeoJSON"],
    ),
    "licence": (
        "Codes of licences, as answers name them.",
        _list_schema("licence"),
        ["etalab-2.0"],
    ),
    "keyword": (
        "Keywords, as answers name them, capitals or not.",
        _list_schema("keyword"),
        ["parcs"],
    ),
    "updated": (
        "When the data last changed, counted from today.",
        _list_schema("updated"),
        ["month"],
    ),
    "from": ("First year: data that are about some time from then on.", YEAR, 2020),
    "to": ("Last year: data that are about some time until then.", YEAR, 2026),
    "bbox": (
        "Rectangle that the data touch: west,south,east,north in degrees (WGS 84).",
        {"type": "string", "pattern": f"^({NUMBER},){{3}}{NUMBER}$"},
        "-1.8,48,-1.5,48.2",
    ),
    "facets": (
        "Filters of which to count every value, not only the 50 most frequent; keywords are counted only so.",
        _choice_schema(ON_DEMAND),
        "keyword",
    ),
    "sort": (
        "Order: by relevance (the default with words), last changed first, new here first, or by title.",
        _choice_schema(SORTS),
        "modified",
    ),
    "page": ("Which page, from 1.", _number_schema(LAST_PAGE, 1), 1),
    "size": ("Datasets a page.", _number_schema(MAX_PAGE_SIZE, PAGE_SIZE), PAGE_SIZE),
    "exact": (
        "1: take the words as they are, without near ones nor synonyms.",
        _choice_schema(("0", "1")),
        "0",
    ),
}
PATH: dict[str, Parameter] = {
    "id": (
        "Identifier of the dataset.",
        {"type": "string", "format": "uuid"},
        "6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9d",
    ),
    "following_id": (
        "Identifier of the following, as the list says it.",
        {"type": "string", "format": "uuid"},
        "6d4a3b1c-2f58-4c0e-9a44-0e5f6a7b8c9f",
    ),
    "slug": (
        "Readable name of the producer.",
        {"type": "string", "minLength": 1},
        "mairie",
    ),
}
WALK: dict[str, Parameter] = {
    "cursor": (
        "Where to go on, as the link “next” of an answer says; from the first dataset when left out.",
        {"type": "string", "format": "uuid"},
        PATH["id"][2],
    ),
    "size": (
        "Datasets a batch, at most.",
        _number_schema(MAX_PAGE_SIZE, MAX_PAGE_SIZE),
        100,
    ),
}
