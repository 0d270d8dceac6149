"""The access policy of a dataset as ODRL 2.2, made of the same object as its words."""

import json
from typing import Any
from uuid import UUID

import pyoxigraph
from litestar import Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.tenancy import Territory
from udi.portal.access.policies.queries import (
    get_policy,
    get_restricted_dataset,
    policy_of,
)
from udi.portal.catalogue.stewards import find_steward
from udi.protocol.odrl import as_document, write_offer
from udi.ui.dependencies import CurrentTerritory, Routes, Session

POLICY = "/data/{dataset_id:uuid}/access-policy"
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "public, max-age=0, must-revalidate",
}


async def read_offer(
    session: AsyncSession, territory: Territory, dataset_id: UUID
) -> dict[str, Any]:
    """The ODRL Offer of a dataset's policy, which stands alone."""
    dataset = await get_restricted_dataset(session, dataset_id)
    policy = policy_of(await get_policy(session, dataset))
    home = f"{territory.origin}/data/{dataset.id}"
    steward = await find_steward(session, dataset)
    producer = f"{territory.origin}/producers/{steward.slug}"
    return as_document(
        write_offer(
            policy, uid=f"{home}/access-policy", provider=producer, dataset=home
        )
    )


@get(f"{POLICY}.jsonld")
async def send_jsonld(
    session: Session, territory: CurrentTerritory, dataset_id: FromPath[UUID]
) -> Response[bytes]:
    """As JSON-LD."""
    body = json.dumps(
        await read_offer(session, territory, dataset_id), ensure_ascii=False, indent=1
    ).encode()
    return Response(body, media_type="application/ld+json", headers=OPEN)


@get(f"{POLICY}.ttl")
async def send_turtle(
    session: Session, territory: CurrentTerritory, dataset_id: FromPath[UUID]
) -> Response[bytes]:
    """As Turtle."""
    body = as_turtle(await read_offer(session, territory, dataset_id))
    return Response(body, media_type="text/turtle; charset=utf-8", headers=OPEN)


def as_turtle(document: dict[str, Any]) -> bytes:
    """JSON-LD that stands alone, as Turtle."""
    quads = pyoxigraph.parse(
        json.dumps(document).encode(), format=pyoxigraph.RdfFormat.JSON_LD
    )
    triples = (quad.triple for quad in quads)
    prefixes = {"odrl": "http://www.w3.org/ns/odrl/2/", "dpv": "https://w3id.org/dpv#"}
    return (
        pyoxigraph.serialize(
            triples, format=pyoxigraph.RdfFormat.TURTLE, prefixes=prefixes
        )
        or b""
    )


routes: Routes = [send_jsonld, send_turtle]
