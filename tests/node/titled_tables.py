"""Lists of members below title lines: 60 files of which each member must be found, whichever line names the columns.

Every name is of the made-up words of `personal_words`; each file is the same for its number.
"""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.node import personal_words as words

MEMBERS = 25
TITLES = (
    ("Club nautique des Essais", "Liste des membres", "Saison", "Bureau", "Brest"),
    ("Association sportive", "Membres", "Section adultes", "", "Année"),
    ("Export", "Adhérents", "Logiciel de gestion", "Confidentiel", ""),
    ("Centre social", "Inscriptions", "", "", "Été"),
    ("Comité des fêtes", "", "", "", ""),
)
HEADERS = (
    ("Nom", "Prénom", "Né(e) le", "Adresse", "Ville"),
    ("NOM DE FAMILLE", "PRENOM", "Date de naissance", "Domicile", "Commune"),
    ("Last name", "First name", "Date of birth", "Home address", "City"),
    ("Nachname", "Vorname", "Geburtsdatum", "Anschrift", "Ort"),
    ("Apellidos", "Nombre", "Fecha de nacimiento", "Dirección", "Ciudad"),
    ("Cognome", "Nome", "Data di nascita", "Indirizzo", "Comune"),
)


@dataclass(frozen=True)
class TitledTable:
    """One file: its content as CSV with semicolons, and the line, from 1, that names its columns."""

    number: int
    content: bytes
    header_line: int


def titled_tables() -> Iterator[TitledTable]:
    """The 60 files: one to three title lines, full or not, with or without a blank line, in five languages."""
    for number in range(60):
        draw = random.Random(1000 + number)  # noqa: S311 - made-up values
        titles = [
            list(TITLES[(number + place) % len(TITLES)])
            for place in range(number % 3 + 1)
        ]
        blank = [[""] * 5] if number % 4 == 1 else []
        top = [*titles, *blank]
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";", lineterminator="\n")
        writer.writerows(
            [
                *top,
                HEADERS[number % len(HEADERS)],
                *(_member(draw) for _ in range(MEMBERS)),
            ]
        )
        yield TitledTable(number, text.getvalue().encode(), len(top) + 1)


def _member(draw: random.Random) -> list[str]:
    return [
        draw.choice(words.FAMILY).replace("\u00a0", " ").upper(),
        draw.choice(words.GIVEN),
        f"{draw.randint(1, 28):02}/{draw.randint(1, 12):02}/{draw.randint(1935, 2012)}",
        f"{draw.randint(1, 90)} {draw.choice(words.STREETS)}",
        draw.choice(words.TOWNS),
    ]
