"""Licences that are known: their names, texts and codes elsewhere, and the wordings under which others call them.

They are the rows of `licences.tsv`, and the ones that Creative Commons wrote anew for the jurisdictions of
`licence_ports.tsv`. RUDI has codes for eight; a record of RUDI's names the others with their name and their address.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from udi.protocol import licence_wordings as wordings
from udi.protocol.licence_families import FAMILIES, OPEN

URI = "http://publications.europa.eu/resource/authority/licence/"
FOLDER = Path(__file__).parent
DEFAULT = "etalab-2.0"
RUDI_CODES = (
    "etalab-2.0",
    "odbl-1.0",
    "public-domain-cc0",
    "etalab-1.0",
    "cc-by-nd-4.0",
    "apache-2.0",
    "mit",
    "gpl-3.0",
)
NOT_STATED = {
    "fr": "Licence non précisée",
    "en": "Licence not stated",
    "es": "Licencia no indicada",
}
"""What a record says that was read at a source which names no licence."""
DISTINCT = frozenset(
    {
        "odbl",
        "pddl",
        "cc0",
        "licence ouverte",
        "licence etalab",
        "licence mobilites",
        "modellicentie gratis hergebruik",
        "open database licence",
    }
)
"""Names without a version that mean a licence inside a sentence too."""


@dataclass(frozen=True, kw_only=True)
class Licence:
    """A licence by our code: its name, its text, its codes at the EU, SPDX and CKAN where it has them.

    `family` is a key of `FAMILIES`, empty where its text has to be read; `port` is the jurisdiction that it was written
    for.
    """

    code: str
    name: dict[str, str]
    url: str
    spdx: str = ""
    authority: str = ""
    ckan: str = ""
    family: str = ""
    port: str = ""

    @property
    def uri(self) -> str:
        """The EU's identifier, else the address of the text."""
        if self.authority:
            return URI + self.authority
        return self.url

    @property
    def allows(self) -> dict[str, str]:
        """What it lets people do, in plain words; empty where its text has to be read."""
        return FAMILIES.get(self.family, {})

    @property
    def is_open(self) -> bool:
        """Whether anybody may use, change and share under it, for any purpose."""
        return self.family in OPEN

    @property
    def has_version(self) -> bool:
        """Whether it is one text, and not one of several whose version nobody said."""
        return self.code not in UNVERSIONED


