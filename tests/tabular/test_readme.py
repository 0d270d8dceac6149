"""The README of the package says the truth: its example runs, its names are there, and it knows nothing of nodes."""

import re
import runpy
from importlib import import_module
from pathlib import Path

import pytest

import udi.tabular

PACKAGE = Path(udi.tabular.__file__).parent
README = (PACKAGE / "README.md").read_text()
PEOPLE = "nom;courriel;effectif\n" + "".join(
    f"Association {number};prenom.nom{number}@free.example;{number}\n"
    for number in range(20)
)


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "associations.csv").write_text(PEOPLE, encoding="cp1252")
    (tmp_path / "example.py").write_text(example)
    monkeypatch.chdir(tmp_path)

    names = runpy.run_path(str(tmp_path / "example.py"))

    columns = names["converted"].profile.columns
    assert [(column.name, column.type) for column in columns] == [
        ("nom", "text"),
        ("courriel", "email"),
        ("effectif", "integer"),
    ]
    assert names["report"].findings != []


@pytest.mark.parametrize("name", re.findall(r"^\| `([\w.]+)` \|", README, re.MULTILINE))
def test_each_name_of_the_table_is_there(name: str) -> None:
    module, _, symbol = name.rpartition(".")

    assert hasattr(import_module(f"udi.tabular.{module}"), symbol)


def test_every_package_is_named() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

    assert packages == set(
        re.findall(r"`(\w+)` ", README.partition("## The packages")[2])
    )
