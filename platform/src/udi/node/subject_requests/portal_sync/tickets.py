"""Tickets of the portal: each is taken once, and kept for an hour for the browser that brought it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.credentials import InvalidSignatureError, SecretKind, SignedToken
from udi.kit.errors import ForbiddenError
from udi.node.spaces.models import Space
from udi.node.subject_requests.models import HeldTicket, SubjectRequest
from udi.protocol.subject_tickets import SubjectTicket, read_ticket_claims
from udi.ui.login import cookie_name

TICKET_COOKIE = SecretKind(name="browser of a request about one's own data")
"""By which the browser that brought a ticket finds it again."""
COOKIE = "subject"
"""What the names of these cookies begin with."""
MOST_TICKETS = 20
"""Of one browser, at the same time."""
TICKET_LIFETIME = timedelta(hours=1)
AGAIN = "Go back to the portal, and choose «Go on» again."


@dataclass(frozen=True)
class KeptTicket:
    """Of which request a ticket is, and the secret by which its browser finds it: none where the request was written."""

    request_id: UUID
    secret: str


def name_ticket_cookie(request_id: UUID) -> str:
    """The cookie of one ticket: another ticket leaves it as it is."""
    return f"{COOKIE}-{request_id.hex}"


def list_secrets(cookies: Mapping[str, str], origin: str) -> list[str]:
    """What the cookies of tickets hold, as a browser sent them."""
    prefix = cookie_name(origin, f"{COOKIE}-")
    secrets = [value for name, value in cookies.items() if name.startswith(prefix)]
    return [secret for secret in secrets if secret][:MOST_TICKETS]


async def keep_ticket(session: AsyncSession, signed: SignedToken) -> KeptTicket:
    """Keep what a verified ticket says.

    Raises:
        ForbiddenError: it does not say what it should.
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
        return KeptTicket(request_id, "")
    secret = TICKET_COOKIE.generate()
    await session.execute(delete(HeldTicket).where(HeldTicket.id == request_id))
    session.add(_row(request_id, ticket, secret))
    await session.flush()
    return KeptTicket(request_id, secret)


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


async def find_tickets(
    session: AsyncSession, secrets: Sequence[str], *, lock: bool = False
) -> Sequence[HeldTicket]:
    """The tickets that this browser brought, while they are good, the newest first; `lock` holds them, so that each is used up once."""
    query = (
        select(HeldTicket)
        .where(
            HeldTicket.token_hash.in_(list(map(TICKET_COOKIE.digest, secrets))),
            HeldTicket.expires_at > now(),
        )
        .order_by(HeldTicket.expires_at.desc(), HeldTicket.id)
    )
    if lock:
        query = query.with_for_update()
    return (await session.scalars(query)).all()


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
