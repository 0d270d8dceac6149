"""In the place of a restricted file of which an agreement shows a part: that part of its table, as a CSV."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from litestar import Response
from litestar.response import Stream

from udi.kit.errors import NotFoundError
from udi.node.files.models import StoredFile
from udi.node.files.names import attachment
from udi.node.files.restricted import PRIVATE, Asked, Passage
from udi.node.spaces.limits import admit
from udi.node.tables.column import GEOMETRY
from udi.node.tables.exports import FORMATS, Exports
from udi.node.tables.query import Query
from udi.node.tables.table import TableOfDataset
from udi.node.tables.views import Views
from udi.protocol.deciding import Refused

FindOfFile = Callable[[StoredFile], Awaitable[TableOfDataset]]
SEALED = "sandbox; default-src 'none'"
KIND = "csv"


@dataclass(frozen=True)
class DerivedFiles:
    """Answers with the CSV of what is shown; `find` leads from a file to its table."""

    find: FindOfFile
    views: Views
    exports: Exports

    async def __call__(self, request: Asked, file: StoredFile, passage: Passage, kind: str = KIND) -> Response[Any]:
        """The rows and columns of the agreement.

        Raises:
            NotGrantedError: the file is no table, of which no part can be shown, or has not what the agreement names.
            NotFoundError: the file is no table, and all of it may be read; or a map is asked for where there is no place.
        """
        headers = await admit(request, file.space_id)
        try:
            table = await self.find(file)
        except NotFoundError:
            if passage.view.is_whole:
                raise
            raise await passage.refuse(Refused.ONLY_IN_PART) from None
        table = await self.views.show(table, passage)
        form = FORMATS[kind]
        if form.placed and GEOMETRY in table.hidden:
            raise await passage.refuse(Refused.OTHER_COLUMNS, (GEOMETRY,))
        if form.placed and not table.has_geometry:
            raise NotFoundError("This dataset has no places, so it is not served as a map.")
        headers |= {
            **PRIVATE,
            "Content-Type": form.media_type,
            "Content-Disposition": attachment(f"{table.name}.{form.extension}"),
            "Content-Security-Policy": SEALED,
            "X-Content-Type-Options": "nosniff",
            "ETag": f'"{table.digest}-{kind}"',
        }
        if request.method == "HEAD":
            return Response(None, headers=headers)
        export = await self.exports.write(table, Query(), kind)
        await export.charge(passage.give)
        headers["Content-Length"] = str(export.size)
        return Stream(passage.counted(export.chunks()), headers=headers)
