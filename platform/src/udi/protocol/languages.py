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
