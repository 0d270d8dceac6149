"""The names in the properties of a workbook or a document, removed; all the rest of the file stays as it is."""

import re
import shutil
import zipfile
from pathlib import Path, PurePath

SUFFIXES = frozenset(
    {".xlsx", ".xlsm", ".xltx", ".docx", ".pptx", ".ods", ".odt", ".odp"}
)
LARGEST = 32 * 1024**2
"""Bytes of a file whose properties are rewritten while somebody waits."""
LARGEST_PART = 4 * 1024**2
PROPERTIES = frozenset({"docProps/core.xml", "docProps/app.xml", "meta.xml"})
NAMED = re.compile(
    rb"(<(dc:creator|cp:lastModifiedBy|Manager|meta:initial-creator|meta:printed-by)\b[^>]*>)[^<]*(</\2\s*>)"
)
"""Office Open XML (ISO/IEC 29500-2 §8, extended properties) and OpenDocument (part 3, §4.3)."""


def can_remove_names(name: str, size: int) -> bool:
    """Whether `remove_names` takes a file of this name and of so many bytes."""
    return PurePath(name.lower()).suffix in SUFFIXES and size <= LARGEST


def remove_names(source: Path, target: Path) -> int:
    """Write the file to `target` without the names of its author, its manager and those who saved or printed it.

    Returns how many elements were emptied. For a child process: the file may be hostile.

    Raises:
        ValueError: the file is not packed as a workbook is, or a part of its properties is too large.
    """
    removed = 0
    try:
        with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w") as after:
            for entry in before.infolist():
                if entry.filename in PROPERTIES:
                    content, emptied = NAMED.subn(rb"\1\3", _read(before, entry))
                    removed += emptied
                    after.writestr(entry, content)
                    continue
                with before.open(entry) as part, after.open(entry, "w") as copy:
                    shutil.copyfileobj(part, copy)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ValueError("not packed as a workbook is") from error
    return removed


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > LARGEST_PART:
        raise ValueError("the properties are too large")
    return archive.read(entry)
