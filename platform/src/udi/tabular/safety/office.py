"""Workbooks and documents: macros, hidden sheets and rows, comments, authors, links to elsewhere."""

import html
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import python_calamine

from udi.tabular.safety.archives import read_part, read_pieces
from udi.tabular.safety.findings import Danger, SafetyFinding, build_finding
from udi.tabular.safety.formulas import ATTACK, count_formulas

PART = 4 * 1024**2
SHEETS = 1024**3
OLDEST_FORMAT = 64 * 1024**2
OVERLAP = 4096
SUMMARY = bytes.fromhex("E0859FF2F94F6810AB9108002B27B3D9")
AUTHOR_IDS = frozenset({4, 8})
SOFTWARE = re.compile(
    r"\s*(|unknown|user|utilisateur|admin(istrat(or|eur))?|microsoft.*|apache poi|openpyxl|xlsxwriter|python.*|libreoffice.*|"
    r"openoffice.*|calc|excel|windows.*|sas.*|r|phpexcel|phpspreadsheet.*|spreadsheet.*|epplus|java.*|google.*|qgis.*|pdf.*|adobe.*|"
    r"latex.*|tex|docutils|oracle.*|sap.*|crystal.*|business ?objects.*|geo?server.*)\s*",
    re.IGNORECASE,
)
PARTS = {
    Danger.MACROS: re.compile(
        r"vbaProject\.bin$|/macrosheets/|^Basic/.*\.xml$|^Scripts/", re.IGNORECASE
    ),
    Danger.LINKS: re.compile(r"/externalLinks/externalLink[^/]*\.xml$", re.IGNORECASE),
    Danger.CONNECTIONS: re.compile(r"/connections\.xml$|/queryTables/", re.IGNORECASE),
    Danger.EMBEDDED: re.compile(
        r"/embeddings/|/activeX/|^Object \d+/content\.xml$", re.IGNORECASE
    ),
    Danger.COMMENTS: re.compile(
        r"/comments\d*[^/]*\.xml$|/threadedComments/|/comments/", re.IGNORECASE
    ),
}
OPEN_AUTHOR = re.compile(
    r"<(?:dc:creator|cp:lastModifiedBy|Manager|meta:initial-creator|meta:printed-by)\b[^>]*>([^<]*)<"
)
NO_MACROS = re.compile(
    rb"<office:script\b[^<>]{0,500}>\s{0,500}<ooo:libraries\b[^<>]{0,500}>\s{0,500}"
    rb"(?:<ooo:library-embedded\b[^<>]{0,500}/>\s{0,500}){0,9}</ooo:libraries>\s{0,500}</office:script>"
)
"""The place for macros that LibreOffice writes into each flat document, with libraries that hold none."""
OPEN_SHEET = re.compile(r"<sheet\b[^>]*?>")
HIDDEN_STATE = re.compile(r"\bstate=\"(?:hidden|veryHidden)\"")
NAME = re.compile(r"\bname=\"([^\"]*)\"")
OUTSIDE = re.compile(
    r"<Relationship\b(?=[^>]*TargetMode=\"External\")(?![^>]*/hyperlink\")[^>]*>"
)
HIDDEN_LINE = re.compile(
    r"<(?:row|col)\b[^>]*\bhidden=\"(?:1|true)\"|table:visibility=\"(?:collapse|filter)\""
)
CALCULATED = re.compile(r"<f\b[^>]*>([^<]*)<|table:formula=\"([^\"]*)\"")
TEXT = re.compile(r"<(?:t|text:p)\b[^>]*>([=+\-@\t][^<]*)<")
OPEN_TABLE = re.compile(
    r"<table:table\b[^>]*table:name=\"([^\"]*)\"[^>]*table:style-name=\"([^\"]*)\""
)
UNSEEN_STYLE = re.compile(
    r"<style:style\b[^>]*style:name=\"([^\"]*)\"[^>]*>(?:(?!</style:style>).)*?table:display=\"false\"",
    re.DOTALL,
)


def inspect_openxml(
    path: Path, entries: Sequence[zipfile.ZipInfo]
) -> Iterator[SafetyFinding]:
    """An XLSX, a DOCX and their likes."""
    names = [entry.filename for entry in entries]
    yield from _inspect_names(names)
    book = _text(path, "xl/workbook.xml")
    if hidden := [
        _name(sheet) for sheet in OPEN_SHEET.findall(book) if HIDDEN_STATE.search(sheet)
    ]:
        yield build_finding(Danger.HIDDEN_SHEETS, names=hidden)
    outside = sum(
        len(OUTSIDE.findall(_text(path, name)))
        for name in names
        if name.endswith(".rels")
    )
    if outside and not any(PARTS[Danger.LINKS].search(name) for name in names):
        yield build_finding(Danger.LINKS, count=outside)
    parts = [
        name
        for name in names
        if name.startswith(("xl/worksheets/sheet", "xl/sharedStrings"))
    ]
    yield from _inspect_cells(_windows(path, parts))
    yield from _inspect_authors(
        OPEN_AUTHOR.findall(
            _text(path, "docProps/core.xml") + _text(path, "docProps/app.xml")
        )
    )


def inspect_opendocument(
    path: Path, entries: Sequence[zipfile.ZipInfo]
) -> Iterator[SafetyFinding]:
    """An ODS, an ODT and their likes."""
    names = [entry.filename for entry in entries]
    if "encryption-data" in _text(path, "META-INF/manifest.xml"):
        yield build_finding(Danger.PASSWORD)
        return
    yield from _inspect_names(names)
    yield from _inspect_sheets(_text(path, "content.xml"))
    yield from _inspect_cells(_windows(path, ["content.xml"]))
    yield from _inspect_authors(OPEN_AUTHOR.findall(_text(path, "meta.xml")))


