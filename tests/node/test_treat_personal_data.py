"""After a treatment nothing of the person is left, and the rest of the table is."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.depth import examples
from tests.node import personal_set as made
from tests.node.tables.reading import converted
from tests.node.typed_tables import TextColumn, write_table
from udi.kit.errors import InvalidError
from udi.node.datasets.versions.preparation import prepare
from udi.tabular.columns.column import GEOMETRY, LINE, ColumnType, TypedColumn
from udi.tabular.geo.map_conversion import add_places
from udi.tabular.geo.recognition import find_place_columns
from udi.tabular.personal.anonymisation import TreatmentSummary, apply_treatments
from udi.tabular.personal.detection import detect_personal_data
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.transformations import (
    mask,
    pseudonymise,
    to_department,
    to_five_years,
    to_grid,
    to_ten_years,
    to_year,
)
from udi.tabular.personal.treatments import (
    OFFERED,
    Granularity,
    Treatment,
    TreatmentMethod,
    steps_of,
)
from udi.tabular.profiles.profile import Profile

KEY = b"a key of the dataset, 32 bytes.."
ROWS = 60
Treat = Callable[..., tuple[TreatmentSummary, list[list[str]]]]


def people() -> list[TextColumn]:
    draw = made.Draw(7)

    def draw_column(
        name: str, value: made.Values, kind: ColumnType = ColumnType.TEXT
    ) -> TextColumn:
        return TextColumn(name, [value(draw) for _ in range(ROWS)], kind)

    return [
        draw_column("Nom", made.upper_family),
        draw_column("Prénom", made.given),
        draw_column("Courriel", made.mail),
        draw_column("Mobile", made.phone("67")),
        draw_column("Né le", made.day(1940, 2010), ColumnType.DATE),
        draw_column("NIR", made.nir),
        draw_column("IBAN", made.iban),
        draw_column("Adresse", made.home),
        draw_column("Plaque", made.plate),
        draw_column("age", made.number(18, 90), ColumnType.INTEGER),
        draw_column(
            "code_postal",
            made.of(("29000", "20090", "20600", "97410")),
            ColumnType.POSTCODE,
        ),
        draw_column("sexe", made.of(("F", "H"))),
        draw_column("activite", made.of(("Judo", "Danse"))),
    ]


@pytest.fixture
def treated(tmp_path: Path) -> Treat:
    """Treat a table and read the new file."""

    def treating(
        columns: list[TextColumn], *treatments: Treatment, key: bytes = KEY
    ) -> tuple[TreatmentSummary, list[list[str]]]:
        target = tmp_path / "new.csv"
        done = apply_treatments(
            *write_table(tmp_path, columns),
            treatments,
            target,
            key,
            has_own_places=False,
        )
        with target.open(newline="", encoding="utf-8") as file:
            return done, list(csv.reader(file))

    return treating


def again(
    tmp_path: Path, records: list[list[str]], types: dict[str, ColumnType]
) -> tuple[Path, list[TypedColumn]]:
    """The new file as a typed table."""
    columns = [
        TextColumn(
            name,
            [record[index] for record in records[1:]],
            types.get(name, ColumnType.TEXT),
        )
        for index, name in enumerate(records[0])
    ]
    return write_table(tmp_path, columns, name="again")


def test_every_proposed_way_out_leaves_no_stop(tmp_path: Path, treated: Treat) -> None:
    source_columns = people()
    parquet, columns = write_table(tmp_path, source_columns)
    before = detect_personal_data(parquet, columns)
    finding_by_kind = {
        finding.what: finding
        for finding in before.findings
        if finding.what is not PersonalDataKind.SMALL_GROUP
    }
    columns_by_name = {column.name: column for column in columns}
    for place in range(2):
        treatments = [
            Treatment(
                way,
                finding.columns,
                steps_of(columns_by_name[finding.columns[0]])[0]
                if way is TreatmentMethod.GENERALISE
                else None,
            )
            for finding in finding_by_kind.values()
            for way in [
                OFFERED[finding.what][min(place, len(OFFERED[finding.what]) - 1)]
            ]
        ]
        _, records = treated(source_columns, *treatments)
        after = detect_personal_data(
            *again(tmp_path, records, {"age": ColumnType.INTEGER})
        )

        names = {name for treatment in treatments for name in treatment.columns}
        assert len(finding_by_kind) == 9
        assert [
            finding
            for finding in after.stops
            if names & set(finding.columns)
            and finding.what is not PersonalDataKind.SMALL_GROUP
        ] == []


def test_counting_leaves_no_small_group(tmp_path: Path, treated: Treat) -> None:
    done, records = treated(
        people(),
        Treatment(TreatmentMethod.GENERALISE, ("age",), Granularity.TEN_YEARS),
        Treatment(TreatmentMethod.GENERALISE, ("code_postal",), Granularity.DEPARTMENT),
        Treatment(TreatmentMethod.AGGREGATE, ("code_postal", "age")),
    )

    counts = [int(record[-1]) for record in records[1:]]
    assert records[0] == ["code_postal", "age", "count"]
    assert min(counts) >= 5
    assert sum(counts) + done.left_out == ROWS
    assert sum(counts) == ROWS
    assert records[-1] == ["*", "*", str(done.merged)]
    assert "Nom" in done.dropped
    assert (
        detect_personal_data(
            *again(tmp_path, records, {"count": ColumnType.INTEGER})
        ).findings
        == ()
    )


def test_a_remainder_that_is_too_small_is_told_nowhere(treated: Treat) -> None:
    done, records = treated(
        [TextColumn("zone", ["A"] * 9 + ["B"] * 3)],
        Treatment(TreatmentMethod.AGGREGATE, ("zone",)),
    )

    assert records == [["zone", "count"], ["A", "9"]]
    assert (done.rows, done.merged, done.left_out) == (1, 0, 3)


def test_what_is_not_treated_stays_as_it_is(treated: Treat) -> None:
    columns = [
        TextColumn("id", ["1", "2"], ColumnType.INTEGER), TextColumn("Nom", ["LE GOFF", "RIOU"]), TextColumn("jour", ["2024-02-29", ""], ColumnType.DATE),
        TextColumn("texte", ['dit "oui", puis\nnon', "=1+1"]), TextColumn("zéro", ["007", "000"], ColumnType.CODE),
    ]  # fmt: skip
    done, records = treated(columns, Treatment(TreatmentMethod.DROP, ("Nom",)))

    assert records == [
        ["id", "jour", "texte", "zéro"], ["1", "2024-02-29", 'dit "oui", puis\nnon', "007"], ["2", "", "=1+1", "000"],
    ]  # fmt: skip
    assert (done.changed, done.dropped, done.rows) == ({"Nom": 2}, ("Nom",), 2)
    assert TreatmentSummary.from_json(json.loads(json.dumps(done.as_json()))) == done


def test_tokens_are_the_same_for_the_same_value_and_key(treated: Treat) -> None:
    columns = [
        TextColumn("Nom", ["Le Goff", "Riou", "Le  Goff", ""]),
        TextColumn("Tuteur", ["Riou", "", "", "Riou"]),
    ]
    coded = Treatment(TreatmentMethod.PSEUDONYMISE, ("Nom", "Tuteur"))
    _, ours = treated(columns, coded)
    _, again = treated(columns, coded)
    _, others = treated(columns, coded, key=b"another dataset's key")

    assert ours == again
    assert ours[1][0] == ours[3][0] != ours[2][0] == ours[1][1] == ours[4][1]
    assert ours[4][0] == ""
    assert not {cell for row in ours[1:] for cell in row if cell} & {
        cell for row in others[1:] for cell in row
    }
    with pytest.raises(ValueError, match="16 bytes"):
        treated(columns, coded, key=b"short")


def test_two_hundred_thousand_values_have_as_many_tokens() -> None:
    values = examples(20_000, 200_000)
    tokens = {pseudonymise(KEY, str(number)) for number in range(values)}

    assert len(tokens) == values
    assert all(len(token) == 19 and token[0].isdigit() for token in tokens)


@given(st.text())
def test_any_text_has_a_token(text: str) -> None:
    assert pseudonymise(KEY, text.encode("utf-8", "ignore").decode()).count("-") == 3


@pytest.mark.parametrize(
    ("change", "value", "coarser"),
    [
        (to_year, "1984-02-29", "1984"), (to_year, "29/02/1984", "1984"), (to_year, "19840229", "1984"), (to_year, "hier", ""),
        (to_five_years, "1984-02-29", "1980-1984"), (to_five_years, "1985", "1985-1989"), (to_five_years, "33", "30-34"),
        (to_ten_years, "37", "30-39"), (to_ten_years, "7.0", "0-9"), (to_ten_years, "trente", ""),
        (to_department, "29200", "29"), (to_department, "1000", "01"), (to_department, "20090", "2A"), (to_department, "20600", "2B"),
        (to_department, "97410", "974"), (to_department, "2A004", "2A"), (to_department, "SW1A 1AA", ""),
        (to_grid, "48.123456", "48.12"), (to_grid, "48.1199,-4.4861", "48.12,-4.49"), (to_grid, "POINT (-4.4861 48.3904)", "POINT (-4.49 48.39)"),
        (mask, "Appeler le 06 12 34 56 78 ou lea@example.org", "Appeler le 06 ** ** ** ** ou ***@***"),
        (mask, "+44 20 7946 0958", "** ** **"), (mask, "12 rue des Lilas", "12 rue des Lilas"), (mask, "le 2024-02-29", "le 2024-02-29"),
    ],
)  # fmt: skip
def test_a_value_is_made_harmless(
    change: Callable[[str], str], value: str, coarser: str
) -> None:
    assert change(value) == coarser


@pytest.mark.parametrize(
    ("treatment", "first_line"),
    [
        (Treatment(TreatmentMethod.DROP, ("latitude", "longitude")), "nom"),
        (
            Treatment(
                TreatmentMethod.GENERALISE, ("latitude", "longitude"), Granularity.GRID
            ),
            "nom,latitude,longitude",
        ),
    ],
)
def test_coordinates_that_are_taken_out_do_not_come_back_as_places(
    tmp_path: Path, treatment: Treatment, first_line: str
) -> None:
    file = tmp_path / "gens.csv"
    lines = [f"P{number},48.10{number},-1.20{number}" for number in range(10, 40)]
    file.write_text("\n".join(["nom,latitude,longitude", *lines, ""]))
    parquet = tmp_path / "table.parquet"
    target = tmp_path / "new.csv"
    table = converted(file, parquet)
    placing = find_place_columns(parquet, table.profile.columns)
    assert placing is not None
    placed = add_places(parquet, table, placing)

    apply_treatments(
        parquet,
        placed.profile.columns,
        [treatment],
        target,
        KEY,
        has_own_places=placed.profile.reads == "geo",
    )

    assert placed.profile.bbox is not None
    assert target.read_text().splitlines()[0] == first_line
    assert "48.1010" not in target.read_text()


GRID = (TreatmentMethod.GENERALISE, Granularity.GRID)
AWAY = (TreatmentMethod.DROP, None)


@pytest.mark.parametrize(
    ("changed", "way", "first_line", "dropped"),
    [
        (("lat", "lon"), GRID, "nom,mail,lat,lon,adresse", {"geometry"}),
        pytest.param(
            ("lat", "lon"),
            AWAY,
            "nom,mail,adresse",
            {"geometry", "lat", "lon"},
            marks=pytest.mark.thorough,
        ),
        (("adresse",), AWAY, "nom,mail,lat,lon", {"geometry", "adresse"}),
        pytest.param(
            ("mail",),
            AWAY,
            "nom,lat,lon,adresse,geometry",
            {"mail"},
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_places_of_a_map_do_not_give_back_what_is_taken_from_columns(
    tmp_path: Path,
    changed: tuple[str, ...],
    way: tuple[TreatmentMethod, Granularity | None],
    first_line: str,
    dropped: set[str],
) -> None:
    file = tmp_path / "gens.geojson"
    parquet = tmp_path / "table.parquet"
    target = tmp_path / "new.csv"
    properties = {
        "nom": "A",
        "mail": "a@x.fr",
        "lat": 48.1234,
        "lon": -1.6543,
        "adresse": "1 rue",
    }
    point = {"type": "Point", "coordinates": [-1.654321, 48.123456]}
    feature = {"type": "Feature", "properties": properties, "geometry": point}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    profile = Profile.from_json(prepare(file, file.name, {}, parquet).profile)

    summary = apply_treatments(
        parquet,
        profile.columns,
        [Treatment(way[0], changed, way[1])],
        target,
        KEY,
        has_own_places=profile.reads == "geo",
    )

    assert target.read_text().splitlines()[0] == first_line
    assert set(summary.dropped) == dropped
    assert ("48.123456" in target.read_text()) is (GEOMETRY not in dropped)


def test_a_column_called_geometry_is_written_as_others_are(treated: Treat) -> None:
    columns = [
        TextColumn("mail", ["a@b.example", ""]),
        TextColumn("geometry", ["true", ""], ColumnType.BOOLEAN),
    ]

    summary, records = treated(columns, Treatment(TreatmentMethod.DROP, ("mail",)))

    assert records == [["geometry"], ["true"], [""]]
    assert summary.changed == {"mail": 1}


def test_geometries_go_to_the_grid_or_away(tmp_path: Path) -> None:
    parquet = tmp_path / "geo.parquet"
    target = tmp_path / "new.csv"
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE TABLE g ({LINE} BIGINT, nom VARCHAR, {GEOMETRY} BLOB)"
        )
        connection.execute(
            "INSERT INTO g VALUES (2, 'a', ?), (3, 'b', NULL)",
            [shapely.to_wkb(shapely.Point(-4.4861, 48.3904))],
        )
        connection.execute(f"COPY g TO '{parquet}' (FORMAT parquet)")
    columns = [TypedColumn("nom", ColumnType.TEXT)]

    apply_treatments(
        parquet,
        columns,
        [Treatment(TreatmentMethod.GENERALISE, (GEOMETRY,), Granularity.GRID)],
        target,
        KEY,
        has_own_places=True,
    )
    assert target.read_text() == "nom,geometry\na,POINT (-4.49 48.39)\nb,\n"
    apply_treatments(
        parquet,
        columns,
        [Treatment(TreatmentMethod.DROP, (GEOMETRY,))],
        target,
        KEY,
        has_own_places=True,
    )
    assert target.read_text() == "nom\na\nb\n"


@pytest.mark.parametrize(
    "treatments",
    [
        [Treatment(TreatmentMethod.DROP, ("nobody",))],
        [Treatment(TreatmentMethod.GENERALISE, ("age",))],
        [
            Treatment(TreatmentMethod.DROP, ("age",)),
            Treatment(TreatmentMethod.MASK, ("age",)),
        ],
    ],
)
def test_what_cannot_be_done_is_refused(
    treated: Treat, treatments: list[Treatment]
) -> None:
    with pytest.raises(InvalidError) as refused:
        treated([TextColumn("age", ["3"], ColumnType.INTEGER)], *treatments)

    assert refused.value.refusals[0].reason


def test_a_treatment_goes_through_json() -> None:
    treatment = Treatment(TreatmentMethod.GENERALISE, ("age",), Granularity.TEN_YEARS)

    assert Treatment.from_json(json.loads(json.dumps(treatment.as_json()))) == treatment
