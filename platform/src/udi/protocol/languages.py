"""Languages of RUDI's texts and datasets, with their names and the EU's authority table."""

from dataclasses import dataclass

from babel import Locale, UnknownLocaleError

URI = "http://publications.europa.eu/resource/authority/language/"


@dataclass(frozen=True)
class Language:
    """A language by its ISO 639-1 code; `authority` is the code of the EU's table."""

    code: str
    label: dict[str, str]
    authority: str

    @property
    def uri(self) -> str:
        return URI + self.authority


_TABLE = (
    ("cs", "tchèque", "Czech", "checo", "CES"),
    ("da", "danois", "Danish", "danés", "DAN"),
    ("de", "allemand", "German", "alemán", "DEU"),
    ("el", "grec", "Greek", "griego", "ELL"),
    ("en", "anglais", "English", "inglés", "ENG"),
    ("es", "espagnol", "Spanish", "español", "SPA"),
    ("fr", "français", "French", "francés", "FRA"),
    ("hu", "hongrois", "Hungarian", "húngaro", "HUN"),
    ("it", "italien", "Italian", "italiano", "ITA"),
    ("no", "norvégien", "Norwegian", "noruego", "NOR"),
    ("pl", "polonais", "Polish", "polaco", "POL"),
    ("pt", "portugais", "Portuguese", "portugués", "POR"),
    ("ro", "roumain", "Romanian", "rumano", "RON"),
    ("ru", "russe", "Russian", "ruso", "RUS"),
    ("sk", "slovaque", "Slovak", "eslovaco", "SLK"),
)
LANGUAGES = {
    code: Language(code, {"fr": fr, "en": en, "es": es}, authority)
    for code, fr, en, es, authority in _TABLE
}
_FURTHER = """
    ar ARA, bg BUL, br BRE, bs BOS, ca CAT, co COS, cy CYM, et EST, eu EUS, fa FAS, fi FIN, fy FRY, ga GLE, gl GLG, he HEB,
    hi HIN, hr HRV, hy HYE, is ISL, ja JPN, ka KAT, ko KOR, la LAT, lb LTZ, lt LIT, lv LAV, mk MKD, mt MLT, nb NOB, nl NLD,
    nn NNO, oc OCI, rm ROH, se SME, sl SLV, sq SQI, sr SRP, sv SWE, tr TUR, uk UKR, vi VIE, zh ZHO
"""
NO_WORDS = "zxx"
"""ISO 639-2 and the EU's table: data without words, in no language."""
AUTHORITY_CODES = {
    **{code: language.authority for code, language in LANGUAGES.items()},
    **{entry.split()[0]: entry.split()[1] for entry in _FURTHER.split(",")},
    NO_WORDS: "ZXX",
}
"""Codes of the EU's table by those of ISO 639-1: of RUDI's languages, and of others in which catalogues describe data."""
REGIONAL = (
    "cs-CZ",
    "da-DK",
    "de-CH",
    "de-DE",
    "el-GR",
    "en-GB",
    "en-US",
    "es-ES",
    "fr-FR",
    "hu-HU",
    "it-IT",
    "no-NO",
    "pl-PL",
    "pt-PT",
    "ro-RO",
    "ru-RU",
    "sk-SK",
)
TAGS = (*LANGUAGES, *REGIONAL)


def name_language(code: str, reader_language: str) -> str:
    """What a language of ISO 639-1 is called in the reader's; its code where nobody knows."""
    if code in LANGUAGES:
        label = LANGUAGES[code].label
        return label.get(reader_language) or label["en"]
    try:
        names = Locale.parse(reader_language, sep="-").languages
    except (UnknownLocaleError, ValueError):
        return code
    return str(names.get(code, code))


def language_uri(code: str) -> str:
    """The address of a language in the EU's table; empty where it has none."""
    authority = AUTHORITY_CODES.get(code)
    return f"{URI}{authority}" if authority else ""


def language_of(tag: str) -> str:
    """The language of a tag without its region: `fr` for `fr-FR`."""
    return tag.partition("-")[0].lower()
