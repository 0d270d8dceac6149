"""What a ticket says that leads somebody from the portal to the node of a producer, to ask about data on them there."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct, ValidationError, convert, to_builtins

from udi.kit.credentials import InvalidSignatureError
from udi.protocol.subject_requests import SubjectRight

TICKETS_PATH = "/subjects/tickets"
"""At the node; the ticket is the field `ticket` of a form (decision 0018), never of an address."""
SUBJECT_REQUESTS_PATH = "/subjects/requests"
"""At the node, where somebody reads what became of their requests; no ticket is needed."""
RETURN_PATH = "/my-data/requests/{id}/return"
"""At the portal; the query has `confirmation`."""
LONGEST_NUMBER = 20

Slug = Annotated[str, Meta(min_length=1, max_length=100)]


class SubjectTicket(Struct, frozen=True, kw_only=True):
    """What is asked of whom; of the person it says nothing but the language of their pages."""

    producer: Slug
    """The short name of the organisation."""
    right: SubjectRight
    number: Annotated[str, Meta(min_length=1, max_length=LONGEST_NUMBER)]
    """By which person and producer name the request: `7F3K-2M`."""
    country: Annotated[str, Meta(max_length=2)]
    """Whose public holidays count (ISO 3166-1), empty where nobody knows."""
    time_zone: Annotated[str, Meta(min_length=1, max_length=100)]
    """In which days are counted, as in the IANA database."""
    language: Annotated[str, Meta(min_length=1, max_length=35)]
    officer: bool
    """Whether the producer has a data protection officer."""


def write_ticket_claims(ticket: SubjectTicket) -> Mapping[str, Any]:
    """The further claims of a `SUBJECT_TICKET`."""
    claims: Mapping[str, Any] = to_builtins(ticket)
    return claims


def read_ticket_claims(claims: Mapping[str, Any]) -> SubjectTicket:
    """What the claims of a verified `SUBJECT_TICKET` say.

    Raises:
        InvalidSignatureError: one is missing, or of another form.
    """
    try:
        return convert(dict(claims), SubjectTicket)
    except ValidationError as error:
        msg = f"The ticket is refused: {error}."
        raise InvalidSignatureError(msg) from error


def return_address(portal: str, request_id: str, confirmation: str) -> str:
    """Where a browser goes back to once the request is written; `portal` is an origin."""
    path = RETURN_PATH.format(id=request_id)
    return f"{portal}{path}?confirmation={confirmation}"
