"""The room that a portal asks a hosted node to open for a producer."""

from typing import Any, cast
from uuid import UUID

from msgspec import Struct

from udi.kit.mail_addresses import LONGEST_MAIL
from udi.protocol import validators
from udi.protocol.faults import InvalidDocument, without_repeats
from udi.protocol.scan import scan

LONGEST_SLUG = 40
LONGEST_NAME = 300


class SpaceRequest(Struct, frozen=True, kw_only=True):
    """Whose room: the organisation as the portal knows it. `slug` stands in the room's addresses."""

    organisation_id: UUID
    slug: str
    name: str
    email: str


class InvalidSpaceRequest(InvalidDocument):
    """What was sent does not say whose room it is."""

    title = "This room cannot be opened"


_SPACE = validators.group(
    {
        "organisation_id": validators.uuid,
        "slug": validators.text(LONGEST_SLUG),
        "name": validators.text(LONGEST_NAME),
        "email": validators.text(LONGEST_MAIL),
    },
    {},
)


def read_space(data: object) -> SpaceRequest:
    """The room in a portal's JSON.

    Raises:
        InvalidSpaceRequest: with all its faults.
    """
    faults = without_repeats([*_SPACE(data, ""), *scan(data)])
    if faults:
        raise InvalidSpaceRequest(faults)
    document = cast("dict[str, Any]", data)
    return SpaceRequest(
        organisation_id=UUID(document["organisation_id"]),
        slug=document["slug"],
        name=document["name"],
        email=document["email"],
    )


def write_space(room: SpaceRequest) -> dict[str, Any]:
    """The JSON that a node reads."""
    return {
        "organisation_id": str(room.organisation_id),
        "slug": room.slug,
        "name": room.name,
        "email": room.email,
    }
