"""What a producer settles of the lines of a file: which name the columns, which are rows; its lines are read for that."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from udi.kit.child import ChildError
from udi.kit.errors import Refusal, UdiError
from udi.node.datasets.actions.draft import PROMPT
from udi.node.datasets.actions.prepare import ARCHIVES
from udi.node.datasets.models import Version
from udi.node.datasets.versions.findings import corrections_of, line_settings_of
from udi.node.files.storage.local_copies import open_temporary_folder, write_copy
from udi.node.files.storage.store import ObjectStore
from udi.tabular.columns.zero_repair import CERTAIN, LOST_ZEROS
from udi.tabular.formats.line_settings import NO_LINES, LineSettings
from udi.tabular.formats.text_encoding import CHARSETS
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import Profile
from udi.tabular.profiles.raw_lines import TABLES, RawLines, read_raw_lines
from udi.tabular.queries.readers import FileReaderPool, QueueTimeoutError

BEGINNING = 512 * 1024
"""Bytes of a text larger than `PROMPT` that are read for its first lines."""
LINES_PATIENCE = 3.0
"""Seconds to wait for a turn: the page is whole without the lines."""
LINES_SECONDS = 20.0
LARGEST_LINE = 1_000
MOST_NAME_LINES = 4
MOST_BELOW = 30
DELIMITERS = {",": ",", ";": ";", "tab": "\t", "|": "|", ":": ":"}
WRONG_CHOICE = "Choose one of the proposed answers."
log = structlog.get_logger()


async def read_lines(
    store: ObjectStore, readers: FileReaderPool, version: Version
) -> RawLines:
    """The first and the last lines of a version's file, read behind walls; none when it is too large or cannot be read.

    A page waits for them: a file is read to its end up to the size that is prepared while somebody waits (`PROMPT`).
    """
    profile = Profile.from_json(version.profile)
    file = version.file
    if profile.reads not in TABLES:
        return RawLines()
    is_whole = file.size <= PROMPT
    if not is_whole and (profile.reads != "text" or file.media_type in ARCHIVES):
        return RawLines()
    byte_count = file.size if is_whole else BEGINNING
    corrections = version.preparation.corrections if version.preparation else {}
    try:
        memory = await store.reading_folder(file.key)
        async with readers.open_reader(
            file.space_id, memory, patience=LINES_PATIENCE
        ) as reading:
            with open_temporary_folder("udi-lines-", memory) as folder:
                copy = folder / "source"
                await write_copy(copy, store.stream(file.key, 0, byte_count))
                arguments = (copy, file.name, corrections, file.size)
                return await reading.call(
                    read_raw_lines, *arguments, seconds=LINES_SECONDS
                )
    except (ChildError, QueueTimeoutError, UdiError, OSError) as error:
        log.info("lines not shown", error=type(error).__name__)
        return RawLines()


def choose_zeros(before: Corrections, column: str, *, put_back: bool) -> Corrections:
    """The same, with zeros that were lost in a column of codes put back or not."""
    others = tuple(name for name in before.zeros if name != column)
    return replace(
        before,
        zeros=(*others, column) if put_back else others,
        mended_zeros=tuple(name for name in before.mended_zeros if name != column),
    )


def choose_mended_copy(version: Version, *, mended: bool) -> Corrections:
    """What holds for a version of which a mended copy is published, or not any more.

    Zeros that codes lost for certain are put back with it, and go with it; others are left to the producer's choice.
    """
    before = corrections_of(version)
    if not mended:
        return replace(before, mended=False, zeros=before.chosen_zeros, mended_zeros=())
    added = tuple(
        note.column
        for note in Profile.from_json(version.profile).notes
        if note.code == LOST_ZEROS
        and CERTAIN in note.values
        and note.column not in before.zeros
    )
    return replace(
        before,
        mended=True,
        zeros=(*before.zeros, *added),
        mended_zeros=(*before.mended_zeros, *added),
    )


def read_line_form(
    form: Mapping[str, Any], version: Version
) -> tuple[Corrections, list[Refusal]]:
    """What the form of the lines says, and what is wrong with it; other corrections stay as they are.

    A field that the form lacks says what it said before: no line of names is chosen where it stands below those that
    are shown, and the last row is not asked of a file whose end is not shown. Lines that were settled for one sheet are
    not those of another.
    """
    before = corrections_of(version)
    if form.get("forget"):
        cleared = replace(before, lines=NO_LINES, header_line=None)
        return replace(cleared, encoding="", delimiter="", sheet=""), []
    profile = Profile.from_json(version.profile)
    refusals = list[Refusal]()
    encoding = _choice(
        form, "encoding", set(CHARSETS.values()), refusals, before.encoding
    )
    mark = _choice(form, "delimiter", set(DELIMITERS), refusals, before.delimiter)
    sheets = {sheet.name for sheet in profile.sheets}
    sheet = _choice(form, "sheet", sheets, refusals, before.sheet)
    earlier = replace(before, lines=line_settings_of(version))
    settings = _read_settings(form, earlier, profile, refusals)
    header_line = None if "header" in form else before.header_line
    if sheet not in {before.sheet, profile.sheet}:
        settings = NO_LINES
        header_line = None
    return replace(
        before,
        encoding=encoding,
        delimiter=DELIMITERS.get(mark, mark),
        sheet=sheet,
        header_line=header_line,
        lines=settings,
    ), refusals


def _read_settings(
    form: Mapping[str, Any],
    earlier: Corrections,
    profile: Profile,
    refusals: list[Refusal],
) -> LineSettings:
    lines = earlier.lines
    return LineSettings(
        header=_read_names(form, earlier, profile, refusals),
        units=_number(form, "units", LARGEST_LINE, refusals, lines.units),
        first=_number(form, "first", LARGEST_LINE, refusals, lines.first) or 0,
        below=_number(form, "below", MOST_BELOW, refusals, lines.below),
        totals=bool(form.get("totals")),
    )


def _read_names(
    form: Mapping[str, Any],
    earlier: Corrections,
    profile: Profile,
    refusals: list[Refusal],
) -> tuple[int, int] | None:
    """The lines of the names; None where they are as understood, or on the `header_line` of before."""
    settled = earlier.lines.header
    name_lines = _number(
        form, "name_lines", MOST_NAME_LINES, refusals, earlier.lines.name_lines
    )
    if "header" not in form and settled is None and not name_lines:
        return None
    header_line = settled[0] if settled else earlier.header_line
    header = _number(form, "header", LARGEST_LINE, refusals, header_line)
    is_settled = header_line is not None or profile.has_doubtful_header
    is_understood = header == profile.header_line and not name_lines
    if header is None or (is_understood and not is_settled):
        return None
    last_line = header + name_lines - 1 if header and name_lines else 0
    return header, last_line


def _choice(
    form: Mapping[str, Any],
    name: str,
    allowed: set[str],
    refusals: list[Refusal],
    earlier: str,
) -> str:
    """An answer of the form, empty when it is none of the `allowed` ones; the earlier one where the form has no such field."""
    if name not in form:
        return earlier
    value = str(form.get(name) or "")
    if value and value not in allowed:
        field = name if len(allowed) > 1 else "header"
        refusals.append(Refusal(field, WRONG_CHOICE))
        return ""
    return value


def _number(
    form: Mapping[str, Any],
    name: str,
    largest: int,
    refusals: list[Refusal],
    earlier: int | None = None,
) -> int | None:
    """A number of the form, None when it is empty or wrong; the earlier one where the form has no such field."""
    if name not in form:
        return earlier
    value = str(form.get(name) or "").strip()
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > len(str(largest)):
        refusals.append(Refusal(name, WRONG_CHOICE))
        return None
    if int(value) > largest:
        refusals.append(Refusal(name, WRONG_CHOICE))
        return None
    return int(value)
