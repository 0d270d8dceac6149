"""Differences that are meant: what we write otherwise than the source, each with its reason."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.load.federation.fields import FURTHER_PAGE, Values

EU = "http://publications.europa.eu/resource/authority/"
IANA = "https://www.iana.org/assignments/media-types/"


@dataclass(frozen=True)
class IntendedDifference:
    """A field, a test of what the source said against what we write, and why the difference is meant."""

    field: str
    applies: Callable[[Values, Values], bool]
    reason: str


def _mapped_to(vocabulary: str) -> Callable[[Values, Values], bool]:
    """Whether what is not kept as it was is none of a vocabulary's terms, and we write one of it."""

    def applies(source: Values, ours: Values) -> bool:
        left = source - ours
        return (
            bool(ours)
            and not any(
                re.match(r"https?://publications\.europa\.eu/", value) for value in left
            )
            and any(value.startswith(vocabulary) for value in ours)
        )

    return applies


def _split_keywords(source: Values, ours: Values) -> bool:
    pieces = {piece.strip() for value in source for piece in re.split(r"[,;]", value)}
    return {piece for piece in pieces if piece} <= ours


def _swapped_box(source: Values, ours: Values) -> bool:
    return (
        bool(ours)
        and {_sorted_box(value) for value in source}
        & {_sorted_box(value) for value in ours}
        != set()
    )


def _sorted_box(value: str) -> tuple[str, ...]:
    return tuple(sorted(value.split(", ")))


def _one_name(source: Values, ours: Values) -> bool:
    """Whether all but further names of the same agents is kept."""
    left = source - ours
    names = {value for value in ours if value.startswith("name ")}
    return bool(names & source) and all(value.startswith("name ") for value in left)


def _reference_system(source: Values, ours: Values) -> bool:
    left = source - ours
    return any("/def/crs/EPSG/" in value for value in ours) and all(
        "EPSG" in value for value in left
    )


OPEN_LICENCE_1 = (
    "https://www.etalab.gouv.fr/wp-content/uploads/2014/05/Licence_Ouverte.pdf"
)
OPEN_LICENCE_1_NAMES = {
    "https://wiki.data.gouv.fr/images/9/9d/Licence_Ouverte.pdf",
    "http://www.data.gouv.fr/Licence-Ouverte-Open-Licence",
    "Licence Ouverte Version 1.0",
}
"""Addresses and words by which catalogues name the first version of the French open licence, which the EU's list lacks."""


def _open_licence(source: Values, ours: Values) -> bool:
    return source - ours <= OPEN_LICENCE_1_NAMES and OPEN_LICENCE_1 in ours


def _french(source: Values, ours: Values) -> bool:
    return source - ours == {f"{EU}language/FRE"} and f"{EU}language/FRA" in ours


UNVERSIONED_OPEN_LICENCE = "https://github.com/etalab/licence-ouverte"


def _unversioned_open_licence(source: Values, ours: Values) -> bool:
    words = (value.lower() for value in source - ours)
    return UNVERSIONED_OPEN_LICENCE in ours and all(
        re.fullmatch(r"licence ouverte(?: / open licen[cs]e)?", text) for text in words
    )


def _without_address(source: Values, ours: Values) -> bool:
    return not any(re.match(r"[A-Za-z][\w+.-]*:", value) for value in source - ours)


def _mail_of_person(source: Values, ours: Values) -> bool:
    return all(value.startswith("mail of a person ") for value in source - ours)


def _page_without_host(source: Values, ours: Values) -> bool:
    """Whether all that is not kept are addresses of the web without a host (RFC 9110, 4.2)."""
    return all(re.match(r"page https?:(?!//[^/])", value) for value in source - ours)


COLLECTION_FREQUENCIES = frozenset(
    [
        "triennial",
        "biennial",
        "annual",
        "semiannual",
        "threeTimesAYear",
        "quarterly",
        "bimonthly",
        "monthly",
        "semimonthly",
        "biweekly",
        "threeTimesAMonth",
        "weekly",
        "semiweekly",
        "threeTimesAWeek",
        "daily",
        "continuous",
        "irregular",
    ]
)
"""The terms of the Dublin Core Collection Description Frequency Vocabulary."""


def _no_frequency(source: Values, ours: Values) -> bool:
    terms = [value.partition("http://purl.org/cld/freq/")[2] for value in source - ours]
    return all(term and term not in COLLECTION_FREQUENCIES for term in terms)


def _placeholders(source: Values, ours: Values) -> bool:
    return all(
        re.fullmatch(r"\{\{.*\}\}|TODO|Theme \d+", value) for value in source - ours
    )


def _open_data(source: Values, ours: Values) -> bool:
    return all(
        value.lower() in {"données ouvertes", "open data", "datos abiertos"}
        for value in source - ours
    )


def _keyword_languages(source: Values, ours: Values) -> bool:
    return all(value.startswith("dcat:keyword ") for value in source - ours)


