"""The page of a dataset, and what its address says once it is withdrawn."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_410_GONE
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.queries import WithdrawnError, get_dataset
from udi.portal.catalogue.sheet import read_sheet, short_hash
from udi.ui.site import render


@get(["/data/{dataset_id:uuid}", "/data/{dataset_id:uuid}/{slug:str}"])
async def show_dataset(
    request: Request[Any, Any, State],
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    dataset_id: FromPath[UUID],
) -> Response[str]:
    """Everything the catalogue knows of a dataset; its files are at its producer's node."""
    try:
        dataset = await get_dataset(session, dataset_id)
    except WithdrawnError as error:
        return render(request, "catalogue/withdrawn.html", status=HTTP_410_GONE, withdrawal=error.withdrawal)
    sheet = read_sheet(dataset, request.scope["state"]["locale"])
    return render(
        request,
        "catalogue/dataset.html",
        sheet=sheet,
        dataset=dataset,
        short_hash=short_hash,
        permalink=f"{territory.origin}/data/{dataset.id}",
        canonical=f"{territory.origin}{sheet.path}",
    )


routes = [show_dataset]
