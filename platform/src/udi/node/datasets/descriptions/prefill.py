"""Proposed answers, from the name of the file, of its columns, and from earlier answers: no value of a cell is ever quoted.

Of restricted data nothing is proposed that is made of cells: neither how many rows there are, nor the first and last day.
What was proposed is kept, so that it can be told from what the producer wrote.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath

from udi.kit.tenancy import Territory
from udi.node.datasets.descriptions.description import LOCALE, Answers, is_restricted
from udi.node.datasets.descriptions.words import (
    GENERIC,
    THEME_STEMS,
    WORDS_OF_LANGUAGES,
)
from udi.node.datasets.models import Dataset
from udi.node.spaces.models import Space
from udi.protocol.access import AccessRights
from udi.protocol.licences import DEFAULT
from udi.tabular.profiles.coverage import Coverage
from udi.tabular.profiles.profile import Profile

NAMED_COLUMNS = 8
LONGEST_NAME = 40
LONGEST_SAMPLE = 20_000
TITLE_WEIGHT = 3.0
COLUMN_WEIGHT = 1.0
PLACE_WEIGHT = 0.4
YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20\d\d)(?!\d)")
STAMP = re.compile(r"(?<!\d)(20\d\d)[-_]?[01]\d[-_]?[0-3]\d([-_T]?\d{4,6})?(?!\d)")
Translate = Callable[[str], str]
Proposals = dict[str, dict[str, str]]
"""What was proposed for a question, by the access (`AccessRights`) for which it may be."""
FROM_CELLS = ("summary", "first_day", "last_day")
"""Questions whose proposed answers are made of cells, where the data are open."""

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


@dataclass(frozen=True)
class AnswerProposer:
    """The language in which answers are proposed."""

    territory: Territory
    locale: str
    gettext: Callable[[str, str], str]

    def propose_answers(self, space: Space, name: str, profile: Profile) -> Proposals:
        """What can be said of a file without asking anybody, and is made of its cells."""
        return pair_proposals(self._guess_answers(space, name, profile))

    def _guess_answers(
        self, space: Space, name: str, profile: Profile
    ) -> dict[AccessRights, Answers]:
        """Answers to every question, by the access for which they may be."""
        return {
            access: prefill(
                name,
                profile,
                say=partial(self.gettext, self.locale),
                locale=self.locale,
                contact=space.email,
                access=access,
            )
            for access in AccessRights
        }

    def propose_description(
        self,
        space: Space,
        name: str,
        profile: Profile,
        earlier: Sequence[EarlierDataset],
    ) -> tuple[Answers, Proposals]:
        """Answers to every question, those given before for a file like this one first, and what was proposed of cells.

        The access that the producer gave before decides which: of restricted data nothing is made of cells, and the
        terms of each agreement are in the place of a licence.
        """
        columns = [column.name for column in profile.columns]
        recalled = recall_answers(name, columns, earlier)
        by_access = self._guess_answers(space, name, profile)
        if recalled.get("access") == AccessRights.RESTRICTED:
            restricted = by_access[AccessRights.RESTRICTED]
            answers = {**restricted, **recalled, "licence": ""}
        else:
            answers = {**by_access[AccessRights.PUBLIC], **recalled}
        return answers, pair_proposals(by_access)

    def recover_proposals(self, dataset: Dataset) -> Proposals:
        """What was proposed for a dataset of before that was kept, in whichever language its text is."""
        file = dataset.latest.file
        profile = Profile.from_json(dataset.latest.profile)
        by_language = [
            replace(self, locale=language).propose_answers(
                dataset.space, file.name, profile
            )
            for language in self.territory.languages
        ]
        summary = dataset.description.get("summary", "")
        proposals = next(
            filter(None, (_match_summary(guess, summary) for guess in by_language)),
            by_language[0],
        )
        if dataset.latest.preparation:
            coverage = dataset.latest.preparation.findings.get("coverage")
        else:
            coverage = None
        days = {
            name: proposals[name][AccessRights.PUBLIC]
            for name in ("first_day", "last_day")
        }
        if coverage:
            return cover_period(days, proposals, Coverage.from_json(coverage))[1]
        return proposals


def _match_summary(proposals: Proposals, summary: str) -> Proposals | None:
    """The proposals with a text of before, which may begin with what a row is and ends as today's; None: another text."""
    for access in (AccessRights.PUBLIC, AccessRights.RESTRICTED):
        text = proposals["summary"].get(access, "")
        if text and summary.endswith(text):
            return {**proposals, "summary": {**proposals["summary"], access: summary}}
    return None


