"""Words of others found in the EU's tables: themes, licences, formats, frequencies, languages, access rights.

Tables are the files of `vocabularies/`, each with its origin; a territory's own words come before theirs, for the code
inside `territory_vocabulary`. What is not found is kept as it was written.
"""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from udi.protocol.languages import NO_WORDS
from udi.protocol.licences import LICENCES, Licence, find_mentioned_licence
from udi.protocol.licences import find_licence as find_known_licence

FOLDER = Path(__file__).parent / "vocabularies"
AUTHORITY = "://publications.europa.eu/resource/authority/"
EU = "http://publications.europa.eu/resource/authority/"
TAIL = re.compile(r"(/legalcode|/deed(\.\w\w)?)?/*$")
LINK = re.compile(r"https?://[^\s<>\"'()]+[^\s<>\"'().,;]")
PERIODS = {
    "P1Y": "ANNUAL",
    "P2Y": "BIENNIAL",
    "P3Y": "TRIENNIAL",
    "P4Y": "QUADRENNIAL",
    "P5Y": "QUINQUENNIAL",
    "P10Y": "DECENNIAL",
    "P6M": "ANNUAL_2",
    "P0.5Y": "ANNUAL_2",
    "P4M": "ANNUAL_3",
    "P3M": "QUARTERLY",
    "P0.25Y": "QUARTERLY",
    "P2M": "BIMONTHLY",
    "P1M": "MONTHLY",
    "P2W": "BIWEEKLY",
    "P1W": "WEEKLY",
    "P7D": "WEEKLY",
    "P0.5M": "MONTHLY_2",
    "P0.33M": "MONTHLY_3",
    "P3.5D": "WEEKLY_2",
    "P0.5W": "WEEKLY_2",
    "P1D": "DAILY",
    "PT1H": "HOURLY",
    "PT12H": "DAILY_2",
    "PT1S": "UPDATE_CONT",
}
ZERO = re.compile(r"(?<![\d.])0[YMWDHS]")
MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE)
ZIPPED = re.compile(r"^zipped\s+|\s*\(zip\)$|\.zip$", re.IGNORECASE)


@dataclass(frozen=True)
class LicenceMatch:
    """`target` is a code of the EU's table, `code` one of `protocol.licences`.

    `match` says how it was found (exact, words, ported, unversioned), or that the wording stands in the place of a
    licence and is none, as in the table: `none` says nothing, `no-condition` speaks of use, `misplaced` of access.
    """

    target: str
    code: str
    match: str


@dataclass(frozen=True)
class FormatMatch:
    target: str
    media_type: str
    compress: str
    kind: str


def lookup_key(text: str) -> str:
    """The key under which a wording is looked for."""
    return TAIL.sub(
        "",
        re.sub(r"^http://(www\.)?", "https://", " ".join(text[:1000].split()).lower()),
    )


Rows = Mapping[str, list[str]]
_own: ContextVar[Mapping[str, Rows]] = ContextVar("own", default={})  # noqa: B039 - a mapping that nobody changes


@contextmanager
def territory_vocabulary(words: Mapping[str, Mapping[str, str]]) -> Iterator[None]:
    """Have a territory's words mean what it says (code by wording, by table) for what is read inside, threads included."""
    rows = {
        name: {
            lookup_key(wording): _row(name, code)
            for wording, code in codes_by_wording.items()
        }
        for name, codes_by_wording in words.items()
    }
    token = _own.set(rows)
    try:
        yield
    finally:
        _own.reset(token)


def _row(name: str, code: str) -> list[str]:
    """The columns of a row of ours whose first says this."""
    if name == "licences":
        licence = LICENCES.get(code) or find_known_licence(f"{EU}licence/{code}")
        if licence:
            return [licence.authority, licence.code, "exact"]
        return [code, "", "exact"]
    if name == "formats":
        kind = "service" if code.endswith("_SRVC") else "file"
        return shipped(name).get(lookup_key(code)) or [code, "", "", kind]
    return [code, "exact" if name == "themes" else ""]


def table(name: str) -> Rows:
    """The columns of a table after the first, by the folded first."""
    additions = _own.get().get(name)
    if additions:
        return ChainMap(dict(additions), shipped(name))
    return shipped(name)


@cache
def shipped(name: str) -> dict[str, list[str]]:
    """A table as it came with this release."""
    lines = (FOLDER / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not line.startswith("#")]
    width = len(lines[0].split("\t"))
    rows = (line.split("\t") for line in lines[1:])
    return {
        lookup_key(source): [*rest, *[""] * (width - 1 - len(rest))]
        for source, *rest in rows
    }


def _code(text: str, part: str) -> str:
    """The code at the end of an address in one of the EU's tables."""
    _, separator, code = text.strip().partition(f"{AUTHORITY}{part}/")
    if separator:
        return code.strip("/")
    return ""


