"""Whether a cell is the name of a person: known first names, shapes of names, and what only looks like one."""

import re
from functools import lru_cache
from importlib import resources

from udi.tabular.personal.vocabulary import fold, words

CIVILITY = re.compile(
    r"^(m\.|mr\.?|mrs\.?|ms\.?|mme\.?|mlle\.?|dr\.?|me\.?|monsieur|madame|mademoiselle|docteur|maitre|m)\s+(et\s+(mme|madame)\s+)?",
    re.IGNORECASE,
)
CIVIL_NAME = re.compile(
    r"(?<![A-Za-zÀ-ÿ.])(?:M\.|MM\.|Mme|Mlle|Monsieur|Madame|Mademoiselle|Mr\.?|Mrs\.?|Ms\.?)\s+"
    r"(?![Ll][EeAa]\b|[Ll]['’]|[Ll][Ee][Ss]\b|[Tt]he\b)((?:[A-ZÀ-Ý][A-Za-zÀ-ÿ'’-]+\.?\s?){1,4})"
)
ADDRESSED = re.compile(
    r"(mrs?|ms|mme|mlle|monsieur|madame|mademoiselle)\.?\s+", re.IGNORECASE
)
BRACKETS = re.compile(r"<[^<>]*>|\([^()]*\)|\[[^\[\]]*\]")
SEVERAL = re.compile(r"\s*(?:[+&/;]|\bet\b|\band\b)\s*", re.IGNORECASE)
NAME_WORD = re.compile(r"(?:[^\W\d_]|['’-])+\.?")
LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
FAMILY_OF = re.compile(
    r"(?:famille|family|familie|familia|famiglia|consorts|héritiers|v(?:eu)?ve)\s+(?=\S)",
    re.IGNORECASE,
)
"""«Famille Le Goff»: a capital follows where it is that of people, none where it is one of species («famille des Rosacées»)."""
WORDS_OF_SENTENCE = 5
IN_SENTENCE = re.compile(
    r"(?<![\w'’-])([A-ZÀ-Ý][a-zà-ÿ]+(?:-[A-ZÀ-Ý][a-zà-ÿ]+)?)\s+(?=((?:[A-ZÀ-Ý][a-zà-ÿ'’-]+|[A-ZÀ-Ý]{3,}))(?![\w-]))"
)
"""A first name and a family name with their capitals."""
GLUED = re.compile(r"([A-ZÀ-Ý][a-zà-ÿ]+)-([A-ZÀ-Ý]{2,})")
STREETS = words(
    "so rue avenue av boulevard bd bld place pl chemin ch impasse imp allee allees all route rte quai cours "
    "square sq passage sentier esplanade promenade rond lotissement residence hameau lieu dit villa cite "
    "ruelle venelle voie street st road rd lane ln drive square way court close via viale piazza corso calle "
    "plaza strasse"
)
NOT_PEOPLE = STREETS | words(
    "sarl sas sasu sa sci scp snc eurl eirl scop scic gie ets etablissements cie compagnie groupe societe "
    "entreprise holding association amicale comite club federation union syndicat fondation institut mairie "
    "commune ville village metropole communaute agglomeration departement region prefecture conseil ministere "
    "office agence service services direction centre center maison espace ecole college lycee universite "
    "university school college hospital hopital clinique ehpad creche bibliotheque mediatheque musee theatre "
    "cinema gymnase stade piscine salle parc park jardin gare station arret pont port eglise chapelle "
    "cathedrale chateau moulin ferme domaine hotel restaurant boulangerie pharmacie garage cabinet cafe bar "
    "tabac boucherie coiffure county district city town borough council ltd limited inc llc plc gmbh corp "
    "company co group bank banque trust partners partnership solutions services systems international france "
    "freres fils associes consulting conseil transports transport travaux batiment construction energie "
    "energies saint sainte san santa sankt sur sous les lez and of for the pour avec dans par province isle "
    "ile avec sans nord sud est ouest centre foundation society committee department ministry board authority"
)
PARTICLES = words(
    "de du des le la l d da do dos di del della van von der den el al ben bin abou abu mac mc et y"
)
SMALL_WORDS = words(
    "of and for the pour avec dans par sans sur sous sud nord so service services direction centre conseil"
)
"""Words before a name that make no place of it."""
FEWEST_WORDS = 2
MOST_WORDS = 5
LONGEST_NAME = 60


@lru_cache(maxsize=1)
def given_names() -> frozenset[str]:
    """First names, without accents, in small letters."""
    return frozenset(
        word for line in _lines("given_names.txt") for word in line.split()
    )


@lru_cache(maxsize=1)
def famous_names() -> frozenset[str]:
    """Names that places bear."""
    return frozenset(_lines("famous.txt"))


def _lines(name: str) -> list[str]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def is_given_name(value: str) -> bool:
    """Whether a cell is one first name, or a compound one, and no more."""
    parts = [part for part in re.split(r"[ \-,]+", fold(value).strip()) if part]
    return 0 < len(parts) <= 3 and all(part in given_names() for part in parts)  # noqa: PLR2004 - first names come by three at most


