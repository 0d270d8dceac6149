"""Addresses of a producer that left for a node of its own: answered by 308 with the same path there."""

import uuid
from urllib.parse import quote, urlsplit

from litestar.response import Redirect
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.errors import field_error
from udi.kit.tenancy import Territory
from udi.node.spaces.models import MovedAddress, Space
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of

ROOTS = (
    "/datasets/",
    "/files/",
    "/spaces/",
    "/api/v1/resources/",
    "/api/resources/",
    "/catalog/v1/resources/",
)
"""What every moved address begins with; nothing is looked up for the others."""
LONGEST = 500


async def redirect_moved(request: AnyRequest) -> Redirect | None:
    """The new address of what moved, for all but those who still publish here, who may have to tidy up."""
    path = request.scope["path"]
    state = request.scope["state"]
    territory: Territory | None = state.get("territory")
    if (
        territory is None
        or request.method not in {"GET", "HEAD"}
        or not path.startswith(ROOTS)
    ):
        return None
    if "signature" in request.query_params:
        return None
    async with site_of(request).database.session(
        territory.id, role="public"
    ) as session:
        moved = await find_redirect(session, path)
    actor = state.get("actor")
    if moved is None or (actor and actor.may_publish(moved.space_slug)):
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    return Redirect(f"{moved.origin}{quote(path)}{query}", status_code=308)


async def find_redirect(session: AsyncSession, path: str) -> MovedAddress | None:
    """Where an address moved: the longest known beginning of it, by whole parts."""
    parts = path[:LONGEST].strip("/").split("/")[:6]
    prefixes = ["/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    query = select(MovedAddress).where(MovedAddress.prefix.in_(prefixes))
    redirects = sorted(
        await session.scalars(query), key=lambda redirect: len(redirect.prefix)
    )
    if redirects:
        return redirects[-1]
    return None


async def move_addresses(
    session: AsyncSession, space: Space, origin: str, prefixes: list[str]
) -> int:
    """Answer these beginnings of addresses with another origin from now on; how many. May be repeated, and changed."""
    for prefix in prefixes:
        row = {
            "id": uuid.uuid4(),
            "space_slug": space.slug,
            "prefix": prefix,
            "origin": origin,
        }
        changed = {"origin": origin, "space_slug": space.slug}
        await session.execute(
            insert(MovedAddress)
            .values(row)
            .on_conflict_do_update(constraint="uq_moved_prefix", set_=changed)
        )
    return len(prefixes)


async def remove_redirects(session: AsyncSession, slug: str) -> int:
    """Answer a space's addresses here again; how many."""
    done = await session.execute(
        delete(MovedAddress).where(MovedAddress.space_slug == slug)
    )
    return max(getattr(done, "rowcount", 0), 0)


def check_origin(origin: str, node_origin: str) -> str:
    """The address of another node, without a final slash.

    Raises:
        InvalidError: it is no such address, or this very node's.
    """
    parts = urlsplit(origin)
    whole = (
        parts.scheme in {"http", "https"}
        and parts.hostname
        and not (parts.query or parts.fragment)
    )
    if not whole or "@" in parts.netloc:
        raise field_error(
            "to",
            "This is not the address of a node.",
            "Write it as https://data.example.org.",
        )
    if f"{parts.scheme}://{parts.netloc}" == node_origin:
        raise field_error(
            "to",
            "This is the address of this node itself.",
            "Give the new one.",
        )
    return origin.rstrip("/")
