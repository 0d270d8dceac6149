"""Generated families of hard text files, each with what it should be read as."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from random import Random

from bench.load.reading.labels import LabelledReading
from bench.load.reading.tables import (
    TOWNS,
    Column,
    Table,
    make_column,
    make_table,
)

Records = Sequence[Sequence[str]]
Family = Callable[[Random, str], LabelledReading]
MANY = 60
"""Rows of a table in which a few odd ones do not change what a column is."""


def write_csv(records: Iterable[Sequence[str]], delimiter: str = ";") -> str:
    """Records as delimited text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(records)
    return text.getvalue()


def labelled(
    name: str,
    text: str,
    table: Table,
    *,
    delimiter: str = ";",
    encoding: str = "UTF-8",
    codec: str = "utf-8",
) -> LabelledReading:
    """A table written plainly: names on the first line, records below."""
    content = text.encode(codec)
    return LabelledReading(
        name=name,
        family="",
        content=lambda: content,
        names=tuple(table.names),
        rows=len(table.records),
        encoding=encoding,
        delimiter=delimiter,
        types=table.types,
    )


def plain(draw: Random, name: str) -> LabelledReading:
    """Nothing odd, with any delimiter."""
    delimiter = draw.choice((";", ",", "\t", "|"))
    table = make_table(draw)
    text = write_csv([table.names, *table.records], delimiter)
    return labelled(name, text, table, delimiter=delimiter)


def cells_beyond_the_header(draw: Random, name: str) -> LabelledReading:
    """A decimal comma that nobody quoted shifts what follows it."""
    table = make_table(draw, "place", "count", "amount", "open", rows=MANY)
    lines = [",".join(table.names)]
    for number, record in enumerate(table.records):
        cells = [record[0], record[1], record[2].replace(",", "."), record[3]]
        if number == MANY // 2:
            cells[2] = record[2]
        lines.append(",".join(cells))
    reading = labelled(name, "\n".join(lines) + "\n", table, delimiter=",")
    types = {
        table.names[0]: frozenset({"text"}),
        table.names[1]: frozenset({"integer"}),
    }
    return replace(
        reading,
        names=(*table.names, "col5"),
        types=types,
        remarks=frozenset({"wide_rows"}),
    )


def blanks_before_quotes(draw: Random, name: str) -> LabelledReading:
    """A blank after each comma, then a quoted cell that holds a comma."""
    table = make_table(draw, "town", "street", "count")
    quoted = [
        f'{town}, "{street}, {draw.choice(TOWNS)}", {count}'
        for town, street, count in table.records
    ]
    text = "\n".join([", ".join(table.names), *quoted]) + "\n"
    return labelled(name, text, table, delimiter=",")


def large_integers(draw: Random, name: str) -> LabelledReading:
    """Identifiers of more digits than a number of 64 bits holds, among smaller ones."""
    table = make_table(draw, "place", "count")
    ids = [str(draw.randrange(10**14, 10**15)) for _ in table.records]
    ids[draw.randrange(len(ids))] = str(draw.randrange(10**20, 10**21))
    if draw.choice((True, False)):
        ids[0] = f"-{draw.randrange(10**20, 10**21)}"
    column = Column("identifiant_objet", ("code", "text"), tuple(ids))
    table = Table((*table.columns, column))
    return labelled(name, write_csv([table.names, *table.records]), table)


def lost_zeros(draw: Random, name: str) -> LabelledReading:
    """Codes that a spreadsheet took for numbers: their zeros in front are gone."""
    table = make_table(draw, "town", "insee", "postcode", "siret", "phone")
    columns = []
    for column in table.columns[1:]:
        values = list(column.values)
        values[0] = f"0{values[0][1:]}"
        columns.append(
            replace(column, values=tuple(value.lstrip("0") for value in values))
        )
    chosen_columns = draw.sample(columns, 2)
    table = Table(
        (
            table.columns[0],
            *chosen_columns,
            make_column(draw, "amount", len(table.records)),
        )
    )
    reading = labelled(name, write_csv([table.names, *table.records]), table)
    return replace(reading, remarks=frozenset({"lost_zeros"}))


