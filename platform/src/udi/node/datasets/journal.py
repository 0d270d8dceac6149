"""The node's journal, as it leaves for a collector: what its audit notes, and the history of datasets."""

from sqlalchemy import Subquery, select, union_all

from udi.kit.journal_lines import ProgramJournal
from udi.node.audit.models import AuditEvent, JournalLine
from udi.node.datasets.models import DatasetEvent

PRIVATE_EVENTS = "subject_request.%"
"""Requests of people about their own data: nobody counts them one by one, a collector neither; each has a signed dossier."""
FACTS = frozenset(
    {
        "bytes",
        "channel",
        "dataset",
        "fingerprint",
        "frequency",
        "jobs_at_once",
        "key",
        "kind",
        "licence",
        "named",
        "number",
        "objects",
        "organisation",
        "part",
        "person",
        "portal",
        "quota_bytes",
        "renewed",
        "requests_per_minute",
        "retained_versions",
        "revision",
        "role",
        "space",
        "state",
        "stops",
        "uploads_at_once",
        "version",
    }
)
"""Identifiers, counts, our own words, and the address of a portal."""
WORDS = frozenset({"column", "columns", "reason", "schema"})
"""What a person wrote, or a file calls its columns: it stays in the history of the dataset, and never leaves."""


def select_events() -> Subquery:
    """The events that leave: what is noted of the node, and the history of datasets."""
    noted = select(
        AuditEvent.tenant_id,
        AuditEvent.id,
        AuditEvent.at,
        AuditEvent.name,
        AuditEvent.actor_id,
        AuditEvent.subject_id,
        AuditEvent.facts,
    )
    history = select(
        DatasetEvent.tenant_id,
        DatasetEvent.id,
        DatasetEvent.happened_at,
        DatasetEvent.action,
        DatasetEvent.person_id,
        DatasetEvent.dataset_id,
        DatasetEvent.detail,
    )
    public = noted.where(AuditEvent.name.not_like(PRIVATE_EVENTS))
    return union_all(public, history).subquery("event")


JOURNAL = ProgramJournal("node", JournalLine, select_events(), FACTS)
