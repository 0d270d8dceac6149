"""What the operations of the node's API share in its document: its parts, what a program shows, what many refuse."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar.openapi.spec import Example, Tag
from litestar.params import PathParameter

from udi.kit.errors import (
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
    UdiError,
    UnauthenticatedError,
    UnavailableError,
)
from udi.ui.openapi.operations import NOT_MODIFIED, BearerScheme, describe_operation

CATALOGUE = Tag("catalogue", "What is published here")
FILES = Tag("files", "Files")
TABLES = Tag("tables", "Rows of a table")
MAPS = Tag("maps", "Maps")
SENDING = Tag("sending", "Send files")
RESTRICTED_DATA = Tag("restricted-data", "Restricted data")
KEY = BearerScheme(
    "key", "A key of a space, which its managers create on its page, to send files."
)
CREDENTIAL = BearerScheme(
    "credential",
    "The key of a project that has an agreement, to read restricted data. Open data need none.",
)
SENDING_ERRORS = (
    UnauthenticatedError,
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
    UnavailableError,
)
DatasetPath = Annotated[UUID, PathParameter(description="Identifier of the dataset.")]
PartPath = Annotated[
    UUID,
    PathParameter(
        description="Identifier of a file, a link or a service beside the main file."
    ),
]
FileNamePath = Annotated[
    str,
    PathParameter(
        description="Name of the file, for the reader: the identifier decides.",
        examples=[Example(value="arbres.csv")],
    ),
]
download_operation = partial(
    describe_operation,
    media_types=("*/*",),
    statuses=(200, 206),
    empty={
        **NOT_MODIFIED,
        416: "The requested part is beyond the end of the file.",
    },
)
"""What answers with a file, whole or in part."""


def sending_operation(
    name: str, *, errors: Sequence[type[UdiError]] = (), **details: Any
) -> dict[str, Any]:
    """What a script sends to a space, whose key it shows."""
    return describe_operation(
        name,
        tag=SENDING,
        errors=(*SENDING_ERRORS, *errors),
        schemes=(KEY,),
        is_public=False,
        **details,
    )