def scientific_codes(draw: Random, name: str) -> LabelledReading:
    """SIRET numbers that a spreadsheet shows as `2,1E+13`."""
    table = make_table(draw, "place", "count")
    values = tuple(
        f"{draw.randint(2, 8)},{draw.randint(1, 99_999)}E+13" for _ in table.records
    )
    column = Column("SIRET", ("text", "code", "siret"), values)
    table = Table((*table.columns, column))
    reading = labelled(name, write_csv([table.names, *table.records]), table)
    return replace(reading, remarks=frozenset({"damaged_number"}))


def thousands(draw: Random, name: str) -> LabelledReading:
    """Marks of thousands, and no decimals anywhere."""
    table = make_table(draw, "town", "street")
    mark = draw.choice((" ", "\u00a0", "\u202f", ".", "'"))
    numbers = [draw.randint(1_000, 900_000) for _ in table.records]
    numbers[0] = draw.randint(1_000_000, 70_000_000)
    values = tuple(f"{number:,}".replace(",", mark) for number in numbers)
    table = Table((*table.columns, Column("population", ("integer",), values)))
    return labelled(name, write_csv([table.names, *table.records]), table)


def units_line(draw: Random, name: str) -> LabelledReading:
    """A line of units below the names."""
    table = make_table(draw, "town", "count", "amount")
    units = [
        "",
        draw.choice(("habitants", "nombre", "hab.")),
        draw.choice(("€", "k€", "euros", "en €")),
    ]
    records = [table.names, units, *table.records]
    reading = labelled(name, write_csv(records), table)
    return replace(reading, first_line=3, remarks=frozenset({"units_line"}))


def footers(draw: Random, name: str) -> LabelledReading:
    """Notes and a source below the last row."""
    table = make_table(draw)
    width = len(table.names)
    notes = draw.sample(
        (
            "Source : services municipaux, 2024",
            "* estimation provisoire",
            "(1) hors communes déléguées",
            "Note : les montants sont arrondis",
            "Champ : ensemble des équipements ouverts",
        ),
        draw.randint(1, 2),
    )
    blank = [[""] * width] if draw.choice((True, False)) else []
    below = [[note, *[""] * (width - 1)] for note in notes]
    text = write_csv([table.names, *table.records, *blank, *below])
    return replace(labelled(name, text, table), remarks=frozenset({"footer"}))


def titles(draw: Random, name: str) -> LabelledReading:
    """A title and a date above the names."""
    table = make_table(draw)
    width = len(table.names)
    above = [
        ["Liste des équipements de la commune", *[""] * (width - 1)],
        [f"Mise à jour le {draw.randint(1, 28)}/03/2024", *[""] * (width - 1)],
        [""] * width,
    ][: draw.randint(1, 3)]
    text = write_csv([*above, table.names, *table.records])
    line = len(above) + 1
    return replace(labelled(name, text, table), header_line=line, first_line=line + 1)


def two_tables(draw: Random, name: str) -> LabelledReading:
    """A second table, with other names, below the first one."""
    table = make_table(draw, "place", "count", "amount")
    other = make_table(draw, "town", "day", "open")
    text = write_csv(
        [table.names, *table.records, ["", "", ""], other.names, *other.records]
    )
    return replace(labelled(name, text, table), remarks=frozenset({"several_tables"}))


def group_names(draw: Random, name: str) -> LabelledReading:
    """Names of two lines: groups, then what each column of a group is."""
    table = make_table(draw, "town", "count", "count", "count", "count")
    first, second = draw.choice(
        (("2023", "2024"), ("Femmes", "Hommes"), ("Nord", "Sud"))
    )
    below = draw.choice((("inscrits", "votants"), ("entrées", "sorties")))
    top = ["", first, "", second, ""]
    names = ["commune", *below, *below]
    joined = [
        "commune",
        *(f"{first} {label}" for label in below),
        *(f"{second} {label}" for label in below),
    ]
    columns = tuple(
        replace(column, name=name)
        for column, name in zip(table.columns, joined, strict=True)
    )
    text = write_csv([top, names, *table.records])
    reading = labelled(name, text, Table(columns))
    return replace(reading, header_line=2, first_line=3)


