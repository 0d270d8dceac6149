"""Many records in one call: what a node with a large catalogue sends first, or after a long silence. Not RUDI's."""

from dataclasses import replace
from typing import Any

from litestar import Response, put

from udi.kit.errors import Refusal, UdiError
from udi.portal.nodes.actions.push import PushedRecord, push_records
from udi.portal.nodes.api import (
    as_json,
    identify_client,
    node_session,
    read_json_body,
    translator,
)
from udi.portal.nodes.rudi import refusal_error, report_document
from udi.protocol.faults import Fault, InvalidDocument, InvalidRecord
from udi.protocol.scan import read_json
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes

LARGEST = 8 * 1024 * 1024
MOST = 100
NO_LIST = Refusal(
    "body",
    "This is no list of records, or it has too many.",
    "Send a JSON list of 1 to %(most)s records.",
    values={"most": MOST},
)


@put("/kalim/v1/batch", request_max_body_size=LARGEST)
async def replace_many(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Publish up to a hundred records, new or new versions; the report of each, in their order.

    A record that is refused keeps no other from being published, and sending the same call again changes nothing.
    """
    client_id = await identify_client(request, territory)
    body = await read_json_body(request, largest=LARGEST)
    try:
        sent = _read(read_json(body))
    except InvalidDocument as error:
        raise refusal_error(error.faults, translator(request)) from error
    async with node_session(request, territory, client_id) as (session, node):
        outcomes = await push_records(session, node, sent)
    return as_json(
        [report_document(outcome.report, translator(request)) for outcome in outcomes]
    )


def _read(documents: object) -> list[PushedRecord]:
    """Each record by itself.

    Raises:
        UdiError: this is no list of records about different datasets.
    """
    if not isinstance(documents, list) or not 0 < len(documents) <= MOST:
        raise UdiError("Nothing was changed.", refusals=[NO_LIST])
    submissions: list[PushedRecord] = []
    places: dict[object, int] = {}
    for place, document in enumerate(documents):
        try:
            submission = PushedRecord.from_document(document, method="PUT", either=True)
        except InvalidRecord as error:
            raise InvalidDocument(
                [_prefix_field(fault, place) for fault in error.faults]
            ) from error
        first = places.setdefault(submission.resource_id or place, place)
        if first != place:
            raise UdiError(
                "Nothing was changed.", refusals=[_duplicate_refusal(place, first)]
            )
        submissions.append(submission)
    return submissions


def _prefix_field(fault: Fault, place: int) -> Fault:
    return replace(fault, field=f"[{place}].{fault.field}".rstrip("."))


def _duplicate_refusal(place: int, first: int) -> Refusal:
    return Refusal(
        f"[{place}].global_id",
        "This record is about the same dataset as the one at [%(first)s].",
        "Send it in another call.",
        values={"first": first},
    )


routes: Routes = [replace_many]
