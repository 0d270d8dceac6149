"""A record while it is read: each setter takes what the source wrote, mends what is sure, and says what was wrong."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Any

from udi.portal.nodes.harvest import addresses, kinds, places
from udi.portal.nodes.harvest.dates import is_iso, read_date, read_span
from udi.portal.nodes.harvest.faults import Fault, Kind
from udi.portal.nodes.harvest.record import Agent, Contact, Distribution, Licence, Period, Spatial, Term
from udi.portal.nodes.harvest.record import Kind as RecordKind
from udi.portal.nodes.harvest.vocabulary import (
    find_access,
    find_frequency,
    find_language,
    find_licence,
    find_theme,
    fold,
    table,
)
from udi.protocol.texts import TAG, Texts, plain

TEMPLATE = re.compile(r"\{\{.*?\}\}|^(TODO|Theme \d|Lorem ipsum)\b")
SAYS_NOTHING = re.compile(
    r"not specified|unspecified|unknown|n/?a|none|non (?:précisée?|renseignée?)|-+", re.IGNORECASE
)
LONGEST_TEXT, LONGEST_WORD = 50_000, 200
RECTANGLE = 5
HVD = "data.europa.eu/bna/"
LINK = re.compile(r"https?://\S+")


class Draft:
    """`language` is that of texts which do not say theirs; `extra` keeps what no field can hold."""

    def __init__(self, base_url: str, language: str) -> None:
        self.base_url, self.language = base_url, language
        self.identifier = ""
        self.aliases: list[str] = []
        self.kind = RecordKind.DATASET
        self.title: Texts = {}
        self.description: Texts = {}
        self.rights: Texts = {}
        self.provenance: Texts = {}
        self.version_notes: Texts = {}
        self.keywords: dict[str, list[str]] = {}
        self.themes: list[str] = []
        self.themes_other: list[Term] = []
        self.hvd_categories: list[str] = []
        self.publisher: Agent | None = None
        self.contacts: list[Contact] = []
        self.distributions: list[Distribution] = []
        self.licence: Licence | None = None
        self.licence_said = False
        self.access = self.access_reason = ""
        self.issued = self.modified = self.source_modified = self.frequency = ""
        self.temporal: list[Period] = []
        self.spatial = Spatial()
        self.languages: list[str] = []
        self.landing_page = self.version = ""
        self.documentation: list[str] = []
        self.conforms_to: list[str] = []
        self.legislation: list[str] = []
        self.series: list[str] = []
        self.extra: dict[str, Any] = {}
        self.faults: list[Fault] = []

    def say(self, kind: Kind, where: str = "", **values: str | int) -> None:
        """Note a fault."""
        self.faults.append(kind.at(where, **values))

    def keep(self, where: str, value: Any) -> None:
        """Keep what has no field, under its name at the source."""
        if value not in (None, "", [], {}):
            self.extra.setdefault(where, value)

    def clean(self, where: str, value: Any) -> str:
        """The words of a text: without tags, entities and blanks around it."""
        text = str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
        text = text.replace("\ufeff", "").strip()[:LONGEST_TEXT]
        if "\N{REPLACEMENT CHARACTER}" in text:
            self.say(kinds.ENCODING_LOST, where, value=text)
        if TAG.search(text):
            self.say(kinds.HTML_IN_TEXT, where)
        if found := TEMPLATE.search(text):
            self.say(kinds.PLACEHOLDER, where, value=found[0])
            if found[0] == text:
                return ""
        return plain(unescape(plain(text))).strip()

    def text(self, into: Texts, where: str, value: Any, language: str = "") -> None:
        """Put a text under its language; the first of a language stays."""
        if words := self.clean(where, value):
            into.setdefault(self.tag(where, language), words)

    def tag(self, where: str, language: str) -> str:
        """The two-letter code of a language tag, the record's own language without one."""
        code = find_language(language) if language else self.language
        if language and not code:
            self.say(kinds.LANGUAGE_UNKNOWN, where, value=language)
        elif language and re.match(r"[A-Za-z]{3}\b", language):
            self.say(kinds.LANGUAGE_TAG, where, value=language, read=code)
        return code or self.language

    def keyword(self, where: str, value: Any, language: str = "") -> None:
        """Add a keyword."""
        if words := self.clean(where, value):
            said = self.keywords.setdefault(self.tag(where, language), [])
            if words not in said:
                said.append(words)

    def theme(self, where: str, value: str, label: str = "", *, expected: bool = True) -> None:
        """Add a theme by its address or words; one that is none of the EU's is kept, and is a keyword when `expected`."""
        value, label = value.strip(), label.strip()
        if HVD in value:
            self.add(self.hvd_categories, value)
            return
        if left := TEMPLATE.search(label or value):
            self.say(kinds.PLACEHOLDER, where, value=left[0])
            return
        codes, match = next((found for text in (value, label) if text and (found := find_theme(text))[0]), ((), ""))
        for code in codes:
            self.add(self.themes, code)
        if match == "words":
            self.say(kinds.THEME_GUESSED, where, value=label or value, read=", ".join(codes))
        if match != "exact" and (value or label):
            uri = value if LINK.fullmatch(value) else ""
            self.add(self.themes_other, Term(uri, label or ("" if uri else value)))
        known = fold(value) in table("themes") or fold(label) in table("themes")
        if not codes and expected and not known and (label or value):
            self.say(kinds.THEME_UNKNOWN, where, value=label or value)
            if words := label or ("" if LINK.fullmatch(value) else value):
                self.keyword(where, words[:LONGEST_WORD])

    def licensed(self, where: str, *wordings: str, labels: Sequence[tuple[str, str]] = ()) -> Licence | None:
        """What wordings of one licence mean together; None when they say nothing."""
        said = [words for each in wordings if (words := self.clean(where, each))]
        found = find_licence(*said)
        source = next((each for each in said if LINK.fullmatch(each)), "")
        label = next((each for each in said if not LINK.fullmatch(each)), "")
        if not said or (found and found.match == "none"):
            return None
        if (found and found.match == "misplaced") or (not found and any(find_access(each)[0] for each in said)):
            self.say(kinds.LICENCE_IS_ACCESS, where, value=said[0])
            for each in said:
                self.rightful(where, each)
            return None
        if not found:
            self.say(kinds.LICENCE_UNKNOWN, where, value=label or source)
            named: Texts = {}
            for words, tag in labels:
                self.text(named, where, words, tag)
            names = tuple(sorted(named.items()))
            return Licence(uri=source, label=label, match="custom", source=source or label, labels=names)
        if found.match == "unversioned" or (
            found.target and not found.code and re.fullmatch("CC_BY[A-Z]*", found.target)
        ):
            self.say(kinds.LICENCE_VERSION, where, value=label or source)
        uri = f"http://publications.europa.eu/resource/authority/licence/{found.target}" if found.target else source
        return Licence(uri=uri, label=label, code=found.code, match=found.match, source=source or label)

    def rightful(self, where: str, value: str, language: str = "") -> None:
        """Read access rights; words that are none of the EU's are rights in words."""
        code, reason = find_access(value)
        if code:
            self.access = self.access or code
            self.access_reason = self.access_reason or reason
        if not code and value.strip() and fold(value) not in table("access"):
            self.text(self.rights, where, value, language)

    def date(self, where: str, value: Any) -> str:
        """A date as ISO 8601; empty when it cannot be read, and then kept as it was."""
        text = value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else ""
        if not text:
            return ""
        read = read_date(text)
        if not read:
            self.say(kinds.DATE_UNREADABLE, where, value=text)
            self.keep(where, text)
        elif not is_iso(text):
            self.say(kinds.DATE_FORM, where, value=text, read=read)
        return read

    def period(self, where: str, start: Any, end: Any) -> None:
        """Add a period by its two sides."""
        first, last = (self.date(where, side) for side in (start, end))
        if first and last and first[: len(last)] > last[: len(first)]:
            self.say(kinds.PERIOD_BACKWARDS, where, value=f"{first} / {last}")
            self.keep(where, f"{first}/{last}")
        elif first or last:
            self.add(self.temporal, Period(first, last))

    def span(self, where: str, value: str) -> None:
        """Add a period written as one text."""
        found = read_span(value) if value.strip() else None
        if found:
            self.add(self.temporal, Period(*found))
        elif value.strip() and not SAYS_NOTHING.fullmatch(value.strip()):
            self.say(kinds.DATE_UNREADABLE, where, value=value)
            self.keep(where, value)

    def often(self, where: str, value: str) -> None:
        """Read the frequency of updates."""
        if not value.strip():
            return
        self.frequency = self.frequency or find_frequency(value)
        if not find_frequency(value):
            self.say(kinds.FREQUENCY_UNKNOWN, where, value=value)
            self.keep(where, value)

    def spoken(self, where: str, value: str) -> None:
        """Add a language of the data."""
        if code := find_language(value):
            self.add(self.languages, code)
            if value.rstrip("/").endswith("language/FRE"):
                self.say(kinds.LANGUAGE_TAG, where, value="FRE", read="FRA")
        elif value.strip(" /") and not value.endswith(("/ZXX", "iso639-1/")):
            self.say(kinds.LANGUAGE_UNKNOWN, where, value=value)
            self.keep(where, value)

    def url(self, where: str, value: Any, *, relative: bool = False) -> str:
        """A web address; empty when it cannot be opened, and then kept as it was."""
        text = value.strip() if isinstance(value, str) else ""
        if not text:
            return ""
        mended = addresses.mend(text)
        if relative or text.startswith("//"):
            mended = addresses.resolve(self.base_url, mended)
        if not addresses.is_web(mended):
            self.say(kinds.URL_NOT_WEB, where, value=text)
            self.keep(where, text)
            return ""
        if addresses.mend(text) != text:
            self.say(kinds.IRI_INVALID, where, value=text)
        return mended

    def box(self, where: str, box: places.Box | None, geometry: dict[str, Any] | None = None) -> None:
        """Put the rectangle that the data cover; the first stays."""
        if not box or self.spatial.box:
            return
        west, south, east, north = box
        if not places.is_on_earth(box):
            self.say(kinds.BOX_WRONG, where, value=", ".join(f"{each:g}" for each in box))
            self.keep(where, list(box))
            return
        if west > east and west - east <= places.HALF:
            self.say(kinds.BOX_SWAPPED, where, value=f"{west:g} > {east:g}")
            west, east = east, west
        if west == east and south == north:
            self.say(kinds.BOX_FLAT, where, value=f"{west:g}, {south:g}")
        uneven = geometry and (geometry.get("type") != "Polygon" or self._is_uneven(geometry))
        shape = geometry if uneven else None
        self.place(box=(west, south, east, north), geometry=shape)

    @staticmethod
    def _is_uneven(geometry: dict[str, Any] | None) -> bool:
        """Whether a polygon says more than its rectangle."""
        rings = (geometry or {}).get("coordinates")
        return isinstance(rings, list) and (len(rings) > 1 or (len(rings) == 1 and len(rings[0]) != RECTANGLE))

    def place(self, **values: Any) -> None:
        """Change part of where the data are."""
        self.spatial = Spatial(**{**vars(self.spatial), **values})

    def named_place(self, uri: str, label: str = "") -> None:
        """Add a place by its address or its name."""
        if uri or label:
            self.place(
                places=(*self.spatial.places, *([] if Term(uri, label) in self.spatial.places else [Term(uri, label)]))
            )

    @staticmethod
    def add(into: list[Any], value: Any) -> None:
        """Add once."""
        if value and value not in into:
            into.append(value)
