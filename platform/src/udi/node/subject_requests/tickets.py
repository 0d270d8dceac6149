"""Tickets of the portal: each is taken once, and kept for an hour for the browser that brought it."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.credentials import InvalidSignatureError, SecretKind, SignedToken
from udi.kit.errors import ConflictError, ForbiddenError
from udi.node.spaces.models import Space
from udi.node.subject_requests.models import HeldTicket, SubjectRequest
from udi.protocol.subject_tickets import SubjectTicket, read_ticket_claims

TICKET_COOKIE = SecretKind(name="browser of a request about one's own data")
"""By which the browser that brought a ticket finds it again."""
COOKIE = "subject"
TICKET_LIFETIME = timedelta(hours=1)
AGAIN = "Go back to the portal, and choose «Go on» again."


async def keep_ticket(session: AsyncSession, signed: SignedToken) -> str:
    """Keep what a verified ticket says; the secret by which its browser finds it.

    Raises:
        ForbiddenError: it does not say what it should.
        ConflictError: the request was written already.
    """
    try:
        ticket = read_ticket_claims(signed.claims)
        request_id = UUID(signed.subject)
        ZoneInfo(ticket.time_zone)
    except (InvalidSignatureError, ZoneInfoNotFoundError, ValueError) as error:
        raise ForbiddenError(
            "This link of the portal cannot be read.", remedy=AGAIN
        ) from error
    written = select(SubjectRequest.id).where(SubjectRequest.id == request_id)
    if await session.scalar(written) is not None:
        raise ConflictError(
            "This request was already sent.",
            remedy="You read it among your requests, here and on the portal.",
        )
    secret = TICKET_COOKIE.generate()
    await session.execute(delete(HeldTicket).where(HeldTicket.id == request_id))
    session.add(_row(request_id, ticket, secret))
    await session.flush()
    return secret


def _row(request_id: UUID, ticket: SubjectTicket, secret: str) -> HeldTicket:
    return HeldTicket(
        id=request_id,
        token_hash=TICKET_COOKIE.digest(secret),
        producer=ticket.producer,
        right=ticket.right,
        number=ticket.number,
        country=ticket.country,
        time_zone=ticket.time_zone,
        language=ticket.language,
        officer=ticket.officer,
        expires_at=now() + TICKET_LIFETIME,
    )


async def find_ticket(
    session: AsyncSession, secret: str, *, lock: bool = False
) -> HeldTicket | None:
    """The ticket that this browser brought, while it is good; `lock` holds it, so that it is used up once."""
    query = select(HeldTicket).where(
        HeldTicket.token_hash == TICKET_COOKIE.digest(secret),
        HeldTicket.expires_at > now(),
    )
    if lock:
        query = query.with_for_update()
    ticket: HeldTicket | None = await session.scalar(query)
    return ticket


async def get_ticket_space(session: AsyncSession, ticket: HeldTicket) -> Space:
    """The space of the producer that a ticket names.

    Raises:
        ForbiddenError: this node has none of it.
    """
    space = await session.scalar(select(Space).where(Space.slug == ticket.producer))
    if space is None:
        raise ForbiddenError(
            "This node takes no requests for this organisation.",
            remedy="Go back to the portal: it offers a letter instead.",
        )
    return space


async def delete_expired_tickets(session: AsyncSession) -> None:
    """Forget tickets that nobody used in time."""
    await session.execute(delete(HeldTicket).where(HeldTicket.expires_at <= now()))
