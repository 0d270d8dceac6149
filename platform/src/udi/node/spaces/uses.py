"""What a handler that gives data says of it: may this be answered now (limits), and it was (figures)."""

from collections.abc import AsyncIterator
from uuid import UUID

from udi.kit.tenancy import Territory
from udi.node.spaces.clients import client_of
from udi.node.spaces.use_counts import USE_COUNTER, UseCounter, UseKey, UseKind, use_of
from udi.ui.dependencies import AnyRequest
from udi.ui.rate_limits import address_of
from udi.ui.site import site_of


def count_use(
    request: AnyRequest,
    *,
    space_id: UUID,
    dataset_id: UUID,
    kind: UseKind,
    sent: int = 0,
    part: str = "",
) -> UseKey:
    """Count one use of a public dataset; what comes back adds bytes to it with `count_bytes`.

    `part` names what is taken in parts (the id of a file): those of one reader in a short while are one use.
    A file taken whole is named with `part` too, and counts each time: see `Uses`.
    """
    uses = uses_of(request)
    name = request.headers.get("user-agent", "")
    territory: Territory = request.scope["state"]["territory"]
    use = use_of(territory.id, space_id, dataset_id, kind, client_of(name))
    new = not part or uses.readers.is_new(part, name, address_of(request))
    uses.add(use, count=1 if new or "range" not in request.headers else 0, sent=sent)
    return use


def count_bytes(request: AnyRequest, use: UseKey, sent: int) -> None:
    """Add bytes that were sent to a use that was counted."""
    uses_of(request).add(use, count=0, sent=sent)


async def count_streamed_bytes(
    request: AnyRequest, use: UseKey, content: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The same bytes; those that were really asked for are added to the use, however it ends."""
    sent = 0
    try:
        async for piece in content:
            sent += len(piece)
            yield piece
    finally:
        count_bytes(request, use, sent)


def uses_of(request: AnyRequest) -> UseCounter:
    """The counts of this process."""
    return site_of(request).services[USE_COUNTER]
