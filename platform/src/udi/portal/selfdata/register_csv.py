"""A register as a table: the columns of docs/reference/processing.md, written, and read with every error by line and column."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from udi.kit.csv_writer import restore_text, write_csv
from udi.kit.errors import InvalidError, Refusal, field_error
from udi.portal.selfdata.models import ProcessingEntry, ProcessingState
from udi.portal.selfdata.register_input import (
    MOST_ENTRIES,
    TEXTS,
    EntryInput,
    check_entry,
    entry_input_of,
)
from udi.ui.translated_texts import Translations, translated_name

COLUMNS = (
    "id",
    "state",
    "language",
    *TEXTS,
    "legal_basis",
    "special_data",
    "moments",
)
LARGEST_FILE = 512 * 1024
YES = frozenset({"yes", "oui", "sí", "si", "1", "true"})
NO = frozenset({"no", "non", "0", "false", ""})
SEPARATORS = ";,\t"
ParsedRow = tuple[UUID | None, EntryInput]


def write_register(
    entries: Iterable[ProcessingEntry], languages: Sequence[str], reader: str
) -> bytes:
    """The table; a text in another language of the territory has a column of its own: `service_es`."""
    translated = [translated_name(name, code) for code in languages for name in TEXTS]
    rows = [_write_row(entry, translated) for entry in entries]
    return write_csv([*COLUMNS, *translated], rows, reader)


def _write_row(entry: ProcessingEntry, translated: Sequence[str]) -> list[str]:
    described = entry_input_of(entry)
    by_name = {
        translated_name(field, code): text
        for field, texts in described.translations.items()
        for code, text in texts.items()
    }
    return [
        str(entry.id),
        entry.state,
        entry.language,
        *(getattr(described, name) for name in TEXTS),
        entry.legal_basis,
        "yes" if entry.special_data else "no",
        " ".join(entry.moments),
        *(by_name.get(name, "") for name in translated),
    ]


def read_register_file(
    content: bytes,
    languages: Collection[str],
    main_language: str,
    existing: Mapping[UUID, EntryInput],
) -> list[ParsedRow]:
    """The services of a table: with an identifier, a service of the register that changes; without, a new one.

    `existing` are those of the register: a column that is missing leaves what they say.

    Raises:
        InvalidError: something is wrong; every error has its line and its column, and nothing is to be kept.
    """
    header, rows = _read_table(content)
    refusals = _check_header(header, languages)
    if refusals:
        raise InvalidError("Nothing was imported.", refusals=refusals)
    parsed = []
    seen: set[UUID] = set()
    for number, cells in rows:
        row = dict(zip(header, cells, strict=False))
        id_, entry, faults = _read_row(row, languages, main_language, existing)
        if id_ is not None and id_ in seen:
            faults.append(Refusal("id", "This identifier is on two lines."))
        if len(cells) > len(header):
            faults.append(
                Refusal(
                    "",
                    "This line has more cells than there are columns.",
                    "Put quotes around a text that contains the separator.",
                )
            )
        seen |= {id_} if id_ is not None else set()
        parsed.append((id_, entry))
        refusals += [_place(refusal, number) for refusal in faults]
    if refusals:
        raise InvalidError("Nothing was imported.", refusals=refusals)
    return parsed


def _place(refusal: Refusal, line: int) -> Refusal:
    """The same, at its line: «line 3, column legal_basis»."""
    return replace(refusal, field=f"{line}:{refusal.field}")


def _read_table(content: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and each line that is not empty with the number that a spreadsheet gives it."""
    if len(content) > LARGEST_FILE:
        raise field_error("file", "This file is larger than 512 kB.", code="too-large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if "\x00" in text or not text.strip():
        raise field_error(
            "file",
            "This is not a table as CSV.",
            "In your spreadsheet, save the table as CSV.",
            "not-csv",
        )
    first_line = text.strip().splitlines()[0]
    separator = max(SEPARATORS, key=first_line.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        raise field_error("file", "This is not a table as CSV.") from None
    header = [cell.strip().lower() for cell in table[0]]
    rows = [
        (number, cells)
        for number, cells in enumerate(table[1:], start=2)
        if any(cell.strip() for cell in cells)
    ]
    if not rows or len(rows) > MOST_ENTRIES:
        raise field_error(
            "file",
            "A table has one line for each service, and %(most)s at most.",
            values={"most": MOST_ENTRIES},
        )
    return header, rows


def _check_header(header: Sequence[str], languages: Collection[str]) -> list[Refusal]:
    known = {
        *COLUMNS,
        *(translated_name(name, code) for code in languages for name in TEXTS),
    }
    refusals = [
        Refusal(
            f"1:{name}",
            "There is no such column.",
            "Use %(names)s.",
            "unknown-column",
            {"names": ", ".join(COLUMNS)},
        )
        for name in dict.fromkeys(header)
        if name not in known
    ]
    refusals += [
        Refusal(f"1:{name}", "This column appears twice.")
        for name in sorted({name for name in header if header.count(name) > 1})
        if name in known
    ]
    if "service" not in header:
        refusals.append(Refusal("1:service", "This column is missing."))
    return refusals


def _read_row(
    row: Mapping[str, str],
    languages: Collection[str],
    main_language: str,
    existing: Mapping[UUID, EntryInput],
) -> tuple[UUID | None, EntryInput, list[Refusal]]:
    faults: list[Refusal] = []
    id_ = _read_id(row.get("id", ""), existing, faults)
    before = existing.get(id_, EntryInput()) if id_ else EntryInput()
    special = row.get("special_data", "").strip().lower()
    if special not in YES | NO:
        faults.append(Refusal("special_data", "Write “yes” or “no”."))
    language = row.get("language", "").strip() or before.language or main_language
    if language not in {*languages, before.language}:
        faults.append(
            Refusal(
                "language",
                "The territory does not have this language.",
                "Use %(names)s.",
                "unknown-language",
                {"names": ", ".join(languages)},
            )
        )
    texts = {name: restore_text(row[name]) for name in TEXTS if name in row}
    entry = replace(
        before,
        **texts,
        language=language,
        translations=_read_translations(row, languages, language, before),
        state=row.get("state", before.state).strip() or ProcessingState.DRAFT,
        legal_basis=row.get("legal_basis", before.legal_basis),
        special_data=special in YES if "special_data" in row else before.special_data,
        moments=tuple(row["moments"].split()) if "moments" in row else before.moments,
    ).tidy()
    return id_, entry, faults + check_entry(entry)


def _read_id(
    text: str, existing: Mapping[UUID, EntryInput], faults: list[Refusal]
) -> UUID | None:
    if not text.strip():
        return None
    try:
        id_ = UUID(text.strip())
    except ValueError:
        id_ = None
    if id_ is None or id_ not in existing:
        faults.append(
            Refusal(
                "id",
                "The register has no service with this identifier.",
                "Leave it empty for a new service.",
                "unknown-value",
            )
        )
    return id_


def _read_translations(
    row: Mapping[str, str],
    languages: Collection[str],
    main_language: str,
    before: EntryInput,
) -> Translations:
    translations: Translations = {
        field: dict(texts) for field, texts in before.translations.items()
    }
    for name in TEXTS:
        for code in languages:
            column = translated_name(name, code)
            if column in row and code != main_language:
                translations.setdefault(name, {})[code] = restore_text(row[column])
    return translations
