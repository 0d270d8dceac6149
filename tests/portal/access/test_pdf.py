"""The PDF of an agreement, read by another library: its tags lead to their text, its lines stay on their page, its text stays text."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream, DictionaryObject

from tests.portal.tenants.test_logos import draw, paint
from udi.kit import child
from udi.portal.access.agreements.pdf import MODULE, print_pdf
from udi.portal.access.agreements.typesetting import write_pdf
from udi.portal.tenants.logos import read_logo

PARAGRAPHS = [
    (True, "1. Les parties"),
    (False, "Énergie et îlots " * 500),
    (True, "2. (Fin) \\ et suite"),
    (False, "Fin."),
]
SIGNED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
NOTE = "Certains caractères ne peuvent pas être imprimés ici."
MARGIN = 64
"""In points, of a page of A4."""


def write(*texts: str) -> PdfReader:
    """A short agreement, each text a paragraph of it."""
    paragraphs = [(True, "1. Les parties"), *((False, text) for text in texts)]
    return PdfReader(
        BytesIO(write_pdf("Convention", paragraphs, "fr", SIGNED, note=NOTE))
    )


def write_long() -> bytes:
    return write_pdf("Convention", PARAGRAPHS, "fr", SIGNED, note=NOTE)


def text_of(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def standards_of(body: bytes) -> dict[str, str]:
    """The parts of ISO 19005 (PDF/A) and ISO 14289 (PDF/UA) that a document claims."""
    parts = re.findall(rb"<(pdfaid|pdfuaid):part>(\d)<", body)
    return {name.decode(): part.decode() for name, part in parts}


def list_elements(element: DictionaryObject) -> Iterator[DictionaryObject]:
    """The headings and paragraphs below an element of the structure, in the order of reading."""
    for kid in element["/K"]:
        child_element = kid.get_object()
        if isinstance(child_element, DictionaryObject) and "/S" in child_element:
            if child_element["/S"] in {"/H1", "/H2", "/P"}:
                yield child_element
            else:
                yield from list_elements(child_element)


def list_marks(
    element: DictionaryObject, reader: PdfReader
) -> Iterator[tuple[int, int]]:
    """(page, mark) of each piece of text of an element and of those below it."""
    for kid in element["/K"]:
        entry = kid.get_object()
        if isinstance(entry, int):
            yield reader.get_page_number(element["/Pg"]), entry
        elif entry.get("/Type") == "/MCR":
            page = entry.get("/Pg", element.get("/Pg"))
            yield reader.get_page_number(page), entry["/MCID"]
        else:
            yield from list_marks(entry, reader)


def list_drawn_marks(reader: PdfReader) -> Iterator[tuple[int, int | None]]:
    """(page, mark) of each piece of text that is drawn; None for text outside of any mark."""
    for number, page in enumerate(reader.pages):
        marks: list[int | None] = []
        for operands, operator in ContentStream(
            page["/Contents"].get_object(), reader
        ).operations:
            if operator in {b"BDC", b"BMC"}:
                properties = operands[1] if len(operands) > 1 else {}
                marks.append(properties.get("/MCID"))
            elif operator == b"EMC":
                marks.pop()
            elif operator in {b"Tj", b"TJ"}:
                yield number, next((mark for mark in marks if mark is not None), None)


def test_each_piece_of_text_belongs_to_the_tag_that_names_it() -> None:
    reader = PdfReader(BytesIO(write_long()))
    elements = list(list_elements(reader.trailer["/Root"]["/StructTreeRoot"]))

    named = [mark for element in elements for mark in list_marks(element, reader)]

    assert len(reader.pages) > 1
    assert [element["/S"] for element in elements] == ["/H1", "/H2", "/P", "/H2", "/P"]
    assert len(named) == len(set(named))
    assert set(named) == set(list_drawn_marks(reader))


def test_every_line_stays_inside_its_page() -> None:
    reader = PdfReader(BytesIO(write_long()))
    places: list[tuple[float, float]] = []

    def watch(text: str, current: Any, matrix: Any, _font: Any, _size: Any) -> None:
        if text.strip():
            x, y = matrix[4], matrix[5]
            places.append(
                (
                    x * current[0] + y * current[2] + current[4],
                    x * current[1] + y * current[3] + current[5],
                )
            )

    lines = [
        line
        for page in reader.pages
        for line in page.extract_text(visitor_text=watch).splitlines()
    ]
    width, height = reader.pages[0].mediabox[2:]

    assert (round(width), round(height)) == (595, 842)
    assert len(places) > 50
    assert all(MARGIN - 1 <= x < width - MARGIN for x, _ in places)
    assert all(MARGIN <= y <= height - MARGIN for _, y in places)
    assert max(map(len, lines)) < 110


def test_the_text_is_whole_and_in_its_order() -> None:
    text = text_of(PdfReader(BytesIO(write_long())))

    expected = ["Convention", *(paragraph for _, paragraph in PARAGRAPHS)]
    assert text.split() == " ".join(expected).split()


@pytest.mark.parametrize(
    "name",
    [
        '#read("/etc/passwd")', "*bold* _slanted_ `code`", "$x^2$", "@ref <label>", "= Title", "- one -- two --- three ...",
        "\\u{41} \\ end", "// comment /* and */", '"]) #panic("x")', "\"double\" 'single'", "https://example.org/~a", "~",
        "(n° 1) «\u00a0îlot\u00a0»", "${x} {{ x }} %(x)s", '{"title": "x"}',
    ],
)  # fmt: skip
def test_what_looks_like_markup_is_printed_as_it_is(name: str) -> None:
    reader = write(name, "Fin.")

    assert name in text_of(reader)
    assert NOTE not in text_of(reader)


@pytest.mark.parametrize(
    "name",
    [
        "Łukasz Żółć", "Ελένη Παπαδοπούλου", "Олександр Їжак", "Nguyễn Thị Ằn", "Ștefan Čapek İnönü", "Գևորգ Հակոբյան",
        "გიორგი ბერიძე",
    ],
)  # fmt: skip
def test_names_of_many_scripts_are_printed(name: str) -> None:
    body = write_pdf(name, [(False, name)], "fr", SIGNED, note=NOTE)
    text = text_of(PdfReader(BytesIO(body)))

    assert text.splitlines() == [name, name]
    assert standards_of(body) == {"pdfaid": "2", "pdfuaid": "1"}


@pytest.mark.parametrize("name", ["李明", "김민준", "สมชาย", "🌳", "\ue000"])
def test_a_name_that_no_font_has_is_drawn_and_the_document_says_so(name: str) -> None:
    paragraphs = [(False, f"Madame {name}, Lyon."), (False, "Fin.")]

    body = write_pdf(f"Convention {name}", paragraphs, "fr", SIGNED, note=NOTE)
    reader = PdfReader(BytesIO(body))
    text = text_of(reader)
    elements = list_elements(reader.trailer["/Root"]["/StructTreeRoot"])

    assert re.search(r"Madame .+, Lyon\.\nFin\.\n", text)
    assert text.endswith(NOTE)
    assert [element["/S"] for element in elements] == ["/H1", "/P", "/P", "/P"]
    assert reader.metadata is not None
    assert reader.metadata.title == f"Convention {name}"
    assert standards_of(body) == {}


def test_the_document_says_its_title_language_and_date_and_names_nobody() -> None:
    reader = PdfReader(BytesIO(write_long()))
    root = reader.trailer["/Root"]

    assert reader.metadata is not None
    assert reader.metadata.title == "Convention"
    assert reader.metadata.creation_date == SIGNED
    assert reader.metadata.keys() == {
        "/Title", "/Creator", "/CreationDate", "/ModDate",
    }  # fmt: skip
    assert reader.metadata.creator is not None
    assert reader.metadata.creator.startswith("Typst ")
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True


def test_the_same_agreement_is_the_same_document_byte_by_byte() -> None:
    assert write_long() == write_long()


@pytest.mark.programs
@pytest.mark.usefixtures("real_children")
async def test_print_pdf_has_it_written_by_a_child_that_reaches_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launch = child.launch
    launched: list[dict[str, Any]] = []

    def watch(
        limits: str, environment: Mapping[str, str], wire: int
    ) -> subprocess.Popen[bytes]:
        launched.append(json.loads(limits))
        return launch(limits, environment, wire)

    monkeypatch.setattr(child, "launch", watch)

    printed = await print_pdf("Convention", PARAGRAPHS, "fr", SIGNED, note=NOTE)

    assert printed == write_long()
    assert [
        (limits["modules"], limits["places"], limits["file_bytes"])
        for limits in launched
    ] == [([MODULE], [], 0)]


def list_alternatives(reader: PdfReader) -> set[str]:
    """What pictures of a document say for those who do not see them."""
    objects = [
        reader.get_object(number) for number in range(1, reader.trailer["/Size"])
    ]
    dictionaries = [item for item in objects if isinstance(item, DictionaryObject)]
    return {str(item["/Alt"]) for item in dictionaries if "/Alt" in item}


def test_the_logo_of_the_territory_signs_the_document_and_keeps_its_standards() -> None:
    plain = write_pdf("Convention", PARAGRAPHS[:1], "fr", SIGNED, note=NOTE)
    for logo in (read_logo(draw()), read_logo(paint(300, 100))):
        signed = write_pdf(
            "Convention",
            PARAGRAPHS[:1],
            "fr",
            SIGNED,
            note=NOTE,
            logo=logo.content,
            signature="Armorine",
        )

        assert signed != plain
        assert standards_of(signed) == standards_of(plain)
        assert "Armorine" in list_alternatives(PdfReader(BytesIO(signed)))


def test_a_logo_that_cannot_be_set_is_left_out() -> None:
    plain = write_pdf("Convention", PARAGRAPHS[:1], "fr", SIGNED, note=NOTE)

    assert plain == write_pdf(
        "Convention", PARAGRAPHS[:1], "fr", SIGNED, note=NOTE, logo=b"<svg"
    )
