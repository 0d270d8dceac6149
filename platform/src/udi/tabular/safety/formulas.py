"""Cells that a spreadsheet would compute (OWASP, CSV injection), and those that would run a command or call a site."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from udi.tabular.formats.source import SourceFile
from udi.tabular.formats.text_encoding import python_name, read_text
from udi.tabular.profiles.profile import profile_source
from udi.tabular.safety.findings import MOST_SHOWN, Danger, SafetyFinding, build_finding

PIECE = 1024 * 1024
LONGEST_ATTACK = 1000
LONGEST_LINE = 1024 * 1024
SIGNS = "=+-@\t\r"
STARTS = r"[=+\-@\t\r]"
CALL = re.compile(r"[A-Za-z_.]{1,40}\s{0,3}\(|[|!]")
EMPTY_RULE = re.compile(r"[=\-+@\s]*")
ATTACK = re.compile(
    r"\b(?:cmd|powershell|mshta|rundll32|msexcel|excel)\b.{0,200}\||\|\s{0,3}['\"]|"
    r"\b(?:DDE|DDEAUTO|HYPERLINK|WEBSERVICE|IMPORT(?:XML|DATA|HTML|FEED|RANGE)|IMAGE|EXEC|CALL|REGISTER(?:\.ID)?|SHELL)\s{0,3}\(",
    re.IGNORECASE,
)
EXPRESSION = re.compile(r";E((?:[^;\n]|;;){1,1000})")
"""The formula of a cell, in a symbolic link file."""
NUMBER = re.compile(r"[+-][\d\s.,()/%€$£:-]*(?:[eE][+-]?\d+)?")


def danger_of(cell: str) -> Danger | None:
    """Whether a cell is a formula: `=` before anything, another sign only before a call or a link."""
    text = cell.strip(" \t\r\n\"'")
    if (
        not text
        or text[0] not in SIGNS
        or NUMBER.fullmatch(text)
        or EMPTY_RULE.fullmatch(text)
    ):
        return None
    if text[0] != "=" and not CALL.search(text):
        return None
    if ATTACK.search(text):
        return Danger.ATTACK
    return Danger.FORMULAS


def inspect_text(source: SourceFile) -> list[SafetyFinding]:
    """The formulas of a table in text, with their lines."""
    profile = profile_source(source)
    encoding = python_name(profile.encoding or "UTF-8")
    delimiter = profile.delimiter or ","
    lines: dict[Danger, list[int]] = {Danger.ATTACK: [], Danger.FORMULAS: []}
    for number, danger in _dangers(
        _lines(read_text(source.read(), encoding)), delimiter
    ):
        lines[danger].append(number)
    return findings_of_lines(lines)


def inspect_symbolic_link(path: Path) -> list[SafetyFinding]:
    """The formulas of a symbolic link file (`.slk`), with their lines."""
    lines: dict[Danger, list[int]] = {Danger.ATTACK: [], Danger.FORMULAS: []}
    with path.open(encoding="latin-1") as file:
        for number, line in enumerate(file, start=1):
            match = EXPRESSION.search(line[:LONGEST_LINE])
            danger = danger_of(f"={match[1]}") if match else None
            if danger:
                lines[danger].append(number)
    return findings_of_lines(lines)


def _dangers(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, Danger]]:
    """(line, danger) of each cell; a line inside a quoted cell starts none, except for an attack."""
    mark = re.escape(delimiter)
    cells = re.compile(rf"(?:^|{mark})[ \"]*({STARTS}[^{mark}\n]*)")
    closing = re.compile(rf"\"(?:{mark}|\n|$)")
    inside = False
    for number, line in enumerate(lines, start=1):
        close = closing.search(line) if inside else None
        if inside:
            first = close.start() if close else len(line)
        else:
            first = 0
        for match in cells.finditer(line):
            danger = danger_of(match[1])
            if danger and ATTACK.search(
                line[match.start(1) : match.start(1) + LONGEST_ATTACK]
            ):
                yield number, Danger.ATTACK
            elif danger and match.start() >= first:
                yield number, danger
        inside ^= line.count('"') % 2 == 1


def findings_of_lines(lines: dict[Danger, list[int]]) -> list[SafetyFinding]:
    """Findings from the lines of each danger."""
    return [
        build_finding(danger, count=len(where), lines=where[:MOST_SHOWN])
        for danger, where in lines.items()
        if where
    ]


def count_formulas(cells: Iterable[str]) -> list[SafetyFinding]:
    """The formulas among cells without lines."""
    counts = {Danger.ATTACK: 0, Danger.FORMULAS: 0}
    for cell in cells:
        if danger := danger_of(cell):
            counts[danger] += 1
    return [
        build_finding(danger, count=number)
        for danger, number in counts.items()
        if number
    ]


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """The lines of a text, each with its end; one that never ends is cut so that memory stays bounded."""
    rest = ""
    for text in texts:
        *lines, rest = (rest + text).split("\n")
        yield from (f"{line}\n" for line in lines)
        if len(rest) > LONGEST_LINE:
            yield rest
            rest = ""
    if rest:
        yield rest
