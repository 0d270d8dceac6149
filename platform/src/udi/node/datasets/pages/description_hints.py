"""What the form of a description proposes from the file: keywords, units of columns, a frequency."""

from collections.abc import Mapping

from udi.node.datasets.descriptions.description import LOCALE, split_keywords
from udi.node.datasets.descriptions.keywords import suggest_keywords
from udi.node.datasets.models import Dataset
from udi.node.datasets.pages.messages import (
    PageRequest,
    form_choices,
    locale_of,
    translator,
)
from udi.node.datasets.versions.column_units import list_unit_columns, units_of
from udi.node.datasets.versions.findings import profile_of
from udi.protocol.themes import THEMES
from udi.tabular.profiles.coverage import Coverage
from udi.tabular.profiles.regularity import find_regularity
from udi.ui.locale import localise


class BlankAnswers(dict[str, str]):
    """Answers where what was never asked is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def list_keyword_suggestions(request: PageRequest, dataset: Dataset) -> list[str]:
    """Keywords that the title, the theme and the names of columns suggest, in the language of the description."""
    answers = BlankAnswers(dataset.description)
    theme = THEMES.get(answers["theme"])
    profile = profile_of(dataset)
    names = [column.name for column in profile.columns] if profile.header_line else []
    return suggest_keywords(
        answers["title"],
        names,
        localise(theme.label, answers[LOCALE] or locale_of(request)) if theme else "",
        split_keywords(answers),
    )


def list_unit_fields(
    dataset: Dataset, form_units: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The columns of which the unit is asked, each with the one that was typed, confirmed or read."""
    profile = profile_of(dataset)
    units = {**units_of(dataset, profile), **form_units}
    return [(name, units.get(name, "")) for name in list_unit_columns(dataset, profile)]


def hint_at_frequency(request: PageRequest, dataset: Dataset) -> str:
    """How often the versions came, or the days of the file follow one another, where that is clear; the person chooses."""
    names = dict(form_choices(request)["frequencies"])
    say = translator(request)
    zone = request.scope["state"]["territory"].zone
    published = [
        version.published_at.astimezone(zone).date()
        for version in dataset.versions
        if version.published_at is not None
    ]
    if rhythm := find_regularity(published):
        words = say("Your versions came regularly: “%(frequency)s” may fit.")
        return words % {"frequency": names[rhythm]}
    preparation = dataset.newest.preparation if dataset.newest else None
    coverage = preparation.findings.get("coverage") if preparation else None
    if coverage and (rhythm := Coverage.from_json(coverage).regularity):
        words = say("The days in your file are regular: “%(frequency)s” may fit.")
        return words % {"frequency": names[rhythm]}
    return ""
