"""The queries of the catalogue's API, for its document; `search.criteria` and `cursor` read them."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

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

NUMBER = r"-?\d+(\.\d+)?"
Word = Annotated[str, Meta(max_length=LONGEST_TEXT)]
Theme = Annotated[str, Meta(extra_json_schema={"enum": CLOSED_LISTS["theme"]})]
Access = Annotated[str, Meta(extra_json_schema={"enum": CLOSED_LISTS["access"]})]
Frequency = Annotated[str, Meta(extra_json_schema={"enum": CLOSED_LISTS["frequency"]})]
Age = Annotated[str, Meta(extra_json_schema={"enum": CLOSED_LISTS["updated"]})]


def _values(description: str, *examples: str) -> Meta:
    return Meta(
        description=description, max_length=MOST_VALUES, examples=[list(examples)]
    )


def _choice(description: str, values: tuple[str, ...], example: str) -> Meta:
    enum: dict[str, Any] = {"enum": values}
    return Meta(description=description, examples=[example], extra_json_schema=enum)


def _year(description: str, example: int) -> Meta:
    return Meta(
        description=description, ge=FIRST_YEAR, le=LAST_YEAR, examples=[example]
    )


class SearchParameters(Struct, kw_only=True):
    """The query of a search."""

    q: (
        Annotated[
            str,
            Meta(
                description="Words, in French or in English; accents, capitals and plurals do not matter. “A phrase” stands between double quotes, -word leaves out.",
                max_length=LONGEST_TEXT,
                examples=["arbres"],
            ),
        ]
        | UnsetType
    ) = UNSET
    territory: Annotated[
        list[Word],
        _values(
            "Readable names of territories, where several are searched together; producers are then told by their names.",
            "demo",
        ),
    ] = []
    theme: Annotated[
        list[Theme],
        _values(
            "Codes of themes. Values of one filter are alternatives.", "environment"
        ),
    ] = []
    producer: Annotated[
        list[Word], _values("Readable names of producers.", "mairie")
    ] = []
    access: Annotated[list[Access], _values("Who may read the data.", "public")] = []
    format: Annotated[
        list[Word],
        _values("Kinds of files or services, as answers name them.", "CSV", "GeoJSON"),
    ] = []
    licence: Annotated[
        list[Word], _values("Codes of licences, as answers name them.", "etalab-2.0")
    ] = []
    keyword: Annotated[
        list[Word], _values("Keywords, as answers name them, capitals or not.", "parcs")
    ] = []
    updated: Annotated[
        list[Age], _values("When the data last changed, counted from today.", "month")
    ] = []
    frequency: Annotated[
        list[Frequency],
        _values("How often the data are updated: codes of the EU's table.", "ANNUAL"),
    ] = []
    location: Annotated[
        list[Word],
        _values("Names of places that descriptions give, as answers name them."),
    ] = []
    first_year: (
        Annotated[
            int,
            _year("First year: data that are about some time from then on.", 2020),
        ]
        | UnsetType
    ) = field(name="from", default=UNSET)
    last_year: (
        Annotated[
            int, _year("Last year: data that are about some time until then.", 2026)
        ]
        | UnsetType
    ) = field(name="to", default=UNSET)
    bbox: (
        Annotated[
            str,
            Meta(
                description="Rectangle that the data touch: west,south,east,north in degrees (WGS 84).",
                pattern=f"^({NUMBER},){{3}}{NUMBER}$",
                examples=["-1.8,48,-1.5,48.2"],
            ),
        ]
        | UnsetType
    ) = UNSET
    facets: (
        Annotated[
            str,
            _choice(
                "Filters of which to count every value, not only the 50 most frequent; keywords are counted only so.",
                ON_DEMAND,
                "keyword",
            ),
        ]
        | UnsetType
    ) = UNSET
    sort: (
        Annotated[
            str,
            _choice(
                "Order: by relevance (the default with words), last changed first, new here first, or by title.",
                SORTS,
                "modified",
            ),
        ]
        | UnsetType
    ) = UNSET
    page: Annotated[
        int, Meta(description="Which page, from 1.", ge=1, le=LAST_PAGE)
    ] = 1
    size: Annotated[
        int, Meta(description="Datasets a page.", ge=1, le=MAX_PAGE_SIZE)
    ] = PAGE_SIZE
    exact: (
        Annotated[
            str,
            _choice(
                "1: take the words as they are, without near ones nor synonyms.",
                ("0", "1"),
                "0",
            ),
        ]
        | UnsetType
    ) = UNSET
    partners: (
        Annotated[
            str,
            _choice(
                "1: the datasets of partner territories as well, in one order and each once. Only where the territory has partners; the installation’s own host always does so.",
                ("0", "1"),
                "0",
            ),
        ]
        | UnsetType
    ) = UNSET


class WalkParameters(Struct, kw_only=True):
    """The query of a walk through all the datasets."""

    cursor: (
        Annotated[
            UUID,
            Meta(
                description="Where to go on, as the link “next” of an answer says; from the first dataset when left out."
            ),
        ]
        | UnsetType
    ) = UNSET
    size: Annotated[
        int,
        Meta(description="Datasets a batch, at most.", ge=1, le=MAX_PAGE_SIZE),
    ] = MAX_PAGE_SIZE
