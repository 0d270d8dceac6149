"""Lines that belong to the names of the columns: units below them, groups of columns above them."""

import re
from collections.abc import Sequence

from udi.tabular.columns.value_patterns import fold, is_null, is_number

_UNITS = (
    "€ ke me m€ k€ md€ euro euros £ $ % ‰ ‱ km km2 km² m m2 m² m3 m³ cm mm ha hectare hectares a hab hab. hab/km2 "
    "hab/km² hab./km2 hab./km² habitant habitants personne personnes nombre nb nbre no n effectif kwh mwh gwh wh kw mw "
    "gw w t tonne tonnes kg g mg µg µg/m3 µg/m³ l hl litre litres m3/h m³/h l/s db db(a) h heure heures min minute "
    "minutes s seconde secondes jour jours mois an ans annee annees km/h m/s ° °c degre degres unite unites ppm ug/m3 "
    "eur usd number people persons days years hours minutes metres meters euro/m2 €/m2 €/m² €/t €/hab mm/h hpa "
    "personas horas dias anos kilometres"
)
UNITS = frozenset(_UNITS.split())
"""Units as tables write them below a name, in small letters without accents."""
AROUND = re.compile(r"^(?:en|in|in the)\s+|[()\[\]]|\s+", re.IGNORECASE)
FEWEST_RECORDS = 2
"""Records below a line of units, at least."""


def is_unit(cell: str) -> bool:
    """Whether a cell is nothing but a unit: `€`, `(km²)`, `en milliers`."""
    plain = fold(AROUND.sub("", cell.strip()))
    return plain in UNITS or plain in {"milliers", "millions", "milliards"}


def is_unit_line(record: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a record says the units of the columns, above records with nothing but numbers in their place."""
    places = [place for place, cell in enumerate(record) if cell and not is_null(cell)]
    if not places or len(below) < FEWEST_RECORDS:
        return False
    return all(
        is_unit(record[place]) and _holds_numbers(place, below) for place in places
    )


def _holds_numbers(place: int, records: Sequence[Sequence[str]]) -> bool:
    """Whether the cells of a column are numbers or say nothing, one number at least."""
    cells = [record[place].strip() for record in records if place < len(record)]
    filled = [cell for cell in cells if not is_null(cell)]
    return bool(filled) and all(map(is_number, filled))


def join_groups(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names with the group above them, as a merged cell gives it: `2023` over `entrées` and `sorties`.

    The same names when the line above is no line of groups: names that are met once need none.
    """
    filled = [place for place, cell in enumerate(groups) if cell]
    distinct = [name.lower() for name in names if name]
    if (
        len(filled) < 2  # noqa: PLR2004 - one cell above is a title
        or len(set(distinct)) == len(distinct)
        or any(place >= len(names) for place in filled)
    ):
        return list(names)
    joined = []
    group = ""
    for place, name in enumerate(names):
        if place < len(groups) and groups[place]:
            group = groups[place]
        joined.append(name if name == group else f"{group} {name}".strip())
    if len({name.lower() for name in joined}) < len(joined):
        return list(names)
    return joined


def join_lines(records: Sequence[Sequence[str]]) -> list[str]:
    """Names that take several lines: a cell of an upper line goes on to the right where cells are empty."""
    width = max(map(len, records), default=0)
    joined = [""] * width
    for record in records[:-1]:
        group = ""
        for place in range(width):
            group = (record[place] if place < len(record) else "") or group
            joined[place] = f"{joined[place]} {group}".strip()
    last = [*records[-1], *[""] * width][:width] if records else []
    return [
        name if name == above else f"{above} {name}".strip()
        for above, name in zip(joined, last, strict=True)
    ]
