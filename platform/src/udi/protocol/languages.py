"""Languages of RUDI's texts and datasets, with their names and the EU's authority table."""

from dataclasses import dataclass

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
    ("cs", "tchèque", "Czech", "CES"),
    ("da", "danois", "Danish", "DAN"),
    ("de", "allemand", "German", "DEU"),
    ("el", "grec", "Greek", "ELL"),
    ("en", "anglais", "English", "ENG"),
    ("es", "espagnol", "Spanish", "SPA"),
    ("fr", "français", "French", "FRA"),
    ("hu", "hongrois", "Hungarian", "HUN"),
    ("it", "italien", "Italian", "ITA"),
    ("no", "norvégien", "Norwegian", "NOR"),
    ("pl", "polonais", "Polish", "POL"),
    ("pt", "portugais", "Portuguese", "POR"),
    ("ro", "roumain", "Romanian", "RON"),
    ("ru", "russe", "Russian", "RUS"),
    ("sk", "slovaque", "Slovak", "SLK"),
)
LANGUAGES = {
    code: Language(code, {"fr": fr, "en": en}, authority)
    for code, fr, en, authority in _TABLE
}
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


def language_of(tag: str) -> str:
    """The language of a tag without its region: `fr` for `fr-FR`."""
    return tag.partition("-")[0].lower()
