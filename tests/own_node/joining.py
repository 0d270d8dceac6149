"""A node of which no portal knows: what one would have answered it, and its database."""

from pathlib import Path
from uuid import uuid4

from rich.console import Console

from udi.cli.local.state import make_secrets
from udi.cli.local.steps import TerminalReporter
from udi.cli.own import node_processes
from udi.cli.own.folder import SECRETS, OwnNode
from udi.kit import migrations
from udi.protocol.node_registration import InvitationResponse
from udi.ui.domain_migrations import upgrade_domains

TERRITORY = {
    "id": uuid4(), "slug": "demo", "name": {"fr": "Démonstration"}, "tagline": {}, "languages": ["fr"], "box": None,
    "contact": "contact@demo.example", "privacy_contact": "", "mail_sender": {}, "theme": {}, "theme_css": "",
    "charter": {}, "legal": {}, "time_zone": "Europe/Paris",
}  # fmt: skip
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
"""What a database does so that nothing is lost in a power cut: a third of what starts and stops of a node take."""
CLIENT = {"client_id": "demo-node-mairie", "secret": "not used here"}


def make_joining(url: str) -> InvitationResponse:
    """What a portal would have answered: nobody asks it anything here."""
    producer = {"id": uuid4(), "slug": "mairie", "name": "Mairie", "email": "m@m.example"}  # fmt: skip
    return InvitationResponse.model_validate(
        {
            "portal": "https://demo.example",
            "node": {"slug": "mairie", "name": "Mairie", "url": url},
            "territory": TERRITORY,
            "producers": [producer],
            "identity": {"url": "https://login.demo.example", "realm": "udi"},
            "credentials": {"push": CLIENT, "login": CLIENT},
        }
    )


def make_database(folder: Path, port: int) -> None:
    """Make the database of a node in a folder, migrated and of nobody; its server is stopped, and never waits for a disk."""
    own_node = OwnNode(folder, port, make_joining(f"http://localhost:{port}"))
    steps = TerminalReporter(Console(stderr=True))
    with node_processes.hold_folder(folder, port) as service:
        make_secrets(own_node.settings.secrets_folder, SECRETS)
        with node_processes.start_database(own_node, service, steps):
            migrations.upgrade(own_node.settings, "node")
            upgrade_domains(own_node.settings, "node")
    with (folder / node_processes.DATA / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = off\n" for name in DURABLE)
