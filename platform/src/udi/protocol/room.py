"""The room that a portal asks a hosted node to open for a producer."""

from typing import Any, cast
from uuid import UUID

from msgspec import Struct

from udi.protocol import shapes
from udi.protocol.faults import InvalidDocument, without_repeats
from udi.protocol.scan import scan

LONGEST_SLUG, LONGEST_NAME, LONGEST_MAIL = 40, 300, 254


class Room(Struct, frozen=True, kw_only=True):
    """Whose room: the organisation as the portal knows it. `slug` stands in the room's addresses."""

    organisation_id: UUID
    slug: str
    name: str
    email: str


class InvalidRoom(InvalidDocument):
    """What was sent does not say whose room it is."""

    title = "This room cannot be opened"


_ROOM = shapes.group(
    {
        "organisation_id": shapes.uuid,
        "slug": shapes.text(LONGEST_SLUG),
        "name": shapes.text(LONGEST_NAME),
        "email": shapes.text(LONGEST_MAIL),
    },
    {},
)


def read_room(data: object) -> Room:
    """The room in a portal's JSON.

    Raises:
        InvalidRoom: with all its faults.
    """
    faults = without_repeats([*_ROOM(data, ""), *scan(data)])
    if faults:
        raise InvalidRoom(faults)
    said = cast("dict[str, Any]", data)
    return Room(
        organisation_id=UUID(said["organisation_id"]), slug=said["slug"], name=said["name"], email=said["email"]
    )


def write_room(room: Room) -> dict[str, Any]:
    """The JSON that a node reads."""
    return {
        "organisation_id": str(room.organisation_id), "slug": room.slug, "name": room.name, "email": room.email,
    }  # fmt: skip
