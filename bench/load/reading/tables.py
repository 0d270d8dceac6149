"""Invented tables of a town: columns with their values, and what each is."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

FEWEST_ROWS = 12
MOST_ROWS = 40
TOWNS = (
    "Bréal-sous-Vaux", "Saint-Hélier", "Plougastel", "La Forêt-Neuve", "Guérande-le-Haut", "Montfort", "Châteauroc",
    "Kerlouan-Bihan", "Ville-aux-Dames", "Pléneuf", "Rochefort", "Évran",
)  # fmt: skip
STREETS = (
    "rue des Écoles", "place du Marché", "avenue de la Gare", "chemin du Bois", "quai Sud", "allée des Tilleuls",
    "impasse du Puits", "boulevard Nord",
)  # fmt: skip
PLACES = (
    "Médiathèque", "École maternelle", "Piscine", "Stade", "Gymnase", "Crèche", "Mairie annexe", "Salle des fêtes",
    "Déchèterie", "Halle", "Théâtre", "Maison de quartier",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of a table, as its file writes it."""

    name: str
    types: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Columns of one length."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]

    @property
    def records(self) -> list[list[str]]:
        """The rows."""
        return [
            list(record)
            for record in zip(*(column.values for column in self.columns), strict=True)
        ]

    @property
    def types(self) -> dict[str, frozenset[str]]:
        """The types that are right, by name."""
        return {column.name: frozenset(column.types) for column in self.columns}


def _siret(draw: Random) -> str:
    digits = "".join(str(draw.randrange(10)) for _ in range(13))
    total = sum(
        sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10))
        for place, digit in enumerate(reversed(digits))
    )
    return f"{digits}{-total % 10}"


FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Callable[[Random], str]]] = {
    "place": (
        ("nom", "équipement", "Libellé"),
        ("text",),
        lambda draw: f"{draw.choice(PLACES)} {draw.choice(TOWNS)}",
    ),
    "town": (("commune", "ville", "Nom commune"), ("text",), lambda draw: draw.choice(TOWNS)),
    "street": (
        ("adresse", "voie"),
        ("text",),
        lambda draw: f"{draw.randint(1, 99)} {draw.choice(STREETS)}",
    ),
    "insee": (
        ("code_insee", "Code INSEE", "insee"),
        ("commune",),
        lambda draw: f"{draw.randint(1, 95):02}{draw.randint(1, 400):03}",
    ),
    "postcode": (
        ("code_postal", "Code postal", "cp"),
        ("postcode",),
        lambda draw: f"{draw.randint(1, 95):02}{draw.randint(0, 99) * 10:03}",
    ),
    "siret": (("siret", "N° SIRET"), ("siret",), _siret),
    "phone": (
        ("telephone", "Téléphone"),
        ("phone",),
        lambda draw: f"0{draw.choice('1234589')}{draw.randint(0, 99_999_999):08}",
    ),
    "day": (
        ("date", "date_ouverture"),
        ("date",),
        lambda draw: f"{draw.randint(1, 28):02}/{draw.randint(1, 12):02}/{draw.randint(2012, 2025)}",
    ),
    "amount": (
        ("montant", "Budget", "cout"),
        ("number",),
        lambda draw: f"{draw.randint(10, 9_000)},{draw.randint(1, 99):02}",
    ),
    "count": (
        ("population", "Nombre de places", "effectif"),
        ("integer",),
        lambda draw: str(draw.randint(13, 900)),
    ),
    "open": (("ouvert", "accessible"), ("boolean",), lambda draw: draw.choice(("oui", "non"))),
}  # fmt: skip


def make_column(draw: Random, field: str, rows: int, name: str = "") -> Column:
    """A column of a field, under one of the names that it has in files."""
    names, types, value = FIELDS[field]
    return Column(
        name or draw.choice(names), types, tuple(value(draw) for _ in range(rows))
    )


def make_table(draw: Random, *fields: str, rows: int = 0) -> Table:
    """A table of these fields; of a few drawn ones without any."""
    fields = fields or (
        "place",
        *draw.sample(["town", "street", "postcode", "day", "count", "open"], 3),
        "amount",
    )
    rows = rows or draw.randint(FEWEST_ROWS, MOST_ROWS)
    return Table(tuple(make_column(draw, field, rows) for field in fields))
