"""Keys under which wordings and addresses of licences are looked for, and the names that Creative Commons' have."""

import re
import unicodedata

LONGEST = 2000
ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.-]+\.[a-z]{2,8}/\S+", re.IGNORECASE)
SUMMARY_PAGE = re.compile(r"/(?:legalcode|deed)(?:\.[\w-]+)*$")
REGISTERS = re.compile(
    r"(?:spdx\.org/licenses|opensource\.org/licenses?|choosealicense\.com/licenses"
    r"|(?:licenses\.)?opendefinition\.org/licenses|dcat-ap\.de/def/licenses"
    r"|w3id\.org/italia/controlled-vocabulary/licences)/(?:a\d+[_:])?(.+?)(?:\.(?:html|json|php|txt))?"
)
"""Lists of licences whose addresses end with the name of one."""
CREATIVE_ADDRESS = re.compile(
    r"creativecommons\.org/licen[cs]es/(by(?:-(?:nc|nd|sa)){0,2})(?:/([1-4]\.[0-5]))?(?:/([a-z]+))?"
)
AUTHORITY = re.compile(r"[A-Z0-9]+(?:_[A-Z0-9]+)+")
COMPACT = re.compile(r"(?:cc)?(by)(nc)?(nd|sa)?(?:([1-4])\.?([0-5]))?")
VERSION = re.compile(r"[1-4](?:\.[0-5])?")
CLAUSES = re.compile(r"[,;:()|\n]|\.(?=\s)")
"""What parts a sentence: «CC BY, sa …» is no «CC BY-SA»."""
RESTRICTION = re.compile(
    r"\b(?:nc|nd|ne|pas|aucun\w*|not?|non|nao|nicht|niet|kein\w*|geen"
    r"|(?:non?)?com+erci\w*|kommerzi\w*|nonderiv\w*|noderiv\w*"
    r"|interdi\w*|prohib\w*|proibi\w*|forbid\w*|verboten|verbod\w*|sauf|hormis|except\w*|unless|salvo|ausser)\b"
)
"""Words, folded, by which a sentence may take away what the licence that it names gives, or say that it is not given."""
PERMISSION = re.compile(
    r"\b(?:y compris|including|incluso|incluid[oa]s?|anche|auch|even|meme) (?:(?:a|for|des|pour|fins?|usages?|zu|fur) )*"
    r"(?:com+erci\w*|kommerzi\w*)(?! (?:interdi|prohib))"
)
"""What is said to be given too."""
COMPATIBLE = re.compile(r"\bcompatible\b[^).;]*", re.IGNORECASE)
"""Another licence that a sentence compares its own with."""
NOISE = frozenset(
    [
        "licence",
        "licencia",
        "licenza",
        "lizenz",
        "licentie",
        "licenca",
        "lisens",
        "the",
        "under",
        "sous",
        "bajo",
        "la",
        "le",
        "international",
        "internacional",
        "internationale",
        "internazionale",
        "unported",
        "generic",
        "generique",
        "generico",
        "universal",
        "universale",
        "universel",
    ]
)
ELEMENTS = {
    "by": "attribution|paternite|reconocimiento|atribucion|atribuicao|attribuzione|namensnennung|naamsvermelding"
    "|erkannande|navngivelse",
    "nc": "noncommercial|non commercial|pas d utilisation commerciale|pas d usage commercial|no comercial|nocomercial"
    "|non commerciale|nicht kommerziell|niet commercieel|nietcommercieel|nao comercial",
    "nd": "noderivatives|noderivs|no derivatives|no derivative works|no derivs|pas de modification"
    "|pas de modifications|sinderivadas|sin derivadas|sin obra derivada|sinobraderivada|non opere derivate"
    "|keine bearbeitung|keine bearbeitungen|geen afgeleide werken|geenafgeleidewerken|sem derivacoes",
    "sa": "sharealike|share alike|partage dans les memes conditions|partage a l identique"
    "|partage des conditions initiales a l identique|compartirigual|compartir igual|compartilhaigual"
    "|condividi allo stesso modo|weitergabe unter gleichen bedingungen|gelijkdelen|gelijk delen",
}
PHRASES = sorted(
    (
        (phrase, element)
        for element, phrases in ELEMENTS.items()
        for phrase in phrases.split("|")
    ),
    key=lambda pair: -len(pair[0]),
)
MENTION = re.compile(
    r"\bcc ?by(?: ?(?:nc|nd|sa|"
    + "|".join(phrase for phrase, element in PHRASES if element != "by")
    + r")\b)*(?: ?[1-4](?:\.[0-5])?)?\b"
)
"""Creative Commons' short names, with their elements in letters or in words, in a folded clause."""
SILENT = NOISE | {"creative", "commons", "common", "cc", "and", "et", "y", "e"}


