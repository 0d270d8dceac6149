"""Every domain has the same files; what it has besides is in packages by idea, but for a few modules."""

from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "platform/src/udi"
USUAL = {
    *("__init__", "domain", "registration", "routes", "worker"),
    *("models", "queries", "actions", "transitions", "archive", "personal_data"),
    *("pages", "forms", "api", "schemas", "operations", "agent_tools"),
    *("tasks", "emails", "inbox", "metrics"),
}
"""The files of domains, by name (docs/explanation/architecture.md)."""
MAX_LOOSE = 10


def list_domains(source: Path) -> Iterator[Path]:
    for program in ("portal", "node"):
        for declaration in sorted(source.glob(f"{program}/*/domain.py")):
            yield declaration.parent


def list_loose_modules(domain: Path) -> list[str]:
    """Return the modules of a domain that stand in no package of it and are none that others have."""
    return sorted({path.stem for path in domain.glob("*.py")} - USUAL)


def find_crowded(source: Path) -> dict[str, list[str]]:
    """Return the loose modules of each domain that has too many."""
    loose_by_domain = {
        domain.relative_to(source).as_posix(): list_loose_modules(domain)
        for domain in list_domains(source)
    }
    return {
        name: modules
        for name, modules in loose_by_domain.items()
        if len(modules) > MAX_LOOSE
    }


def test_what_a_domain_has_besides_the_usual_files_is_in_packages() -> None:
    assert len(list(list_domains(SOURCE))) > 20
    assert find_crowded(SOURCE) == {}


def test_a_domain_with_too_many_loose_modules_is_named(tmp_path: Path) -> None:
    domain = tmp_path / "portal/parks"
    (domain / "maps").mkdir(parents=True)
    loose = [f"bench_{number:02}" for number in range(MAX_LOOSE)]
    for name in ("domain", "models", "maps/shapes", *loose):
        (domain / f"{name}.py").touch()
    assert find_crowded(tmp_path) == {}

    (domain / "trees.py").touch()
    assert find_crowded(tmp_path) == {"portal/parks": [*loose, "trees"]}
