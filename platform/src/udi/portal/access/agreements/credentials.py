"""Credentials of a project: a secret for its machine and one node, shown once, of which a digest is kept."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import ConflictError, InvalidError, NotFoundError, Refusals
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.agreements.revisions import (
    lock_agreements,
    send_agreement_status,
    send_agreement_statuses,
)
from udi.portal.access.models import AccessAgreement, ProjectCredential
from udi.portal.nodes.models import Node
from udi.portal.projects.models import Project
from udi.protocol.agreement import PROJECT_CREDENTIAL, fingerprint

DAYS = (30, 90, 365)
MOST = 10
LONGEST_NAME = 80
"""Credentials of one project at one node that live at once."""
FOR_ALL = ProjectCredential.agreement_id.is_(None)
"""Those that people made; those of transfers between machines are bound to one agreement."""


async def list_nodes(session: AsyncSession, project: Project) -> Sequence[Node]:
    """The nodes with which the project has, or had, an agreement."""
    node_ids = select(AccessAgreement.node_id).where(
        AccessAgreement.project_id == project.id
    )
    return (
        await session.scalars(
            select(Node).where(Node.id.in_(node_ids)).order_by(Node.name)
        )
    ).all()


async def list_credentials(
    session: AsyncSession, project: Project
) -> Sequence[ProjectCredential]:
    """Those of a project, the newest first."""
    query = select(ProjectCredential).where(
        ProjectCredential.project_id == project.id, FOR_ALL
    )
    return (
        await session.scalars(
            query.order_by(ProjectCredential.created_at.desc(), ProjectCredential.id)
        )
    ).all()


async def make_credential(
    session: AsyncSession,
    actor: Actor,
    project: Project,
    *,
    node: UUID | None,
    name: str,
    days: int,
) -> tuple[ProjectCredential, str]:
    """A new one and its secret, which nobody can read again; the node is notified at once.

    Raises:
        InvalidError: it has no name, no node of the project, or a time that there is not.
        ConflictError: the project has enough of them there.
    """
    refusals = Refusals()
    cleaned = " ".join(name.replace("\x00", "").split())[:LONGEST_NAME]
    if not cleaned:
        refusals.refuse("name", "Give it a name that says which machine uses it.")
    if days not in DAYS:
        refusals.refuse("days", "Choose a period of validity.")
    if (
        node
        not in {project_node.id for project_node in await list_nodes(session, project)}
        or node is None
    ):
        refusals.refuse(
            "node",
            "The project has no agreement on this node.",
            "Choose one of the nodes.",
        )
    if refusals or node is None:
        raise InvalidError(refusals=refusals)
    await _reject_above_limit(session, project, node)
    return await _add_credential(session, actor, project, node, cleaned, days)


async def _reject_above_limit(
    session: AsyncSession, project: Project, node: UUID
) -> None:
    conditions = (
        ProjectCredential.project_id == project.id,
        ProjectCredential.node_id == node,
        FOR_ALL,
    )
    living = (
        ProjectCredential.revoked_at.is_(None),
        ProjectCredential.expires_at > now(),
    )
    if (
        await session.scalar(select(func.count()).where(*conditions, *living)) or 0
    ) >= MOST:
        raise ConflictError(
            "This project has ten credentials on this node.",
            remedy="Revoke one that no machine uses any more.",
        )


async def _add_credential(
    session: AsyncSession,
    actor: Actor,
    project: Project,
    node: UUID,
    name: str,
    days: int,
) -> tuple[ProjectCredential, str]:
    secret = PROJECT_CREDENTIAL.generate()
    moment = now()
    credential = ProjectCredential(
        project_id=project.id,
        node_id=node,
        name=name,
        sha256=fingerprint(secret),
        created_by=actor.person_id,
        created_at=moment,
        expires_at=moment + timedelta(days=days),
    )
    session.add(credential)
    await session.flush()
    await send_agreement_statuses(session, project.id, node)
    audit.record(
        session,
        actor,
        "project_credential.made",
        project.id,
        credential=str(credential.id),
    )
    return credential, secret


async def renew_credential(
    session: AsyncSession, actor: Actor, project: Project, id_: UUID
) -> tuple[ProjectCredential, str]:
    """A new secret in the place of one, for as long; the former is refused from now on.

    Raises:
        NotFoundError: the project has none of this identifier.
        ConflictError: it was revoked.
    """
    former = await _get_credential(session, project, id_)
    if former.revoked_at is not None:
        raise ConflictError("This credential was revoked.", remedy="Create a new one.")
    former.revoked_at = now()
    days = max(1, (former.expires_at - former.created_at).days)
    renewal = await _add_credential(
        session, actor, project, former.node_id, former.name, days
    )
    audit.record(
        session,
        actor,
        "project_credential.renewed",
        project.id,
        credential=str(former.id),
    )
    return renewal


async def revoke_credential(
    session: AsyncSession, actor: Actor, project: Project, id_: UUID
) -> None:
    """Refuse a secret from now on.

    Raises:
        NotFoundError: the project has none of this identifier.
    """
    credential = await _get_credential(session, project, id_)
    if credential.revoked_at is not None:
        return
    credential.revoked_at = now()
    await session.flush()
    await send_agreement_statuses(session, project.id, credential.node_id)
    audit.record(
        session,
        actor,
        "project_credential.revoked",
        project.id,
        credential=str(credential.id),
    )


async def revoke_credentials(
    session: AsyncSession, which: ColumnElement[bool]
) -> Sequence[ProjectCredential]:
    """Refuse these from now on, and tell their nodes; those that were not revoked yet."""
    credentials = await lock_credentials(session, which)
    for credential in credentials:
        credential.revoked_at = now()
    await session.flush()
    places = {(revoked.project_id, revoked.node_id) for revoked in credentials}
    for agreement in await lock_agreements(session, places):
        await send_agreement_status(session, agreement)
    return credentials


async def lock_credentials(
    session: AsyncSession, which: ColumnElement[bool]
) -> Sequence[ProjectCredential]:
    """Those of these that were not revoked yet, locked, with the agreements that learn of their end."""
    living = select(ProjectCredential).where(
        which, ProjectCredential.revoked_at.is_(None)
    )
    credentials = (
        await session.scalars(living.order_by(ProjectCredential.id).with_for_update())
    ).all()
    places = {(credential.project_id, credential.node_id) for credential in credentials}
    await lock_agreements(session, places)
    return credentials


async def record_uses(
    session: AsyncSession, node: Node, uses: Iterable[tuple[UUID, datetime]]
) -> None:
    """Keep in which hour machines last read with credentials for a node there, as it says; another node's stay as they are."""
    for id_, used_at in uses:
        hour = min(used_at, now()).replace(minute=0, second=0, microsecond=0)
        earlier = or_(
            ProjectCredential.last_used_at.is_(None),
            ProjectCredential.last_used_at < hour,
        )
        conditions = (ProjectCredential.id == id_, ProjectCredential.node_id == node.id)
        await session.execute(
            update(ProjectCredential)
            .where(*conditions, earlier)
            .values(last_used_at=hour)
        )


async def _get_credential(
    session: AsyncSession, project: Project, id_: UUID
) -> ProjectCredential:
    conditions = (
        ProjectCredential.id == id_,
        ProjectCredential.project_id == project.id,
        FOR_ALL,
    )
    credential = await session.scalar(
        select(ProjectCredential).where(*conditions).with_for_update()
    )
    if credential is None:
        raise NotFoundError
    return credential
