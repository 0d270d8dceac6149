"""Names that look like one another, whatever their accents, case and small words."""

import re
import unicodedata
from collections.abc import Iterable

from udi.kit.slugs import make_slug
from udi.portal.organisations.models import Organisation

NEAR = 0.55
MOST = 5
STOP_WORDS = frozenset(
    {
        "de",
        "du",
        "des",
        "la",
        "le",
        "les",
        "l",
        "d",
        "et",
        "the",
        "of",
        "and",
        "mairie",
        "ville",
        "commune",
        "metropole",
        "communaute",
        "agglomeration",
        "departement",
        "region",
        "syndicat",
        "association",
        "club",
        "societe",
        "town",
        "city",
        "council",
        "company",
        "society",
    }
)
"""What says the kind of an organisation, not which."""
LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l"})


def normalise_name(name: str) -> str:
    """A name in small letters without accents, a space between its words."""
    bare = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    letters = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", letters))


def trigrams(name: str) -> frozenset[str]:
    """Every three signs in a row of its words, which begin and end with a space."""
    words = normalise_name(name).split()
    significant_words = [word for word in words if word not in STOP_WORDS] or words
    return frozenset(
        padded[at : at + 3]
        for padded in (f"  {word} " for word in significant_words)
        for at in range(len(padded) - 2)
    )


def similarity(name: str, other: str) -> float:
    """How much of the trigrams of two names is common, from 0 to 1; one name inside the other counts as near."""
    first = trigrams(name)
    second = trigrams(other)
    if not first or not second:
        return float(normalise_name(name) == normalise_name(other) != "")
    common = len(first & second)
    return max(
        common / len(first | second), 0.8 * common / min(len(first), len(second))
    )


def find_similar(
    name: str, organisations: Iterable[Organisation]
) -> list[Organisation]:
    """The organisations whose name looks like this one, the nearest first."""
    rated = [
        (similarity(name, organisation.name), organisation)
        for organisation in organisations
    ]
    near = sorted(
        (pair for pair in rated if pair[0] >= NEAR),
        key=lambda pair: (-pair[0], pair[1].slug),
    )
    return [organisation for _, organisation in near[:MOST]]


def slugify(name: str, longest: int = 40) -> str:
    """A slug of a name: small letters, digits and hyphens; "organisation" where nothing of it can be written so."""
    return make_slug(name, longest) or "organisation"
