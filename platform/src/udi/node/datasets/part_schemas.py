"""What the node's API says of the files, links and services beside the main file of a dataset."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from udi.node.datasets.models import PartRole

Title = Annotated[str, Meta(description="Its title.", examples=["Notice des relevés"])]
Role = Annotated[
    PartRole,
    Meta(
        description="A file: `data`, `documentation` or `archive`; an address: `link` or `service`."
    ),
]
FirstDay = Annotated[
    date | None, Meta(description="First day of what it is about; null: unknown.")
]
LastDay = Annotated[date | None, Meta(description="Last day of it.")]
Address = Annotated[
    str,
    Meta(
        description="Where a link or a service is; empty for a file.",
        examples=["https://api.example.org/releves"],
    ),
]
Documentation = Annotated[
    str,
    Meta(
        description="Where the documentation of a service is.",
        examples=["https://api.example.org/"],
    ),
]
IsPublic = Annotated[
    bool,
    Meta(
        description="Whether everybody reads this documentation of restricted data. A person says so on its page; a key may only take that back."
    ),
]
Place = Annotated[int, Meta(description="Its place in the list, from 1.", ge=1)]
Publish = Annotated[
    bool, Meta(description="Publish it at once, or as soon as nothing stops that.")
]


class NewPart(Struct, kw_only=True, forbid_unknown_fields=True):
    """A file that is sent next, a link or a service."""

    title: Title
    role: Role
    first_day: FirstDay = None
    last_day: LastDay = None
    address: Address = ""
    documentation: Documentation = ""
    is_public: IsPublic = False
    publish: Publish = False


class PartChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """What changes of a part; what is left out stays."""

    title: Title | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    first_day: FirstDay | UnsetType = UNSET
    last_day: LastDay | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    documentation: Documentation | UnsetType = UNSET
    is_public: IsPublic | UnsetType = UNSET
    place: Place | UnsetType = UNSET
    publish: Publish = False


class PartFile(Struct, frozen=True, kw_only=True):
    """The newest version of the file of a part."""

    version: Annotated[int, Meta(description="Number of the version.", ge=1)]
    name: Annotated[str, Meta(examples=["notice.pdf"])]
    media_type: Annotated[str, Meta(examples=["application/pdf"])]
    size: Annotated[int, Meta(description="In bytes.", ge=0)]
    sha256: str
    published: Annotated[bool, Meta(description="False: it waits to be published.")]


class PartDetail(Struct, frozen=True, kw_only=True):
    """A file, a link or a service beside the main file of a dataset."""

    id: Annotated[UUID, Meta(description="Its identifier, which records name too.")]
    place: Place
    title: Title
    role: Role
    first_day: FirstDay
    last_day: LastDay
    address: Address
    documentation: Documentation
    is_public: IsPublic
    published: Annotated[bool, Meta(description="Whether the portals list it.")]
    url: Annotated[
        str, Meta(description="Its address for readers; empty before there is a file.")
    ]
    file: PartFile | None


class PartList(Struct, frozen=True, kw_only=True):
    """What a dataset has beside its main file, in order."""

    items: list[PartDetail]
