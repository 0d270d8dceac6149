"""The text of an agreement as a PDF (ISO 32000-1) for the file: one column of tagged text, its language and its title said.

The fonts are those that every reader has, with the letters of Western Europe; what others write by letters that are not
among these is shown by a question mark here, and as it is on the page of the agreement.
"""

import codecs
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from udi.kit.child import ChildError, run
from udi.kit.clock import now
from udi.kit.errors import UnavailableError

WIDTH = 595
HEIGHT = 842
MARGIN = 64
"""A4, in points."""
TITLE = 16
BODY = 10.5
LEADING = 1.45
ENCODING = "cp1252"
ENCODINGS = tuple(map(codecs.lookup, (ENCODING, "utf-16-be")))
"""Looked up here: a child that writes a document reaches no file once it has its modules."""
MEMORY_MB = 512
PATIENCE = 20
ASCII = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584"
    " 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667"
    " 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500"
    " 722 500 500 500 334 260 334 584"
)
WIDTHS = dict(zip(map(chr, range(32, 127)), map(int, ASCII.split()), strict=True))
"""Of Helvetica, in thousandths of its size."""
WIDEST = 1000


@dataclass(frozen=True)
class TextLine:
    """A line of one page; `item` is the heading or the paragraph that it belongs to."""

    text: str
    size: float
    bold: bool
    y: float
    item: int


def write_pdf(
    title: str, paragraphs: Sequence[tuple[bool, str]], language: str
) -> bytes:
    """A document of paragraphs, each of which is a heading or not."""
    pages = _lay_out([(True, title), *paragraphs])
    kinds = ["H1", *("H2" if heading else "P" for heading, _ in paragraphs)]
    return _assemble(title, kinds, pages, language)


async def print_pdf(
    title: str, paragraphs: Sequence[tuple[bool, str]], language: str
) -> bytes:
    """As `write_pdf`, by a child that reaches no file, in `PATIENCE` seconds at most.

    Raises:
        UnavailableError: it was not written in that time.
    """
    try:
        return await run(
            write_pdf,
            title,
            paragraphs,
            language,
            memory_mb=MEMORY_MB,
            seconds=PATIENCE,
            modules=(__name__,),
        )
    except ChildError:
        raise UnavailableError(
            "The document could not be written.", remedy="Try again in some minutes."
        ) from None


def _lay_out(items: Sequence[tuple[bool, str]]) -> list[list[TextLine]]:
    pages: list[list[TextLine]] = [[]]
    y = float(HEIGHT - MARGIN)
    for number, (heading, text) in enumerate(items):
        size = TITLE if number == 0 else BODY
        y -= size * (0.9 if heading else 0.45)
        for part in _wrap(text, size * (1.06 if heading else 1)):
            y -= size * LEADING
            if y < MARGIN:
                pages.append([])
                y = HEIGHT - MARGIN - size * LEADING
            pages[-1].append(TextLine(part, size, heading, y, number))
    return pages


def _wrap(text: str, size: float) -> list[str]:
    lines = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and _width(longer) * size / 1000 > WIDTH - 2 * MARGIN:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def _width(text: str) -> int:
    """About how wide a text is: letters with a sign above are as wide as without."""
    return sum(
        WIDTHS.get(unicodedata.normalize("NFD", sign)[0], WIDEST) for sign in text
    )


def _assemble(
    title: str, kinds: Sequence[str], pages: Sequence[Sequence[TextLine]], language: str
) -> bytes:
    """Objects in the order of their numbers: catalogue, pages, fonts, information, tree of tags, then each page, then each tag."""
    first = 8
    tags = 8 + 2 * len(pages)
    marks: list[list[tuple[int, int]]] = [[] for _ in kinds]
    drawn = [_draw(page, number, marks) for number, page in enumerate(pages)]
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    parents = _parents(pages, marks, tags)
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /Lang ({language}) /MarkInfo << /Marked true >> /StructTreeRoot 6 0 R"
        " /ViewerPreferences << /DisplayDocTitle true >> >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        f"<< /Title {_unicode(title)} /Producer (Urban Data Interface) /CreationDate (D:{now():%Y%m%d%H%M%S}Z) >>",
        f"<< /Type /StructTreeRoot /K [7 0 R] /ParentTree << /Nums [{parents}] >> >>",
        f"<< /Type /StructElem /S /Document /P 6 0 R /K [{' '.join(f'{tags + n} 0 R' for n in range(len(kinds)))}] >>",
    ]
    for number, content in enumerate(drawn):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /StructParents {number} /Tabs /S"
            f" /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents {first + 2 * number + 1} 0 R >>"
        )
        objects.append(
            f"<< /Length {len(content.encode(ENCODING))} >>\nstream\n{content}\nendstream"
        )
    for kind, tag_marks in zip(kinds, marks, strict=True):
        refs = " ".join(
            f"<< /Type /MCR /Pg {first + 2 * page} 0 R /MCID {mark} >>"
            for page, mark in tag_marks
        )
        objects.append(f"<< /Type /StructElem /S /{kind} /P 7 0 R /K [{refs}] >>")
    return _write(objects)


def _draw(
    page: Sequence[TextLine], number: int, marks: list[list[tuple[int, int]]]
) -> str:
    """The lines of a page, each marked as a part of what it belongs to."""
    drawn = []
    for mark, line in enumerate(page):
        marks[line.item].append((number, mark))
        if not line.bold:
            kind = "P"
        else:
            kind = "H2" if line.item else "H1"
        font = "F2" if line.bold else "F1"
        drawn.append(
            f"/{kind} << /MCID {mark} >> BDC BT /{font} {line.size} Tf {MARGIN} {line.y:.1f} Td ({_literal(line.text)}) Tj ET EMC"
        )
    return "\n".join(drawn)


def _parents(
    pages: Sequence[Sequence[TextLine]],
    marks: Sequence[Sequence[tuple[int, int]]],
    tags: int,
) -> str:
    """For each page, the tag of each of its marks."""
    owner = {place: item for item, tag_marks in enumerate(marks) for place in tag_marks}
    rows = (
        f"{number} [{' '.join(f'{tags + owner[number, mark]} 0 R' for mark in range(len(page)))}]"
        for number, page in enumerate(pages)
    )
    return " ".join(rows)


def _literal(text: str) -> str:
    encodable_text = text.encode(ENCODING, "replace").decode(ENCODING)
    return encodable_text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _unicode(text: str) -> str:
    return "<" + f"\ufeff{text}".encode("utf-16-be").hex() + ">"


def _write(objects: Sequence[str]) -> bytes:
    body = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n".encode(ENCODING)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    start = len(body)
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return body + end.encode()
