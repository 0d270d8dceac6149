"""What an archive holds, by entry: the tables of each domain of both programs, and the few files about the whole."""

import re
from collections.abc import Sequence

from alembic.script import ScriptDirectory

from udi.kit import migrations
from udi.kit.rows import ArchivedTable, ExcludedTable
from udi.node.agreements import archive as node_agreements
from udi.node.audit import archive as node_audit
from udi.node.datasets import archive as node_datasets
from udi.node.files import archive as node_files
from udi.node.identity import archive as node_identity
from udi.node.manager import archive as node_manager
from udi.node.portals import archive as node_portals
from udi.node.spaces import archive as node_spaces
from udi.portal.access import archive as portal_access
from udi.portal.audit import archive as portal_audit
from udi.portal.catalogue import archive as portal_catalogue
from udi.portal.dataspace import archive as portal_dataspace
from udi.portal.identity import archive as portal_identity
from udi.portal.nodes import archive as portal_nodes
from udi.portal.notifications import archive as portal_notifications
from udi.portal.organisations import archive as portal_organisations
from udi.portal.organisations.joining import archive as portal_joining
from udi.portal.projects import archive as portal_projects
from udi.settings import ProgramName, Settings

FORMAT = 1
PROGRAMS: tuple[ProgramName, ...] = ("portal", "node")
DESCRIPTION = "archive.json"
DCAT = "catalogue/dcat-ap.ttl"
RUDI = "catalogue/rudi.jsonl"
ORGANISATIONS = "identity/organisations.jsonl"
ACCOUNTS = "identity/accounts.jsonl"
FILE = re.compile(r"files/[0-9a-f]{64}")
TENANT_FILE = re.compile(r"tenant/[a-z0-9][a-z0-9._-]*")
DOMAINS = {
    "portal": (
        portal_organisations,
        portal_identity,
        portal_joining,
        portal_audit,
        portal_notifications,
        portal_catalogue,
        portal_nodes,
        portal_projects,
        portal_access,
        portal_dataspace,
    ),
    "node": (
        node_identity,
        node_audit,
        node_spaces,
        node_portals,
        node_files,
        node_datasets,
        node_manager,
        node_agreements,
    ),
}
CARRIED: dict[ProgramName, tuple[ArchivedTable, ...]] = {
    "portal": tuple(table for domain in DOMAINS["portal"] for table in domain.CARRIED),
    "node": tuple(table for domain in DOMAINS["node"] for table in domain.CARRIED),
}
LEFT_OUT: dict[ProgramName, tuple[ExcludedTable, ...]] = {
    "portal": tuple(table for domain in DOMAINS["portal"] for table in domain.LEFT_OUT),
    "node": tuple(table for domain in DOMAINS["node"] for table in domain.LEFT_OUT),
}


def entry_of(program: ProgramName, carried: ArchivedTable) -> str:
    """Where the rows of a table are."""
    return f"{program}/{carried.name}.jsonl"


FIXED_ENTRIES = {
    DESCRIPTION,
    DCAT,
    RUDI,
    ORGANISATIONS,
    ACCOUNTS,
    *(entry_of(program, table) for program in PROGRAMS for table in CARRIED[program]),
}


def is_entry(path: str) -> bool:
    """Whether an archive may hold this, beside its manifest and signature."""
    return path in FIXED_ENTRIES or bool(
        FILE.fullmatch(path) or TENANT_FILE.fullmatch(path)
    )


def revisions(settings: Settings, program: ProgramName) -> Sequence[str]:
    """The revisions of a program's database that this release knows, oldest first."""
    scripts = ScriptDirectory.from_config(migrations.configuration(settings, program))
    return [revision.revision for revision in scripts.walk_revisions()][::-1]
