"""People that are easily missed, and what only looks like them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.node.typed_tables import TextColumn, write_table
from udi.tabular.columns.column import ColumnType
from udi.tabular.personal.detection import detect_personal_data
from udi.tabular.personal.explanations import PersonalDataKind
from udi.tabular.personal.report import PersonalDataReport, PersonalDataSeverity
from udi.tabular.personal.tax_numbers import is_french, is_spanish, is_tax_number

Look = Callable[..., PersonalDataReport]
FAMILIES = ("Kervadou", "Brantolec", "Merquilian", "Pellamard", "Rosguevec", "Danborou")
FULL = tuple(
    f"{given} {family}"
    for given, family in zip(
        ("Camille", "Hugo", "Louise", "Jules"), FAMILIES, strict=False
    )
)
SENTENCE = "Rappel demandé par Camille Kervadou pour le portail cassé."
PLAIN = "Rien à signaler sur ce point cette semaine."


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Write columns as a typed table and look at it."""

    def looked(*columns: TextColumn) -> PersonalDataReport:
        return detect_personal_data(*write_table(tmp_path, columns))

    return looked


def many(*values: str, times: int = 6) -> list[str]:
    return [value for _ in range(times) for value in values]


NAMES = TextColumn("Nom et prénom", many(*FULL))
ZONE = TextColumn("zone", many("A", "B", "C", "D"))


@pytest.mark.parametrize(
    ("column", "what"),
    [
        (TextColumn("Concessionnaire", many(*(f"Famille {name}" for name in FAMILIES[:4]))), PersonalDataKind.FULL_NAME),
        (TextColumn("ФИО", many("Ирина Ковердова", "Павел Трубников", "Олена Гардієнко", "Дарья Лозинцева")), PersonalDataKind.FULL_NAME),
        (TextColumn("Nom", many("سلمى الدرعاوي", "Ελένη Δομάνου", "Павел Трубников", "דנה ברקוביץ")), PersonalDataKind.FULL_NAME),
        (TextColumn("col3", [f"6{n:02}{n * 7919 % 10**6:06}" for n in range(10, 34)], ColumnType.INTEGER), PersonalDataKind.PHONE),
        (TextColumn("col3", [f"+49 151 2{n:02} {n * 7919 % 10**4:04}" for n in range(24)]), PersonalDataKind.PHONE),
        (TextColumn("Observations", many(SENTENCE, PLAIN, PLAIN, PLAIN)), PersonalDataKind.NAME_IN_TEXT),
        (TextColumn("Numéro fiscal", many("0123456789010", "1123456789011", "2123456789012", "3000000000013")), PersonalDataKind.TAX_NUMBER),
        (TextColumn("identifiant", many("12345678Z", "00000000T", "X0000000T", "87654321X")), PersonalDataKind.TAX_NUMBER),
        (TextColumn("clave", many("RSSMRA80A01H501U", "BNCLRA85T41F205X")[:24] + many("RSSMRA80A01H501U", times=12)),
         PersonalDataKind.TAX_NUMBER),
        (TextColumn("Familienstand", many("verheiratet", "ledig", "geschieden", "verwitwet")), PersonalDataKind.FAMILY_STATUS),
    ],
)  # fmt: skip
def test_people_are_found(
    look: Look, column: TextColumn, what: PersonalDataKind
) -> None:
    rows = len(column.values)

    assert what in {
        finding.what
        for finding in look(column, TextColumn("zone", ["A"] * rows)).findings_of(
            column.name
        )
    }


@pytest.mark.parametrize(
    ("column", "what"),
    [
        (
            TextColumn(
                "Motif",
                many("Arrêt maladie", "RQTH", "Accident du travail", "Congé annuel"),
            ),
            PersonalDataKind.SPECIAL,
        ),
        (
            TextColumn(
                "Grund", many("krankgeschrieben", "schwerbehindert", "Urlaub", "Urlaub")
            ),
            PersonalDataKind.SPECIAL,
        ),
        (
            TextColumn("situation", many("marié", "célibataire", "divorcée", "pacsé")),
            PersonalDataKind.FAMILY_STATUS,
        ),
    ],
)
def test_what_is_private_is_found_beside_names(
    look: Look, column: TextColumn, what: PersonalDataKind
) -> None:
    assert [
        finding.what for finding in look(NAMES, column).findings_of(column.name)
    ] == [what]
    assert look(column, ZONE).findings_of(column.name) == ()


@pytest.mark.parametrize(
    "columns",
    [
        (TextColumn("genre", many("Quercus", "Tilia", "Acer", "Prunus")), TextColumn("age", [str(n) for n in range(24)], ColumnType.INTEGER),
         TextColumn("espece", many("robur", "alba")[:12] * 2)),
        (TextColumn("famille", many("Famille des Rosacées", "Famille des Fagacées", "Famille des Bétulacées", "Famille des Ulmacées")), ZONE),
        (TextColumn("Observations", many("Travaux devant École Jean Dupont au bout du parc", "Fuite dans Salle Victor Hugo au fond", *["Quai"] * 2)), ZONE),
        (TextColumn("reference", [f"6{n:02}{n * 7919 % 10**6:06}" for n in range(10, 34)], ColumnType.INTEGER), ZONE),
        (TextColumn("statut", many("ouvert", "fermé", "en travaux", "ouvert")), ZONE),
        (TextColumn("Motif", many("Panne", "Grève", "Travaux", "Neige")), ZONE),
    ],
    ids=["trees", "families of plants", "places in sentences", "references", "states", "reasons"],
)  # fmt: skip
def test_what_only_looks_like_people_is_not_reported(
    look: Look, columns: tuple[TextColumn, ...]
) -> None:
    assert look(*columns).findings == ()


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("Candidat", ("Voix", "Inscrits")),
        ("Titulaire", ("Objet du marché", "Acheteur")),
    ],
    ids=["an election", "public contracts"],
)
def test_names_that_are_public_are_a_warning(
    look: Look, name: str, others: tuple[str, str]
) -> None:
    columns = [
        TextColumn(name, many(*FULL)),
        *(TextColumn(other, many("1", "2", "3", "4")) for other in others),
    ]

    assert [
        (finding.strength, finding.public)
        for finding in look(*columns).findings_of(name)
    ] == [(PersonalDataSeverity.WARNING, True)]


def test_an_agent_beside_public_contracts_is_no_company(look: Look) -> None:
    columns = [
        TextColumn("Agent", many(*FULL)),
        TextColumn("Objet du marché", many("1", "2", "3", "4")),
        TextColumn("Acheteur", many("1", "2", "3", "4")),
    ]

    assert [finding.strength for finding in look(*columns).findings_of("Agent")] == [
        PersonalDataSeverity.STOP
    ]


def test_keys_of_tax_numbers() -> None:
    body = "0123456789"

    assert is_french(f"{body}{int(body) % 511:03}")
    assert not is_french(f"{body}{(int(body) + 1) % 511:03}")
    assert is_spanish("12345678Z")
    assert not is_spanish("12345678A")
    assert not any(
        map(is_tax_number, ("12345678901", "2024-01-31", "AB123456Z", "9123456789012"))
    )
