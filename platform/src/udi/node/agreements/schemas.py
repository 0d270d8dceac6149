"""What the node's API says of the readings under an agreement."""

from typing import Annotated
from uuid import UUID

from litestar.params import PathParameter
from msgspec import Meta, Struct

AgreementPath = Annotated[
    UUID, PathParameter(description="Identifier of the agreement.")
]


class AgreementUseItem(Struct, kw_only=True):
    """A reading, let through or refused."""

    at: Annotated[
        str, Meta(description="When.", examples=["2026-03-02T08:30:00+00:00"])
    ]
    kind: Annotated[
        str, Meta(description="What was read: a file, rows…", examples=["csv"])
    ]
    credential: Annotated[
        UUID | None, Meta(description="Which key was shown; null: a person read.")
    ]
    outcome: Annotated[
        str, Meta(description="Whether it was let through.", examples=["allowed"])
    ]
    bytes: Annotated[int, Meta(description="Bytes that were sent.", ge=0)]
    times: Annotated[int, Meta(description="How many times in a row.", ge=0)]


class AgreementUses(Struct, kw_only=True):
    """What was read under an agreement, a hundred readings a page."""

    agreement: UUID
    state: Annotated[str, Meta(description="How it stands.", examples=["active"])]
    revision: Annotated[int, Meta(ge=0)]
    uses: list[AgreementUseItem]
    total: Annotated[int, Meta(ge=0)]
    page: Annotated[int, Meta(ge=1)]


class AgreementUsesParameters(Struct, kw_only=True):
    """The query of the readings under an agreement."""

    page: Annotated[int, Meta(description="Which page, from 1.", ge=1, le=10_000)] = 1
