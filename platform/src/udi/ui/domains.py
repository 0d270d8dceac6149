"""The domains of a program: what each has, and how a program finds them without knowing one by name.

A domain is declared in its package (`DOMAIN`) and announced by an entry point of the group `udi.portal.domains` or
`udi.node.domains`, ours as those of other packages. What it has is given by references, «module:attribute», which only
the process that uses them resolves: web workers never import tasks, the worker never imports pages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from udi.kit.entry_points import list_entry_points
from udi.settings import ProgramName, Settings


class DomainError(ValueError):
    """The domains of a program do not fit together."""


@dataclass(frozen=True)
class Domain:
    """What a domain has. Each reference but `settings`, `archive`, `personal_data` and `after_import` is a function of the `Site`; an empty one:
    the domain has none of it.
    """

    name: str
    package: str
    """Holds `models.py`, the folder `templates` (pages are «<name>/<page>.html») and the folders `locale`."""
    needs: tuple[str, ...] = ()
    """Domains whose services and tables this one uses."""
    settings: str = ""
    """A class of settings of its own (`BaseSettings`), whose variables begin with `UDI_<NAME>_`."""
    services: str = ""
    """Provides services and contributes to hooks, in every process."""
    web_services: str = ""
    """The same, in web workers only."""
    worker_services: str = ""
    """The same, in the worker only."""
    routes: str = ""
    """Returns the handlers of requests."""
    tasks: str = ""
    """Returns the handlers of queued tasks, by name."""
    schedules: str = ""
    """Returns its scheduled tasks (`Schedule`): work that recurs."""
    companions: str = ""
    """Returns coroutines that run beside the tasks for as long as the worker does, because they follow something."""
    archive: str = ""
    """A module with `CARRIED` and `LEFT_OUT`: tables that the archive of a territory holds, and those that it does not."""
    personal_data: str = ""
    """A module with `PERSONAL` and `NEUTRAL`: columns that hold people, and those that hold nobody; `PAYLOADS`, where its
    queued tasks name somebody.
    """
    after_import: str = ""
    """A coroutine function of a session, as the owner, and the settings: takes up what was under way when a territory was
    exported, once its rows are here."""
    migrations: bool = False
    """Whether the folder `migrations` of the package changes the database, apart from the program's own chain."""

    @property
    def folder(self) -> Path:
        """The folder of the package.

        Raises:
            DomainError: there is no such package.
        """
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise DomainError(
                f"The domain “{self.name}” names a package that is not there: {self.package}."
            )
        return Path(spec.submodule_search_locations[0])

    @property
    def locales(self) -> list[Path]:
        """Its folders of translations, those of its parts after its own."""
        return sorted(self.folder.rglob("locale"))

    @property
    def settings_prefix(self) -> str:
        """How the variables of its settings begin."""
        return f"UDI_{self.name.replace('-', '_').upper()}_"

    def read_settings(self) -> BaseSettings:
        """Read its settings from the environment.

        Raises:
            DomainError: a value does not fit, or a variable is not one of this domain.
        """
        settings_class: type[BaseSettings] = resolve(self.settings)
        if settings_class.model_config.get("env_prefix") != self.settings_prefix:
            raise DomainError(
                f"The settings of the domain “{self.name}” must have the prefix {self.settings_prefix}."
            )
        for name in settings_class.model_fields:
            variable = f"{self.settings_prefix}{name}".upper()
            if variable.removeprefix("UDI_").lower() in Settings.model_fields:
                raise DomainError(
                    f"The domain “{self.name}” declares {variable}, which is a setting of the program."
                )
        try:
            return settings_class()
        except ValidationError as error:
            raise DomainError(
                f"A setting of the domain “{self.name}” does not fit: {error}"
            ) from error

    def declare_tables(self) -> None:
        """Import its models and those of its parts, so that the metadata of the program is whole."""
        folder = self.folder
        for path in sorted(folder.rglob("models.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            import_module(".".join([self.package, *parts]))


def list_domains(program: ProgramName) -> list[Domain]:
    """The domains of a program, each after those that it needs.

    Raises:
        DomainError: a domain is missing, two have one name, or some need each other.
    """
    return sort_domains(
        [
            entry_point.load()
            for entry_point in list_entry_points(f"udi.{program}.domains")
        ]
    )


def sort_domains(domains: Sequence[Domain]) -> list[Domain]:
    """Order domains, each after those that it needs; else as they are given.

    Raises:
        DomainError: a domain is missing, two have one name, or some need each other.
    """
    by_name = {domain.name: domain for domain in domains}
    if len(by_name) < len(domains):
        names = [domain.name for domain in domains]
        twice = next(name for name in names if names.count(name) > 1)
        raise DomainError(f"Two domains are named “{twice}”.")
    for domain in domains:
        for need in domain.needs:
            if need not in by_name:
                raise DomainError(
                    f"The domain “{domain.name}” needs the domain “{need}”, which this program does not have."
                )
    sorter = TopologicalSorter({domain.name: domain.needs for domain in domains})
    try:
        return [by_name[name] for name in sorter.static_order()]
    except CycleError as error:
        circle = " → ".join(f"“{name}”" for name in error.args[1])
        raise DomainError(f"Domains need each other: {circle}.") from error


def list_locales(domains: Sequence[Domain]) -> list[Path]:
    """The folders of translations of all domains."""
    return [folder for domain in domains for folder in domain.locales]


def declare_tables(program: ProgramName) -> None:
    """Import the models of every domain of a program, so that its metadata is whole."""
    for domain in list_domains(program):
        domain.declare_tables()


def resolve(reference: str) -> Any:
    """What a reference «module:attribute» leads to; without an attribute, the module."""
    module, _, attribute = reference.partition(":")
    imported = import_module(module)
    if attribute:
        return getattr(imported, attribute)
    return imported


def call_each(references: Sequence[str], site: Any) -> list[Any]:
    """What the functions of these references return for a site; an empty reference is passed over."""
    functions: list[Callable[[Any], Any]] = [
        resolve(reference) for reference in references if reference
    ]
    return [function(site) for function in functions]
