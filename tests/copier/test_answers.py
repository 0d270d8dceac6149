"""Answers are derived where they can be, and a wrong one is refused with its reason before anything is written."""

from pathlib import Path
from typing import Any

import pytest

from tests.copier.conftest import Render, Udi

pytestmark = pytest.mark.programs

INVALID_ANSWERS = [
    ("name", "", "at least one letter"),
    ("name", "1 2", "at least one letter"),
    ("name", "x" * 61, "2 to 60"),
    ("name", "{{ 7 * 7 }}", "plain punctuation"),
    ("name", 'Pays "cité"', "plain punctuation"),
    ("name", "Pays\nde", "on one line"),
    ("slug", "Rade", "small letters"),
    ("slug", "évreux", "without accents"),
    ("slug", "a--b", "one hyphen"),
    ("slug", "a-node-b", "nodes"),
    ("slug", "-a", "one hyphen"),
    ("slug", "x" * 41, "1 to 40"),
    ("languages", "de", "Invalid choice"),
    ("hue", "361", "0 to 360"),
    ("hue", "-1", "0 to 360"),
    ("hue", "mauve", "violet or pink"),
    ("installation", "cloud", "Invalid choice"),
    ("machines", "many", "Invalid choice"),
    ("host", "https://donnees.rade.bzh", "no scheme"),
    ("host", "donnees.rade.bzh:443", "no port"),
    ("host", "Donnees.rade.bzh", "small letters"),
    ("host", "donnees", "whole host"),
    ("host", "données.rade.bzh", "xn--"),
    ("host", "data.rade.example", "kept for examples"),
    ("host", "data.example.org", "kept for examples"),
    ("contact", "rade.bzh", "name@domain"),
    ("contact", "équipe@rade.bzh", "plain letters"),
    ("contact", "team@example.com", "kept for examples"),
    ("privacy_contact", "dpo@", "name@domain"),
    ("privacy_contact", "dpo@rade.example", "kept for examples"),
]
DERIVED = {
    "L’Haÿ-les-Roses": "l-hay-les-roses",
    "Île-d’Aix": "ile-d-aix",
    "Plœuc-L'Hermitage": "ploeuc-l-hermitage",
    "E\u0301vreux": "evreux",
    "Łódź": "lodz",
    "Ελλάδα": "ellada",
    "Ținutul Secașelor": "tinutul-secaselor",
    "Große Ærø": "grosse-aero",
    "Щецин ъ": "shchetsin",
    "東京市": "territory",
    "Île-d’Œssant & Cœur d'Été (Plœuc)": "ile-d-oessant-coeur-d-ete",
    "N" * 60: "n" * 32,
    "Communauté de communes du Pays Fouesnantais": "communaute-de-communes-du-pays",
}


@pytest.mark.parametrize(("key", "value", "reason"), INVALID_ANSWERS)
def test_a_wrong_answer_is_refused_with_its_reason(
    udi: Udi, template: Path, tmp_path: Path, key: str, value: str, reason: str
) -> None:
    territory = tmp_path / "territory"
    answers = {"name": "Pays de la Rade", key: value}
    data = [f"--data={name}={answer}" for name, answer in answers.items()]

    result = udi(
        "territory", "new", territory, "--defaults", "--source", template, *data
    )

    assert result.status == 1
    assert reason in result.err
    assert "Traceback" not in result.err
    assert not territory.exists()


USUALLY_DERIVED = {"Île-d’Œssant & Cœur d'Été (Plœuc)", "Щецин ъ", "東京市", "N" * 60}
"""Signs of two letters, other letters, none of ours, too many."""


def choose(value: Any, *, usual: bool) -> Any:
    """A case of each run, or of a run of everything."""
    return pytest.param(*value, marks=[] if usual else [pytest.mark.thorough])


@pytest.mark.parametrize(
    ("name", "slug"),
    [choose(case, usual=case[0] in USUALLY_DERIVED) for case in DERIVED.items()],
)
def test_the_slug_comes_from_the_name_without_its_accents(
    render: Render, name: str, slug: str
) -> None:
    folder = render(name=name)

    assert [path.name for path in (folder / "tenants").iterdir()] == [slug]


@pytest.mark.parametrize(
    ("host", "mail"),
    [
        ("donnees.rade.bzh", "donnees@rade.bzh"),
        choose(("rade.bzh", "donnees@rade.bzh"), usual=False),
        ("data.ville.rade.bzh", "donnees@ville.rade.bzh"),
    ],
)
def test_the_addresses_come_from_the_host(render: Render, host: str, mail: str) -> None:
    folder = render(slug="rade", host=host)

    assert (
        f'\ncontact = "{mail}"\n' in (folder / "tenants/rade/tenant.toml").read_text()
    )


@pytest.mark.parametrize(
    "hue",
    ["360", "Rouge", *(choose((hue,), usual=False) for hue in ("0", "78", "PINK"))],
)
def test_a_hue_is_a_number_or_a_name(render: Render, hue: str) -> None:
    folder = render(slug="rade", hue=hue)

    expected = {"Rouge": "15", "PINK": "330"}.get(hue, hue)
    assert f"\nhue = {expected}\n" in (folder / "tenants/rade/tenant.toml").read_text()
