"""Two readers of agreements, one French and one English: written from the words on the page, sentence by sentence.

They know nothing of what wrote them. A sentence that they do not understand, or a subject left out, is an error.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from tests.protocol.understood_terms import UnderstoodTerms

MOST_VALUES = 100
LENGTHS = dict.fromkeys("∈∉", range(1, MOST_VALUES + 1))
"""How many values may be said after a sign; one after the others."""
FRENCH_QUOTE = "«\u00a0((?:[^»]|»»)*)\u00a0»(?!»)"
ENGLISH_QUOTE = "“((?:[^”]|””)*)”(?!”)"
FRENCH_DATE = (
    "(?P<day>1er|\\d+) (?P<month>[a-zéû]+) (?P<year>\\d{4}) à (?P<hour>\\d+)\u00a0h\u00a0(?P<minute>\\d\\d)"
    "(?:\u00a0min\u00a0(?P<second>\\d\\d)\u00a0s)?"
)
ENGLISH_DATE = r"(?P<day>\d+) (?P<month>[A-Z][a-z]+) (?P<year>\d{4}) at (?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
FRENCH_MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
ENGLISH_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
FRENCH_WORDS = {
    "la recherche": "research",
    "un service public": "public_service",
    "l’enseignement": "education",
    "l’information du public": "information",
    "une activité sans but lucratif d’habitants ou d’associations": "civic",
    "une activité commerciale": "commercial",
    "les organismes publics": "public_body",
    "les organismes de recherche": "research",
    "les associations": "association",
    "les entreprises": "company",
    "les particuliers": "person",
    "organisme public": "public_body",
    "organisme de recherche": "research",
    "association": "association",
    "entreprise": "company",
    "particulier": "person",
    "donner ou de montrer les lignes à d’autres": "distribute",
    "chercher qui est derrière une ligne": "reidentify",
    "croiser les lignes avec un fichier de personnes": "combine_with_persons",
    "démarcher des personnes grâce aux données": "prospect",
    "entraîner avec les données des modèles remis à d’autres": "train",
    "Les données sont gardées chiffrées": "encrypted",
    "Seules des personnes nommées, dont la liste est tenue, lisent les données": "named_readers",
    "Les données restent dans l’Union européenne": "in_europe",
    "Les données sont effacées à la fin": "deleted_at_end",
    "Le porteur du projet note qui lit les données, et quand": "logged",
}
ENGLISH_WORDS = {
    "research": "research",
    "a public service": "public_service",
    "teaching": "education",
    "informing the public": "information",
    "a non-profit activity of inhabitants or associations": "civic",
    "a commercial activity": "commercial",
    "public bodies": "public_body",
    "research bodies": "research",
    "associations": "association",
    "companies": "company",
    "private persons": "person",
    "public body": "public_body",
    "research body": "research",
    "association": "association",
    "company": "company",
    "private person": "person",
    "give or show the rows to others": "distribute",
    "look for who is behind a row": "reidentify",
    "join the rows with a file about people": "combine_with_persons",
    "canvass people by means of the data": "prospect",
    "train models with the data that are given to others": "train",
    "The data are kept encrypted": "encrypted",
    "Only named persons, of whom a list is kept, read the data": "named_readers",
    "The data stay in the European Union": "in_europe",
    "The data are deleted at the end": "deleted_at_end",
    "The project's leader notes who reads the data, and when": "logged",
}
UNITS = {
    "octet": 1, "octets": 1, "ko": 10**3, "Mo": 10**6, "Go": 10**9, "To": 10**12,
    "byte": 1, "bytes": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
}  # fmt: skip
Hear = Callable[[UnderstoodTerms, "Language", re.Match[str]], None]


class Language:
    """How one language quotes, counts and dates."""

    def __init__(
        self,
        quote: str,
        mark: str,
        words: dict[str, str],
        months: list[str],
        group: str,
        point: str,
    ) -> None:
        self.quote = quote
        self.mark = mark
        self.words = words
        self.months = months
        self.group = group
        self.point = point

    def unquote(self, text: str) -> str:
        match = re.fullmatch(self.quote, text)
        assert match, f"no quotation: {text}"
        return match[1].replace(self.mark * 2, self.mark)

    def unquote_all(self, text: str) -> list[str]:
        values = []
        place = 0
        for match in re.finditer(self.quote, text):
            assert text[place : match.start()] == (", " if values else ""), (
                f"no list: {text}"
            )
            values.append(match[1].replace(self.mark * 2, self.mark))
            place = match.end()
        assert place == len(text), f"no list: {text}"
        return values

    def count(self, text: str) -> int:
        return int(text.replace(self.group, ""))

    def size(self, text: str) -> int:
        figure, unit = text.split("\u00a0")
        size = (
            Decimal(figure.replace(self.group, "").replace(self.point, "."))
            * UNITS[unit]
        )
        assert size == int(size)
        return int(size)

    def moment(self, pattern: str, text: str) -> datetime:
        match = re.fullmatch(pattern, text)
        assert match, f"no date: {text}"
        day = int(match["day"].removesuffix("er"))
        month = self.months.index(match["month"]) + 1
        seconds = int(match["second"] or 0)
        return datetime(
            int(match["year"]),
            month,
            day,
            int(match["hour"]),
            int(match["minute"]),
            seconds,
            tzinfo=UTC,
        )


FRENCH = Language(FRENCH_QUOTE, "»", FRENCH_WORDS, FRENCH_MONTHS, "\u202f", ",")
ENGLISH = Language(ENGLISH_QUOTE, "”", ENGLISH_WORDS, ENGLISH_MONTHS, ",", ".")


def hear_purposes(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("purposes")
    understood.purposes = [language.words[word] for word in match[1].split(", ")]


def hear_requesters(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("requesters")
    understood.requesters = [language.words[word] for word in match[1].split(", ")]


def hear_answer(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("answer")
    understood.answer_days = language.count(match[1])


def hear_renewals(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("renewals")
    understood.renewals = int(match[1]) if match.re.groups else 0


def hear_interest(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("general interest")
    understood.general_interest = True


def hear_months(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("months")
    understood.months = int(match[1])


def hear_columns(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("columns")
    understood.columns = language.unquote_all(match[1])


def hear_row(sign: str) -> Hear:
    def hear(facts: UnderstoodTerms, language: Language, match: re.Match[str]) -> None:
        facts.subjects.add("rows")
        values = language.unquote_all(match["values"])
        assert len(values) in LENGTHS.get(sign, [1])
        facts.rows.append((language.unquote(match["column"]), sign, tuple(values)))

    return hear


def hear_bytes(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("bytes")
    understood.bytes_a_month = language.size(match[1])


def hear_pace(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("pace")
    understood.readings_a_minute = language.count(match[1])


def hear_forbidden(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.subjects.add("forbidden")
    understood.forbidden.append(language.words[match[1]])


def hear_measure(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.subjects.add("measures")
    understood.measures.append(language.words[match[1]])


def hear_attribution(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("attribution")
    understood.attribution = language.unquote(match[1])


def hear_nothing(subject: str) -> Hear:
    def hear(facts: UnderstoodTerms, language: Language, match: re.Match[str]) -> None:
        facts.say(subject)

    return hear


def hear_period(pattern: str) -> Hear:
    def hear(facts: UnderstoodTerms, language: Language, match: re.Match[str]) -> None:
        facts.say("period")
        facts.starts = language.moment(pattern, match["starts"])
        facts.ends = language.moment(pattern, match["ends"])

    return hear


def hear_party(role: str) -> Hear:
    def hear(facts: UnderstoodTerms, language: Language, match: re.Match[str]) -> None:
        facts.say(role)
        if not match.re.groups:
            party = ("", "person")
        else:
            party = (language.unquote(match[1]), language.words[match[2]])
        setattr(facts, role, party)

    return hear


def hear_title(role: str) -> Hear:
    def hear(facts: UnderstoodTerms, language: Language, match: re.Match[str]) -> None:
        facts.say(role)
        setattr(facts, role, language.unquote(match[1]))

    return hear


def hear_page(
    understood: UnderstoodTerms, language: Language, match: re.Match[str]
) -> None:
    understood.say("page")
    understood.page = match[1]


FRENCH_SENTENCES: dict[str, Hear] = {
    "Peuvent demander l’accès pour un projet\u00a0: (.+)\\.": hear_requesters,
    "Le producteur répond en (\\d+) jours? au plus, sans compter l’attente de réponses à ses questions\\.": hear_answer,
    "L’accès ne se renouvelle pas\\.": hear_renewals,
    "L’accès peut se renouveler (\\d+) fois\\.": hear_renewals,
    "Les données servent à l’une de ces finalités, et à rien d’autre\u00a0: (.+)\\.": hear_purposes,
    "Les données servent à cette finalité, et à rien d’autre\u00a0: (.+)\\.": hear_purposes,
    "Le projet sert l’intérêt général et dit comment\\.": hear_interest,
    "L’accès dure (\\d+) mois au plus\\.": hear_months,
    "Toutes les colonnes peuvent être lues\\.": hear_nothing("columns"),
    "Seules ces colonnes peuvent être lues\u00a0: (.+)\\.": hear_columns,
    "Les autres colonnes ne servent pas non plus à filtrer, à trier ni à calculer\\.": hear_nothing(
        "use of columns"
    ),
    "Toutes les lignes peuvent être lues\\.": hear_nothing("rows"),
    "Une case vide ne remplit aucune de ces conditions\\.": hear_nothing("empty cells"),
    **{
        f"Seules sont lues les lignes où la colonne (?P<column>{FRENCH_QUOTE}) {condition}\\.": hear_row(
            sign
        )
        for sign, condition in {
            "=": f"vaut (?P<values>{FRENCH_QUOTE})",
            "≠": f"ne vaut pas (?P<values>{FRENCH_QUOTE})",
            "<": f"est inférieure à (?P<values>{FRENCH_QUOTE})",
            "≤": f"est inférieure ou égale à (?P<values>{FRENCH_QUOTE})",
            ">": f"est supérieure à (?P<values>{FRENCH_QUOTE})",
            "≥": f"est supérieure ou égale à (?P<values>{FRENCH_QUOTE})",
            "∈": "est l’une de ces valeurs\u00a0: (?P<values>.+)",
            "∉": "n’est aucune de ces valeurs\u00a0: (?P<values>.+)",
        }.items()
    },
    "Le volume lu n’est pas limité\\.": hear_nothing("bytes"),
    "Le volume lu ne dépasse pas (.+) par mois\\.": hear_bytes,
    "Le nombre de lectures par minute n’est pas limité\\.": hear_nothing("pace"),
    "Il y a au plus ([\\d\u202f]+) lectures? par minute\\.": hear_pace,
    "Il est interdit (?:de |d’)(.+)\\.": hear_forbidden,
    "Aucun autre usage n’est interdit en particulier\\.": hear_nothing("forbidden"),
    "(Les données sont .+|Seules des personnes .+|Les données restent dans .+|Le porteur du projet note .+)\\.": hear_measure,
    "Aucune protection n’est demandée en particulier\\.": hear_nothing("measures"),
    "Ce qui est fait des données porte cette mention\u00a0: (.+)\\.": hear_attribution,
    "Aucune mention n’est demandée\\.": hear_nothing("attribution"),
    "Le producteur\u00a0: (.+) \\(([a-z ]+)\\)\\.": hear_party("provider"),
    "Le porteur du projet\u00a0: (.+) \\(([a-z ]+)\\)\\.": hear_party("requester"),
    "Le porteur du projet est un particulier, que le portail connaît\\.": hear_party(
        "requester"
    ),
    "Le projet\u00a0: (.+)\\.": hear_title("project"),
    "Le producteur ouvre à ce projet, et à lui seul, le jeu de données restreint (.+)\\.": hear_title(
        "dataset"
    ),
    "La convention va du (?P<starts>.+) au (?P<ends>.+), en temps universel\\.": hear_period(
        FRENCH_DATE
    ),
    "La convention se lit à cette adresse\u00a0: (\\S+)": hear_page,
}
ENGLISH_SENTENCES: dict[str, Hear] = {
    r"These may ask for access for a project: (.+)\.": hear_requesters,
    r"The producer answers within (\d+) days?, waiting for answers to its questions not counted\.": hear_answer,
    r"Access cannot be renewed\.": hear_renewals,
    r"Access may be renewed (\d+) times?\.": hear_renewals,
    r"The data serve one of these purposes, and nothing else: (.+)\.": hear_purposes,
    r"The data serve this purpose, and nothing else: (.+)\.": hear_purposes,
    r"The project serves the general interest and says how\.": hear_interest,
    r"Access lasts (\d+) months? at most\.": hear_months,
    r"All columns may be read\.": hear_nothing("columns"),
    r"Only these columns may be read: (.+)\.": hear_columns,
    r"The other columns may not be used to filter, sort or compute either\.": hear_nothing(
        "use of columns"
    ),
    r"All rows may be read\.": hear_nothing("rows"),
    r"An empty cell meets none of these conditions\.": hear_nothing("empty cells"),
    **{
        f"Only those rows are read where the column (?P<column>{ENGLISH_QUOTE}) {condition}\\.": hear_row(
            sign
        )
        for sign, condition in {
            "=": f"is (?P<values>{ENGLISH_QUOTE})",
            "≠": f"is not (?P<values>{ENGLISH_QUOTE})",
            "<": f"is below (?P<values>{ENGLISH_QUOTE})",
            "≤": f"is (?P<values>{ENGLISH_QUOTE}) or below",
            ">": f"is above (?P<values>{ENGLISH_QUOTE})",
            "≥": f"is (?P<values>{ENGLISH_QUOTE}) or above",
            "∈": "is one of these values: (?P<values>.+)",
            "∉": "is none of these values: (?P<values>.+)",
        }.items()
    },
    r"The volume read is not limited\.": hear_nothing("bytes"),
    r"The volume read is at most (.+) a month\.": hear_bytes,
    r"The number of readings a minute is not limited\.": hear_nothing("pace"),
    r"There (?:is|are) at most ([\d,]+) readings? a minute\.": hear_pace,
    r"It is forbidden to (.+)\.": hear_forbidden,
    r"No other use is forbidden in particular\.": hear_nothing("forbidden"),
    r"(The data are .+|Only named persons.+|The data stay in .+|The project's leader notes .+)\.": hear_measure,
    r"No protection is asked for in particular\.": hear_nothing("measures"),
    r"What is made of the data bears this mention: (.+)\.": hear_attribution,
    r"No mention is asked for\.": hear_nothing("attribution"),
    r"The producer: (.+) \(([a-z ]+)\)\.": hear_party("provider"),
    r"The project's leader: (.+) \(([a-z ]+)\)\.": hear_party("requester"),
    r"The project's leader is a private person, whom the portal knows\.": hear_party(
        "requester"
    ),
    r"The project: (.+)\.": hear_title("project"),
    r"The producer opens to this project, and to it alone, the restricted dataset (.+)\.": hear_title(
        "dataset"
    ),
    r"The agreement goes from (?P<starts>.+) to (?P<ends>.+), in universal time\.": hear_period(
        ENGLISH_DATE
    ),
    r"The agreement is shown at this address: (\S+)": hear_page,
}
ALWAYS = {
    "Convention d’accès à un jeu de données restreint",
    "Les données restent chez le producteur, qui les remet directement.",
    "À sa fin, la lecture se ferme d’elle-même.",
    "Le producteur peut suspendre la convention ou y mettre fin, tout de suite ou à une date annoncée. Il dit pourquoi.",
    "Le porteur du projet peut y renoncer à tout moment.",
    "Le nœud du producteur vérifie cette convention à chaque lecture.",
    "Il note chaque lecture, pour le producteur et pour le porteur du projet.",
    "Agreement on access to a restricted dataset",
    "The data stay with the producer, who hands them over directly.",
    "When it ends, reading closes by itself.",
    "The producer may suspend the agreement or end it, at once or on a date it announces. It says why.",
    "The project's leader may give it up at any moment.",
    "The producer's node checks this agreement at each reading.",
    "It notes each reading, for the producer and for the project's leader.",
}
"""What every agreement says, whatever was agreed."""
ARTICLE = re.compile(r"\d\. [^.]+")
TERMS = {
    "purposes",
    "columns",
    "rows",
    "bytes",
    "pace",
    "forbidden",
    "measures",
    "attribution",
}
POLICY = TERMS | {"requesters", "answer", "renewals", "months"}
AGREEMENT = TERMS | {"provider", "requester", "project", "dataset", "period", "page"}
MAYBE = {"general interest", "use of columns", "empty cells"}
Pattern = tuple[re.Pattern[str], Hear]


def patterns_by_first_word(sentences: dict[str, Hear]) -> dict[str, list[Pattern]]:
    """The patterns that begin with a word; those that begin with a choice of words under none."""
    patterns_by_word: dict[str, list[Pattern]] = {}
    for pattern, hear in sentences.items():
        first = pattern.split(" ")[0]
        patterns_by_word.setdefault("" if first.startswith("(") else first, []).append(
            (re.compile(pattern), hear)
        )
    return patterns_by_word


READERS = {
    "fr": (FRENCH, patterns_by_first_word(FRENCH_SENTENCES)),
    "en": (ENGLISH, patterns_by_first_word(ENGLISH_SENTENCES)),
}


def listen(sentences: list[str], tongue: str, subjects: set[str]) -> UnderstoodTerms:
    """What the sentences say; each subject must be spoken of, and no other."""
    language, patterns = READERS[tongue]
    facts = UnderstoodTerms()
    for sentence in sentences:
        if not sentence or sentence in ALWAYS or ARTICLE.fullmatch(sentence):
            continue
        likely = [*patterns.get(sentence.split(" ")[0], ()), *patterns[""]]
        candidates = [
            (hear, match)
            for pattern, hear in likely
            if (match := pattern.fullmatch(sentence))
        ]
        assert len(candidates) == 1, f"{len(candidates)} meanings: {sentence}"
        hear, match = candidates[0]
        hear(facts, language, match)
    assert subjects <= facts.subjects <= subjects | MAYBE
    assert ("use of columns" in facts.subjects) == (facts.columns is not None)
    assert ("empty cells" in facts.subjects) == bool(facts.rows)
    return facts
