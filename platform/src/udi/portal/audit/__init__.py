"""Who did what, when: a record that is only added to. It names persons by their identifier, nothing else."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.identity import Actor
from udi.portal.audit.models import AuditEvent


def record(
    session: AsyncSession,
    actor: Actor | None,
    name: str,
    subject: UUID | None,
    **facts: Any,
) -> None:
    """Note an event («dataset.published») in the transaction of the change; no actor means a machine."""
    session.add(
        AuditEvent(
            name=name,
            actor_id=actor.person_id if actor else None,
            subject_id=subject,
            facts=facts,
        )
    )
