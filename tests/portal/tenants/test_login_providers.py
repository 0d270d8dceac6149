"""`[[login.provider]]` in a territory's files: what is refused, and what the register keeps."""

import base64
import shutil
from pathlib import Path

import pytest

from tests.portal.tenants.test_files import edit, faults_of
from udi.kit.login_providers import claim_attribute, read_login_providers, rules_digest
from udi.portal.tenants.actions import register_values
from udi.portal.tenants.files import read_folder
from udi.settings import ProgramName, Settings

DEMO = Path(__file__).parents[3] / "tenants/demo"
GOOD = """
[[login.provider]]
name = "town"
kind = "oidc"
label = { fr = "la Ville", en = "the Town" }
issuer = "https://identity.town.example/"
client_id = "udi"
domain = "town.example"
verified_addresses = true
groups = [{ claim = "service", value = "data", organisation = "seve", group = "managers" }]

[[login.provider]]
name = "agents"
kind = "proconnect"
client_id = "udi"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "demo"
    shutil.copytree(DEMO, folder)
    path = folder / "tenant.toml"
    path.write_text(path.read_text() + GOOD)
    return folder


def test_the_register_keeps_buttons_and_rules_those_of_the_state_first(
    folder: Path,
) -> None:
    values = register_values(
        read_folder(folder),
        Settings(),
        "portal",
        {"agents": "https://logout.example"},
    )

    agents, town = read_login_providers(values["login_providers"])

    assert (agents.label_in("en"), agents.origin, agents.rules) == (
        "ProConnect",
        "https://logout.example",
        (),
    )
    assert [town.label_in(language) for language in ("fr", "en", "de")] == [
        "la Ville",
        "the Town",
        "la Ville",
    ]
    assert town.origin == "https://identity.town.example"
    assert [(rule.organisation, rule.group) for rule in town.rules] == [
        ("seve", "managers")
    ]
    assert rules_digest([town]) != rules_digest([agents])
    assert "udi" not in str(values["login_providers"])


FAULTS: dict[str, tuple[str, str, str, str]] = {
    "unencrypted": (
        "https://identity",
        "http://identity",
        "login.provider[1].issuer",
        "not encrypted",
    ),
    "no issuer": (
        'issuer = "https://identity.town.example/"',
        "",
        "login.provider[1]",
        "needs issuer",
    ),
    "no label": (
        'label = { fr = "la Ville", en = "the Town" }',
        "",
        "login.provider[1]",
        "needs label",
    ),
    "a domain that is none": (
        'domain = "town.example"',
        'domain = "Town"',
        "login.provider[1].domain",
        "no domain of mail addresses",
    ),
    "vouching for any address": (
        'domain = "town.example"',
        "",
        "login.provider[1]",
        "verified_addresses needs domain",
    ),
    "the team by a rule": (
        'group = "managers"',
        'group = "moderators"',
        "login.provider[1].groups[1].group",
        "managers",
    ),
    "a claim with a space": (
        'claim = "service"',
        'claim = "a service"',
        "login.provider[1].groups[1].claim",
        "pattern",
    ),
    "a secret in the file": (
        'client_id = "udi"\ndomain',
        'client_id = "udi"\nclient_secret = "x"\ndomain',
        "login.provider[1].client_secret",
        "Remove it",
    ),
    "a reserved name": (
        'name = "town"',
        'name = "account"',
        "login.provider[1].name",
        "an address and a password",
    ),
    "a name twice": (
        'name = "agents"',
        'name = "town"',
        "login.provider.name",
        "twice",
    ),
    "a picture that is not there": (
        'kind = "proconnect"',
        'kind = "proconnect"\npicture = "button.svg"',
        "login.provider[2].picture",
        "write to the operator of the installation",
    ),
    "inhabitants in a group": (
        'kind = "oidc"',
        'kind = "franceconnect"',
        "login.provider[1]",
        "is for inhabitants",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_names_its_key_and_the_reason(folder: Path, case: str) -> None:
    old, new, where, word = FAULTS[case]
    edit(folder, old, new)

    faults = faults_of(folder)

    assert any(where in fault and word in fault for fault in faults), faults


@pytest.mark.parametrize("program", ["portal", "node"])
def test_the_picture_of_a_button_stands_whole_in_the_register(
    folder: Path, program: ProgramName
) -> None:
    key = 'kind = "proconnect"'
    edit(folder, key, f'{key}\npicture = "roadstead.svg"')

    values = register_values(read_folder(folder), Settings(), program, {})
    agents, town = read_login_providers(values["login_providers"])

    assert town.picture is None
    assert agents.picture is not None
    kind, _, content = agents.picture.address.partition(";base64,")
    assert kind == "data:image/svg+xml"
    assert b"path" in base64.b64decode(content)
    assert (agents.picture.width, agents.picture.height) == (720, 360)


def test_a_heavy_picture_is_no_button(folder: Path) -> None:
    edit(
        folder, 'kind = "proconnect"', 'kind = "proconnect"\npicture = "roadstead.svg"'
    )
    path = folder / "pictures/roadstead.svg"
    path.write_text(
        path.read_text().replace("</svg>", f"<!-- {'x' * 70_000} --></svg>")
    )

    [fault] = faults_of(folder)

    assert "login.provider[2].picture" in fault
    assert "under 65536 bytes" in fault


def test_claims_of_two_providers_are_never_one_attribute() -> None:
    names = {
        claim_attribute(alias, claim)
        for alias in ("demo--town", "demo--agents", "other--town")
        for claim in ("service", "urn:oid:2.5.4.11", "urn_oid_2.5.4.11")
    }

    assert len(names) == 9
