"""Words of a territory's catalogues: `vocabulary.<table>.tsv` says which code of the EU's tables each of them means.

One line a wording, a tab, and what it means; a line that begins with # is a remark.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from udi.protocol.licences import LICENCES

Vocabularies = Mapping[str, Mapping[str, str]]
"""What each wording means, by table."""
Problem = tuple[str, str, str]
"""Where in the file, what is wrong there, and what to do."""

LARGEST = 256 * 1024
MOST_WORDS = 2000
LONGEST = 1000
EU = "http://publications.europa.eu/resource/authority/"
CODE = re.compile(r"[A-Z0-9][A-Z0-9_]*")
THEMES = {
    "AGRI",
    "ECON",
    "EDUC",
    "ENER",
    "ENVI",
    "GOVE",
    "HEAL",
    "INTR",
    "JUST",
    "REGI",
    "SOCI",
    "TECH",
    "TRAN",
}
ACCESS = {"PUBLIC", "NON_PUBLIC", "RESTRICTED", "CONFIDENTIAL", "SENSITIVE", "NORMAL"}
FREQUENCIES = {
    "CONT",
    "UPDATE_CONT",
    "1MIN",
    "5MIN",
    "10MIN",
    "15MIN",
    "30MIN",
    "HOURLY",
    "BIHOURLY",
    "TRIHOURLY",
    "12HRS",
    "DAILY_2",
    "DAILY",
    "WEEKLY_3",
    "WEEKLY_2",
    "WEEKLY",
    "BIWEEKLY",
    "MONTHLY_3",
    "MONTHLY_2",
    "MONTHLY",
    "BIMONTHLY",
    "QUARTERLY",
    "ANNUAL_3",
    "ANNUAL_2",
    "ANNUAL",
    "BIENNIAL",
    "TRIENNIAL",
    "QUADRENNIAL",
    "QUINQUENNIAL",
    "DECENNIAL",
    "BIDECENNIAL",
    "TRIDECENNIAL",
    "AS_NEEDED",
    "IRREG",
    "NEVER",
    "NOT_PLANNED",
    "OTHER",
    "UNKNOWN",
}
TABLES: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "themes": (
        "data-theme",
        lambda codes: bool(codes.split()) and set(codes.split()) <= THEMES,
    ),
    "licences": (
        "licence",
        lambda codes: codes in LICENCES or bool(CODE.fullmatch(codes)),
    ),
    "formats": ("file-type", lambda codes: bool(CODE.fullmatch(codes))),
    "frequencies": ("frequency", FREQUENCIES.__contains__),
    "access": ("access-right", ACCESS.__contains__),
}
"""The EU's table that each means codes of, and whether what is written is one."""
PREFIX = "vocabulary."
SUFFIX = ".tsv"


def read_vocabulary_files(
    files: Mapping[str, bytes],
) -> tuple[dict[str, dict[str, str]], list[tuple[str, Problem]]]:
    """The words of every table that a territory's files have, and what is wrong in which file."""
    words: dict[str, dict[str, str]] = {}
    problems: list[tuple[str, Problem]] = []
    for path in sorted(files):
        is_vocabulary = path.startswith(PREFIX) and path.endswith(SUFFIX)
        if not is_vocabulary:
            continue
        name = path.removeprefix(PREFIX).removesuffix(SUFFIX)
        codes_by_wording = words.setdefault(name, {})
        problems += [
            (path, problem)
            for problem in _read_file(files[path], name, codes_by_wording)
        ]
    return words, problems


def _read_file(
    content: bytes, name: str, codes_by_wording: dict[str, str]
) -> Iterator[Problem]:
    """Fill in the words of a file; everything that is wrong with it, line by line."""
    if name not in TABLES:
        yield (
            "its name",
            f"there is no table «{name}».",
            f"Call it after one of {', '.join(TABLES)}.",
        )
        return
    if len(content) > LARGEST:
        yield (
            f"{len(content)} bytes",
            "it is too heavy.",
            f"Keep it under {LARGEST} bytes.",
        )
        return
    try:
        lines = content.decode("utf-8-sig").replace("\0", "\ufffd").splitlines()
    except UnicodeDecodeError:
        yield "whole file", "it is not UTF-8.", "Save it as UTF-8."
        return
    for number, line in enumerate(lines, 1):
        if (
            line.strip()
            and not line.startswith("#")
            and (problem := _parse_line(line, name, codes_by_wording))
        ):
            yield f"line {number}", *problem
    if len(codes_by_wording) > MOST_WORDS:
        yield (
            "whole file",
            f"it has {len(codes_by_wording)} wordings.",
            f"Keep the {MOST_WORDS} that matter most.",
        )


def _parse_line(
    line: str, name: str, codes_by_wording: dict[str, str]
) -> tuple[str, str] | None:
    table, is_known = TABLES[name]
    wording, *rest = (part.strip() for part in line.split("\t"))
    if not wording or len(rest) != 1 or not rest[0]:
        return (
            "it is not a wording, a tab and what it means.",
            "Write the two with one tab between them.",
        )
    if len(wording) > LONGEST:
        return "its wording is too long.", f"Keep it under {LONGEST} letters."
    if wording in codes_by_wording:
        return f"«{wording}» stands above already.", "Keep one of the two lines."
    if not is_known(rest[0]):
        return f"«{rest[0]}» is no code of that table.", f"Take one from {EU}{table}."
    codes_by_wording[wording] = rest[0]
    return None
