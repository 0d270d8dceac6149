"""What the personal-data check says of the real tables of the shared data."""

from pathlib import Path

import pytest

from tests.node.tables.reading import converted
from udi.node.tables.personal.look import look_for_personal_data
from udi.node.tables.profile import profile_path

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
    "data-fair_Fiches_Action.csv": {"Contact_principal", "Commentaire_statut", "Commentaire_conclusion"},
    "data-fair_jep-2019-HR.csv": {"Lien d'inscription", "Téléphone du lieu", "Détail des conditions - FR"},
    "data-fair_jep-2019.csv": {
        "Lien d'inscription",
        "Téléphone du lieu",
        "Description longue - FR",
        "Description longue - HTML - FR",
    },
    "etalab-schema-catalogue-donnees_exemple-valide.csv": {"contact_service", "contact_personne"},
    "etalab-schema-decp-dpa_decp-dpa.csv": {"coordonnnées"},
    "etalab-schema-inclusion-numerique_exemple-valide.csv": {"contact_email", "contact_telephone"},
    "etalab-schema-inclusion-numerique_exemple-valide.xlsx": {"contact_email", "contact_telephone"},
    "etalab-schema-irve_exemple-valide-statique.csv": {"contact_operateur", "contact_amenageur", "telephone_operateur"},
    "hydra_20190618-annuaire-diagnostiqueurs_compressed.csv.gz": {"Adresse", "Tel1", "Tel2", "Prenom", "Nom"},
    "tablib_dates.xls": {"birth_date"},
    "tablib_founders.xlsx": {"first_name", "last_name"},
    "upo-vercelli_24-25-dipartimenti-UPO.csv": {"PEC"},
    "xloader_non_utf8_sample.csv": {"Owner"},
    "xloader_umlaut_and_extra_comma.csv": {"name"},
}
"""Columns of each file that are of people or of services that people answer for, as read by eye."""


def test_few_flags_on_real_tables(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables, columns, flags = 0, 0, []
    for path in sorted(path for path in (shared_data / "data/tables").iterdir() if path.is_file()):
        if not profile_path(path).is_table:
            continue
        done = converted(path, tmp_path / "typed.parquet")
        tables, columns = tables + 1, columns + len(done.profile.columns)
        report = look_for_personal_data(tmp_path / "typed.parquet", done.profile.columns)
        flags += [(path.name, one) for one in report.findings]
    with capsys.disabled():
        print(f"\n{tables} tables, {columns} columns, {len(flags)} flags")  # noqa: T201 - a figure of the closing note
        for name, one in flags:
            print(f"  {name}: {one.what} {one.strength} {one.count}/{one.total} {one.columns}")  # noqa: T201

    told, right = (
        {(name, one.columns[0]) for name, one in flags},
        {(name, one) for name in RIGHT for one in RIGHT[name]},
    )
    assert columns > 3000
    assert right - told == set()
    assert len(told - right) <= 0.003 * columns
