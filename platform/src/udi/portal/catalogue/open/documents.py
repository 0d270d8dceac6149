"""One dataset as one JSON document, for those who read data by program: Croissant and Data Package."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from litestar.serialization import encode_json

from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.open import data_package, schema_org
from udi.portal.catalogue.open.representations import (
    CROISSANT,
    DATA_PACKAGE,
    Representation,
)
from udi.portal.catalogue.open.responses import Document, Validators, send_document
from udi.portal.catalogue.queries import get_dataset
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Session
from udi.ui.locale import localise


@get("/data/{dataset_id:uuid}/croissant.json")
async def show_croissant(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """A dataset as Croissant."""
    dataset = await get_dataset(session, dataset_id)
    language = territory.languages[0]
    name = localise(territory.name, language)
    document = schema_org.write_dataset(dataset, territory.origin, name, language)
    return _send_json(request, territory, dataset, CROISSANT, document)


@get("/data/{dataset_id:uuid}/datapackage.json")
async def show_package(
    request: AnyRequest,
    session: Session,
    territory: CurrentTerritory,
    dataset_id: FromPath[UUID],
) -> Response[Any]:
    """A dataset as a Data Package."""
    dataset = await get_dataset(session, dataset_id)
    document = data_package.write_package(
        dataset, territory.origin, territory.languages[0]
    )
    return _send_json(request, territory, dataset, DATA_PACKAGE, document)


def _send_json(
    request: AnyRequest,
    territory: Territory,
    dataset: Dataset,
    form: Representation,
    document: dict[str, Any],
) -> Response[Any]:
    producer = dataset.organisation
    facts = (
        territory.fingerprint,
        dataset.id,
        dataset.described_at,
        form.suffix,
        producer.name,
        producer.url,
    )
    headers = {"Link": f'<{territory.origin}/data/{dataset.id}>; rel="describes"'}
    return send_document(
        request,
        Document(
            form.media_type,
            lambda: encode_json(document),
            Validators(facts, dataset.described_at),
            headers,
        ),
    )


routes = [show_croissant, show_package]
