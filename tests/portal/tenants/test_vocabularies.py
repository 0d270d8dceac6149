"""Words of a territory's catalogues are checked line by line, and written in the register."""

import shutil
from pathlib import Path

import pytest

from udi.portal.nodes.harvest.vocabulary import shipped
from udi.portal.tenants.actions import register_values
from udi.portal.tenants.files import TenantFaultsError, read_folder
from udi.portal.tenants.vocabularies import (
    ACCESS,
    FREQUENCIES,
    LARGEST,
    MOST_WORDS,
    THEMES,
)
from udi.settings import Settings

DEMO = Path(__file__).parents[3] / "tenants/demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "demo"))


def test_words_of_every_table_are_read_and_registered(folder: Path) -> None:
    texts = {
        "themes": "# remarks are skipped\n\nVie de quartier\tSOCI\nMer et littoral\tENVI TRAN\n",
        "licences": "\ufeffLicence du département\tetalab-2.0\nNotre licence\tCC_BY_4_0\n",
        "formats": "Tableau du service\tCSV\n",
        "frequencies": "à chaque conseil\tQUARTERLY\n",
        "access": "Sur demande motivée\tRESTRICTED\n",
    }
    for name, text in texts.items():
        (folder / f"vocabulary.{name}.tsv").write_text(text, encoding="utf-8")

    tenant_folder = read_folder(folder)

    assert tenant_folder.vocabularies["themes"] == {
        "Vie de quartier": "SOCI",
        "Mer et littoral": "ENVI TRAN",
    }
    assert tenant_folder.vocabularies["licences"] == {
        "Licence du département": "etalab-2.0",
        "Notre licence": "CC_BY_4_0",
    }
    assert (
        register_values(tenant_folder, Settings(), "portal")["vocabularies"]
        == tenant_folder.vocabularies
    )
    assert tenant_folder.fingerprint != read_folder(DEMO).fingerprint


def test_a_territory_need_not_have_any() -> None:
    assert read_folder(DEMO).vocabularies == {}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("themes", b"# r\nVie\tVIE\n", "vocabulary.themes.tsv, line 2: \u00abVIE\u00bb is no code of that table. Take one from"),
        ("themes", b"Vie\tSOCI VIE\n", "line 1: \u00abSOCI VIE\u00bb is no code"),
        ("themes", b"Vie SOCI\n", "line 1: it is not a wording, a tab and what it means."),
        ("themes", b"Vie\tSOCI\texact\n", "line 1: it is not a wording, a tab and what it means."),
        ("themes", b"\tSOCI\n", "line 1: it is not a wording, a tab and what it means."),
        ("themes", b"Vie\tSOCI\nVie\tENVI\n", "line 2: \u00abVie\u00bb stands above already. Keep one of the two lines."),
        ("themes", b"v" * 1001 + b"\tSOCI\n", "line 1: its wording is too long."),
        ("licences", b"ours\tour own\n", "line 1: \u00abour own\u00bb is no code"),
        ("formats", b"table\tcsv\n", "line 1: \u00abcsv\u00bb is no code"),
        ("frequencies", b"souvent\tOFTEN\n", "line 1: \u00abOFTEN\u00bb is no code"),
        ("access", b"x\tOPEN\n", "line 1: \u00abOPEN\u00bb is no code"),
        ("topics", b"x\tENVI\n", "vocabulary.topics.tsv, its name: there is no table \u00abtopics\u00bb."),
        ("themes", b"\xff\xfe", "whole file: it is not UTF-8."),
        ("themes", b"#" * (LARGEST + 1), "bytes: it is too heavy."),
        ("themes", b"".join(b"w%d\tENVI\n" % n for n in range(MOST_WORDS + 1)), f"it has {MOST_WORDS + 1} wordings."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_the_remedy(
    folder: Path, name: str, content: bytes, message: str
) -> None:
    (folder / f"vocabulary.{name}.tsv").write_bytes(content)

    with pytest.raises(TenantFaultsError) as caught:
        read_folder(folder)

    assert len(caught.value.faults) == 1
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "known"),
    [("themes", THEMES), ("frequencies", FREQUENCIES), ("access", ACCESS)],
)
def test_the_codes_that_are_taken_are_those_of_our_own_tables(
    name: str, known: set[str]
) -> None:
    used = {code for row in shipped(name).values() for code in row[0].split()}

    assert used - known <= {"OP_DATPRO"}
    assert known <= used | {"NORMAL"}
