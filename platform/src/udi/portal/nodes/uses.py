"""How much the data of each producer are used, as nodes tell."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, put
from msgspec import MsgspecError, json
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import field_error
from udi.portal.nodes.api import as_json, identify_client, node_session, read_json_body
from udi.portal.nodes.models import Node, NodeUseDay
from udi.portal.nodes.queries import list_linked_producers
from udi.portal.organisations.models import Organisation
from udi.protocol.uses import PATH, DayUses, NodeUses
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes

LARGEST = 4 * 1024 * 1024
AT_ONCE = 1000


def read_uses(body: bytes) -> NodeUses:
    """What a node tells.

    Raises:
        InvalidError: it is something else.
    """
    try:
        return json.decode(body, type=NodeUses)
    except (MsgspecError, ValueError, RecursionError) as error:
        raise field_error(
            "days",
            "These are no numbers of uses.",
            "Send “days” as the protocol says, 10,000 at most.",
        ) from error


@put(PATH)
async def receive_uses(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Keep how much data were used at the node that calls, by producer and day."""
    client_id = await identify_client(request, territory)
    uses = read_uses(await read_json_body(request, largest=LARGEST))
    async with node_session(request, territory, client_id) as (session, node):
        number = await store_uses(session, node, uses.days)
    return as_json({"days": number})


async def store_uses(session: AsyncSession, node: Node, days: Sequence[DayUses]) -> int:
    """Keep the days of producers that the node publishes for; how many."""
    if node.hosted:
        producers = list(await session.scalars(select(Organisation)))
    else:
        producers = list(await list_linked_producers(session, node))
    ids = {producer.slug: producer.id for producer in producers}
    rows = {
        (line.producer, line.day): {
            "node_id": node.id,
            "organisation_id": ids[line.producer],
            "day": line.day,
            "downloads": line.downloads,
            "calls": line.calls,
        }
        for line in days
        if line.producer in ids
    }
    values = list(rows.values())
    for start in range(0, len(values), AT_ONCE):
        statement = insert(NodeUseDay).values(values[start : start + AT_ONCE])
        added = statement.excluded
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "node_id", "organisation_id", "day"],
                set_={"downloads": added.downloads, "calls": added.calls},
            )
        )
    return len(values)


routes: Routes = [receive_uses]
