"""Passwords that are tried first, for Keycloak's own check of new ones: made here of everyday words, taken from no leak.

Only those of the length that the realm asks for are of use.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from udi.kit.passwords import COMMON_PASSWORDS, SHORTEST_PASSWORD

WORDS = [
    "motdepasse",
    "password",
    "passe",
    "passwd",
    "admin",
    "administrateur",
    "administrator",
    "bonjour",
    "bienvenue",
    "welcome",
    "soleil",
    "princesse",
    "azerty",
    "azertyuiop",
    "qwerty",
    "qwertyuiop",
    "qwertz",
    "chocolat",
    "coucou",
    "doudou",
    "loulou",
    "chouchou",
    "jetaime",
    "iloveyou",
    "mylove",
    "amour",
    "football",
    "basket",
    "rugby",
    "marseille",
    "paris",
    "lyon",
    "rennes",
    "bretagne",
    "nantes",
    "toulouse",
    "bordeaux",
    "france",
    "europe",
    "dragon",
    "monkey",
    "master",
    "superman",
    "batman",
    "pokemon",
    "starwars",
    "letmein",
    "secret",
    "maison",
    "famille",
    "vacances",
    "papillon",
    "liberte",
    "marine",
    "nicolas",
    "camille",
    "thomas",
    "julien",
    "alexandre",
    "caroline",
    "mairie",
    "commune",
    "metropole",
    "departement",
    "region",
    "agglomeration",
    "collectivite",
    "donnees",
    "opendata",
    "portail",
    "producteur",
    "territoire",
    "projet",
    "service",
    "public",
    "informatique",
    "direction",
    "bureau",
    "ordinateur",
    "internet",
    "windows",
    "google",
    "facebook",
    "ecole",
    "college",
    "lycee",
    "universite",
    "association",
    "printemps",
    "ete",
    "automne",
    "hiver",
    "spring",
    "summer",
    "autumn",
    "winter",
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "changeme",
    "changezmoi",
    "temporaire",
    "temporary",
    "default",
    "provisoire",
    "test",
    "testtest",
    "demo",
    "invite",
    "guest",
    "user",
    "utilisateur",
    "root",
    "login",
    "connexion",
]
YEARS = tuple(str(year) for year in range(1960, 2036))
ENDINGS = (
    "",
    "!",
    "1",
    "12",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "0",
    "00",
    "01",
    "007",
    "2000",
    "!!",
    "!123",
    "123!",
    "@123",
    "#123",
    ".",
    "..",
    "35",
    "44",
    "69",
    "75",
    "99",
    "abc",
    "azerty",
    "qwerty",
)
RUNS = (
    "0123456789",
    "1234567890",
    "azertyuiop",
    "qwertyuiop",
    "abcdefghijklmnopqrstuvwxyz",
    "qsdfghjklm",
    "asdfghjkl",
)
LONGEST_RUN = 24


def common_passwords() -> list[str]:
    """Each once, in small letters: Keycloak compares without looking at capitals."""
    return sorted(
        {
            password
            for password in _generate_passwords()
            if len(password) >= SHORTEST_PASSWORD
        }
    )


def _generate_passwords() -> Iterator[str]:
    for word, ending in product(
        WORDS, (*ENDINGS, *YEARS, *(f"{year}!" for year in YEARS))
    ):
        yield word + ending
        yield ending + word
        yield word + word + ending
    for run, length in product(RUNS, range(SHORTEST_PASSWORD, LONGEST_RUN + 1)):
        yield (run * 3)[:length]
        yield (run[::-1] * 3)[:length]
        yield run[0] * length


def write_common_passwords(data: Path) -> None:
    """Put the list where Keycloak looks for it, in its folder of data."""
    folder = data / "password-blacklists"
    folder.mkdir(exist_ok=True)
    (folder / COMMON_PASSWORDS).write_text("\n".join(common_passwords()) + "\n")