def remove_empty_libraries(content: bytes) -> bytes:
    """A flat OpenDocument without its place for macros, where that holds none."""
    return NO_MACROS.sub(b"", content)


def inspect_flat_document(content: bytes) -> Iterator[SafetyFinding]:
    """A flat OpenDocument, which is one file of XML: what packed ones hide; its macros are found as scripts of XML are."""
    text = content.decode("utf-8", "replace")
    yield from _inspect_sheets(text)
    yield from _inspect_cells([text])
    yield from _inspect_authors(OPEN_AUTHOR.findall(text))


def _inspect_sheets(content: str) -> Iterator[SafetyFinding]:
    """What the sheets of an OpenDocument hide or fetch."""
    unseen = set(UNSEEN_STYLE.findall(content))
    if hidden := [
        html.unescape(name)
        for name, style in OPEN_TABLE.findall(content)
        if style in unseen
    ]:
        yield build_finding(Danger.HIDDEN_SHEETS, names=hidden)
    if "<office:annotation" in content:
        yield build_finding(Danger.COMMENTS)
    if links := content.count("<table:table-source") + content.count("<table:dde-link"):
        yield build_finding(Danger.LINKS, count=links)
    if "<table:database-source" in content:
        yield build_finding(Danger.CONNECTIONS)


def _inspect_names(names: Sequence[str]) -> Iterator[SafetyFinding]:
    for danger, pattern in PARTS.items():
        if met := sum(1 for name in names if pattern.search(name)):
            yield build_finding(danger, count=met)


def _inspect_cells(windows: Iterable[str]) -> Iterator[SafetyFinding]:
    hidden = 0
    attacks = 0
    texts = []
    for text in windows:
        hidden += len(HIDDEN_LINE.findall(text))
        attacks += sum(
            1
            for match in CALCULATED.finditer(text)
            if ATTACK.search(html.unescape(match[1] or match[2] or ""))
        )
        texts += [html.unescape(match[1]) for match in TEXT.finditer(text)]
    if hidden:
        yield build_finding(Danger.HIDDEN_LINES, count=hidden)
    if attacks:
        yield build_finding(Danger.ATTACK, count=attacks)
    yield from (
        finding
        for finding in count_formulas(texts)
        if finding.danger is not Danger.ATTACK or not attacks
    )


def _windows(path: Path, names: Iterable[str]) -> Iterator[str]:
    """The text of the sheets, cut between elements, as far as a gigabyte."""
    left = SHEETS
    for name in names:
        rest = ""
        for piece in read_pieces(path, name, left):
            left -= len(piece)
            text = rest + piece.decode("utf-8", "replace")
            boundary = text.rfind("<", max(0, len(text) - OVERLAP))
            text, rest = (
                (text[:boundary], text[boundary:]) if boundary > 0 else (text, "")
            )
            yield text
        yield rest


def _inspect_authors(names: Iterable[str]) -> Iterator[SafetyFinding]:
    if authors := [
        name for name in names if not SOFTWARE.fullmatch(html.unescape(name))
    ]:
        yield build_finding(Danger.AUTHOR, count=len(authors))


def _text(path: Path, name: str) -> str:
    return read_part(path, name, PART).decode("utf-8", "replace")


def _name(sheet: str) -> str:
    match = NAME.search(sheet)
    if match:
        return html.unescape(match[1])
    return ""


def inspect_old_office(path: Path) -> Iterator[SafetyFinding]:
    """An XLS or another file in Microsoft's compound format, searched for the names of its streams."""
    with path.open("rb") as file:
        content = file.read(OLDEST_FORMAT)
    if "EncryptedPackage".encode("utf-16-le") in content:
        yield build_finding(Danger.PASSWORD)
        return
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        yield build_finding(Danger.MACROS)
    if authors := [
        name for name in _summary_authors(content) if not SOFTWARE.fullmatch(name)
    ]:
        yield build_finding(Danger.AUTHOR, count=len(authors))
    yield from _hidden_sheets(path)


def _hidden_sheets(path: Path) -> Iterator[SafetyFinding]:
    try:
        with python_calamine.load_workbook(str(path)) as book:
            sheets = book.sheets_metadata
    except python_calamine.PasswordError:
        yield build_finding(Danger.PASSWORD)
    except (python_calamine.CalamineError, OSError, ValueError):
        return
    else:
        visible_state = python_calamine.SheetVisibleEnum.Visible
        if hidden := [sheet.name for sheet in sheets if sheet.visible != visible_state]:
            yield build_finding(Danger.HIDDEN_SHEETS, names=hidden)


def _summary_authors(content: bytes) -> Iterator[str]:
    """Author and last author of the property set (MS-OLEPS), where its bytes follow each other."""
    place = content.find(SUMMARY)
    try:
        start = place - 28 + struct.unpack_from("<I", content, place + 16)[0]
        _, many = struct.unpack_from("<II", content, start)
        for index in range(min(many, 64) if place > 0 else 0):
            kind, offset = struct.unpack_from("<II", content, start + 8 + 8 * index)
            if kind in AUTHOR_IDS:
                length = struct.unpack_from("<I", content, start + offset + 4)[0]
                text = content[
                    start + offset + 8 : start + offset + 8 + min(length, 256)
                ]
                yield text.split(b"\x00")[0].decode("cp1252", "replace")
    except struct.error:
        return
