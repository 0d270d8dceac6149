"""What the node's API says of the sources from which datasets are renewed; what opens them is written, and in no answer."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from udi.node.datasets.renewal.models import Frequency

Address = Annotated[
    str,
    Meta(
        description="Where the file is: https, sftp, s3 or davs. It holds no password.",
        examples=["https://data.example.org/associations.csv"],
        max_length=2000,
    ),
]
Kind = Annotated[
    str,
    Meta(
        description="What is at the address; empty: as the address says.",
        examples=["http"],
        max_length=100,
    ),
]
Often = Annotated[Frequency, Meta(description="How often the address is looked at.")]
Fields = Annotated[
    dict[Annotated[str, Meta(max_length=100)], Annotated[str, Meta(max_length=20_000)]],
    Meta(
        description="What the kind needs besides the address, such as user and password: sealed, and never answered. What is left out stays, for the same server.",
        max_length=20,
    ),
]
Paused = Annotated[bool, Meta(description="Whether nobody looks for now.")]


class NewSource(Struct, kw_only=True, forbid_unknown_fields=True):
    """The source from which a dataset is renewed from now on."""

    address: Address
    frequency: Often
    kind: Kind = ""
    fields: Fields = {}


class SourceChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What changes of a source; what is left out stays."""

    address: Address | UnsetType = UNSET
    frequency: Often | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    fields: Fields | UnsetType = UNSET
    paused: Paused | UnsetType = UNSET


class SourceDetail(Struct, frozen=True, kw_only=True):
    """The source of a dataset, and what came of the last look; never what opens it."""

    dataset_id: UUID
    address: Annotated[str, Meta(description="The address that is kept.")]
    kind: Annotated[str, Meta(description="What is there.", examples=["http"])]
    frequency: Often
    paused: Paused
    paused_at: datetime | None
    checked_at: Annotated[
        datetime | None, Meta(description="When it was looked at last.")
    ]
    changed_at: Annotated[
        datetime | None, Meta(description="When a new version was found last.")
    ]
    next_check_at: Annotated[
        datetime | None, Meta(description="When it is looked at next; null: paused.")
    ]
    failures: Annotated[int, Meta(description="Failures since the last success.", ge=0)]
    error: Annotated[
        str, Meta(description="Why the last look failed; empty: it did not.")
    ]
    remedy: Annotated[str, Meta(description="What mends it.")]
    host_key: Annotated[
        str,
        Meta(description="Fingerprint of the key of an SFTP server, as confirmed."),
    ]
    offered_key: Annotated[
        str,
        Meta(
            description="The one that it shows, while a person has not confirmed it on the page of the dataset."
        ),
    ]


class SourceList(Struct, frozen=True, kw_only=True):
    """The sources that a key may change, by address."""

    items: list[SourceDetail]
