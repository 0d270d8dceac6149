"""A producer's own node: its folder, whether it runs, each portal, what waits for each, its last push and its backups."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.checks.certificate import check_certificate
from udi.cli.checks.databases import check_database
from udi.cli.checks.finding import HOUR, Check, Finding, duration, fault, ok, warning
from udi.cli.checks.machine import check_disks, check_locks, check_objects, check_secrets
from udi.cli.local import state
from udi.cli.own.folder import SECRETS, OwnNode
from udi.cli.own.saved import check_saved
from udi.kit import ring
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.http import Outgoing, OutgoingError, RefusedAddressError
from udi.kit.oidc import node_client_id
from udi.node.datasets.models import Delivery, DeliveryState
from udi.node.datasets.portal import Correspondent, PortalAwayError, PortalClient
from udi.node.portals.models import FurtherDelivery, FurtherPortal, FurtherState
from udi.settings import Settings

PATIENCE, REFUSED = 5, 500
WAITING_NOTED = HOUR
INVITE = "Ask the territory's team for another invitation, and give it to `udi node init` with the same folder."


def own_checks(own: OwnNode) -> Mapping[str, Check]:
    """What is looked at, by part."""
    return {
        "machine": partial(_machine, own),
        "node": partial(_running, own),
        "portal": partial(_portals, own),
        "backup": partial(_backup, own),
    }


async def _machine(own: OwnNode, settings: Settings) -> list[Finding]:
    slug = own.joined.territory.slug
    names = [*SECRETS, ring.SECRET, f"node_credential_{slug}", f"node_login_{slug}"]
    names += [each.credential for each in own.further]
    secrets = check_secrets(settings, names, f"Restore it from the backup. {INVITE}")
    return [*check_disks(settings), *secrets, await check_objects(settings), check_locks()]


async def _running(own: OwnNode, settings: Settings) -> list[Finding]:
    """Its pages, its database and what waits there; nothing of these answers while it is stopped."""
    if not state.is_running(settings):
        said = "It is stopped: its database, and what waits for the portals, were not looked at."
        return [fault("node", "running", said, f"Start it: udi node serve {own.folder}")]
    found = [ok("node", "running", "It runs."), await _pages(own, settings)]
    found += await check_certificate(own.joined.node.slug, own.joined.node.url)
    database = await check_database(settings, "node")
    found += database
    return found if any(each.severity == "fault" for each in database) else [*found, *await _outboxes(own, settings)]


async def _pages(own: OwnNode, settings: Settings) -> Finding:
    outgoing, url = Outgoing([*settings.private_hosts]), own.joined.node.url
    try:
        answer = await outgoing.request("GET", f"{url}/health", patience=PATIENCE)
    except (OutgoingError, RefusedAddressError) as error:
        remedy = "See that the name leads here, and that the web server before it runs."
        return warning("node", "address", f"{url} does not answer from here ({error}).", remedy)
    finally:
        await outgoing.close()
    if answer.status_code >= REFUSED:
        return fault("node", "address", f"{url} answers {answer.status_code}.", f"Read {own.folder}/logs.")
    return ok("node", "address", f"{url} answers.")


async def _portals(own: OwnNode, settings: Settings) -> list[Finding]:
    """Each portal answers, and knows the node's credential."""
    territory, outgoing = own.joined.territory.slug, Outgoing(settings.private_hosts)
    client_id = node_client_id(territory, own.joined.node.slug)
    known = [Correspondent(own.joined.portal, client_id, f"node_credential_{territory}")]
    known += [Correspondent(each.portal, each.client_id, each.credential) for each in own.further]
    client = PortalClient(settings, outgoing)
    try:
        return [await _portal(client, each) for each in known]
    finally:
        await outgoing.close()


async def _portal(client: PortalClient, portal: Correspondent) -> Finding:
    try:
        await client.list_told(portal, now(), 0)
    except PortalAwayError as error:
        said = f"{portal.origin}: {error} ({error.detail})"
        remedy = f"It is told all that waits when it is back. Where it refuses the credential: {INVITE}"
        return fault("portal", portal.origin, said, remedy)
    return ok("portal", portal.origin, f"{portal.origin} answers, and takes this node's credential.")


async def _outboxes(own: OwnNode, settings: Settings) -> list[Finding]:
    database = Database(settings, "node", pool_size=1)
    try:
        async with database.session(own.joined.territory.id, role="worker") as session:
            found = [await _first_outbox(session, own.joined.portal), await _last_push(session)]
            portals = (await session.scalars(select(FurtherPortal).order_by(FurtherPortal.origin))).all()
            found += [await _further_outbox(session, portal) for portal in portals]
    finally:
        await database.close()
    return found


async def _first_outbox(session: AsyncSession, origin: str) -> Finding:
    states = (DeliveryState.QUEUED, DeliveryState.FAILED)
    waiting = func.count().filter(Delivery.state.in_(states))
    oldest = func.min(Delivery.updated_at).filter(Delivery.state.in_(states))
    refused = func.count().filter(Delivery.state == DeliveryState.REFUSED)
    row = (await session.execute(select(waiting, oldest, refused))).one()
    return _outbox(origin, *row)


async def _further_outbox(session: AsyncSession, portal: FurtherPortal) -> Finding:
    queued = FurtherDelivery.state == FurtherState.QUEUED
    counts = (
        func.count().filter(queued),
        func.min(FurtherDelivery.updated_at).filter(queued),
        func.count().filter(FurtherDelivery.state == FurtherState.REFUSED),
    )
    row = (await session.execute(select(*counts).where(FurtherDelivery.portal_id == portal.id))).one()
    return _outbox(portal.origin, *row)


def _outbox(origin: str, waiting: int, oldest: datetime | None, refused: int) -> Finding:
    name, age = f"outbox {origin}", (now() - oldest).total_seconds() if oldest else 0.0
    said = f"{waiting} waiting for {origin}" + (f", the oldest for {duration(age)}" if waiting else "")
    said += f"; {refused} refused there." if refused else "."
    if waiting and age > WAITING_NOTED:
        remedy = "See what is said of this portal; what waits is told when it is back."
        return warning("outbox", name, said, remedy)
    if refused:
        return warning("outbox", name, said, "The page of each dataset says what to correct.")
    return ok("outbox", name, said)


async def _last_push(session: AsyncSession) -> Finding:
    newest = select(func.max(Delivery.updated_at)).where(Delivery.state == DeliveryState.ACCEPTED)
    at = await session.scalar(newest)
    if at is None:
        return ok("outbox", "last push", "Nothing was published yet.")
    return ok("outbox", "last push", f"The last push was accepted {duration((now() - at).total_seconds())} ago.")


async def _backup(own: OwnNode, _settings: Settings) -> list[Finding]:
    return [check_saved(own)]
