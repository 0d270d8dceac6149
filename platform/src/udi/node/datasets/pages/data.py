"""A dataset as a Data Package."""

import json
from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import GoneError, HeldBackError, NotFoundError
from udi.kit.tenancy import Territory, space_context
from udi.node.datasets.pages.messages import PageRequest, locale_of
from udi.node.datasets.queries import find_dataset
from udi.node.datasets.records.data_package import compose_package
from udi.node.datasets.versions.tables import DATASET_TABLES
from udi.node.files.queries import get_current_file
from udi.node.spaces.operations import FILES as FILES_TAG
from udi.node.spaces.operations import DatasetPath
from udi.ui.openapi.operations import describe_operation
from udi.ui.site import site_of


@get(
    "/datasets/{dataset_id:uuid}/datapackage.json",
    **describe_operation(
        "readDataPackage",
        tag=FILES_TAG,
        summary="Read a dataset as a Data Package",
        description="The files of a dataset as they are now, and each of its tables with its columns (Data Package, version 2).",
        answer=dict[str, Any],
        errors=(NotFoundError, GoneError, HeldBackError),
    ),
)
async def show_package(
    request: PageRequest,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    dataset_id: DatasetPath,
) -> Response[bytes]:
    """The newest published version as a Data Package."""
    tables = site_of(request).services[DATASET_TABLES]
    version = await tables.version_of(
        await get_current_file(session, dataset_id, let=True)
    )
    if version is None:
        raise NotFoundError
    with space_context(None):
        async with site_of(request).database.session(territory.id) as unconfined:
            dataset = await find_dataset(unconfined, dataset_id)
    if dataset is None:
        raise NotFoundError
    package = compose_package(dataset, version, territory, locale_of(request))
    body = json.dumps(package, ensure_ascii=False).encode()
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "public, max-age=60",
        "Vary": "Accept-Language, Cookie",
    }
    return Response(body, media_type="application/json", headers=headers)


routes: Sequence[ControllerRouterHandler] = [show_package]
