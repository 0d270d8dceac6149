"""What domains of other packages have in the databases, beside the chain of revisions of each program."""

from udi.kit import migrations
from udi.settings import ProgramName, Settings
from udi.ui.domains import list_domains


def upgrade_domains(settings: Settings, program: ProgramName) -> None:
    """Bring the tables of each domain with migrations of its own to their newest revision."""
    for domain in list_domains(program):
        if domain.migrations:
            migrations.upgrade_package(
                settings, program, domain.name, domain.folder / "migrations"
            )
