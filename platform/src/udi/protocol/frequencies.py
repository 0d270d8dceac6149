"""Whether a dataset keeps the rhythm that its description announces, by the EU's table of frequencies.

A dataset is up to date until as many days have passed since its last change as the longest period of that rhythm has:
31 for a month, 366 for a year. Rhythms under a day count as a day.
"""

from collections.abc import Mapping
from datetime import date, timedelta

DAYS: Mapping[str, int] = {
    "CONT": 1,
    "UPDATE_CONT": 1,
    "1MIN": 1,
    "5MIN": 1,
    "10MIN": 1,
    "15MIN": 1,
    "30MIN": 1,
    "HOURLY": 1,
    "BIHOURLY": 1,
    "TRIHOURLY": 1,
    "12HRS": 1,
    "DAILY_2": 1,
    "DAILY": 1,
    "WEEKLY_3": 7,
    "WEEKLY_2": 7,
    "WEEKLY": 7,
    "BIWEEKLY": 14,
    "MONTHLY_3": 31,
    "MONTHLY_2": 31,
    "MONTHLY": 31,
    "BIMONTHLY": 62,
    "QUARTERLY": 92,
    "ANNUAL_3": 153,
    "ANNUAL_2": 184,
    "ANNUAL": 366,
    "BIENNIAL": 731,
    "TRIENNIAL": 1096,
    "QUADRENNIAL": 1461,
    "QUINQUENNIAL": 1827,
    "DECENNIAL": 3653,
    "BIDECENNIAL": 7305,
    "TRIDECENNIAL": 10958,
}
"""Codes without a period (irregular, never, unknown) have no number of days."""
NO_MORE_UPDATES = frozenset({"NEVER", "NOT_PLANNED"})
IRREGULAR = frozenset({"IRREG", "AS_NEEDED", "OTHER"})
CODES = frozenset({*DAYS, *NO_MORE_UPDATES, *IRREGULAR, "UNKNOWN"})
"""Every code of the EU's table."""
URI = "http://publications.europa.eu/resource/authority/frequency/"
_LABELS = (
    ("CONT", "en continu", "continuously", "de forma continua"),
    ("UPDATE_CONT", "en continu", "continuously", "de forma continua"),
    ("1MIN", "chaque minute", "every minute", "cada minuto"),
    ("5MIN", "toutes les 5 minutes", "every 5 minutes", "cada 5 minutos"),
    ("10MIN", "toutes les 10 minutes", "every 10 minutes", "cada 10 minutos"),
    ("15MIN", "tous les quarts d'heure", "every 15 minutes", "cada 15 minutos"),
    ("30MIN", "toutes les demi-heures", "every 30 minutes", "cada 30 minutos"),
    ("HOURLY", "chaque heure", "every hour", "cada hora"),
    ("BIHOURLY", "toutes les 2 heures", "every 2 hours", "cada 2 horas"),
    ("TRIHOURLY", "toutes les 3 heures", "every 3 hours", "cada 3 horas"),
    ("12HRS", "toutes les 12 heures", "every 12 hours", "cada 12 horas"),
    ("DAILY_2", "deux fois par jour", "twice a day", "dos veces al día"),
    ("DAILY", "chaque jour", "every day", "cada día"),
    (
        "WEEKLY_3",
        "trois fois par semaine",
        "three times a week",
        "tres veces por semana",
    ),
    ("WEEKLY_2", "deux fois par semaine", "twice a week", "dos veces por semana"),
    ("WEEKLY", "chaque semaine", "every week", "cada semana"),
    ("BIWEEKLY", "toutes les deux semaines", "every two weeks", "cada dos semanas"),
    ("MONTHLY_3", "trois fois par mois", "three times a month", "tres veces al mes"),
    ("MONTHLY_2", "deux fois par mois", "twice a month", "dos veces al mes"),
    ("MONTHLY", "chaque mois", "every month", "cada mes"),
    ("BIMONTHLY", "tous les deux mois", "every two months", "cada dos meses"),
    ("QUARTERLY", "chaque trimestre", "every quarter", "cada trimestre"),
    ("ANNUAL_3", "trois fois par an", "three times a year", "tres veces al año"),
    ("ANNUAL_2", "deux fois par an", "twice a year", "dos veces al año"),
    ("ANNUAL", "chaque année", "every year", "cada año"),
    ("BIENNIAL", "tous les deux ans", "every two years", "cada dos años"),
    ("TRIENNIAL", "tous les trois ans", "every three years", "cada tres años"),
    ("QUADRENNIAL", "tous les quatre ans", "every four years", "cada cuatro años"),
    ("QUINQUENNIAL", "tous les cinq ans", "every five years", "cada cinco años"),
    ("DECENNIAL", "tous les dix ans", "every ten years", "cada diez años"),
    ("BIDECENNIAL", "tous les vingt ans", "every twenty years", "cada veinte años"),
    ("TRIDECENNIAL", "tous les trente ans", "every thirty years", "cada treinta años"),
    ("NEVER", "jamais", "never", "nunca"),
    (
        "NOT_PLANNED",
        "pas de mise à jour prévue",
        "no update planned",
        "ninguna actualización prevista",
    ),
    ("IRREG", "de temps en temps", "irregularly", "de forma irregular"),
    ("AS_NEEDED", "au besoin", "as needed", "según sea necesario"),
    ("OTHER", "à un autre rythme", "at another rhythm", "con otra periodicidad"),
)
LABELS: Mapping[str, Mapping[str, str]] = {
    code: {"fr": fr, "en": en, "es": es} for code, fr, en, es in _LABELS
}
"""How often, in words; an unknown frequency has none."""


def count_late_days(frequency: str, changed_on: date, today: date) -> int | None:
    """Days past the day by which the next change was due, 0 where it is not past; None without a rhythm."""
    days = DAYS.get(frequency)
    if days is None:
        return None
    due_on = changed_on + timedelta(days=days)
    return max(0, (today - due_on).days)
