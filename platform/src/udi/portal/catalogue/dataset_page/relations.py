"""What other tables say of a dataset, on its page: its past descriptions, data near it, services, reuses, faults."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from udi.kit.read_connections import StatementReader
from udi.kit.tenancy import Territory
from udi.portal.catalogue.data_services.queries import SERVICES_OF_DATASET, ServiceName
from udi.portal.catalogue.dataset_page.answered_faults import (
    ANSWERED_FAULTS,
    AnsweredFault,
)
from udi.portal.catalogue.dataset_page.reuses import USES, DatasetReuseSummary
from udi.portal.catalogue.dataset_rows import relate_past_descriptions
from udi.portal.catalogue.models import Dataset, PastDescription
from udi.portal.catalogue.queries import NEAR_DATASETS, DatasetSummary, find_near_rows
from udi.portal.catalogue.related_rows import RelatedRows, fetch_related_rows
from udi.portal.catalogue.responses.cached_responses import indexes_of
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of

NEAR = 4
LATEST = 4
"""Datasets like one, and past descriptions, on its page."""
PAST = relate_past_descriptions(LATEST + 1)


@dataclass(frozen=True)
class DatasetRelations:
    """What the page shows of them; nothing of a domain that this program does not have."""

    past: Sequence[PastDescription]
    near: Sequence[DatasetSummary]
    services: Sequence[ServiceName]
    uses: DatasetReuseSummary
    faults: Sequence[AnsweredFault]


async def read_relations(
    request: AnyRequest,
    reading: StatementReader,
    territory: Territory,
    dataset: Dataset,
) -> DatasetRelations:
    """All of them, by one statement."""
    services = site_of(request).services
    uses = services.find(USES)
    faults = services.find(ANSWERED_FAULTS)
    related: list[RelatedRows[Any]] = [PAST, NEAR_DATASETS, SERVICES_OF_DATASET]
    related += [one for one in (uses, faults) if one is not None]
    near = find_near_rows(indexes_of(request), territory.id, dataset, most=NEAR)
    rows = await fetch_related_rows(reading, dataset.id, near, related)
    return DatasetRelations(
        past=PAST.read(rows),
        near=NEAR_DATASETS.read(rows),
        services=SERVICES_OF_DATASET.read(rows),
        uses=uses.read(rows) if uses else DatasetReuseSummary(),
        faults=faults.read(rows) if faults else (),
    )
