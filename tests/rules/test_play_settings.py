"""The play sets every setting of the program, or says why none is needed."""

import re
from pathlib import Path

from udi.settings import Settings

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "infra/ansible/roles").rglob("*.j2"))
NAME = re.compile(r"\bUDI_[A-Z_]+(?==)")
FREE = "release_environment"
WITHOUT_VARIABLE = {
    "node_name": "an own node's, which `udi node join` writes",
    "database_names": "databases are named by the play",
    "memory_folder": "the units may write no other folder in memory",
    "search_index": "in the state folder, which the units may write",
    "backup_plan": "where the role backup writes it",
    "backup_state": "where the units of the role backup write",
}
"""Settings that an installation made by the play has no reason to change, by name."""


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"UDI_{name.upper()}"


def read_play() -> set[str]:
    """The variables that templates of the play set."""
    return {
        name
        for template in TEMPLATES
        for name in NAME.findall(template.read_text(encoding="utf-8"))
    }


def test_every_setting_has_a_variable_of_the_play_or_a_reason() -> None:
    expected = {
        variable(name) for name in Settings.model_fields if name not in WITHOUT_VARIABLE
    }

    assert expected - read_play() == set()


def test_every_reason_is_about_a_setting_that_the_play_does_not_set() -> None:
    names = {variable(name) for name in WITHOUT_VARIABLE}

    assert WITHOUT_VARIABLE.keys() <= Settings.model_fields.keys()
    assert names & read_play() == set()


def test_the_play_sets_no_variable_that_the_program_does_not_read() -> None:
    known = {variable(name) for name in Settings.model_fields}

    assert read_play() - known == set()


def test_an_installation_may_set_whatever_the_play_does_not_name() -> None:
    [environment] = [path for path in TEMPLATES if path.name == "udi.env.j2"]

    assert FREE in environment.read_text(encoding="utf-8")