def quoted_lines(draw: Random, name: str) -> LabelledReading:
    """Each whole line stands between quotes."""
    table = make_table(draw, "place", "count", "day")
    lines = write_csv([table.names, *table.records], ",").splitlines()
    text = "\n".join('"' + line.replace('"', '""') + '"' for line in lines) + "\n"
    return labelled(name, text, table, delimiter=",")


def repeated_records(draw: Random, name: str) -> LabelledReading:
    """No names; the first records are alike, and each counts."""
    town = draw.choice(TOWNS)
    records = [[town, "oui", "ouvert"]] * draw.randint(2, 4)
    records += [
        [
            draw.choice(TOWNS),
            draw.choice(("oui", "non")),
            draw.choice(("ouvert", "fermé")),
        ]
        for _ in range(20)
    ]
    table = Table(
        tuple(
            Column(f"col{place + 1}", types, tuple(record[place] for record in records))
            for place, types in enumerate((("text",), ("boolean",), ("text",)))
        )
    )
    reading = labelled(name, write_csv(records), table)
    return replace(reading, header_line=0, first_line=1)


def without_names(draw: Random, name: str) -> LabelledReading:
    """Data from the first line on."""
    table = make_table(draw, "place", "day", "count", "amount")
    columns = tuple(
        replace(column, name=f"col{place + 1}")
        for place, column in enumerate(table.columns)
    )
    reading = labelled(name, write_csv(table.records), Table(columns))
    return replace(reading, header_line=0, first_line=1)


def empty_columns(draw: Random, name: str) -> LabelledReading:
    """16,384 cells a line, of which a few columns hold anything."""
    table = make_table(draw, "place", "count", "amount")
    tail = [""] * (16_384 - len(table.names))
    text = write_csv(
        [[*table.names, *tail], *([*record, *tail] for record in table.records)]
    )
    return labelled(name, text, table)


def geometry_name(draw: Random, name: str) -> LabelledReading:
    """A column that its file calls `geometry`."""
    table = make_table(draw, "place", "count")
    values = tuple(
        f"POINT({draw.uniform(-4, 7):.5f} {draw.uniform(43, 50):.5f})"
        for _ in table.records
    )
    table = Table((*table.columns, Column("geometry", ("text", "point"), values)))
    return labelled(name, write_csv([table.names, *table.records]), table)


def lambert(draw: Random, name: str) -> LabelledReading:
    """Coordinates of Lambert-93 are numbers, not degrees."""
    table = make_table(draw, "place")
    rows = len(table.records)
    east = tuple(f"{draw.uniform(130_000, 1_200_000):.2f}" for _ in range(rows))
    north = tuple(f"{draw.uniform(6_100_000, 7_100_000):.2f}" for _ in range(rows))
    names = draw.choice((("x", "y"), ("X_L93", "Y_L93"), ("long", "lat")))
    columns = (
        Column(names[0], ("number",), east),
        Column(names[1], ("number",), north),
    )
    table = Table((*table.columns, *columns))
    return labelled(name, write_csv([table.names, *table.records]), table)


def swapped_degrees(draw: Random, name: str) -> LabelledReading:
    """Latitudes under the name of longitudes, and the other way round."""
    table = make_table(draw, "place")
    rows = len(table.records)
    north = tuple(f"{draw.uniform(46, 49):.6f}" for _ in range(rows))
    west = tuple(f"{draw.uniform(-4, 2):.6f}" for _ in range(rows))
    columns = (
        Column("longitude", ("longitude",), north),
        Column("latitude", ("latitude",), west),
    )
    table = Table((*table.columns, *columns))
    reading = labelled(name, write_csv([table.names, *table.records]), table)
    return replace(reading, remarks=frozenset({"swapped_coordinates"}))


def double_encoded(draw: Random, name: str) -> LabelledReading:
    """UTF-8 that was read as Windows-1252 and written as UTF-8 again."""
    table = make_table(draw, "place", "town", "count")
    columns = (replace(table.columns[0], name="Équipement"), *table.columns[1:])
    table = Table(columns)
    text = write_csv([table.names, *table.records])
    broken = text.encode().decode("cp1252", "replace")
    reading = labelled(name, broken, table)
    return replace(reading, remarks=frozenset({"double_encoded"}))


