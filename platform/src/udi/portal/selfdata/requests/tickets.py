"""The ticket with which somebody goes from the portal to the node of a producer: what is asked of whom, nothing of who asks."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.keys import Signer
from udi.kit.tenancy import Territory
from udi.kit.web_addresses import origin_of
from udi.portal.selfdata.requests.queries import OwnRequest
from udi.portal.selfdata.requests.request_nodes import find_request_node
from udi.portal.selfdata.rights_requests import producer_country
from udi.protocol.credentials import SUBJECT_TICKET
from udi.protocol.subject_requests import SubjectRight
from udi.protocol.subject_tickets import (
    TICKETS_PATH,
    SubjectTicket,
    write_ticket_claims,
)


@dataclass(frozen=True)
class TicketForm:
    """A form that takes the browser to a node: its address, its origin and the ticket in it."""

    address: str
    origin: str
    ticket: str


async def write_ticket(
    session: AsyncSession,
    signer: Signer,
    territory: Territory,
    own_request: OwnRequest,
    *,
    language: str,
) -> TicketForm | None:
    """A ticket for a draft, which notes the node that it goes to; None where no node takes requests any more."""
    request = own_request.request
    node = await find_request_node(session, request)
    if node is None:
        return None
    request.node_id = node.id
    ticket = SubjectTicket(
        producer=own_request.producer.slug,
        right=SubjectRight(request.right),
        number=request.number,
        country=producer_country(own_request.producer, territory),
        time_zone=territory.time_zone,
        language=language,
        officer=bool(own_request.officer_email),
    )
    origin = origin_of(node.url)
    token = signer.sign(
        SUBJECT_TICKET,
        subject=str(request.id),
        issuer=territory.origin,
        audience=origin,
        further_claims=write_ticket_claims(ticket),
    )
    return TicketForm(f"{node.url}{TICKETS_PATH}", origin, token)
