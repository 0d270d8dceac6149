"""What the operations of the node's API share in its document: its parts, what a program shows, what many refuse."""

from typing import Annotated
from uuid import UUID

from litestar.openapi.spec import Example, Tag
from litestar.params import PathParameter

from udi.kit.errors import (
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
)
from udi.ui.openapi.operations import BearerScheme

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
