"""What the API says of the files and services of a dataset; `shapes` has the rest."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from udi.portal.catalogue import models
from udi.portal.catalogue.links.saying import find_said

STATE = "reachable, moved, refused (it asks for a right), gone or unreachable."
CONTENT = "same (its checksum is the one described), other_size, other_checksum; empty: not known."

Instant = Annotated[datetime, Meta(tz=True)]


class Checksum(Struct, frozen=True, kw_only=True):
    """What the bytes of a file digest to."""

    algorithm: str
    value: str


class Availability(Struct, frozen=True, kw_only=True):
    """Whether what is at an address can be had, as the portal last saw."""

    state: Annotated[str, Meta(description=STATE)]
    since: Annotated[datetime, Meta(description="Since when it is so.", tz=True)]
    last_reachable: Annotated[Instant | None, Meta(description="When it was last reached, where it is not now.")]
    moved_to: Annotated[str, Meta(description="Where a permanent redirect leads; empty where there is none.")]
    content: Annotated[str, Meta(description=CONTENT)]

    @classmethod
    def of(cls, media: models.Distribution) -> "Availability | None":
        """What is said of the address; nothing before it was looked at."""
        said = find_said(media)
        if said is None:
            return None
        return cls(
            state=said.state.value,
            since=said.since,
            last_reachable=said.last_reachable,
            moved_to=said.moved_to,
            content=said.content.value,
        )


class Distribution(Struct, frozen=True, kw_only=True):
    """A file, a service or a series of a dataset, at its producer’s node."""

    id: UUID
    kind: Annotated[str, Meta(description="file, service or series.")]
    name: str
    url: Annotated[str, Meta(description="Where the data are, at the producer’s node: never on the portal.")]
    media_type: str
    format: Annotated[str, Meta(description="Kind of file or service, as the parameter of the same name takes it.")]
    size: Annotated[int | None, Meta(description="Bytes, if the producer says.")]
    checksum: Checksum | None
    contract: Annotated[str, Meta(description="How the address is to be asked, in RUDI’s words: dwnl, wms…")]
    availability: Annotated[
        Availability | None, Meta(description="How the address stands; null before the portal looked.")
    ]

    @classmethod
    def of(cls, media: models.Distribution) -> "Distribution":
        """A row of the catalogue."""
        same = ("id", "name", "url", "media_type", "format", "size", "contract")
        checksum = Checksum(algorithm=media.hash_algorithm, value=media.hash_value) if media.hash_value else None
        facts = {name: getattr(media, name) for name in same}
        return cls(**facts, kind=media.kind.lower(), checksum=checksum, availability=Availability.of(media))