def prefill(
    name: str,
    profile: Profile,
    *,
    say: Translate,
    locale: str,
    contact: str,
    licence: str = "",
    access: AccessRights = AccessRights.PUBLIC,
) -> Answers:
    """Answers to every question of the form, empty where nothing can be guessed; `say` translates.

    `access` is the one for which they may be.
    """
    if access is AccessRights.RESTRICTED:
        profile = replace(profile, rows=None, first_day=None, last_day=None)
        cells: tuple[str, ...] = ()
    else:
        cells = tuple(cell for record in profile.sample for cell in record)
    if profile.header_line:
        names = [column.name for column in profile.columns]
    else:
        names = []
    title = guess_title(name, names)
    first, last = _period(name, profile)
    return {
        "title": title,
        "summary": _summary(profile, names, say),
        "theme": guess_theme(title, names),
        "keywords": "",
        "first_day": first,
        "last_day": last,
        "frequency": "",
        "language": guess_language((title, *names, *cells)),
        "licence": licence or DEFAULT,
        "contact": contact,
        "access": access,
        LOCALE: locale,
    }


def guess_title(name: str, columns: list[str]) -> str:
    """The file's name as a phrase; the first columns when it says nothing; else empty."""
    stem = STAMP.sub(" ", PurePath(name).stem)
    words = [
        word
        for word in split_words(stem)
        if fold_text(word) not in GENERIC and not _is_noise(word)
    ]
    if not any(word.isalpha() and len(word) > 2 for word in words):  # noqa: PLR2004 - shorter words say nothing
        words = [" ".join(split_words(column)) for column in columns[:3]]
        return _capitalised(", ".join(words))[:150]
    return _capitalised(" ".join(words))[:150]


def _is_noise(word: str) -> bool:
    """Counters, hashes and numbers that are no year."""
    digits = sum(character.isdigit() for character in word)
    return (
        bool(digits)
        and not YEAR.fullmatch(word)
        and (digits == len(word) or len(word) > 12)  # noqa: PLR2004 - longer is a code
    )


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _summary(profile: Profile, names: list[str], say: Translate) -> str:
    """How many rows and which columns: a beginning, which counts as no description until it is edited."""
    if not profile.is_table:
        return ""
    sentences = []
    if profile.rows is not None:
        sentences.append(
            say("%(rows)s rows and %(columns)s columns.")
            % {"rows": profile.rows, "columns": len(profile.columns)}
        )
    if names:
        listed = ", ".join(name[:LONGEST_NAME] for name in names[:NAMED_COLUMNS])
        more = "…" if len(names) > NAMED_COLUMNS else ""
        sentences.append(
            (say("Columns: %(columns)s.") % {"columns": listed + more}).replace(
                "….", "…"
            )
        )
    return " ".join(sentences)


def _period(name: str, profile: Profile) -> tuple[str, str]:
    years = [int(year) for year in YEAR.findall(STAMP.sub(" ", PurePath(name).stem))]
    if years and max(years) < 2100:  # noqa: PLR2004 - later years are no dates
        return f"{min(years)}-01-01", f"{max(years)}-12-31"
    if profile.first_day and profile.last_day:
        return profile.first_day.isoformat(), profile.last_day.isoformat()
    return "", ""


