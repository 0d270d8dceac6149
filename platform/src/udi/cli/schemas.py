"""The schemas of both databases, brought to the newest revision."""

from udi.cli.secret_files import draw_keys
from udi.kit import migrations
from udi.settings import Settings
from udi.ui.domain_migrations import upgrade_domains


def migrate(settings: Settings, *, contract: bool = True) -> None:
    """Bring both databases to the newest revision, once the keys are there.

    Without `contract`, what earlier releases use stays.
    """
    draw_keys(settings)
    migrations.upgrade(settings, "portal", contract=contract)
    migrations.upgrade(settings, "node", contract=contract)
    upgrade_domains(settings, "portal")
    upgrade_domains(settings, "node")
