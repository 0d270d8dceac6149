"""The thread of a request: what each side did and said, in order; and whom a mail notifies of a line of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit import jobs
from udi.kit.clock import now
from udi.kit.errors import field_error
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.agreements.revisions import FOLLOW
from udi.portal.access.models import AccessRequest, AccessSide, AccessStep
from udi.portal.access.requests.transitions import ACCESS_REQUEST, AccessRequestEvent

TELL = "tell_access_request"
LONGEST = 5000


def clean_message(words: str) -> str:
    """What a person says to the other side.

    Raises:
        InvalidError: it is nothing, or very long.
    """
    cleaned = "\n".join(
        line.rstrip() for line in words.strip().replace("\x00", "").splitlines()
    )
    if not cleaned:
        raise field_error("words", "Write a message: the other party will read it.")
    if len(cleaned) > LONGEST:
        raise field_error(
            "words", "This is very long.", "Write 5000 characters at most."
        )
    return cleaned


async def add_step(
    session: AsyncSession,
    actor: Actor | None,
    request: AccessRequest,
    event: AccessRequestEvent,
    side: AccessSide,
    words: str = "",
    offer: dict[str, Any] | None = None,
) -> AccessStep:
    """Add a line."""
    person = actor.person_id if actor else None
    step = AccessStep(
        request_id=request.id,
        at=now(),
        event=event,
        side=side,
        person_id=person,
        words=words,
        offer=offer,
    )
    session.add(step)
    await session.flush()
    return step


async def list_steps(
    session: AsyncSession, request: AccessRequest
) -> Sequence[AccessStep]:
    """The lines, in order."""
    query = (
        select(AccessStep)
        .where(AccessStep.request_id == request.id)
        .order_by(AccessStep.at, AccessStep.id)
    )
    return (await session.scalars(query)).all()


async def notify_other_side(
    session: AsyncSession,
    request: AccessRequest,
    event: str,
    side: AccessSide = AccessSide.REQUESTER,
    step: UUID | None = None,
) -> None:
    """Have the other side notified by mail, once the transaction is durable; `side` is who did it, `step` tells messages apart."""
    payload = {
        "request": str(request.id),
        "revision": request.revision,
        "state": request.state,
        "event": event,
    }
    await jobs.enqueue(session, TELL, payload | {"side": side, "step": str(step or "")})
    if request.connector:
        await jobs.enqueue(session, FOLLOW, {"request": str(request.id)})


async def write_message(
    session: AsyncSession,
    actor: Actor,
    request: AccessRequest,
    words: str,
    side: AccessSide,
) -> None:
    """Say something to the other side, which changes nothing else.

    Raises:
        ConflictError: the request is closed.
        InvalidError: nothing is said.
    """
    ACCESS_REQUEST.next_state(request.state, AccessRequestEvent.MESSAGE)
    step = await add_step(
        session, actor, request, AccessRequestEvent.MESSAGE, side, clean_message(words)
    )
    await notify_other_side(session, request, AccessRequestEvent.MESSAGE, side, step.id)
    audit.record(session, actor, "access_request.message_written", request.id)