def _rows(name: str) -> list[dict[str, str]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    header, *rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return [
        dict(zip(header, [*row, *[""] * (len(header) - len(row))], strict=True))
        for row in rows
    ]


ROWS = _rows("licences.tsv")
PORTS = _rows("licence_ports.tsv")


def _names(row: dict[str, str]) -> dict[str, str]:
    return {tag: row[tag] or row["en"] for tag in ("fr", "en", "es")}


def _listed_licences() -> Iterator[Licence]:
    for row in ROWS:
        plain = ("code", "url", "spdx", "authority", "ckan", "family")
        yield Licence(name=_names(row), **{name: row[name] for name in plain})


def _ported_licences(listed: dict[str, Licence]) -> Iterator[Licence]:
    """Those of Creative Commons for a jurisdiction; the EU has a code for few of them."""
    for row in PORTS:
        for version in row["versions"].split():
            for kind in CREATIVE_KINDS:
                general = listed.get(f"{kind}-{version}") or listed[kind]
                yield _port(general, kind, version, row)


def _port(general: Licence, kind: str, version: str, row: dict[str, str]) -> Licence:
    code = f"{kind}-{version}-{row['code']}"
    places = _names(row)
    short = kind.upper().replace("CC-", "CC ")
    name = {
        tag: f"{words.partition(' (')[0].removesuffix(f' {version}')} {version} {places[tag]} ({short})"
        for tag, words in general.name.items()
    }
    path = kind.removeprefix("cc-")
    return Licence(
        code=code,
        name=name,
        url=f"https://creativecommons.org/licenses/{path}/{version}/{row['code']}/",
        authority=PORTS_OF_THE_EU.get(code, ""),
        family=general.family,
        port=row["code"],
    )


CREATIVE_KINDS = (
    "cc-by",
    "cc-by-sa",
    "cc-by-nd",
    "cc-by-nc",
    "cc-by-nc-sa",
    "cc-by-nc-nd",
)
UNVERSIONED = frozenset({*CREATIVE_KINDS, "etalab", "gfdl"})
"""Licences of several versions, where nobody said which one is meant."""
PORTS_OF_THE_EU = {
    "cc-by-3.0-at": "CC_BY_3_0_AT",
    "cc-by-3.0-nl": "CC_BY_3_0_NL",
    "cc-by-sa-3.0-nl": "CC_BYSA_3_0_NL",
}
LISTED = {licence.code: licence for licence in _listed_licences()}
"""Those of the table, without the ones that were written anew for a jurisdiction."""
LICENCES = LISTED | {licence.code: licence for licence in _ported_licences(LISTED)}
RUDI_LICENCES = {code: LICENCES[code] for code in RUDI_CODES}
"""The eight that a record of RUDI's names by their code."""


@cache
def _jurisdictions() -> dict[str, str]:
    """Codes of jurisdictions by their names in any language."""
    return {
        wordings.place_key(name): row["code"]
        for row in PORTS
        for name in (row["code"], *_names(row).values(), row["name"])
        if name
    }


def list_aliases() -> Iterator[tuple[str, str]]:
    """(code, wording or address) of everything that means a licence of the table."""
    for row in ROWS:
        licence = LISTED[row["code"]]
        known = (licence.code, licence.spdx, licence.ckan, licence.url)
        others = row["aliases"].split(" | ")
        for wording in (*known, *licence.name.values(), *others):
            if wording:
                yield licence.code, wording


@cache
def _codes_by_address() -> dict[str, str]:
    return {
        wordings.address_key(wording): code
        for code, wording in list_aliases()
        if wordings.is_address(wording)
    }


@cache
def _codes_by_words() -> dict[str, str]:
    return {
        wordings.words_key(wording): code
        for code, wording in list_aliases()
        if not wordings.is_address(wording)
    }


@cache
def _codes_by_phrase() -> list[tuple[str, str]]:
    """The names that are looked for inside a sentence, the longest first: they say a version, or mean one licence alone."""
    phrases = {
        wordings.fold(wording): code
        for code, wording in list_aliases()
        if not wordings.is_address(wording)
    }
    certain = [
        (phrase, code)
        for phrase, code in phrases.items()
        if phrase in DISTINCT
        or (" " in phrase and any(sign.isdigit() for sign in phrase))
    ]
    return sorted(certain, key=lambda pair: -len(pair[0]))


@cache
def _codes_by_authority() -> dict[str, str]:
    return {
        licence.authority: licence.code
        for licence in LICENCES.values()
        if licence.authority
    }


@lru_cache(maxsize=2048)
def find_licence(wording: str) -> Licence | None:
    """The licence that a label, name or address means, or None; versions are never guessed."""
    text = " ".join(wording[: wordings.LONGEST].split())
    if not text:
        return None
    if code := _codes_by_authority().get(wordings.authority_in(text)):
        return LICENCES[code]
    if not wordings.is_address(text):
        return _find_by_words(text)
    if code := _codes_by_address().get(wordings.address_key(text)):
        return LICENCES[code]
    if parts := wordings.creative_commons_at(text):
        return _creative_commons(*parts)
    return _find_by_words(wordings.name_in_register(text))


def _find_by_words(text: str) -> Licence | None:
    key = wordings.words_key(text)
    if key and (code := _codes_by_words().get(key)):
        return LICENCES[code]
    if parts := wordings.creative_commons_in(text, _jurisdictions()):
        return _creative_commons(*parts)
    return None


def _creative_commons(kind: str, version: str, jurisdiction: str) -> Licence | None:
    """The licence of these parts; the general one, where nothing is known for a jurisdiction."""
    code = "-".join(part for part in ("cc", kind, version) if part)
    return LICENCES.get(f"{code}-{jurisdiction}") or LICENCES.get(code)


@lru_cache(maxsize=2048)
def find_mentioned_licence(sentence: str) -> Licence | None:
    """The one licence that a sentence links to or names; None where it names none or several, or may restrict an open one."""
    text = wordings.COMPATIBLE.sub("", sentence[: wordings.LONGEST])
    links = [link.rstrip(".,;:)»\"'") for link in wordings.ADDRESS.findall(text)]
    candidates = [*links, *wordings.list_mentions(text)]
    mentioned = [licence for name in candidates if (licence := find_licence(name))]
    words = f" {wordings.fold(wordings.ADDRESS.sub(' ', text))} "
    for phrase, code in _codes_by_phrase():
        if f" {phrase} " in words:
            words = words.replace(f" {phrase} ", " | ")
            mentioned.append(LICENCES[code])
    codes = {licence.code for licence in mentioned}
    certain = {code for code in codes if LICENCES[code].has_version} or codes
    if len(certain) != 1:
        return None
    licence = LICENCES[certain.pop()]
    if licence.is_open and wordings.may_restrict(words):
        return None
    return licence