SCRIPTS = {
    "shift_jis": ("Shift_JIS", ("施設名", "所在地", "定員"), ("図書館", "小学校", "体育館", "市民会館", "公園"), ("中央区", "北町", "南山", "東京都港区")),
    "gbk": ("GB18030", ("名称", "地址", "人数"), ("图书馆", "小学校", "体育馆", "医院", "公园"), ("中山路", "人民广场", "北京市海淀区", "解放街")),
    "big5": ("Big5", ("名稱", "地址", "人數"), ("圖書館", "國民小學", "體育館", "醫院", "公園"), ("中山路", "臺北市信義區", "民權東路", "忠孝街")),
    "cp1251": ("Windows-1251", ("Название", "Адрес", "Количество"), ("Библиотека", "Школа", "Бассейн", "Театр", "Парк"), ("улица Мира", "площадь Победы", "проспект Ленина", "набережная")),
    "koi8-r": ("KOI8-R", ("Название", "Адрес", "Количество"), ("Библиотека", "Школа", "Бассейн", "Театр", "Парк"), ("улица Мира", "площадь Победы", "проспект Ленина", "набережная")),
    "iso8859-7": ("ISO-8859-7", ("Όνομα", "Διεύθυνση", "Θέσεις"), ("Βιβλιοθήκη", "Σχολείο", "Θέατρο", "Πάρκο", "Νοσοκομείο"), ("οδός Ερμού", "πλατεία Ομονοίας", "λεωφόρος Αθηνών")),
    "cp1250": ("Windows-1250", ("Nazwa", "Miejscowość", "Liczba"), ("Świetlica", "Szkoła", "Żłobek", "Książnica", "Przychodnia Łąkowa"), ("Łódź", "Kraków", "Gdańsk", "Częstochowa", "Żywiec")),
}  # fmt: skip
"""By Python's name of an encoding: IANA's name, then names of columns, things and places."""


def written_in(codec: str, draw: Random, name: str) -> LabelledReading:
    """A file of another alphabet, in the encoding of its country."""
    encoding, names, things, places = SCRIPTS[codec]
    rows = draw.randint(20, MANY)
    columns = (
        Column(names[0], ("text",), tuple(draw.choice(things) for _ in range(rows))),
        Column(
            names[1],
            ("text",),
            tuple(f"{draw.choice(places)} {draw.randint(1, 90)}" for _ in range(rows)),
        ),
        Column(
            names[2],
            ("integer",),
            tuple(str(draw.randint(10, 900)) for _ in range(rows)),
        ),
    )
    table = Table(columns)
    text = write_csv([table.names, *table.records])
    return labelled(name, text, table, encoding=encoding, codec=codec)


def lone_shape(draw: Random, name: str) -> LabelledReading:
    """The `.shp` of a Shapefile without the files that belong to it."""
    header = bytearray(100)
    header[:4] = (9994).to_bytes(4, "big")
    header[24:28] = (50).to_bytes(4, "big")
    header[28:32] = (1000).to_bytes(4, "little")
    header[32] = draw.choice((1, 3, 5))
    content = bytes(header)
    return LabelledReading(
        name=name.removesuffix(".csv") + ".shp",
        family="",
        content=lambda: content,
        failure="lone_shapefile",
    )


TEXT_FAMILIES: dict[str, Family] = {
    "plain": plain,
    "cells beyond the header": cells_beyond_the_header,
    "blanks before quotes": blanks_before_quotes,
    "integers over 64 bits": large_integers,
    "lost zeros": lost_zeros,
    "2,1E+13": scientific_codes,
    "thousands without decimals": thousands,
    "units line": units_line,
    "footers": footers,
    "titles": titles,
    "two tables": two_tables,
    "names of two lines": group_names,
    "whole lines in quotes": quoted_lines,
    "equal first records": repeated_records,
    "no names": without_names,
    "16,384 columns": empty_columns,
    "geometry as a name": geometry_name,
    "Lambert-93": lambert,
    "swapped degrees": swapped_degrees,
    "double-encoded": double_encoded,
    "lone .shp": lone_shape,
    **{f"in {codec}": partial(written_in, codec) for codec in SCRIPTS},
}
