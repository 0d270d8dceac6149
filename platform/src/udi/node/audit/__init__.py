"""Who did what at the node, when, besides what happens to datasets: only added to. Persons are identifiers, nothing else."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.node.audit.models import AuditEvent


def record_audit_event(
    session: AsyncSession,
    actor: Actor | None,
    name: str,
    subject: UUID | None,
    **facts: Any,
) -> None:
    """Note an event («key.made») in the transaction of the change; no actor means a machine or a command."""
    session.add(
        AuditEvent(
            name=name,
            actor_id=actor.person_id if actor else None,
            subject_id=subject,
            facts=facts,
        )
    )