SERVICES = {
    f"{EU}file-type/{name}": f"{EU}file-type/{name}_SRVC" for name in ("WMS", "WFS")
}
"""Codes that the EU's table has not, and those that it has for the same services."""


def _service_format(source: Values, ours: Values) -> bool:
    return all(SERVICES.get(value) in ours for value in source - ours)


def _further_landing_pages(source: Values, ours: Values) -> bool:
    """Whether one landing page is kept as it is, and each of the others as a document."""
    left = source - ours
    return len(left) == len(source) - 1 and {
        f"{FURTHER_PAGE}{page}" for page in left
    } <= (ours)


CONCEALED = "of files of restricted data nothing is told, and the terms of agreements stand in the place of their licence; a distribution without an address of the web is none; the licence that all files have goes before that of their dataset, for which DCAT-AP has no property"
INTENDED = (
    IntendedDifference(
        "dataset: keyword",
        _split_keywords,
        "several keywords in one text are several keywords",
    ),
    IntendedDifference(
        "dataset: frequency",
        _mapped_to(f"{EU}frequency/"),
        "a term of another vocabulary is the EU's of the same meaning",
    ),
    IntendedDifference(
        "dataset: theme",
        _mapped_to(f"{EU}data-theme/"),
        "a theme of another vocabulary is the EU's; its own words are a subject",
    ),
    *(
        IntendedDifference(
            f"{thing}: language",
            _mapped_to(f"{EU}language/"),
            "a language of another vocabulary is the EU's",
        )
        for thing in ("dataset", "distribution")
    ),
    IntendedDifference(
        "dataset: access rights",
        _mapped_to(f"{EU}access-right/"),
        "access rights in words are the EU's of the same meaning",
    ),
    *(
        IntendedDifference(
            f"{thing}: licence",
            _mapped_to(f"{EU}licence/"),
            "a licence by another address or by its name is the EU's entry",
        )
        for thing in ("dataset", "distribution")
    ),
    *(
        IntendedDifference(
            f"{thing}: licence",
            _open_licence,
            "the first French open licence is named by the address of its own publisher",
        )
        for thing in ("dataset", "distribution")
    ),
    IntendedDifference(
        "dataset: licence",
        _unversioned_open_licence,
        "the French open licence without a version is named by the address of its own publisher",
    ),
    IntendedDifference(
        "dataset: documentation",
        _without_address,
        "a document is its address: words alone lead nowhere (foaf:page is of foaf:Document)",
    ),
    IntendedDifference(
        "dataset: frequency",
        _no_frequency,
        "a term that its vocabulary has not means no frequency",
    ),
    IntendedDifference(
        "dataset: theme",
        _placeholders,
        "a word of a template that nobody filled is no theme",
    ),
    IntendedDifference(
        "dataset: rights",
        _open_data,
        "that data are open is their access right in the EU's table",
    ),
    IntendedDifference(
        "dataset: contact",
        _one_name,
        "a contact has one name, as in RUDI's records",
    ),
    *(
        IntendedDifference(f"dataset: {name}", applies, reason)
        for name in ("publisher", "creator", "rights holder")
        for applies, reason in (
            (_mail_of_person, "the mail address of a person is passed on to nobody"),
            (_page_without_host, "an address of the web without a host is none"),
        )
    ),
    IntendedDifference(
        "dataset: language",
        _french,
        "the code FRE is that of no language in the EU's list, where French is FRA",
    ),
    IntendedDifference(
        "dataset: languages of texts",
        _keyword_languages,
        "keywords are one list for readers of all languages, as in RUDI's records",
    ),
    IntendedDifference(
        "distribution: format",
        _mapped_to(f"{EU}file-type/"),
        "a format by its name or its media type is the EU's file type",
    ),
    IntendedDifference(
        "distribution: format",
        _service_format,
        "WMS and WFS are no codes of the EU's file types, where these services are WMS_SRVC and WFS_SRVC",
    ),
    IntendedDifference(
        "dataset: landing page",
        _further_landing_pages,
        "a record has one landing page; a further one is one of its documents, as each landing page is a foaf:page in DCAT",
    ),
    IntendedDifference(
        "distribution: media type",
        _mapped_to(IANA),
        "a media type in words is IANA's address",
    ),
    *(
        IntendedDifference(
            f"dataset: {name}", _one_name, "an agent has one name in each language"
        )
        for name in ("publisher", "creator", "rights holder")
    ),
    IntendedDifference(
        "dataset: conforms to",
        _reference_system,
        "a reference system in words is its EPSG address",
    ),
    IntendedDifference(
        "dataset: box",
        _swapped_box,
        "west and east that were exchanged are put right",
    ),
)
BY_FIELD: Mapping[str, tuple[IntendedDifference, ...]] = {
    name: tuple(entry for entry in INTENDED if entry.field == name)
    for name in {entry.field for entry in INTENDED}
}


def is_intended(field: str, source: Values, ours: Values) -> bool:
    """Whether a difference of a field is one of those that are meant."""
    return any(entry.applies(source, ours) for entry in BY_FIELD.get(field, ()))
