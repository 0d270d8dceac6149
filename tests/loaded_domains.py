"""What the domains of a program have, imported as its processes import it when they start."""

from udi.settings import ProgramName
from udi.ui.domains import Domain, list_domains, resolve


def load_for_web_workers(program: ProgramName) -> None:
    """Import what web workers use of each domain."""
    for domain in list_domains(program):
        _load(domain.services, domain.web_services, domain.routes)


def load_for_the_worker(program: ProgramName) -> None:
    """Import what the worker uses of each domain."""
    for domain in list_domains(program):
        _load(
            domain.services,
            domain.worker_services,
            domain.tasks,
            domain.schedules,
            domain.companions,
        )


def references(domain: Domain) -> list[str]:
    """Everything that a domain refers to."""
    every_reference = (
        domain.settings,
        domain.services,
        domain.web_services,
        domain.worker_services,
        domain.routes,
        domain.tasks,
        domain.schedules,
        domain.companions,
        domain.archive,
        domain.after_import,
    )
    return [reference for reference in every_reference if reference]


def _load(*domain_references: str) -> None:
    for reference in domain_references:
        if reference:
            resolve(reference)