def find_theme(text: str) -> tuple[tuple[str, ...], str]:
    """(codes of the EU's themes, how sure): a wording may mean several; none when it is not known."""
    code = _code(text, "data-theme")
    target, match = table("themes").get(lookup_key(code or text)) or table(
        "themes"
    ).get(lookup_key(text), ["", ""])
    if target:
        return (tuple(target.split()), match or "exact")
    return ((), "")


def find_frequency(text: str) -> str:
    """The code of the EU's frequency, empty when the words mean none or several."""
    if "codelist" in text.lower():
        code = _code(text, "frequency") or re.split(r"[#/]", text.strip())[-1]
    else:
        code = ""
    for wording in (text, _code(text, "frequency"), code):
        if wording and (row := table("frequencies").get(lookup_key(wording))):
            return row[0]
    period = ZERO.sub("", re.sub(r"^R\d*/", "", text.strip().upper()))
    return PERIODS.get(period.removesuffix("T"), "")


@cache
def _languages() -> dict[str, tuple[str, str]]:
    lines = (FOLDER / "languages.tsv").read_text(encoding="utf-8").splitlines()[2:]
    languages = {}
    for code, authority, *others in (line.split("\t") for line in lines):
        for name in (code, authority.lower(), *others):
            languages[name] = (code, authority)
    return languages


def find_language(text: str) -> str:
    """The ISO 639-1 code of a tag, a code of three letters or an address in a table; empty when there is none."""
    wording = re.split(r"[#/]", text.strip().rstrip("/"))[-1].lower()
    return _languages().get(re.split(r"[-_;\s]", wording)[0], ("", ""))[0]


def find_data_language(text: str) -> str:
    """The same for data, which may be without words: the code that ISO 639-2 and the EU's table have for that."""
    wording = re.split(r"[#/]", text.strip().rstrip("/"))[-1].lower()
    return NO_WORDS if wording == NO_WORDS else find_language(text)


def find_access(text: str) -> tuple[str, str]:
    """(code of the EU's access right, reason of a restriction) or two empty texts."""
    code = _code(text, "access-right") or (
        re.split(r"[#/]", text)[-1] if "access-right" in text else ""
    )
    target, reason = table("access").get(
        lookup_key(code or text), table("access").get(lookup_key(text), ["", ""])
    )
    if not target and (article := re.search(r"13[._ ]?1[._ ]?\(?([a-h])\b", text)):
        return "RESTRICTED", f"INSPIRE 13.1.{article[1]}"
    return target, reason


def find_licence(*wordings: str) -> LicenceMatch | None:
    """What the first wording that is known means; words of a sentence come after whole wordings, None is unknown."""
    nonblank_wordings = [wording for wording in wordings if wording.strip()]
    for wording in nonblank_wordings:
        if row := table("licences").get(lookup_key(wording)):
            return LicenceMatch(*row)
        if licence := find_known_licence(wording):
            return _match(licence)
        if code := _code(wording, "licence"):
            return LicenceMatch(code, "", "exact")
    for wording in nonblank_wordings:
        if licence := find_mentioned_licence(wording):
            return _match(licence, in_sentence=True)
    return None


def _match(licence: Licence, *, in_sentence: bool = False) -> LicenceMatch:
    """The licence by its codes; the EU's code of the general one, where it has none for a jurisdiction."""
    general = LICENCES.get(licence.code.removesuffix(f"-{licence.port}"), licence)
    if not licence.has_version:
        match = "unversioned"
    elif licence.port:
        match = "ported"
    else:
        match = "words" if in_sentence else "exact"
    return LicenceMatch(licence.authority or general.authority, licence.code, match)


def find_format(text: str) -> FormatMatch | None:
    """What a format's words, media type, extension or address in a table mean."""
    wording = re.sub(
        r"^https?://(www\.)?iana\.org/assignments/media-types/", "", text.strip()
    )
    code = _code(wording, "file-type") or (
        re.split(r"[#/]", wording)[-1] if "file-type" in wording else ""
    )
    for candidate in (
        wording,
        code,
        wording.lstrip("."),
        re.sub(r"\s*\(.*\)$", "", wording),
    ):
        if candidate and (row := table("formats").get(lookup_key(candidate))):
            return FormatMatch(row[0] or code, *row[1:])
    if code:
        return FormatMatch(
            code, "", "", "service" if code.endswith("_SRVC") else "file"
        )
    if ZIPPED.search(wording) and (
        inside := table("formats").get(lookup_key(ZIPPED.sub("", wording)))
    ):
        return FormatMatch(inside[0], inside[1], "application/zip", "file")
    if re.match(r"ogc:(wms|wfs|wmts|wcs)\b", wording.lower()):
        return FormatMatch(
            f"{wording[4:].split('-')[0].split(' ')[0].upper()}_SRVC", "", "", "service"
        )
    return None
