"""One dataset as one JSON document, for those who read data by program: Croissant and Data Package."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.serialization import encode_json
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.open import data_package, schema_org
from udi.portal.catalogue.open.representations import CROISSANT, DATA_PACKAGE, Representation
from udi.portal.catalogue.open.sending import Document, Validators, send
from udi.portal.catalogue.queries import get_dataset
from udi.ui.locale import localised

Machine = Request[Any, Any, State]


@get("/data/{dataset_id:uuid}/croissant.json")
async def show_croissant(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """A dataset as Croissant."""
    dataset, language = await get_dataset(session, dataset_id), territory.languages[0]
    name = localised(territory.name, language)
    written = schema_org.write_dataset(dataset, territory.origin, name, language)
    return _send(request, territory, dataset, CROISSANT, written)


@get("/data/{dataset_id:uuid}/datapackage.json")
async def show_package(
    request: Machine,
    session: NamedDependency[AsyncSession],
    territory: NamedDependency[Territory],
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """A dataset as a Data Package."""
    dataset = await get_dataset(session, dataset_id)
    written = data_package.write_package(dataset, territory.origin, territory.languages[0])
    return _send(request, territory, dataset, DATA_PACKAGE, written)


def _send(
    request: Machine, territory: Territory, dataset: Dataset, form: Representation, written: dict[str, Any]
) -> Response[Any]:
    producer = dataset.organisation
    facts = (territory.said, dataset.id, dataset.described_at, form.suffix, producer.name, producer.url)
    headers = {"Link": f'<{territory.origin}/data/{dataset.id}>; rel="describes"'}
    return send(
        request,
        Document(form.media_type, lambda: encode_json(written), Validators(facts, dataset.described_at), headers),
    )


routes = [show_croissant, show_package]