def is_name_shaped(value: str) -> bool:
    """Whether a cell is one to four words of letters, none of which says a thing."""
    parts = value.split()
    return (
        0 < len(parts) <= FEWEST_WORDS * 2
        and len(value) <= LONGEST_NAME
        and all(NAME_WORD.fullmatch(part) for part in parts)
        and NOT_PEOPLE.isdisjoint(_plain(value))
    )


def is_person(value: str) -> bool:
    """Whether a cell is the full name of a person: a known first name and a family name, nothing that says a thing."""
    if _has_civility(value) or _is_family(value):
        return True
    parts = name_words(value)
    if parts is None:
        return False
    words = [
        word for part in parts if (word := fold(part).rstrip(".")) not in PARTICLES
    ]
    if len(words) < FEWEST_WORDS or not NOT_PEOPLE.isdisjoint(_plain(" ".join(parts))):
        return False
    return _is_known_name(words[0]) or _is_known_name(words[-1])


def _has_civility(value: str) -> bool:
    """«Mrs M Shonk», «Mme DUPONT»: a civility and a name."""
    match = ADDRESSED.match(value.strip())
    if match:
        rest = _first_person(value.strip()[match.end() :]).split()
    else:
        rest = []
    return (
        0 < len(rest) < MOST_WORDS
        and all(NAME_WORD.fullmatch(w) for w in rest)
        and NOT_PEOPLE.isdisjoint(_plain(" ".join(rest)))
    )


def _is_family(value: str) -> bool:
    match = FAMILY_OF.match(value.strip())
    rest = value.strip()[match.end() :].split() if match else []
    return (
        0 < len(rest) < MOST_WORDS
        and rest[0][:1].isupper()
        and all(NAME_WORD.fullmatch(word) for word in rest)
        and NOT_PEOPLE.isdisjoint(_plain(" ".join(rest)))
    )


def is_in_other_letters(value: str) -> bool:
    """Whether a cell is two to four words of letters that are not Latin: Cyrillic, Greek, Arabic, Hebrew and others."""
    words = value.split()
    return (
        FEWEST_WORDS <= len(words) <= FEWEST_WORDS * 2
        and len(value) <= LONGEST_NAME
        and not LATIN.search(value)
        and all(NAME_WORD.fullmatch(word) for word in words)
    )


def _first_person(value: str) -> str:
    """The first of several people, without what stands in brackets."""
    return SEVERAL.split(BRACKETS.sub(" ", value), maxsplit=1)[0]


def is_maybe_person(value: str) -> bool:
    """The same without a known first name: two or three words with capitals, or an initial and a name."""
    parts = name_words(value)
    if parts is None or not NOT_PEOPLE.isdisjoint(_plain(value)):
        return False
    words = [word for word in parts if fold(word) not in PARTICLES]
    return FEWEST_WORDS <= len(words) <= FEWEST_WORDS + 1 and all(
        word[:1].isupper() for word in words
    )


def is_famous(value: str) -> bool:
    """Whether the name is one that streets and schools bear."""
    return " ".join(_plain(value)) in famous_names()


def name_words(value: str) -> list[str] | None:
    """The words of a name, without its civility; None for what cannot be one."""
    text = CIVILITY.sub("", _first_person(value).strip())
    text = GLUED.sub(r"\1 \2", text).replace(",", " ").replace("_", " ")
    parts = text.split()
    if len(value) > LONGEST_NAME or not FEWEST_WORDS <= len(parts) <= MOST_WORDS:
        return None
    if all(NAME_WORD.fullmatch(part) for part in parts):
        return parts
    return None


def names_somebody(text: str) -> bool:
    """Whether a text has «M. Dupont» or «Mme Jeanne Le Gall», out of the name of a street."""
    for match in CIVIL_NAME.finditer(text):
        before = set(re.split(r"[^a-z]+", fold(text[: match.start()]))[-4:])
        if NOT_PEOPLE.isdisjoint(_plain(match[1])) and STREETS.isdisjoint(before):
            return True
    return False


def names_somebody_in_full(text: str) -> bool:
    """Whether a sentence has a known first name and a family name, out of the name of a street or of a place."""
    if len(text.split()) < WORDS_OF_SENTENCE:
        return False
    for match in IN_SENTENCE.finditer(text):
        before = set(re.split(r"[^a-z]+", fold(text[: match.start()]))[-4:])
        name = f"{match[1]} {match[2]}"
        is_full_name = (
            _is_known_name(fold(match[1]))
            and not is_given_name(match[2])
            and NOT_PEOPLE.isdisjoint(_plain(name))
        )
        if (
            is_full_name
            and NOT_PEOPLE.isdisjoint(before - SMALL_WORDS)
            and not is_famous(name)
        ):
            return True
    return False


def _plain(value: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", fold(value)) if word]


def _is_known_name(word: str) -> bool:
    return all(part in given_names() for part in word.split("-"))
