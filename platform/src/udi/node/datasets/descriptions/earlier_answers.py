"""What the producer answered before for a file like this one: its answers come back, so that little is asked again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from udi.node.datasets.descriptions.description import LOCALE, Answers
from udi.node.datasets.descriptions.words import fold_text, split_words

REUSED_ANSWERS = (
    "theme",
    "keywords",
    "frequency",
    "language",
    "licence",
    "contact",
    "access",
)
"""Answers that hold for the next file of the same kind; its title, text and period are its own."""
HABITS = ("licence", "language", "contact")
"""Answers that a producer gives to nearly all its datasets."""
SAME_HEADER = 0.8
_MONTHS = (
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre "
    "january february march april may june july august september october november december"
)
MONTHS = frozenset(_MONTHS.split())


@dataclass(frozen=True)
class EarlierDataset:
    """A dataset that the producer published: its file's name, its columns and its answers."""

    name: str
    columns: tuple[str, ...]
    answers: Answers


def recall_answers(
    name: str, columns: Sequence[str], earlier: Sequence[EarlierDataset]
) -> Answers:
    """Answers to reuse, from the most recent first; empty where nothing is like this file."""
    like = next(
        (candidate for candidate in earlier if _is_like(name, columns, candidate)), None
    )
    if like:
        return _select_answers(like.answers, REUSED_ANSWERS)
    if earlier:
        return _select_answers(earlier[0].answers, HABITS)
    return {}


def complete_answers(proposed: Answers, recalled: Answers) -> Answers:
    """Proposals from the file, with what the producer said before in their place."""
    return {**proposed, **recalled}


def _select_answers(answers: Answers, names: Sequence[str]) -> Answers:
    return {
        name: answers[name] for name in names if answers.get(name) and name != LOCALE
    }


def _is_like(name: str, columns: Sequence[str], earlier: EarlierDataset) -> bool:
    if name_pattern(name) and name_pattern(name) == name_pattern(earlier.name):
        return (
            not columns
            or not earlier.columns
            or _same_columns(columns, earlier.columns) > 0
        )
    return _same_columns(columns, earlier.columns) >= SAME_HEADER


def name_pattern(name: str) -> str:
    """A file's name without what changes each time: numbers, dates, months."""
    words = [fold_text(word) for word in split_words(PurePath(name).stem)]
    return " ".join(
        word for word in words if not re.search(r"\d", word) and word not in MONTHS
    )


def _same_columns(columns: Sequence[str], others: Sequence[str]) -> float:
    """Share of columns that both have, among all."""
    first = {fold_text(name) for name in columns}
    second = {fold_text(name) for name in others}
    if first and second:
        return len(first & second) / len(first | second)
    return 0.0
