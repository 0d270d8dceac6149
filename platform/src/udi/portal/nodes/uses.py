"""How much the data of each producer are used, as nodes tell."""

from typing import Any

from litestar import Response, put
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import field_error
from udi.portal.nodes.api import MIB, as_json, decode_report, take_report
from udi.portal.nodes.models import Node, NodeUseDay
from udi.portal.nodes.queries import list_linked_producers
from udi.portal.organisations.models import Organisation
from udi.protocol.uses import PATH, NodeUses
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes

LARGEST = 4 * MIB
AT_ONCE = 1000


def read_uses(body: bytes) -> NodeUses:
    """What a node tells.

    Raises:
        InvalidError: it is something else.
    """
    refusal = field_error(
        "days",
        "These are no numbers of uses.",
        "Send “days” as the protocol says, 10,000 at most.",
    )
    return decode_report(body, NodeUses, refusal)


@put(PATH, request_max_body_size=LARGEST)
async def receive_uses(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Keep how much data were used at the node that calls, by producer and day."""
    number = await take_report(
        request, territory, read_uses, store_uses, largest=LARGEST
    )
    return as_json({"days": number})


async def store_uses(session: AsyncSession, node: Node, uses: NodeUses) -> int:
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
        for line in uses.days
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
