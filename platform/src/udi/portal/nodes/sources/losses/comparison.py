"""The values of a source's record beside ours: each is here, changed or lost. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import unquote

import msgspec

from udi.portal.nodes.harvest import kinds, loss_kinds
from udi.portal.nodes.harvest.conversion import EXTRA
from udi.portal.nodes.harvest.dates import read_date, read_span, start_of
from udi.portal.nodes.harvest.draft import BLOCK
from udi.portal.nodes.harvest.faults import HarvestFault
from udi.portal.nodes.harvest.geometry import Box, read_box
from udi.portal.nodes.harvest.record import HarvestedRecord, SourceStatement
from udi.portal.nodes.harvest.vocabulary import (
    find_access,
    find_data_language,
    find_format,
    find_frequency,
    find_licence,
    find_theme,
)
from udi.portal.nodes.sources.losses.targets import (
    DATES,
    SINGLE,
    Target,
    find_target,
    is_direct,
    is_of_software,
)
from udi.protocol import structures as of
from udi.protocol.faults import shorten
from udi.protocol.licences import LICENCES
from udi.protocol.texts import TAG, strip_html

NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,12})?")
LONG = 200
"""Signs from which a text counts as found by its beginning."""
PART = 40
"""Signs from which a text is looked for inside others: several sentences of a source may be one text of ours."""
SHORT = 4
"""Signs under which a value is found by its field alone: such values stand everywhere."""
NEAR = 0.001
"""Degrees between two sides of one rectangle."""
JOINED = re.compile(r"\s*[;,|]\s*")
ASIDE = "extra"
BROKEN_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*)?\Z")
"""A tag that was cut at the end of a text."""
OF_FILES = re.compile(r"distribution|resources\.|transferoptions|available_formats")
WITHOUT_FILE = frozenset({"url_missing", "url_not_web", "distributions_too_many"})
"""Faults by which a file is not here, with all that is said of it."""
UNINFORMATIVE = frozenset({"otherrestrictions"})
"""Codes that only point to another field."""


class Outcome(StrEnum):
    """What became of a value."""

    PRESERVED = "preserved"
    CHANGED = "changed"
    LOST = "lost"


@dataclass(frozen=True)
class ValueOutcome:
    """A value of the source, what became of it, what stands here in its place, and why."""

    statement: SourceStatement
    outcome: Outcome
    ours: str = ""
    fault: HarvestFault | None = None


@dataclass
class _RecordIndex:
    """Every value of a record of ours, to look values of a source up in."""

    texts: set[str] = field(default_factory=set)
    long_texts: list[str] = field(default_factory=list)
    numbers: set[float] = field(default_factory=set)
    instants: set[datetime] = field(default_factory=set)
    aside: set[str] = field(default_factory=set)

    def add(self, value: Any, *, aside: bool = False) -> None:
        """All that a value of plain types holds; `aside`: what no page shows."""
        if not value or value is True:
            return
        if isinstance(value, str):
            self._add_text(value, aside=aside)
        elif isinstance(value, dict):
            for name, inner in value.items():
                if inner:
                    self.add(inner, aside=aside or name == ASIDE)
        elif isinstance(value, list | tuple):
            for inner in value:
                self.add(inner, aside=aside)
        elif isinstance(value, datetime):
            self.instants.add(value)
        else:
            self.numbers.add(float(value))

    def _add_text(self, value: str, *, aside: bool) -> None:
        text = fold(value)
        if aside:
            self.aside.add(text)
            return
        self.texts.add(text)
        if len(text) >= PART:
            self.long_texts.append(text)


@lru_cache(maxsize=8192)
def fold(value: str) -> str:
    """A value without what makes no difference: case, blanks, tags, `http` for `https`, a slash at the end."""
    text = value
    if "<" in value or "&" in value:
        text = strip_html(
            unescape(strip_html(BLOCK.sub(" ", BROKEN_TAG.sub("", value))))
        )
    if "%" in text:
        text = unquote(text)
    text = " ".join(text.split()).casefold()
    text = text.removeprefix("mailto:").removeprefix("tel:").strip()
    if text.startswith("http://"):
        text = f"https://{text[len('http://') :]}"
    return text.rstrip("/")


def compare_record(
    record: HarvestedRecord, ours: of.Record, faults: Iterable[HarvestFault]
) -> Iterator[ValueOutcome]:
    """What became of each value that the source says; what its software says of itself is left out."""
    index = _RecordIndex()
    index.add(msgspec.to_builtins(ours, builtin_types=(datetime,)))
    for extra in (ours.extra, *(media.extra for media in ours.media)):
        index.add(extra.get(EXTRA, {}))
    met = tuple(faults)
    comparison = _Comparison(
        ours,
        index,
        {fault.values["value"]: fault for fault in met if "value" in fault.values},
        next((fault for fault in met if fault.code in WITHOUT_FILE), None),
    )
    for statement in record.source_record.statements:
        if (
            not is_of_software(statement.field)
            and statement.value.lower() not in UNINFORMATIVE
        ):
            yield comparison.judge(statement)


@dataclass(frozen=True)
class _Comparison:
    ours: of.Record
    index: _RecordIndex
    faults: dict[str | int, HarvestFault]
    """What was said of the record, by the value that it was said of."""
    without_file: HarvestFault | None
    """Why a file of it is not here."""

    def judge(self, statement: SourceStatement) -> ValueOutcome:
        target = find_target(statement.field)
        if self._is_here(statement.value, target):
            return self._note_html(statement)
        meaning = self._find_meaning(statement.value, target)
        if meaning is Outcome.PRESERVED:
            return ValueOutcome(statement, Outcome.PRESERVED)
        fault = self._find_fault(statement)
        stands = show_value(self.ours, target)
        if meaning is Outcome.CHANGED:
            reason = fault or _reason_of_meaning(statement.field, target)
            return ValueOutcome(statement, Outcome.CHANGED, stands, reason)
        if beginning := self._find_beginning(statement.value):
            reason = loss_kinds.TRUNCATED.at(statement.field)
            return ValueOutcome(statement, Outcome.CHANGED, beginning, reason)
        if target in SINGLE and stands and is_direct(statement.field):
            reason = fault or loss_kinds.OTHER_VALUE.at(statement.field)
            return ValueOutcome(statement, Outcome.CHANGED, stands, reason)
        return ValueOutcome(
            statement, Outcome.LOST, "", fault or self._explain(statement, target)
        )

    def _is_here(self, value: str, target: Target) -> bool:
        text = fold(value)
        if text in self.index.texts and (target or len(text) >= SHORT):
            return True
        if target in DATES and self._has_instant(value):
            return True
        is_number = NUMBER.fullmatch(text) is not None
        if is_number and (target or len(text) >= SHORT):
            return float(text) in self.index.numbers
        if len(text) >= PART:
            return any(text in known for known in self.index.long_texts)
        return False

    def _has_instant(self, value: str) -> bool:
        date = read_date(value)
        if date:
            return start_of(date) in self.index.instants
        span = read_span(value)
        sides = [start_of(side) for side in span or () if side]
        return bool(sides) and all(side in self.index.instants for side in sides)

    def _find_meaning(self, value: str, target: Target) -> Outcome | None:
        """Whether what it means in a list is what we have."""
        if read := MEANINGS.get(target):
            meaning = read(value)
            return (
                Outcome.PRESERVED
                if meaning and meaning in self._codes(target)
                else None
            )
        if target is Target.THEME:
            return self._find_theme(value)
        if target is Target.PLACE:
            return Outcome.PRESERVED if self._has_box(value) else None
        if target is Target.KEYWORD:
            return self._find_words(value)
        return None

    def _codes(self, target: Target) -> set[str]:
        """The codes of our record in the list of a target."""
        if target is Target.FREQUENCY:
            return {self.ours.frequency}
        if target is Target.ACCESS:
            return {self.ours.metadata.access}
        if target is Target.LANGUAGE:
            return _languages(self.ours)
        if target is Target.LICENCE:
            return _licences(self.ours)
        if target is Target.FORMAT:
            return _formats(self.ours)
        return _algorithms(self.ours)

    def _find_theme(self, value: str) -> Outcome | None:
        codes, match = find_theme(value)
        if not codes or not set(codes) <= set(self.ours.metadata.themes):
            return None
        return Outcome.PRESERVED if match == "exact" else Outcome.CHANGED

    def _find_words(self, value: str) -> Outcome | None:
        words = [word for word in JOINED.split(value) if word]
        is_split = len(words) > 1 and all(
            fold(word) in self.index.texts for word in words
        )
        return Outcome.CHANGED if is_split else None

    def _has_box(self, value: str) -> bool:
        box = read_box(value)
        geography = self.ours.geography
        if not box or not geography:
            return False
        return _is_near(box, geography.box)

    def _find_beginning(self, value: str) -> str:
        """Our text, where it is the beginning of a longer one."""
        text = fold(value)
        if len(text) < LONG:
            return ""
        return next(
            (
                known
                for known in self.index.long_texts
                if text.startswith(known.rstrip("…").rstrip())
            ),
            "",
        )

    def _note_html(self, statement: SourceStatement) -> ValueOutcome:
        """A text that lost its tags has its words, and not its form."""
        if not TAG.search(statement.value):
            return ValueOutcome(statement, Outcome.PRESERVED)
        reason = kinds.HTML_IN_TEXT.at(statement.field)
        words = strip_html(statement.value)
        return ValueOutcome(statement, Outcome.CHANGED, words, reason)

    def _find_fault(self, statement: SourceStatement) -> HarvestFault | None:
        """What the reading said of this value."""
        return self.faults.get(shorten(statement.value))

    def _explain(self, statement: SourceStatement, target: Target) -> HarvestFault:
        if self.without_file and OF_FILES.search(statement.field.lower()):
            return self.without_file
        if target in {Target.FREQUENCY, Target.LICENCE, Target.THEME, Target.FORMAT}:
            return loss_kinds.UNKNOWN_TERM.at(statement.field)
        if fold(statement.value) in self.index.aside:
            return loss_kinds.KEPT_ASIDE.at(statement.field)
        return loss_kinds.NOT_READ.at(statement.field)


def show_value(ours: of.Record, target: Target) -> str:
    """What stands here in a field of ours that has one value; empty where it has several, or none."""
    if target is Target.LICENCE:
        name = ours.licence.name
        return next(iter(name.values()), "") if ours.licence.is_stated else ""
    if target is Target.ACCESS:
        return ours.metadata.access
    if target is Target.FREQUENCY:
        return ours.frequency
    if target is Target.THEME:
        return ", ".join(ours.metadata.themes)
    if target is Target.KEYWORD:
        return ", ".join(ours.keywords)
    if target is Target.IDENTIFIER:
        return ours.local_id
    if target is Target.FORMAT:
        return ", ".join(ours.formats)
    dates = {
        Target.ISSUED: ours.dates.published,
        Target.MODIFIED: ours.dates.stated_update,
        Target.CREATED: ours.dates.stated_creation,
    }
    date = dates.get(target)
    return date.date().isoformat() if date else ""


def _reason_of_meaning(field_name: str, target: Target) -> HarvestFault:
    kind = kinds.KEYWORDS_JOINED if target is Target.KEYWORD else loss_kinds.MEANING
    return kind.at(field_name)


def _languages(ours: of.Record) -> set[str]:
    of_files = (
        language for media in ours.media for language in media.metadata.languages
    )
    return {*ours.languages, *of_files}


def _licences(ours: of.Record) -> set[str]:
    codes = {ours.licence.code}
    if known := ours.licence.standard_licence:
        codes.add(known.code)
    for media in ours.media:
        wording = media.extra.get(EXTRA, {}).get("licence", "")
        if licence_match := find_licence(wording) if wording else None:
            codes.add(licence_match.code)
    return {code for code in codes if code in LICENCES}


def _formats(ours: of.Record) -> set[str]:
    codes: set[str] = set()
    for media in ours.media:
        wordings = (
            media.metadata.format,
            media.format,
            media.media_type,
            media.metadata.media_type,
        )
        matches = (find_format(wording) for wording in wordings if wording)
        codes |= {match.target for match in matches if match}
    return codes - {""}


def _algorithm(value: str) -> str:
    if "checksumalgorithm" not in value.lower() and len(value) > len("SHA-512"):
        return ""
    return re.sub(r"[^a-z0-9]", "", re.split(r"[#/_]", value.lower())[-1])


def _algorithms(ours: of.Record) -> set[str]:
    sums = (
        checksum
        for media in ours.media
        for checksum in (media.checksum, media.metadata.checksum)
        if checksum
    )
    return {re.sub(r"[^a-z0-9]", "", checksum.algorithm.lower()) for checksum in sums}


def _is_near(box: Box, known: of.BoundingBox) -> bool:
    sides = (known.west, known.south, known.east, known.north)
    return all(abs(side - other) < NEAR for side, other in zip(box, sides, strict=True))


def _licence_code(value: str) -> str:
    match = find_licence(value)
    return match.code if match else ""


def _format_code(value: str) -> str:
    match = find_format(value)
    return match.target if match else ""


def _access_code(value: str) -> str:
    return find_access(value)[0]


MEANINGS: Mapping[Target, Callable[[str], str]] = {
    Target.FREQUENCY: find_frequency,
    Target.LANGUAGE: find_data_language,
    Target.ACCESS: _access_code,
    Target.LICENCE: _licence_code,
    Target.FORMAT: _format_code,
    Target.CHECKSUM: _algorithm,
}
"""What a wording means in the list of a target."""
