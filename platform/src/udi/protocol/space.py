"""The space that a portal asks a hosted node to open for a producer."""

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
    """Whose space: the organisation as the portal knows it. `slug` stands in the space's addresses."""

    organisation_id: UUID
    slug: str
    name: str
    email: str


class InvalidSpaceRequest(InvalidDocument):
    """What was sent does not say whose space it is."""

    title = "This space cannot be opened"


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
    """The space in a portal's JSON.

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


def write_space(space_request: SpaceRequest) -> dict[str, Any]:
    """The JSON that a node reads."""
    return {
        "organisation_id": str(space_request.organisation_id),
        "slug": space_request.slug,
        "name": space_request.name,
        "email": space_request.email,
    }
