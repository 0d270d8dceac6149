"""What was found in a file, how serious it is, and what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MOST_SHOWN = 5
LONGEST_NAME = 80


class SafetySeverity(StrEnum):
    """`QUARANTINE`: not even opened further; `STOP`: not published as it is; `WARNING`: to be looked at; `NOTE`: said."""

    QUARANTINE = "quarantine"
    STOP = "stop"
    WARNING = "warning"
    NOTE = "note"


class Danger(StrEnum):
    """What a file may hide or do."""

    BOMB = "bomb"
    PATHS = "paths"
    BROKEN = "broken"
    PROGRAM = "program"
    PASSWORD = "password"  # noqa: S105 - a kind of danger
    MACROS = "macros"
    SCRIPT = "script"
    ENTITIES = "entities"
    ATTACK = "attack"
    FORMULAS = "formulas"
    LINKS = "links"
    CONNECTIONS = "connections"
    EMBEDDED = "embedded"
    OUTSIDE = "outside"
    HIDDEN_SHEETS = "hidden_sheets"
    HIDDEN_LINES = "hidden_lines"
    COMMENTS = "comments"
    AUTHOR = "author"
    PLACE = "place"
    NESTED = "nested"


@dataclass(frozen=True)
class SafetyExplanation:
    """Two messages to translate, then to fill with a finding's `values`."""

    what: str
    remedy: str


STRENGTHS = {
    Danger.BOMB: SafetySeverity.QUARANTINE,
    Danger.PATHS: SafetySeverity.QUARANTINE,
    Danger.PROGRAM: SafetySeverity.STOP,
    Danger.BROKEN: SafetySeverity.STOP,
    Danger.PASSWORD: SafetySeverity.STOP,
    Danger.MACROS: SafetySeverity.STOP,
    Danger.SCRIPT: SafetySeverity.STOP,
    Danger.ENTITIES: SafetySeverity.STOP,
    Danger.ATTACK: SafetySeverity.STOP,
    Danger.AUTHOR: SafetySeverity.NOTE,
}
"""How serious each is; the others are warnings."""
EXPLANATIONS = {
    Danger.BOMB: SafetyExplanation(
        "Unpacked, this file would fill the disk of whoever opens it.",
        "Send the files themselves, or compress them again.",
    ),
    Danger.PATHS: SafetyExplanation(
        "This archive holds files that would be written outside its own folder: %(names)s.",
        "Compress the files again, without links and without addresses of folders.",
    ),
    Danger.BROKEN: SafetyExplanation(
        "This file is damaged: it cannot be opened.",
        "Save it again, then drop it again.",
    ),
    Danger.PROGRAM: SafetyExplanation(
        "This file is or contains a program that would run on the machine of people who open it. %(names)s",
        "Send the data only, without programs.",
    ),
    Danger.PASSWORD: SafetyExplanation(
        "A password protects this file: nobody could read it.",
        "Save it without a password, then drop it again.",
    ),
    Danger.MACROS: SafetyExplanation(
        "This file holds macros: small programs that run when it is opened.",
        "Save it as a workbook without macros (.xlsx or .ods), or as CSV.",
    ),
    Danger.SCRIPT: SafetyExplanation(
        "This file holds a program that runs when it is opened (%(count)s places).",
        "Export it again without scripts, or send the data in another format.",
    ),
    Danger.ENTITIES: SafetyExplanation(
        "This file asks whoever reads it to fetch other files or to expand without end.",
        "Export it again without DOCTYPE and entities.",
    ),
    Danger.ATTACK: SafetyExplanation(
        "Some cells would run a command or call another site when opened in a spreadsheet (%(count)s cells).",
        "Replace these formulas by their values.",
    ),
    Danger.FORMULAS: SafetyExplanation(
        "Some cells begin like a formula: a spreadsheet would compute them instead of showing them (%(count)s cells).",
        "Replace them by their values, or put a word before the sign.",
    ),
    Danger.LINKS: SafetyExplanation(
        "This workbook takes values from other files, which readers do not have (%(count)s links).",
        "Replace the linked cells by their values, then save again.",
    ),
    Danger.CONNECTIONS: SafetyExplanation(
        "This workbook connects to a database or to a site, whose address it gives away.",
        "Remove the connections (menu Data), then save again.",
    ),
    Danger.EMBEDDED: SafetyExplanation(
        "Other documents are embedded in this file, and are published with it (%(count)s documents).",
        "Open them, or remove them, then save again.",
    ),
    Danger.OUTSIDE: SafetyExplanation(
        "This file fetches pieces from other sites when it is opened (%(count)s places).",
        "Put these pieces in the file, or remove them.",
    ),
    Danger.HIDDEN_SHEETS: SafetyExplanation(
        "Sheets are hidden in this file, and are published with it: %(names)s.",
        "Read them, then remove them or show them.",
    ),
    Danger.HIDDEN_LINES: SafetyExplanation(
        "Rows or columns are hidden or filtered out in this file, and are published with it (%(count)s of them).",
        "Show them, then remove what should not be published.",
    ),
    Danger.COMMENTS: SafetyExplanation(
        "This file holds comments, with the names of those who wrote them.",
        "Remove the comments, then save again.",
    ),
    Danger.AUTHOR: SafetyExplanation(
        "The properties of this file give the name of its author or of the person who saved it last.",
        "Remove it (in the properties of the document), then save again, if this person does not wish to be named.",
    ),
    Danger.PLACE: SafetyExplanation(
        "This picture contains the place where it was taken.",
        "Remove the place (in its properties), if it is somebody's home.",
    ),
    Danger.NESTED: SafetyExplanation(
        "This archive contains other archives, which are not examined: %(names)s.",
        "Put the files in one archive only.",
    ),
}


@dataclass(frozen=True)
class SafetyFinding:
    """One thing that a file hides or does: how often, at which lines, in which sheets or packed files."""

    danger: Danger
    strength: SafetySeverity
    count: int = 1
    lines: tuple[int, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def explanation(self) -> SafetyExplanation:
        """Messages that say what it is and what to do."""
        return EXPLANATIONS[self.danger]

    @property
    def values(self) -> dict[str, object]:
        """What the messages quote."""
        return {"count": self.count, "names": ", ".join(self.names)}

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return {
            "danger": self.danger.value,
            "strength": self.strength.value,
            "count": self.count,
            "lines": list(self.lines),
            "names": list(self.names),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "SafetyFinding":
        """What `as_json` gave."""
        return cls(
            Danger(value["danger"]),
            SafetySeverity(value["strength"]),
            value["count"],
            tuple(value["lines"]),
            tuple(value["names"]),
        )


def build_finding(
    danger: Danger,
    *,
    count: int = 0,
    lines: Iterable[int] = (),
    names: Iterable[str] = (),
    strength: SafetySeverity | None = None,
) -> SafetyFinding:
    """A finding with its usual strength; `names` are cut and cleaned, and count when nothing else does."""
    all_names = list(names)
    clean = tuple(
        "".join(sign for sign in name if sign.isprintable())[:LONGEST_NAME]
        for name in all_names[:MOST_SHOWN]
    )
    usual = STRENGTHS.get(danger, SafetySeverity.WARNING)
    return SafetyFinding(
        danger,
        strength or usual,
        count or len(all_names) or 1,
        tuple(lines)[:MOST_SHOWN],
        clean,
    )
