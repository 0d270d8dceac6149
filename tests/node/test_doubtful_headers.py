"""A list of people below title lines is found whichever line names its columns, and a doubtful line is told."""

from pathlib import Path

import httpx
import pytest

from tests.depth import one_in
from tests.node.personal_words import FAMILY, GIVEN
from tests.node.producer import Producer
from tests.node.scripts import Script, new_key
from tests.node.titled_tables import TitledTable, titled_tables
from udi.tabular.messages.notes import DOUBTFUL_HEADER, NO_HEADER
from udi.tabular.personal.detection import detect_personal_data
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.report import PersonalDataReport, PersonalDataSeverity
from udi.tabular.profiles.conversion import convert_table
from udi.tabular.profiles.corrections import Corrections
from udi.tabular.profiles.profile import Profile, profile_path

NAMES = {
    PersonalDataKind.FULL_NAME,
    PersonalDataKind.FAMILY_NAME,
    PersonalDataKind.GIVEN_NAME,
}


def look(folder: Path, content: bytes) -> tuple[Profile, PersonalDataReport]:
    """The profile of a file, and what its table says of people."""
    source = folder / "members.csv"
    target = folder / "typed.parquet"
    source.write_bytes(content)
    done = convert_table(source, profile_path(source), target)
    assert done.failure is None
    return done.profile, detect_personal_data(
        target, done.profile.columns, done.other_headers
    )


@pytest.mark.parametrize(
    "table", one_in(6, titled_tables()), ids=lambda table: str(table.number)
)
def test_members_below_title_lines_are_found(
    tmp_path: Path, table: TitledTable
) -> None:
    profile, report = look(tmp_path, table.content)

    stopped = {finding.what for finding in report.stops}
    assert stopped & NAMES
    assert {PersonalDataKind.BIRTH_DATE, PersonalDataKind.ADDRESS} <= stopped
    wrong_and_untold = (
        profile.header_line != table.header_line and not profile.has_doubtful_header
    )
    assert not wrong_and_untold


def lines(*records: str) -> bytes:
    return ("\n".join(records) + "\n").encode()


def test_a_title_leaves_cells_empty_that_the_names_fill(tmp_path: Path) -> None:
    profile, _ = look(
        tmp_path,
        lines(
            "Arbres;Brest;2025;",
            "Essence;Rue;Hauteur;État",
            *["Tilleul;Quai;12;bon"] * 9,
        ),
    )

    assert (profile.header_line, [column.name for column in profile.columns]) == (
        2,
        ["Essence", "Rue", "Hauteur", "État"],
    )
    assert not profile.has_doubtful_header


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (
            ["Relevé;Année;Capteur;Rang;Suite", "Poste;Zone;Valeur;Ordre;Après"],
            DOUBTFUL_HEADER,
        ),
        (["Relevé des capteurs;Année;Zone;;"], DOUBTFUL_HEADER),
        ([], NO_HEADER),
    ],
    ids=["two lines of words", "missing names", "no line of names"],
)
def test_a_doubtful_header_is_told_where_nothing_is_found(
    tmp_path: Path, first: list[str], code: str
) -> None:
    profile, report = look(
        tmp_path,
        lines(*first, *[f"Station {n};{n % 3};{n * 7};{n};{n + 1}" for n in range(12)]),
    )

    assert report.findings == ()
    assert code in {note.code for note in profile.notes}


@pytest.mark.parametrize(
    "names",
    [
        "Nom;Prénom;Né(e) le",
        "Nachname;Vorname;Geburtsdatum",
        "Cognome;Nome;Data di nascita",
    ],
)
def test_names_of_columns_met_within_fifty_lines_leave_a_doubt(
    tmp_path: Path, names: str
) -> None:
    stays = [f"Marché {n};Hall {n % 4};{n}" for n in range(45)]
    profile, _ = look(
        tmp_path, lines("Lieu;Salle;Places", *stays, names, "ESSAI;Camille;3")
    )

    assert profile.has_doubtful_header


def test_a_sure_header_is_not_doubted(tmp_path: Path) -> None:
    profile, _ = look(
        tmp_path,
        lines(
            "Lieu;Salle;Places", *[f"Marché {n};Hall {n % 4};{n}" for n in range(60)]
        ),
    )

    assert not profile.has_doubtful_header


def test_a_header_that_its_producer_said_is_not_doubted(tmp_path: Path) -> None:
    source = tmp_path / "stations.csv"
    source.write_bytes(
        lines("Relevé;Année", "Poste;Zone", *[f"Station;{n}" for n in range(9)])
    )

    assert profile_path(source).has_doubtful_header
    assert not profile_path(
        source, corrections=Corrections(header_line=1)
    ).has_doubtful_header


def test_values_speak_of_people_in_spite_of_the_name_of_their_column(
    tmp_path: Path,
) -> None:
    members = [
        f"{first_name} {family};{n}"
        for n, (first_name, family) in enumerate(zip(GIVEN, FAMILY, strict=False))
    ]
    _, report = look(tmp_path, lines("Structure;Part", *members[:30]))

    assert [
        (finding.what, finding.strength, finding.columns) for finding in report.findings
    ] == [(PersonalDataKind.FULL_NAME, PersonalDataSeverity.WARNING, ("Structure",))]


async def test_members_below_title_lines_are_not_published_by_a_script(
    producer: Producer, manager: httpx.AsyncClient, passer_by: httpx.AsyncClient
) -> None:
    dataset = await producer.publish()
    script = Script(passer_by, await new_key(manager))

    sent = (
        await script.put(
            dataset, list(titled_tables())[59].content, "?publish=true&name=membres.csv"
        )
    ).json()

    assert (sent["published"], sent["publication"]["state"]) == (False, "stopped")
    assert "Elle contient des données personnelles." in sent["publication"]["why"]
    assert 'id="people"' in await producer.page(f"/datasets/{dataset}/check")


async def test_nothing_found_is_not_said_over_a_doubtful_header(
    producer: Producer,
) -> None:
    dataset = await producer.draft(
        lines(
            "Relevé;Année;Capteur",
            "Poste;Zone;Valeur",
            *["Pont;Sud;4", "Quai;Nord;7"] * 5,
        )
    )

    check = await producer.page(f"/datasets/{dataset}/check")
    people = await producer.page(f"/datasets/{dataset}/personal-data")

    assert "Ce tableau contient peut-être des données personnelles" in check
    assert "Nous ne sommes pas sûrs que la ligne 1 nomme les colonnes" in check
    assert "Nous n’avons trouvé aucune donnée personnelle, mais" in people
