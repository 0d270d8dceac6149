"""The portal's journal, as it leaves for a collector."""

from sqlalchemy import Subquery, select

from udi.kit.journal_lines import ProgramJournal
from udi.portal.audit.models import AuditEvent, JournalLine

PRIVATE_EVENTS = "suggestion.%"
"""What somebody declared of their own interests: nobody else reads that they did, a collector neither."""


def select_events() -> Subquery:
    """The events that leave."""
    query = select(
        AuditEvent.tenant_id,
        AuditEvent.id,
        AuditEvent.at,
        AuditEvent.name,
        AuditEvent.actor_id,
        AuditEvent.subject_id,
        AuditEvent.facts,
    )
    return query.where(AuditEvent.name.not_like(PRIVATE_EVENTS)).subquery("event")


JOURNAL = ProgramJournal("portal", JournalLine, select_events())
