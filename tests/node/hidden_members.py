"""Files that hold the same made-up members somewhere else than in their first table: sheets, archives, layers, texts."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import shapely
import xlsxwriter

from tests.node.titled_tables import HEADERS, titled_tables
from udi.tabular.geo.geo_gdal import raw

MEMBERS = next(titled_tables()).content.decode().split("\n", 1)[1].encode()
"""A table of members as CSV, its header first."""
ROWS = [line.split(";") for line in MEMBERS.decode().splitlines()]
MEMBERS_ROWS: list[list[object]] = [list(row) for row in ROWS]
PLACES = [["quartier", "places"], *([f"Quartier {n}", n] for n in range(12))]
PLACES_CSV = "\n".join(f"{name};{count}" for name, count in PLACES).encode()


def packed(**members: bytes) -> bytes:
    """A ZIP; a name is written with `_dot_` for its point."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("_dot_", "."), body)
    return content.getvalue()


def workbook(
    *sheets: tuple[str, list[list[object]]], hidden: str = "", comment: str = ""
) -> bytes:
    """An XLSX of these sheets."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    for name, lines in sheets:
        sheet = book.add_worksheet(name)
        for index, line in enumerate(lines):
            sheet.write_row(index, 0, line)
        if comment:
            sheet.write_comment(1, 0, comment, {"author": ""})
        if name == hidden:
            sheet.hide()
    book.close()
    return content.getvalue()


def two_sheets(*, hidden: str = "") -> bytes:
    """A workbook whose second sheet lists members."""
    return workbook(("Places", PLACES), ("Membres", MEMBERS_ROWS), hidden=hidden)


def transit() -> bytes:
    """A GTFS whose agency names somebody."""
    stops = b"stop_id,stop_name,stop_lat,stop_lon\n" + b"".join(
        b"S%d,Quai %d,48.%d,-4.5\n" % (n, n, n) for n in range(9)
    )
    contacts = MEMBERS.replace(b";", b",")
    return packed(
        stops_dot_txt=stops,
        routes_dot_txt=b"route_id,route_short_name\nA,A\nB,B\n",
        contacts_dot_txt=contacts,
    )


def layers(folder: Path) -> bytes:
    """A GeoPackage of two layers, the second of which lists members."""
    path = folder / "carte.gpkg"
    count = len(ROWS) - 1
    shapes = np.array(
        [shapely.to_wkb(shapely.Point(-4.5 + n / 100, 48.4)) for n in range(count)],
        dtype=object,
    )
    members = [
        np.array([row[place] for row in ROWS[1:]], dtype=object)
        for place in range(len(ROWS[0]))
    ]
    options = {"geometry_type": "Point", "crs": "EPSG:4326", "driver": "GPKG"}
    raw.write(path, shapes, [np.arange(count)], ["places"], layer="places", **options)
    raw.write(path, shapes, members, ROWS[0], layer="membres", append=True, **options)
    return path.read_bytes()


def marked_up() -> bytes:
    """An XML document with an element for each cell."""
    rows = [
        f"<m><nom>{row[0]}</nom><prenom>{row[1]}</prenom><naissance>{row[2]}</naissance></m>"
        for row in ROWS[1:]
    ]
    return f"<?xml version='1.0' encoding='utf-8'?><membres>{''.join(rows)}</membres>".encode()


def page() -> bytes:
    """A web page with a table of members."""
    cells = [
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS
    ]
    return f"<!doctype html><meta charset=utf-8><title>Club</title><table>{''.join(cells)}</table>".encode()


def nested() -> bytes:
    """A list of objects in which members stand two levels below."""
    members = [
        {"nom": row[0], "prenom": row[1], "naissance": row[2]} for row in ROWS[1:]
    ]
    sections = [
        {"section": f"S{n}", "places": n, "suite": {"membres": members[n::4]}}
        for n in range(4)
    ]
    return json.dumps(sections, ensure_ascii=False).encode()


def second_list() -> bytes:
    """An object whose second list is that of members."""
    members = [
        {"nom": row[0], "prenom": row[1], "naissance": row[2]} for row in ROWS[1:]
    ]
    places = [{"quartier": f"Quartier {n}", "places": n} for n in range(9)]
    return json.dumps(
        {"places": places, "club": {"membres": members}}, ensure_ascii=False
    ).encode()


def by_key() -> bytes:
    """Members by number, in no list."""
    members = {
        f"A{n}": {"nom": row[0], "prenom": row[1], "naissance": row[2]}
        for n, row in enumerate(ROWS[1:])
    }
    return json.dumps(members, ensure_ascii=False).encode()


def text_document() -> bytes:
    """A DOCX, as far as its text goes."""
    cells = "".join(
        f"<w:p><w:r><w:t>{row[1]} {row[0]}</w:t></w:r></w:p>" for row in ROWS[1:]
    )
    document = (
        f'<w:document xmlns:w="urn:w"><w:body>{cells}</w:body></w:document>'.encode()
    )
    return packed(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": document})


Make = Callable[[Path], bytes]
SEARCHED: Mapping[str, tuple[str, Make]] = {
    "another sheet": ("classeur.xlsx", lambda _: two_sheets()),
    "a hidden sheet": ("classeur.xlsx", lambda _: two_sheets(hidden="Membres")),
    "a comment of a workbook": (
        "classeur.xlsx",
        lambda _: workbook(
            ("Places", PLACES), comment="Voir avec camille.essai@free.example"
        ),
    ),
    "a table below the first one": (
        "places.csv",
        lambda _: PLACES_CSV + b"\n;\n" + MEMBERS,
    ),
    "a table below that of another sheet": (
        "classeur.xlsx",
        lambda _: workbook(("Places", PLACES), ("Suite", [*PLACES, [], *MEMBERS_ROWS])),
    ),
    "a note below a table": (
        "places.csv",
        lambda _: PLACES_CSV + b"\nSource : camille.essai@free.example\n",
    ),
    "a ZIP of CSV": (
        "lot.zip",
        lambda _: packed(places_dot_csv=PLACES_CSV, membres_dot_csv=MEMBERS),
    ),
    "a zipped XLSX": (
        "lot.zip",
        lambda _: packed(classeur_dot_xlsx=two_sheets(hidden="Membres")),
    ),
    "a ZIP in a ZIP": (
        "lot.zip",
        lambda _: packed(lot_dot_zip=packed(a_dot_csv=PLACES_CSV, b_dot_csv=MEMBERS)),
    ),
    "a gzipped XLSX": ("classeur.xlsx.gz", lambda _: gzip.compress(two_sheets())),
    "a GTFS": ("gtfs.zip", lambda _: transit()),
    "another layer": ("carte.gpkg", layers),
    "XML": ("membres.xml", lambda _: marked_up()),
    "XML that is cut": (
        "membres.xml",
        lambda _: marked_up()[:-9] + b"camille.essai@free.example",
    ),
    "a page": ("club.html", lambda _: page()),
    "nested JSON": ("sections.json", lambda _: nested()),
    "another list of JSON": ("club.json", lambda _: second_list()),
    "JSON by key": ("club.json", lambda _: by_key()),
    "a text": (
        "liste.txt",
        lambda _: "\n".join(f"{row[1]} {row[0]}" for row in ROWS[1:]).encode(),
    ),
    "a document": ("liste.docx", lambda _: text_document()),
}
"""Where members stand: the name of a file, and how it is made."""
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
UNSEARCHED: Mapping[str, tuple[str, bytes, list[str]]] = {
    "a PDF": ("avis.pdf", PDF, ["PDF"]),
    "a picture": ("plan.png", PNG, ["PNG"]),
    "a picture in an archive": (
        "lot.zip",
        packed(places_dot_csv=PLACES_CSV, more_dot_csv=PLACES_CSV, plan_dot_png=PNG),
        ["plan.png"],
    ),
    "a picture in a document": (
        "liste.docx",
        packed(
            **{
                "[Content_Types].xml": b"<Types/>",
                "word/document.xml": b"<d/>",
                "word/media/image1.png": PNG,
            }
        ),
        ["word/media/image1.png"],
    ),
    "an archive that is no ZIP": ("lot.7z", b"7z\xbc\xaf\x27\x1c" + bytes(64), ["7z"]),
    "bytes": ("lot.bin", bytes(range(256)) * 4, ["BIN"]),
    "archives too deep": (
        "lot.zip",
        packed(
            a_dot_zip=packed(
                b_dot_zip=packed(c_dot_zip=packed(d_dot_csv=MEMBERS, e_dot_csv=MEMBERS))
            )
        ),
        ["a.zip › b.zip › c.zip"],
    ),
    "a table below another, too deep": (
        "lot.zip",
        packed(
            a_dot_zip=packed(
                b_dot_zip=packed(
                    d_dot_csv=PLACES_CSV + b"\n;\n" + MEMBERS, e_dot_csv=PLACES_CSV
                )
            )
        ),
        ["a.zip › b.zip › d.csv › 14…"],
    ),
}
"""What no program can look into: the name of a file, its content, and the parts that are told."""
HARMLESS: Mapping[str, tuple[str, Make]] = {
    "a source below a table": (
        "places.csv",
        lambda _: PLACES_CSV + b"\nSource : plan de la ville, 2024\n",
    ),
    "two sheets": (
        "classeur.xlsx",
        lambda _: workbook(("Places", PLACES), ("Suite", PLACES), ("Vide", [])),
    ),
    "a ZIP of CSV": (
        "lot.zip",
        lambda _: packed(a_dot_csv=PLACES_CSV, b_dot_csv=PLACES_CSV),
    ),
    "one CSV in a ZIP": ("lot.zip", lambda _: packed(a_dot_csv=PLACES_CSV)),
    "a page": (
        "places.html",
        lambda _: (
            b"<!doctype html><title>Places</title><p>Ouvert de 8 h \xc3\xa0 19 h.</p>"
        ),
    ),
    "nested JSON": (
        "a.json",
        lambda _: json.dumps(
            [{"n": n, "in": {"deep": {"x": n}}} for n in range(9)]
        ).encode(),
    ),
}
"""What holds nobody, in the same places."""
assert ROWS[0] == list(HEADERS[0])
