"""A record while it is read: each setter takes what the source wrote, mends what is sure, and says what was wrong."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Any

from udi.portal.nodes.harvest import addresses, kinds
from udi.portal.nodes.harvest import geometry as harvest_geometry
from udi.portal.nodes.harvest.dates import is_iso, read_date, read_span
from udi.portal.nodes.harvest.faults import FaultKind, HarvestFault
from udi.portal.nodes.harvest.record import (
    Agent,
    HarvestedContact,
    HarvestedDistribution,
    HarvestedLicence,
    HarvestedPeriod,
    IdentityBasis,
    SpatialCoverage,
    VocabularyTerm,
)
from udi.portal.nodes.harvest.record import RecordKind as RecordKind
from udi.portal.nodes.harvest.vocabulary import (
    find_access,
    find_frequency,
    find_language,
    find_licence,
    find_theme,
    lookup_key,
    table,
)
from udi.protocol.texts import TAG, Texts, strip_html

TEMPLATE = re.compile(r"\{\{.*?\}\}|^(TODO|Theme \d|Lorem ipsum)\b")
BLOCK = re.compile(
    r"<(?:br|hr|/?(?:p|div|li|ul|ol|dl|dt|dd|tr|td|th|table|h[1-6]|blockquote|section))\b[^<>]*>",
    re.IGNORECASE,
)
"""Tags of HTML that end a line: the words around them are not one word."""
SAYS_NOTHING = re.compile(
    r"not specified|unspecified|unknown|n/?a|none|non (?:précisée?|renseignée?)|-+",
    re.IGNORECASE,
)
LONGEST_TEXT = 50_000
LONGEST_WORD = 200
RECTANGLE = 5
HVD = "data.europa.eu/bna/"
LINK = re.compile(r"https?://\S+")


class Draft:
    """`language` is that of texts which do not say theirs; `extra` keeps what no field can hold.

    `language_stated`: the record says its language, or one of its texts does. Where nothing does, `language` is only
    what is expected of the source, and `outcomes` looks at the words.
    """

    def __init__(
        self, base_url: str, language: str, *, language_stated: bool = False
    ) -> None:
        self.language_stated = language_stated
        self.base_url = base_url
        self.language = language
        self.identifier = ""
        self.identified_by = IdentityBasis.IDENTIFIER
        self.aliases: list[str] = []
        self.kind = RecordKind.DATASET
        self.title: Texts = {}
        self.description: Texts = {}
        self.rights: Texts = {}
        self.usage: Texts = {}
        self.access_conditions: Texts = {}
        self.provenance: Texts = {}
        self.version_notes: Texts = {}
        self.keywords: dict[str, list[str]] = {}
        self.themes: list[str] = []
        self.themes_other: list[VocabularyTerm] = []
        self.hvd_categories: list[str] = []
        self.publisher: Agent | None = None
        self.publisher_stated = True
        self.creators: list[Agent] = []
        self.rights_holders: list[Agent] = []
        self.contacts: list[HarvestedContact] = []
        self.distributions: list[HarvestedDistribution] = []
        self.licence: HarvestedLicence | None = None
        self.licence_said = False
        self.access = self.access_reason = ""
        self.created = self.issued = self.modified = self.source_modified = ""
        self.frequency = self.temporal_resolution = ""
        self.temporal: list[HarvestedPeriod] = []
        self.spatial = SpatialCoverage()
        self.languages: list[str] = []
        self.landing_page = self.version = ""
        self.documentation: list[str] = []
        self.provenance_statements: list[Texts] = []
        self.sources: list[VocabularyTerm] = []
        self.conforms_to: list[str] = []
        self.standards: list[VocabularyTerm] = []
        self.legislation: list[str] = []
        self.series: list[str] = []
        self.identifiers: list[str] = []
        self.serves: list[str] = []
        self.is_serving_elsewhere = False
        self.series_titles: dict[str, Texts] = {}
        self.extra: dict[str, Any] = {}
        self.faults: list[HarvestFault] = []

    def add_fault(self, kind: FaultKind, where: str = "", **values: str | int) -> None:
        """Note a fault."""
        self.faults.append(kind.at(where, **values))

    def keep_extra(self, where: str, value: Any) -> None:
        """Keep what has no field, under its name at the source."""
        if value not in (None, "", [], {}):
            self.extra.setdefault(where, value)

    def clean_text(self, where: str, value: Any) -> str:
        """The words of a text: without tags, entities and blanks around it."""
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            text = str(value)
        else:
            text = ""
        text = text.replace("\ufeff", "").strip()[:LONGEST_TEXT]
        if "\N{REPLACEMENT CHARACTER}" in text:
            self.add_fault(kinds.ENCODING_LOST, where, value=text)
        if TAG.search(text):
            self.add_fault(kinds.HTML_IN_TEXT, where)
        if placeholder := TEMPLATE.search(text):
            self.add_fault(kinds.PLACEHOLDER, where, value=placeholder[0])
            if placeholder[0] == text:
                return ""
        lines = strip_html(unescape(strip_html(BLOCK.sub("\n", text)))).strip()
        if lines != text and "\n" in lines:
            return re.sub(r"[^\S\n]*\n\s*", "\n", lines)
        return lines

    def add_text(self, into: Texts, where: str, value: Any, language: str = "") -> None:
        """Put a text under its language; the first of a language stays."""
        if words := self.clean_text(where, value):
            into.setdefault(self.language_code(where, language), words)

    def add_line(self, into: Texts, where: str, value: Any, language: str = "") -> None:
        """Put a sentence behind what is there: several sentences are one text."""
        words = self.clean_text(where, value)
        tag = self.language_code(where, language)
        before = into.get(tag, "")
        if words and words not in before:
            into[tag] = f"{before}\n{words}".strip()

    def language_code(self, where: str, language: str) -> str:
        """The two-letter code of a language tag, the record's own language without one."""
        code = find_language(language) if language else self.language
        self.language_stated = self.language_stated or bool(language and code)
        if language and not code:
            self.add_fault(kinds.LANGUAGE_UNKNOWN, where, value=language)
        elif language and re.match(r"[A-Za-z]{3}\b", language):
            self.add_fault(kinds.LANGUAGE_TAG, where, value=language, read=code)
        return code or self.language

    def add_keyword(self, where: str, value: Any, language: str = "") -> None:
        """Add a keyword."""
        if words := self.clean_text(where, value):
            keywords = self.keywords.setdefault(self.language_code(where, language), [])
            if words not in keywords:
                keywords.append(words)

    def add_theme(
        self, where: str, value: str, label: str = "", *, expected: bool = True
    ) -> None:
        """Add a theme by its address or words; one that is none of the EU's is kept, and is a keyword when `expected`."""
        value = value.strip()
        label = label.strip()
        if HVD in value:
            self.add_once(self.hvd_categories, value)
            return
        if left := TEMPLATE.search(label or value):
            self.add_fault(kinds.PLACEHOLDER, where, value=left[0])
            return
        codes, match = next(
            (
                theme_match
                for text in (value, label)
                if text and (theme_match := find_theme(text))[0]
            ),
            ((), ""),
        )
        for code in codes:
            self.add_once(self.themes, code)
        if match == "words":
            self.add_fault(
                kinds.THEME_GUESSED, where, value=label or value, read=", ".join(codes)
            )
        if match != "exact" and (value or label):
            uri = value if LINK.fullmatch(value) else ""
            self.add_once(
                self.themes_other, VocabularyTerm(uri, label or ("" if uri else value))
            )
        is_known = lookup_key(value) in table("themes") or lookup_key(label) in table(
            "themes"
        )
        if not codes and expected and not is_known and (label or value):
            self.add_fault(kinds.THEME_UNKNOWN, where, value=label or value)
            if words := label or ("" if LINK.fullmatch(value) else value):
                self.add_keyword(where, words[:LONGEST_WORD])

    def parse_licence(
        self, where: str, *wordings: str, labels: Sequence[tuple[str, str]] = ()
    ) -> HarvestedLicence | None:
        """What wordings of one licence mean together; None when they say nothing."""
        clean_wordings = [
            words for wording in wordings if (words := self.clean_text(where, wording))
        ]
        licence_match = find_licence(*clean_wordings)
        source = next(
            (wording for wording in clean_wordings if LINK.fullmatch(wording)), ""
        )
        label = next(
            (wording for wording in clean_wordings if not LINK.fullmatch(wording)), ""
        )
        if source and licence_match and licence_match.match == "none":
            # Words that say nothing leave an address that may.
            licence_match = find_licence(source)
            label = ""
        if not clean_wordings or (licence_match and licence_match.match == "none"):
            return None
        if licence_match and licence_match.match == "no-condition":
            self.add_line(self.usage, where, label or source)
            return None
        if (licence_match and licence_match.match == "misplaced") or (
            not licence_match
            and any(find_access(wording)[0] for wording in clean_wordings)
        ):
            self.add_fault(kinds.LICENCE_IS_ACCESS, where, value=clean_wordings[0])
            for wording in clean_wordings:
                self.add_access_rights(where, wording)
            return None
        if not licence_match:
            self.add_fault(kinds.LICENCE_UNKNOWN, where, value=label or source)
            named: Texts = {}
            for words, tag in labels:
                self.add_text(named, where, words, tag)
            names = tuple(sorted(named.items()))
            return HarvestedLicence(
                uri=source,
                label=label,
                match="custom",
                source=source or label,
                labels=names,
            )
        if licence_match.match == "unversioned":
            self.add_fault(kinds.LICENCE_VERSION, where, value=label or source)
        if licence_match.target:
            uri = f"http://publications.europa.eu/resource/authority/licence/{licence_match.target}"
        else:
            uri = source
        return HarvestedLicence(
            uri=uri,
            label=label,
            code=licence_match.code,
            match=licence_match.match,
            source=source or label,
        )

    def add_access_rights(self, where: str, value: str, language: str = "") -> None:
        """Read access rights; words that are none of the EU's are rights in words."""
        code, reason = find_access(value)
        if code:
            self.access = self.access or code
            self.access_reason = self.access_reason or reason
        if not code and value.strip() and lookup_key(value) not in table("access"):
            self.add_text(self.rights, where, value, language)

    def parse_date(self, where: str, value: Any) -> str:
        """A date as ISO 8601; empty when it cannot be read, and then kept as it was."""
        if isinstance(value, str):
            text = value.strip()
        else:
            text = str(value) if isinstance(value, int) else ""
        if not text:
            return ""
        read = read_date(text)
        if not read:
            self.add_fault(kinds.DATE_UNREADABLE, where, value=text)
            self.keep_extra(where, text)
        elif not is_iso(text):
            self.add_fault(kinds.DATE_FORM, where, value=text, read=read)
        return read

    def add_period(self, where: str, start: Any, end: Any) -> None:
        """Add a period by its two sides."""
        first, last = (self.parse_date(where, side) for side in (start, end))
        if first and last and first[: len(last)] > last[: len(first)]:
            self.add_fault(kinds.PERIOD_BACKWARDS, where, value=f"{first} / {last}")
            self.keep_extra(where, f"{first}/{last}")
        elif first or last:
            self.add_once(self.temporal, HarvestedPeriod(first, last))

    def add_period_text(self, where: str, value: str) -> None:
        """Add a period written as one text."""
        span = read_span(value) if value.strip() else None
        if span:
            self.add_once(self.temporal, HarvestedPeriod(*span))
        elif value.strip() and not SAYS_NOTHING.fullmatch(value.strip()):
            self.add_fault(kinds.DATE_UNREADABLE, where, value=value)
            self.keep_extra(where, value)

    def set_frequency(self, where: str, value: str) -> None:
        """Read the frequency of updates."""
        if not value.strip():
            return
        self.frequency = self.frequency or find_frequency(value)
        if not find_frequency(value):
            self.add_fault(kinds.FREQUENCY_UNKNOWN, where, value=value)
            self.keep_extra(where, value)

    def add_language(self, where: str, value: str) -> None:
        """Add a language of the data."""
        if code := find_language(value):
            self.add_once(self.languages, code)
            if value.rstrip("/").endswith("language/FRE"):
                self.add_fault(kinds.LANGUAGE_TAG, where, value="FRE", read="FRA")
        elif value.strip(" /") and not value.endswith(("/ZXX", "iso639-1/")):
            self.add_fault(kinds.LANGUAGE_UNKNOWN, where, value=value)
            self.keep_extra(where, value)

    def parse_url(self, where: str, value: Any, *, relative: bool = False) -> str:
        """A web address; empty when it cannot be opened, and then kept as it was."""
        text = value.strip() if isinstance(value, str) else ""
        if not text:
            return ""
        repaired = addresses.repair_link(text)
        mended = repaired
        if relative or text.startswith("//"):
            mended = addresses.resolve(self.base_url, mended)
        if not addresses.is_web(mended):
            self.add_fault(kinds.URL_NOT_WEB, where, value=text)
            self.keep_extra(where, text)
            return ""
        if repaired != text:
            self.add_fault(kinds.IRI_INVALID, where, value=text)
        return mended

    def set_box(
        self,
        where: str,
        box: harvest_geometry.Box | None,
        geometry: dict[str, Any] | None = None,
    ) -> None:
        """Put the rectangle that the data cover; the first stays."""
        if not box or self.spatial.box:
            return
        west, south, east, north = box
        if not harvest_geometry.is_on_earth(box):
            self.add_fault(
                kinds.BOX_WRONG,
                where,
                value=", ".join(f"{coordinate:g}" for coordinate in box),
            )
            self.keep_extra(where, list(box))
            return
        if west > east and west - east <= harvest_geometry.HALF:
            self.add_fault(kinds.BOX_SWAPPED, where, value=f"{west:g} > {east:g}")
            west, east = east, west
        if west == east and south == north:
            self.add_fault(kinds.BOX_FLAT, where, value=f"{west:g}, {south:g}")
        uneven = geometry and (
            geometry.get("type") != "Polygon" or self._is_uneven(geometry)
        )
        shape = geometry if uneven else None
        self.update_spatial(box=(west, south, east, north), geometry=shape)

    @staticmethod
    def _is_uneven(geometry: dict[str, Any] | None) -> bool:
        """Whether a polygon says more than its rectangle."""
        rings = (geometry or {}).get("coordinates")
        return isinstance(rings, list) and (
            len(rings) > 1 or (len(rings) == 1 and len(rings[0]) != RECTANGLE)
        )

    def update_spatial(self, **values: Any) -> None:
        """Change part of where the data are."""
        self.spatial = SpatialCoverage(**{**vars(self.spatial), **values})

    def add_place(self, uri: str, label: str = "") -> None:
        """Add a place by its address or its name."""
        if uri or label:
            self.update_spatial(
                places=(
                    *self.spatial.places,
                    *(
                        []
                        if VocabularyTerm(uri, label) in self.spatial.places
                        else [VocabularyTerm(uri, label)]
                    ),
                )
            )

    @staticmethod
    def add_once(into: list[Any], value: Any) -> None:
        """Add once."""
        if value and value not in into:
            into.append(value)
