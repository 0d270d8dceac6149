"""The 106 criteria of the RGAA 4.1.2: what can find one broken here, and what no program can say."""

import re
from dataclasses import dataclass
from pathlib import Path

THEMES = {
    1: 9,
    2: 2,
    3: 3,
    4: 13,
    5: 8,
    6: 2,
    7: 5,
    8: 10,
    9: 4,
    10: 14,
    11: 13,
    12: 11,
    13: 12,
}
"""How many criteria each theme has."""
SCRIPTS = Path(__file__).parents[2] / "platform/src/udi/ui/static"


@dataclass(frozen=True)
class Criterion:
    """What looks for a breach of a criterion, by the names of checks; none where only a person can."""

    number: str
    checks: tuple[str, ...] = ()
    whole: bool = False
    """Whether that settles it: the criterion is of form alone. Else a person has still to judge of the meaning."""
    subject: str = ""
    """A selector of what the criterion is about: with none of it on any page, the criterion does not apply."""


CHECKED = {
    "1.1": "axe named_images told_pictures", "1.2": "named_images told_pictures", "1.9": "told_pictures",
    "2.1": "! axe named_controls titled_frames", "2.2": "axe",
    "3.1": "forced colours", "3.2": "axe", "3.3": "forced colours",
    "5.2": "axe", "5.4": "! told_tables", "5.6": "sound_structure told_tables", "5.7": "! axe told_tables",
    "6.1": "telling_links explicit_links told_files", "6.2": "! axe named_controls",
    "7.1": "axe known_references", "7.3": "axe keyboard", "7.4": "still",
    "8.1": "! doctype", "8.2": "! axe valid_syntax sound_structure unique_ids", "8.3": "! axe language_and_viewport",
    "8.4": "! axe known_languages language", "8.5": "! axe one_title", "8.6": "titles", "8.7": "told_languages language_and_viewport",
    "8.8": "! axe known_languages", "8.9": "not_for_looks", "8.10": "known_languages directions",
    "9.1": "ordered_headings", "9.2": "axe landmarks ordered_headings", "9.3": "axe sound_structure not_for_looks",
    "10.1": "! no_drawing_attribute not_for_looks", "10.4": "axe language_and_viewport large text", "10.5": "forced colours",
    "10.6": "axe", "10.7": "keyboard", "10.8": "axe", "10.11": "reflow", "10.12": "spaced text",
    "11.1": "! axe labelled_controls", "11.2": "axe", "11.5": "told_fields", "11.6": "! told_fields", "11.9": "axe named_controls shown_names",
    "11.10": "told_fields", "11.13": "axe",
    "12.1": "ways", "12.2": "menus", "12.5": "menus", "12.6": "! landmarks", "12.7": "! axe skip_link keyboard",
    "12.8": "keyboard nothing_inline", "12.9": "! keyboard", "12.10": "still", "13.1": "axe still", "13.2": "! still", "13.8": "axe no motion",
}  # fmt: skip
"""Names of checks, `!` first where they settle the criterion. Names of two words are those of modes."""
SUBJECTS = {
    **dict.fromkeys(
        ("1.4", "1.5"),
        "[class*=captcha i], [id*=captcha i], [name*=captcha i], img[src*=captcha i], form img",
    ),
    **dict.fromkeys(
        (f"4.{number}" for number in range(1, 14)), "audio, video, object, embed"
    ),
    **dict.fromkeys(
        ("5.1", "5.2"),
        "td[headers], th[headers], th[scope$=group], table table, th[rowspan], th[colspan]",
    ),
    **dict.fromkeys(
        ("5.3", "5.8"),
        "table[role=presentation], table[role=none], table:not(:has(th))",
    ),
    "11.8": "select[size], optgroup",
    **dict.fromkeys(
        ("12.3", "12.4"),
        "a[href$='/sitemap'], a[href$='/plan-du-site'], a[href$='/plan']",
    ),
}
"""Subjects of markup."""
ACTS = {
    "12.10": r"\bkey(?:down|up|press)\b(?!(?s:.){0,80}\.key\s*[!=]==\s*\"(?:Enter|Escape)\")|accesskey",
    "13.10": r"\b(?:touch(?:start|move|end)|pointermove|mousemove|gesture\w+)\b",
    "13.11": r"\b(?:touchstart|pointerdown|mousedown)\b",
    "13.12": r"\bdevice(?:motion|orientation)\b",
}
"""What a script would have to listen to for the criterion to apply: scripts have no other subject.

Enter and Escape are no keys of a character (RGAA 4.1, 12.10).
"""
TWO_WORDS = ("large text", "spaced text", "forced colours", "no motion")


def _checks(words: str) -> tuple[str, ...]:
    phrases = [name for name in TWO_WORDS if name in words]
    for name in phrases:
        words = words.replace(name, "")
    return (*words.removeprefix("!").split(), *phrases)


def _criteria() -> dict[str, Criterion]:
    numbers = [
        f"{theme}.{rank}"
        for theme, count in THEMES.items()
        for rank in range(1, count + 1)
    ]
    return {
        number: Criterion(
            number,
            _checks(words := CHECKED.get(number, "")),
            words.startswith("!"),
            SUBJECTS.get(number, ""),
        )
        for number in numbers
    }


CRITERIA = _criteria()


def broken_by(check: str, tags: tuple[str, ...] = ()) -> list[str]:
    """The criteria that a fault found by `check` breaks; axe itself tells those of its rules, in `tags`."""
    if check == "axe":
        return sorted(
            {
                ".".join(tag.removeprefix("RGAA-").split(".")[:2])
                for tag in tags
                if tag.startswith("RGAA-")
            }
        )
    return [
        number for number, criterion in CRITERIA.items() if check in criterion.checks
    ]


def unheard(scripts: str) -> set[str]:
    """Criteria about acts that no script listens to."""
    return {number for number, signs in ACTS.items() if not re.search(signs, scripts)}


def shipped_scripts() -> str:
    """All that the pages run."""
    return "\n".join(path.read_text() for path in sorted(SCRIPTS.glob("*.js")))
