"""What the API says of the files and services of a dataset; `schemas` has the rest."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from udi.portal.catalogue import models
from udi.portal.catalogue.links.status import find_link_status

STATE = "reachable, moved, refused (it asks for a right), gone or unreachable."
CONTENT = "same (its checksum is the one described), other_size, other_checksum; empty: not known."

Instant = Annotated[datetime, Meta(tz=True)]


class DistributionChecksum(Struct, frozen=True, kw_only=True):
    """What the bytes of a file digest to."""

    algorithm: Annotated[str, Meta(examples=["SHA-256"])]
    value: Annotated[str, Meta(examples=["9f2c" + "0" * 60])]


class Availability(Struct, frozen=True, kw_only=True):
    """Whether what is at an address can be had, as the portal last saw."""

    state: Annotated[str, Meta(description=STATE)]
    since: Annotated[datetime, Meta(description="Since when it is so.", tz=True)]
    last_reachable: Annotated[
        Instant | None,
        Meta(description="When it was last reached, where it is not now."),
    ]
    moved_to: Annotated[
        str,
        Meta(
            description="Where a permanent redirect leads; empty where there is none."
        ),
    ]
    content: Annotated[str, Meta(description=CONTENT, examples=["same"])]

    @classmethod
    def of(cls, media: models.Distribution) -> "Availability | None":
        """What is said of the address; nothing before it was looked at."""
        status = find_link_status(media)
        if status is None:
            return None
        return cls(
            state=status.state.value,
            since=status.since,
            last_reachable=status.last_reachable,
            moved_to=status.moved_to,
            content=status.content.value,
        )


class DistributionDetail(Struct, frozen=True, kw_only=True):
    """A file, a service or a series of a dataset, at its producer’s node."""

    id: UUID
    kind: Annotated[
        str, Meta(description="file, service or series.", examples=["file"])
    ]
    name: Annotated[str, Meta(examples=["arbres.csv"])]
    names: Annotated[
        dict[str, str],
        Meta(
            description="Name by language, where the producer wrote several; empty where there is one."
        ),
    ]
    url: Annotated[
        str,
        Meta(
            description="Where the data are, at the producer’s node: never on the portal."
        ),
    ]
    media_type: str
    format: Annotated[
        str,
        Meta(
            description="Kind of file or service, as the parameter of the same name takes it."
        ),
    ]
    size: Annotated[int | None, Meta(description="Bytes, if the producer says.")]
    checksum: DistributionChecksum | None
    contract: Annotated[
        str,
        Meta(description="Protocol of the address, in RUDI’s words: dwnl, wms…"),
    ]
    availability: Annotated[
        Availability | None,
        Meta(description="How the address stands; null before the portal looked."),
    ]

    @classmethod
    def of(
        cls, media: models.Distribution, names: dict[str, str]
    ) -> "DistributionDetail":
        """A row of the catalogue, with the names by language that its record has."""
        same = ("id", "name", "url", "media_type", "format", "size", "contract")
        if media.hash_value:
            checksum = DistributionChecksum(
                algorithm=media.hash_algorithm, value=media.hash_value
            )
        else:
            checksum = None
        facts = {name: getattr(media, name) for name in same}
        return cls(
            **facts,
            names=names,
            kind=media.kind.lower(),
            checksum=checksum,
            availability=Availability.of(media),
        )
