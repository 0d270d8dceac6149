"""In the place of a restricted file of which an agreement shows a part: that part of its table, as a CSV."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from litestar import Response
from litestar.response import Stream

from udi.kit.errors import NotFoundError
from udi.kit.file_names import content_disposition
from udi.kit.service_registry import ServiceKey
from udi.node.files.models import StoredFile
from udi.node.files.restricted import PRIVATE, PermittedReading
from udi.node.spaces.limits import enforce_rate_limit
from udi.node.tables.requests import head_without_length
from udi.node.tables.views import TableViews
from udi.protocol.access_decision import RefusalReason
from udi.tabular.exports.exports import FORMATS, ExportWriter
from udi.tabular.queries.query import Query
from udi.tabular.queries.table import DatasetTable
from udi.ui.dependencies import AnyRequest

FindOfFile = Callable[[StoredFile], Awaitable[DatasetTable]]
SEALED = "sandbox; default-src 'none'"
KIND = "csv"


@dataclass(frozen=True)
class DerivedFiles:
    """Answers with the CSV of what is shown; `find` leads from a file to its table."""

    find: FindOfFile
    views: TableViews
    exports: ExportWriter

    async def __call__(
        self,
        request: AnyRequest,
        file: StoredFile,
        passage: PermittedReading,
        kind: str = KIND,
    ) -> Response[Any]:
        """The rows and columns of the agreement.

        Raises:
            NotGrantedError: the file is no table, of which no part can be shown, or has not what the agreement names.
            NotFoundError: the file is no table, and all of it may be read; or a map is asked for where there is no place.
        """
        headers = await enforce_rate_limit(request, file.space_id)
        try:
            table = await self.find(file)
        except NotFoundError:
            if passage.view.is_whole:
                raise
            raise await passage.refuse(RefusalReason.ONLY_IN_PART) from None
        table = await self.views.open_view(table, passage)
        form = FORMATS[kind]
        if form.placed and table.hidden_places:
            hidden = (table.hidden_places,)
            raise await passage.refuse(RefusalReason.OTHER_COLUMNS, hidden)
        if form.placed and not table.has_geometry:
            raise NotFoundError(
                "This dataset has no places, so it is not served as a map."
            )
        headers |= {
            **PRIVATE,
            "Content-Type": form.media_type,
            "Content-Disposition": content_disposition(
                f"{table.name}.{form.extension}"
            ),
            "Content-Security-Policy": SEALED,
            "X-Content-Type-Options": "nosniff",
            "ETag": f'"{table.digest}-{kind}"',
        }
        if request.method == "HEAD":
            return head_without_length(headers)
        export = await self.exports.write(table, Query(), kind)
        await export.charge(passage.give)
        headers["Content-Length"] = str(export.size)
        return Stream(passage.counted(export.chunks()), headers=headers)


DERIVED_FILES = ServiceKey[DerivedFiles]("derived files", "tables")
