from importlib import import_module
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings, SettingsConfigDict

from tests.loaded_domains import references
from udi.kit import entry_points
from udi.kit.entry_points import DuplicateEntryPointError, list_entry_points
from udi.settings import ProgramName
from udi.ui.domains import Domain, DomainError, list_domains, resolve, sort_domains

PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")


def make_domain(name: str, *needs: str) -> Domain:
    return Domain(name, f"udi.portal.{name}", needs=needs)


def test_sort_domains_puts_each_after_those_it_needs() -> None:
    domains = [make_domain("c", "b"), make_domain("a"), make_domain("b", "a")]

    assert [domain.name for domain in sort_domains(domains)] == ["a", "b", "c"]


def test_sort_domains_names_a_missing_domain_and_who_needs_it() -> None:
    with pytest.raises(DomainError, match=r"“parking” needs the domain “streets”"):
        sort_domains([make_domain("parking", "streets")])


def test_sort_domains_names_the_domains_of_a_circle() -> None:
    with pytest.raises(DomainError, match=r"“a”.*“b”|“b”.*“a”"):
        sort_domains([make_domain("a", "b"), make_domain("b", "a")])


def test_sort_domains_refuses_two_domains_of_one_name() -> None:
    with pytest.raises(DomainError, match="Two domains are named “a”"):
        sort_domains([make_domain("a"), make_domain("a")])


class ParkingSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="UDI_PARKING_")

    places: int = 3


class HostSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="UDI_INSTALLATION_")

    host: str = ""


def test_read_settings_reads_the_variables_of_a_domain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    domain = Domain("parking", "parking", settings=f"{__name__}:ParkingSettings")
    assert domain.read_settings() == ParkingSettings(places=3)

    monkeypatch.setenv("UDI_PARKING_PLACES", "12")
    assert domain.read_settings() == ParkingSettings(places=12)

    monkeypatch.setenv("UDI_PARKING_PLACES", "twelve")
    with pytest.raises(DomainError, match=r"“parking”(.|\n)*places"):
        domain.read_settings()


@pytest.mark.parametrize(
    ("name", "settings_class", "reason"),
    [
        ("streets", "ParkingSettings", "must have the prefix UDI_STREETS_"),
        ("installation", "HostSettings", "UDI_INSTALLATION_HOST, which is a setting"),
    ],
)
def test_read_settings_refuses_variables_of_others(
    name: str, settings_class: str, reason: str
) -> None:
    domain = Domain(name, name, settings=f"{__name__}:{settings_class}")

    with pytest.raises(DomainError, match=reason):
        domain.read_settings()


def test_a_domain_without_its_package_is_an_error_that_names_both() -> None:
    with pytest.raises(DomainError, match=r"“parking”.*udi\.portal\.parking"):
        _ = make_domain("parking").folder


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_package_with_tables_or_pages_is_a_domain(program: ProgramName) -> None:
    folder = Path(import_module(f"udi.{program}").__path__[0])
    packages = {
        path.parent.name
        for name in ("models.py", "routes.py", "templates")
        for path in folder.glob(f"*/{name}")
    }

    assert packages == {domain.name for domain in list_domains(program)}


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_reference_of_a_domain_leads_to_something(program: ProgramName) -> None:
    every_reference = [
        reference
        for domain in list_domains(program)
        for reference in references(domain)
    ]

    assert len(every_reference) > 20
    for reference in every_reference:
        assert resolve(reference) is not None


def test_a_clone_and_a_wheel_have_the_same_entry_points(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    group = "udi.portal.domains"
    of_clone = {point.name: point.value for point in list_entry_points(group)}
    metadata = tmp_path / "udi-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: udi\nVersion: 0.1.0\n"
    )
    lines = [f"{name} = {value}" for name, value in of_clone.items()]
    (metadata / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]))
    monkeypatch.syspath_prepend(str(tmp_path))

    assert {
        point.name: point.value for point in list_entry_points(group)
    } == of_clone, "in a clone, what is installed beside it does not count twice"
    monkeypatch.setattr(entry_points, "PYPROJECT", tmp_path / "pyproject.toml")
    assert {point.name: point.value for point in list_entry_points(group)} == of_clone


def test_an_entry_point_that_two_packages_offer_is_an_error_that_names_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    metadata = tmp_path / "guest-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: guest\nVersion: 1\n"
    )
    (metadata / "entry_points.txt").write_text(
        "[udi.portal.domains]\naccess = guest:DOMAIN\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(
        DuplicateEntryPointError, match=r"“access”.*udi\.portal\.access.*guest:DOMAIN"
    ):
        list_entry_points("udi.portal.domains")