def may_restrict(words: str) -> bool:
    """Whether folded words may take something away; «y compris commerciaux» does not."""
    return RESTRICTION.search(PERMISSION.sub(" ", words)) is not None


def fold(text: str) -> str:
    """The words of a text: without accents, signs and capitals, versions as `2.0`, «license» as «licence»."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST].lower())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    plain = re.sub(r"(?<=\d)\.(?=\d)", "·", plain)
    words = re.sub(r"[^a-z0-9·]+", " ", plain).replace("·", ".")
    words = re.sub(r"\b(?:version|vers|v) ?(?=\d)", "", words)
    return re.sub(r"\blicenses?\b|\blicences\b", "licence", words).strip()


def list_mentions(sentence: str) -> list[str]:
    """The short names of licences of Creative Commons in a sentence, folded."""
    clauses = map(fold, CLAUSES.split(sentence))
    return [name for clause in clauses for name in MENTION.findall(clause)]


def words_key(text: str) -> str:
    """The words that tell a licence from others; those of every licence are left out."""
    return " ".join(word for word in fold(text).split() if word not in NOISE)


def place_key(name: str) -> str:
    """The words of the name of a jurisdiction that tell it from others."""
    return " ".join(word for word in fold(name).split() if word not in SILENT)


def is_address(text: str) -> bool:
    """Whether a wording is an address and nothing else."""
    return ADDRESS.fullmatch(text.strip()) is not None


def address_key(address: str) -> str:
    """An address without its scheme, `www.`, the slash at its end and the language of the page that it leads to."""
    text = re.sub(r"^(?:https?://)?(?:www\.)?", "", address.strip().lower())
    return SUMMARY_PAGE.sub("", text.rstrip("/")).rstrip("/")


def name_in_register(address: str) -> str:
    """The name of a licence at the end of an address of a list of licences; empty: it is none of these lists."""
    match = REGISTERS.fullmatch(address_key(address))
    if not match:
        return ""
    zero = re.sub(r"^cco(?=\d)", "cc0", match[1])
    return re.sub(r"^(cc0|iodl|gfdl)(\d)(\d)$", r"\1 \2.\3", zero)


def authority_in(address: str) -> str:
    """A code of the EU's table, at the end of its address, or what has the form of one at the end of another or alone."""
    start, _, code = address.strip().rstrip("/").rpartition("/")
    if start.endswith("publications.europa.eu/resource/authority/licence"):
        return code
    return code if AUTHORITY.fullmatch(code) else ""


def creative_commons_at(address: str) -> tuple[str, str, str] | None:
    """(kind, version, jurisdiction) of the licence of Creative Commons at an address; None: it is none."""
    match = CREATIVE_ADDRESS.fullmatch(address_key(address))
    if not match:
        return None
    return _kind(set(match[1].split("-"))), match[2] or "", match[3] or ""


def creative_commons_in(
    wording: str, jurisdictions: dict[str, str]
) -> tuple[str, str, str] | None:
    """(kind, version, jurisdiction) that a name means whose words are all understood; None otherwise.

    `jurisdictions` has their codes by their folded names and by the codes themselves.
    """
    words = f" {fold(wording)} "
    if not re.search(r" cc| creative commons? ", words):
        return None
    for phrase, element in PHRASES:
        words = words.replace(f" {phrase} ", f" {element} ")
    tokens = [part for token in words.split() for part in _expand(token)]
    elements = {token for token in tokens if token in ELEMENTS}
    versions = {
        token if "." in token else f"{token}.0"
        for token in tokens
        if VERSION.fullmatch(token)
    }
    others = [
        token
        for token in tokens
        if token not in ELEMENTS
        and token not in SILENT
        and not VERSION.fullmatch(token)
    ]
    place = " ".join(others)
    jurisdiction = jurisdictions.get(place, "")
    kind = _kind(elements)
    if not kind or len(versions) > 1 or (place and not jurisdiction):
        return None
    return kind, "".join(versions), jurisdiction


def _expand(token: str) -> list[str]:
    """`ccbysa40` as its parts."""
    match = COMPACT.fullmatch(token)
    if not match:
        return [token]
    version = f"{match[4]}.{match[5]}" if match[4] else ""
    return [part for part in (*match.groups()[:3], version) if part]


def _kind(elements: set[str]) -> str:
    """`by-nc-sa`; empty where the parts are of no licence."""
    if "by" not in elements or {"nd", "sa"} <= elements:
        return ""
    return "-".join(part for part in ("by", "nc", "nd", "sa") if part in elements)
