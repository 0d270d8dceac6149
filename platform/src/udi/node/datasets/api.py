"""What machines ask a node: RUDI's public catalogue of what is published, and the portal's reports."""

import json
from typing import Any
from uuid import UUID

from litestar import Response, get, put
from litestar.params import FromPath

from udi.kit.errors import ErasedError, InvalidError, NotFoundError, field_error
from udi.kit.tenancy import Territory, space_context
from udi.node.datasets.actions.further_portals import apply_further_report
from udi.node.datasets.actions.outbox import apply_report
from udi.node.datasets.exchange.portal_tokens import require_any_portal
from udi.node.datasets.queries import (
    find_dataset,
    find_delivery,
    get_public_record,
    public_documents,
)
from udi.node.datasets.records.document_query import (
    count_by_value,
    count_documents,
    list_documents,
    parse_query,
)
from udi.node.datasets.records.rudi_clients import adapt_for_clients
from udi.node.datasets.schemas import (
    CatalogueName,
    MetadataVersion,
    Record,
    RecordList,
    RecordListParameters,
    ValueCounts,
)
from udi.node.portals.models import FurtherPortal
from udi.node.portals.queries import find_further_delivery
from udi.node.spaces.operations import CATALOGUE, DatasetPath
from udi.protocol.credentials import REPORT
from udi.protocol.report import read_report, write_report
from udi.protocol.vocabulary import CURRENT_VERSION
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes, Session
from udi.ui.openapi.operations import describe_operation
from udi.ui.site import site_of

CATALOGUES = ["/api/v1/resources", "/catalog/v1/resources"]
FOR_CLIENT = "/catalog/"
REPORTS = [
    "/resources/{dataset_id:uuid}/report",
    "/api/v1/resources/{dataset_id:uuid}/report",
]
PUBLIC = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=60"}
LONGEST_REPORT = 1024 * 1024


@get(
    [*CATALOGUES, *(f"{path}/search" for path in CATALOGUES)],
    **describe_operation(
        "listRecords",
        tag=CATALOGUE,
        summary="List the records",
        description="What is published here, the least recently updated first; or, with count_by, how many records have each value of a field.",
        answer=RecordList | ValueCounts,
        statuses=(200, 206),
        errors=(InvalidError,),
        query=RecordListParameters,
    ),
)
async def list_resources(request: AnyRequest, session: Session) -> Response[bytes]:
    """What is published here: `{total, items}`, or with `count_by` how many records have each value of a field.

    206 when there is more than the page, as RUDI's nodes answer; under `/catalog`, for RUDI's client, always 200.
    """
    question = parse_query(request.query_params.multi_items())
    source = public_documents()
    if question.count_by:
        return _json(await count_by_value(session, source, question), headers=PUBLIC)
    total = await count_documents(session, source, question)
    items = await list_documents(session, source, question)
    for_client = request.scope["path"].startswith(FOR_CLIENT)
    if for_client:
        resources = [adapt_for_clients(item) for item in items]
    else:
        resources = items
    partial = len(items) < total and not for_client
    return _json(
        {"total": total, "items": resources},
        status=206 if partial else 200,
        headers=PUBLIC,
    )


@get(
    [f"{path}/{{dataset_id:uuid}}" for path in CATALOGUES],
    **describe_operation(
        "readRecord",
        tag=CATALOGUE,
        summary="Read a record",
        description="The description of one dataset, in RUDI’s words.",
        answer=Record,
        errors=(NotFoundError, ErasedError),
    ),
)
async def show_resource(
    request: AnyRequest, session: Session, dataset_id: DatasetPath
) -> Response[bytes]:
    """The record of one dataset."""
    record = await get_public_record(session, dataset_id)
    for_client = request.scope["path"].startswith(FOR_CLIENT)
    return _json(adapt_for_clients(record) if for_client else record, headers=PUBLIC)


@get(
    "/catalog/admin/hash",
    sync_to_thread=False,
    **describe_operation(
        "readCatalogueName",
        tag=CATALOGUE,
        summary="Check that a catalogue answers",
        description="What RUDI’s readers ask first.",
        answer=CatalogueName,
    ),
)
def show_hash() -> Response[bytes]:
    """That a catalogue answers here: RUDI's reader asks for nothing else before it reads."""
    return _json("udi", headers=PUBLIC)


@get(
    ["/api/v1/version", "/catalog/v1/version"],
    sync_to_thread=False,
    **describe_operation(
        "readMetadataVersion",
        tag=CATALOGUE,
        summary="Read the version of records",
        description="Which version of RUDI’s metadata is written here.",
        answer=MetadataVersion,
    ),
)
def show_version() -> Response[bytes]:
    """The version of the metadata that is written here."""
    return _json(CURRENT_VERSION, headers=PUBLIC)


@put(REPORTS, status_code=200, request_max_body_size=LONGEST_REPORT)
async def receive_report(
    request: AnyRequest, territory: CurrentTerritory, dataset_id: FromPath[UUID]
) -> Response[bytes]:
    """The portal says what became of a record."""
    portal = await require_any_portal(request, territory, REPORT, dataset_id)
    report = read_report(await _read_json(request))
    if report.resource_id not in {None, dataset_id}:
        raise field_error(
            "resource_id",
            "The report is about another dataset than its address.",
        )
    with space_context(None):
        is_accepted = await _apply_report(
            request, territory, dataset_id, write_report(report), portal
        )
    return _json({"report_id": str(report.id), "taken": is_accepted})


async def _apply_report(
    request: AnyRequest,
    territory: Territory,
    dataset_id: UUID,
    report: dict[str, Any],
    portal: FurtherPortal | None,
) -> bool:
    async with site_of(request).database.session(territory.id) as session:
        dataset = await find_dataset(session, dataset_id, lock=True)
        if dataset is None:
            raise NotFoundError("This node has no such dataset.")
        if portal is not None:
            return await apply_further_report(session, portal, dataset, report)
        return await apply_report(session, dataset, report)


@get(REPORTS)
async def show_report(
    request: AnyRequest, territory: CurrentTerritory, dataset_id: FromPath[UUID]
) -> Response[bytes]:
    """The last report the portal gave, for the portal."""
    portal = await require_any_portal(request, territory, REPORT, dataset_id)
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            if portal:
                further = await find_further_delivery(session, portal.id, dataset_id)
            else:
                further = None
            delivery = further if portal else await find_delivery(session, dataset_id)
    if delivery is None or delivery.report is None:
        raise NotFoundError("No report is known for this dataset.")
    return _json(delivery.report)


async def _read_json(request: AnyRequest) -> object:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise field_error("", "This is not JSON.", "Send one JSON object.") from error


def _json(
    content: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response[bytes]:
    body = json.dumps(content, ensure_ascii=False).encode()
    return Response(
        body,
        status_code=status,
        media_type="application/json",
        headers=headers or {"Cache-Control": "no-store"},
    )


routes: Routes = [
    list_resources,
    show_resource,
    show_hash,
    show_version,
    receive_report,
    show_report,
]
