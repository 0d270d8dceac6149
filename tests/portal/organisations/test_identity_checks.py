from collections.abc import Iterator
from pathlib import Path

import pytest

from udi.portal.organisations.joining.applications import ApplicationInput
from udi.portal.organisations.joining.identity_checks import (
    check_number,
    find_home_country,
    legal_person_key,
    list_identity_checks,
)

MODULE = """
from udi.kit.errors import Refusal
from udi.portal.organisations.joining.identity_checks import FIELD, IdentityCheck


def check(number):
    if number.startswith("0"):
        return None
    return Refusal(FIELD, "This is no Belgian number.", "It begins with 0.")


BELGIUM = IdentityCheck("In Belgium", check, lambda number: number[:4])
"""


@pytest.fixture
def belgium(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A package beside ours with the registers of Belgium."""
    metadata = tmp_path / "belgium-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: belgium\nVersion: 1\n"
    )
    (metadata / "entry_points.txt").write_text(
        "[udi.identity_checks]\nBE = registers_of_belgium:BELGIUM\n"
    )
    (tmp_path / "registers_of_belgium.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    list_identity_checks.cache_clear()
    yield
    list_identity_checks.cache_clear()


def test_check_number_refuses_a_french_number_whose_key_is_wrong() -> None:
    assert check_number("FR", "552100554") is None
    refusal = check_number("FR", "552100555")
    assert refusal is not None
    assert refusal.field == "registry_number"


def test_a_country_without_a_check_takes_any_number_and_is_not_named() -> None:
    assert check_number("BE", "1234") is None
    assert ApplicationInput(country="BE").tidy().country == ""


@pytest.mark.parametrize(
    ("time_zone", "country"),
    [
        ("Europe/Paris", "FR"),
        ("Indian/Reunion", "FR"),
        ("Europe/Madrid", "ES"),
        ("Atlantic/Canary", "ES"),
        ("Europe/Berlin", "DE"),
        ("Europe/Bucharest", "RO"),
        ("Europe/Brussels", ""),
        ("UTC", ""),
    ],
)
def test_find_home_country_is_that_whose_registers_serve_the_time_zone(
    time_zone: str, country: str
) -> None:
    assert find_home_country(time_zone) == country


@pytest.mark.usefixtures("belgium")
def test_find_home_country_knows_the_registers_of_a_package() -> None:
    assert find_home_country("Europe/Brussels") == "BE"


@pytest.mark.usefixtures("belgium")
def test_a_package_adds_the_registers_of_a_country() -> None:
    refusal = check_number("BE", "1234")

    assert refusal is not None
    assert refusal.reason == "This is no Belgian number."
    assert check_number("BE", "0123") is None
    assert legal_person_key("BE", "01234") == legal_person_key("BE", "01239")
    assert ApplicationInput(country="BE").tidy().country == "BE"
    assert list(list_identity_checks()) == ["DE", "ES", "FR", "RO", "BE"]
