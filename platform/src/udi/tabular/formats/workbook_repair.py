"""Workbooks (XLSX) that spreadsheet programs open though their parts are not written as the reader wants them.

Written so by libraries: targets that begin with `./`, parts in UTF-16, no relations of the package.
"""

import re
import zipfile
import zlib
from io import BytesIO

from udi.tabular.formats.archives import are_inflatable

LARGEST_PARTS = 256 * 1024**2
"""Bytes of all parts, unpacked, of a workbook that is repaired in memory."""
WORKBOOK = "xl/workbook.xml"
BOOK_RELATIONS = "xl/_rels/workbook.xml.rels"
LOOKED_AT = 1024**2
PACKAGE_RELATIONS = "_rels/.rels"
RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="xl/workbook.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>'
    "</Relationships>"
)
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
DECLARED = re.compile(r"""(<\?xml[^>]*encoding=["'])[^"']*""")
UNREADABLE = (
    KeyError,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a part of a damaged archive raises."""
DOTTED = re.compile(rb"""(Target=["'])(?:\./)+""")


def has_dotted_targets(content: bytes) -> bool:
    """Whether the sheets of a workbook are named by targets that the reader opens too late to refuse them."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as source:
            if not are_inflatable([source.getinfo(BOOK_RELATIONS)]):
                return False
            with source.open(BOOK_RELATIONS) as part:
                return DOTTED.search(part.read(LOOKED_AT)) is not None
    except UNREADABLE:
        return False


def repair_workbook(content: bytes) -> bytes | None:
    """The same workbook with its parts written as usual; None when there is nothing to repair, or when it is too large.

    None too when a part is packed in a way that no workbook is: such a part may unpack without bound.

    Raises:
        UNREADABLE: it is no archive, or a damaged one.
    """
    target = BytesIO()
    has_changed = False
    with (
        zipfile.ZipFile(BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as repaired,
    ):
        names = set(source.namelist())
        size = sum(member.file_size for member in source.infolist())
        if WORKBOOK not in names or size > LARGEST_PARTS:
            return None
        if not are_inflatable(source.infolist()):
            return None
        for name in sorted(names):
            part = source.read(name)
            usual = _write_as_usual(name, part)
            has_changed = has_changed or usual != part
            repaired.writestr(name, usual)
        if PACKAGE_RELATIONS not in names:
            has_changed = True
            repaired.writestr(PACKAGE_RELATIONS, RELATIONS)
    return target.getvalue() if has_changed else None


def _write_as_usual(name: str, part: bytes) -> bytes:
    if not name.endswith((".xml", ".rels")):
        return part
    if part.startswith(UTF_16):
        text = part.decode("utf-16", "replace")
        part = DECLARED.sub(r"\1UTF-8", text, count=1).encode()
    if name.endswith(".rels"):
        return DOTTED.sub(rb"\1", part)
    return part