def fold_text(text: str) -> str:
    """Small letters without accents."""
    return (
        unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    )


def split_words(text: str) -> list[str]:
    """The words of a name, `camelCase` and `snake_case` apart."""
    text = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", text[:LONGEST_SAMPLE])
    return [word for word in re.split(r"[^0-9A-Za-zÀ-ÖØ-öø-ÿŒœ]+", text) if word]


def guess_theme(title: str, columns: Iterable[str]) -> str:
    """The theme that the words name most, empty when none is named; nearly every table says where, so places weigh less."""
    scores = dict.fromkeys(THEME_STEMS, 0.0)
    weighted = [(word, TITLE_WEIGHT) for word in split_words(title)]
    weighted += [
        (word, COLUMN_WEIGHT) for name in columns for word in split_words(name)
    ]
    for word, weight in weighted:
        plain = fold_text(word)
        for theme, stems in THEME_STEMS.items():
            if any(plain.startswith(stem) and len(stem) > 2 for stem in stems.split()):  # noqa: PLR2004 - two letters begin anything
                scores[theme] += weight * (PLACE_WEIGHT if theme == "location" else 1)
    best = max(scores, key=lambda theme: scores[theme])
    if scores[best]:
        return best
    return ""


def guess_language(texts: Iterable[str]) -> str:
    """The language that most words of some texts are of, empty when they are of none, or of two as much."""
    words = {fold_text(word) for text in texts for word in split_words(text)}
    scores = {
        code: sum(map(_word_weight, words & common))
        for code, common in WORDS_OF_LANGUAGES.items()
    }
    first, second = sorted(scores, key=lambda code: scores[code], reverse=True)[:2]
    if scores[first] > scores[second]:
        return first
    return ""


def _word_weight(word: str) -> float:
    """A word counts whole in the one language that has it, half in several."""
    languages = sum(word in common for common in WORDS_OF_LANGUAGES.values())
    return 1.0 if languages == 1 else 0.5


def pair_proposals(by_access: Mapping[AccessRights, Answers]) -> Proposals:
    """The proposed answers that depend on who may read the data."""
    return {
        name: {
            str(access): answers.get(name, "") for access, answers in by_access.items()
        }
        for name in FROM_CELLS
    }


def cover_period(
    answers: Answers, proposals: Proposals, coverage: Coverage
) -> tuple[Answers, Proposals]:
    """The answers and the proposals with the period of the whole file, where its name and its first lines gave none."""
    if (
        answers.get("first_day")
        or not coverage.first_day
        or not coverage.last_day
        or is_restricted(answers)
    ):
        return answers, proposals
    days = {
        "first_day": coverage.first_day.isoformat(),
        "last_day": coverage.last_day.isoformat(),
    }
    covered = {
        name: {**proposals.get(name, {}), str(AccessRights.PUBLIC): day}
        for name, day in days.items()
    }
    return {**answers, **days}, {**proposals, **covered}


def update_answers(answers: Answers, before: Proposals, after: Proposals) -> Answers:
    """Answers for a new version: what was left as proposed for the old file follows the new one."""
    if is_restricted(answers):
        access = AccessRights.RESTRICTED
    else:
        access = AccessRights.PUBLIC
    followed = [
        name
        for name in FROM_CELLS
        if answers.get(name) == before.get(name, {}).get(access)
    ]
    return {**answers, **{name: after[name][access] for name in followed}}


def remove_cell_answers(
    answers: Answers, proposals: Mapping[str, Mapping[str, str]]
) -> Answers:
    """Answers that may be given of restricted data: what was proposed of cells and left so goes, what was written stays."""
    if not is_restricted(answers):
        return answers
    returned = {
        name: proposed.get(AccessRights.RESTRICTED, "")
        for name, proposed in proposals.items()
        if answers.get(name) and answers[name] == proposed.get(AccessRights.PUBLIC)
    }
    return {**answers, **returned}
