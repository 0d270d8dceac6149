"""Every file of others goes through, and few columns of the real tables are said to hold personal data."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.depth import examples
from tests.node.tables.reading import names
from udi.tabular.personal.detection import detect_personal_data
from udi.tabular.personal.report import PersonalDataFinding
from udi.tabular.profiles.conversion import convert_table
from udi.tabular.profiles.profile import Profile, profile_path

SPARSE = examples(32, 1)
"""One file of the real tables in so many, besides those that hold what is to be found."""
FEW = examples(2, 1)
"""One file in so many of the damaged ones and of the maps."""
LEAST = {"tables": 250, "geo": 0, "bad": 20}
"""Of each folder, how many are tables."""
RIGHT = {
    "csvkit_event-notification-rpt-lastmonth.txt": {
        "Staff Name2",
        "Staff Name3",
        "Staff Name5",
        "Staff Name4",
        "Ops Officer",
        "Staff Name1",
    },
    "data-fair_Antennes-du-CD22.csv": {"fax", "tel"},
    "data-fair_Demarches_Libres.csv": {"Chef_de_projet", "Contact", "elu_referent"},
    "data-fair_Demarches_PCAET_V1_entete.csv": {"Commentaire_statut", "Elu_referent"},
    "data-fair_Demarches_PCAET_V2_pec_seq.csv": {"Commentaire_statut", "Elu_referent"},
    "data-fair_Fiches_Action.csv": {
        "Contact_principal",
        "Commentaire_statut",
        "Commentaire_conclusion",
    },
    "data-fair_jep-2019-HR.csv": {
        "Lien d'inscription",
        "Téléphone du lieu",
        "Détail des conditions - FR",
        "Crédits image",
    },
    "data-fair_jep-2019.csv": {
        "Lien d'inscription",
        "Téléphone du lieu",
        "Crédits image",
        "Description longue - FR",
        "Description longue - HTML - FR",
    },
    "etalab-schema-catalogue-donnees_exemple-valide.csv": {
        "contact_service",
        "contact_personne",
    },
    "etalab-schema-decp-dpa_decp-dpa.csv": {"coordonnnées"},
    "etalab-schema-inclusion-numerique_exemple-valide.csv": {
        "contact_email",
        "contact_telephone",
    },
    "etalab-schema-inclusion-numerique_exemple-valide.xlsx": {
        "contact_email",
        "contact_telephone",
    },
    "etalab-schema-irve_exemple-valide-statique.csv": {
        "contact_operateur",
        "contact_amenageur",
        "telephone_operateur",
    },
    "hydra_20190618-annuaire-diagnostiqueurs_compressed.csv.gz": {
        "Adresse",
        "Tel1",
        "Tel2",
        "Prenom",
        "Nom",
    },
    "tablib_dates.xls": {"birth_date"},
    "tablib_founders.xlsx": {"first_name", "last_name"},
    "upo-vercelli_24-25-dipartimenti-UPO.csv": {"PEC"},
    "xloader_non_utf8_sample.csv": {"Owner"},
    "xloader_umlaut_and_extra_comma.csv": {"name"},
}
"""Columns of each file that are of people or of services that people answer for, as read by eye."""


TO_FIND = [*RIGHT][:: examples(2, 1)]
"""Those in which something is looked for."""


@dataclass
class Reading:
    """What became of the files of a folder; personal data are looked for in the real tables alone."""

    tables: int = 0
    columns: int = 0
    findings: list[tuple[str, PersonalDataFinding]] = field(default_factory=list)


def chosen(folder: Path) -> Iterator[Path]:
    """The files of a folder that this run reads: of the real tables a part, and those with something to find."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    every = SPARSE if folder.name == "tables" else FEW
    for number, path in enumerate(files):
        if number % every == 0 or path.name in TO_FIND:
            yield path


def check_words(profile: Profile, name: str) -> None:
    """What is said of a file can be said, and what is kept of it comes back."""
    assert Profile.from_json(profile.as_json()) == profile, name
    for note in (*profile.notes, *([profile.failure] if profile.failure else [])):
        assert note.explanation.meaning % note.message_values, name


def read_all(folder: Path, target: Path) -> Reading:
    """No file is an accident: it is a table that converts, a plain file, or a failure with its words."""
    reading = Reading()
    for path in chosen(folder):
        profile = profile_path(path)
        check_words(profile, path.name)
        if not profile.is_table:
            continue
        done = convert_table(path, profile, target)
        assert done.failure is None, path.name
        assert done.profile.rows == profile.rows, path.name
        assert names(target) == [column.name for column in done.profile.columns], (
            path.name
        )
        for error in done.errors.listed:
            assert error.explanation.meaning % {"value": error.value}
        reading.tables += 1
        reading.columns += len(done.profile.columns)
        if folder.name == "tables":
            report = detect_personal_data(target, done.profile.columns)
            reading.findings += [(path.name, finding) for finding in report.findings]
    return reading


@pytest.mark.parametrize("folder", ["geo", "bad"])
def test_every_file_goes_through(
    shared_data: Path, tmp_path: Path, folder: str
) -> None:
    assert (
        read_all(shared_data / "data" / folder, tmp_path / "typed.parquet").tables
        > LEAST[folder] // FEW
    )


def test_real_tables_go_through_with_few_findings(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading = read_all(shared_data / "data/tables", tmp_path / "typed.parquet")
    with capsys.disabled():
        print(  # noqa: T201 - a figure to publish
            f"\n{reading.tables} tables, {reading.columns} columns, {len(reading.findings)} findings"
        )
        for name, finding in reading.findings:
            print(  # noqa: T201 - a figure to publish
                f"  {name}: {finding.what} {finding.strength} {finding.count}/{finding.total} {finding.columns}"
            )

    reported_columns = {
        (name, finding.columns[0]) for name, finding in reading.findings
    }
    right = {(name, column) for name in TO_FIND for column in RIGHT[name]}
    assert reading.tables > LEAST["tables"] // SPARSE
    assert reading.columns > 3000 // SPARSE
    assert right - reported_columns == set()
    assert len(reported_columns - right) <= 0.003 * reading.columns
