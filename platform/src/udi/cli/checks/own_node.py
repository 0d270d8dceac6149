"""A producer's own node: its folder, whether it runs, each portal, what waits for each, its last push and its backups."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.cli.checks.certificate import check_certificate
from udi.cli.checks.databases import check_database, check_skew
from udi.cli.checks.machine import (
    check_disks,
    check_landlock,
    check_objects,
    check_secrets,
)
from udi.cli.finding import HOUR, Check, Finding, fault, format_duration, ok, warning
from udi.cli.local import state
from udi.cli.own.backup_repository import check_last_backup
from udi.cli.own.folder import SECRETS, OwnNode
from udi.kit import keyring
from udi.kit.clock import now
from udi.kit.db import Database
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError
from udi.kit.oidc import node_client_id
from udi.node.datasets.exchange.portal import (
    PortalClient,
    PortalPeer,
    PortalUnavailableError,
)
from udi.node.datasets.models import Delivery, DeliveryState
from udi.node.portals.models import FurtherDelivery, FurtherDeliveryState, FurtherPortal
from udi.settings import Settings

PATIENCE = 5
REFUSED = 500
WAITING_WARNING = HOUR
INVITATION_REMEDY = "Ask the territory's team for another invitation, and give it to `udi node init <folder> --invitation <address>` with the same folder."


def list_own_checks(own_node: OwnNode) -> Mapping[str, Check]:
    """What is looked at, by part."""
    return {
        "machine": partial(_check_machine, own_node),
        "node": partial(_check_programs, own_node),
        "portal": partial(_check_portals, own_node),
        "backup": partial(_check_backup, own_node),
    }


async def _check_machine(own_node: OwnNode, settings: Settings) -> list[Finding]:
    slug = own_node.joined.territory.slug
    names = [*SECRETS, keyring.SECRET, f"node_credential_{slug}", f"node_login_{slug}"]
    names += [further_portal.credential for further_portal in own_node.further]
    secrets = check_secrets(
        settings, names, f"Restore it from the backup. {INVITATION_REMEDY}"
    )
    return [
        *check_disks(settings),
        *secrets,
        _check_subjects_client(settings),
        await check_objects(settings),
        check_landlock(),
    ]


def _check_subjects_client(settings: Settings) -> Finding:
    """Whether people may ask here about their own data: a node that joined before releases had this takes none."""
    if settings.takes_subject_requests:
        return ok("node", "requests of people", "People may ask here about their data.")
    message = "Nobody can ask here about their own data: the portal offers a letter."
    return warning("node", "requests of people", message, INVITATION_REMEDY)


async def _check_programs(own_node: OwnNode, settings: Settings) -> list[Finding]:
    """Its pages, its database and what waits there; nothing of these answers while it is stopped."""
    if not state.is_running(settings):
        message = "It is stopped: its database, and what waits for the portals, were not looked at."
        return [
            fault(
                "node",
                "running",
                message,
                f"Start it: `udi node serve {own_node.folder}`",
            )
        ]
    findings = [
        ok("node", "running", "It runs."),
        await _check_pages(own_node, settings),
    ]
    findings += await check_certificate(
        own_node.joined.node.slug, own_node.joined.node.url
    )
    database = await check_database(settings, "node")
    findings += database
    if any(finding.severity == "fault" for finding in database):
        return findings
    return [*findings, *await _check_outboxes(own_node, settings)]


async def _check_pages(own_node: OwnNode, settings: Settings) -> Finding:
    outgoing = OutgoingClient([*settings.private_hosts])
    url = own_node.joined.node.url
    try:
        answer = await outgoing.request("GET", f"{url}/health", patience=PATIENCE)
    except (OutgoingError, RefusedAddressError) as error:
        remedy = "See that the name leads here, and that the web server before it runs."
        return warning(
            "node", "address", f"{url} does not answer from here ({error}).", remedy
        )
    finally:
        await outgoing.close()
    if answer.status_code >= REFUSED:
        return fault(
            "node",
            "address",
            f"{url} answers {answer.status_code}.",
            f"Read {own_node.folder}/logs.",
        )
    return ok("node", "address", f"{url} answers.")


async def _check_portals(own_node: OwnNode, settings: Settings) -> list[Finding]:
    """Each portal answers, knows the node's credential, and has the same time."""
    territory = own_node.joined.territory.slug
    outgoing = OutgoingClient(settings.private_hosts)
    client_id = node_client_id(territory, own_node.joined.node.slug)
    peers = [
        PortalPeer(own_node.joined.portal, client_id, f"node_credential_{territory}")
    ]
    peers += [
        PortalPeer(
            further_portal.portal, further_portal.client_id, further_portal.credential
        )
        for further_portal in own_node.further
    ]
    client = PortalClient(settings, outgoing)
    try:
        findings = [await _check_portal(client, peer) for peer in peers]
    finally:
        await outgoing.close()
    return findings + check_clocks(client, peers)


def check_clocks(client: PortalClient, portals: Sequence[PortalPeer]) -> list[Finding]:
    """The clock of each portal that answered, against this machine's: tokens of both are refused when they differ."""
    differences = {
        portal.origin: client.find_clock_difference(portal) for portal in portals
    }
    return [
        check_skew(origin, difference.total_seconds())
        for origin, difference in differences.items()
        if difference is not None
    ]


async def _check_portal(client: PortalClient, portal: PortalPeer) -> Finding:
    try:
        await client.list_reported_datasets(portal, now(), 0)
    except PortalUnavailableError as error:
        message = f"{portal.origin}: {error} ({error.detail})"
        remedy = f"It is told all that waits when it is back. Where it refuses the credential: {INVITATION_REMEDY}"
        return fault("portal", portal.origin, message, remedy)
    return ok(
        "portal",
        portal.origin,
        f"{portal.origin} answers, and takes this node's credential.",
    )


async def _check_outboxes(own_node: OwnNode, settings: Settings) -> list[Finding]:
    database = Database(settings, "node", pool_size=1)
    try:
        async with database.session(
            own_node.joined.territory.id, role="worker"
        ) as session:
            findings = [
                await _check_first_outbox(session, own_node.joined.portal),
                await _check_last_push(session),
            ]
            portals = (
                await session.scalars(
                    select(FurtherPortal).order_by(FurtherPortal.origin)
                )
            ).all()
            findings += [
                await _check_further_outbox(session, portal) for portal in portals
            ]
    finally:
        await database.close()
    return findings


async def _check_first_outbox(session: AsyncSession, origin: str) -> Finding:
    states = (DeliveryState.QUEUED, DeliveryState.FAILED)
    waiting = func.count().filter(Delivery.state.in_(states))
    oldest = func.min(Delivery.updated_at).filter(Delivery.state.in_(states))
    refused = func.count().filter(Delivery.state == DeliveryState.REFUSED)
    row = (await session.execute(select(waiting, oldest, refused))).one()
    return _assess_outbox(origin, *row)


async def _check_further_outbox(
    session: AsyncSession, portal: FurtherPortal
) -> Finding:
    queued = FurtherDelivery.state == FurtherDeliveryState.QUEUED
    counts = (
        func.count().filter(queued),
        func.min(FurtherDelivery.updated_at).filter(queued),
        func.count().filter(FurtherDelivery.state == FurtherDeliveryState.REFUSED),
    )
    row = (
        await session.execute(
            select(*counts).where(FurtherDelivery.portal_id == portal.id)
        )
    ).one()
    return _assess_outbox(portal.origin, *row)


def _assess_outbox(
    origin: str, waiting: int, oldest: datetime | None, refused: int
) -> Finding:
    name = f"outbox {origin}"
    age = (now() - oldest).total_seconds() if oldest else 0.0
    message = f"{waiting} waiting for {origin}" + (
        f", the oldest for {format_duration(age)}" if waiting else ""
    )
    message += f"; {refused} refused there." if refused else "."
    if waiting and age > WAITING_WARNING:
        remedy = "See what is said of this portal; what waits is told when it is back."
        return warning("outbox", name, message, remedy)
    if refused:
        return warning(
            "outbox", name, message, "The page of each dataset says what to correct."
        )
    return ok("outbox", name, message)


async def _check_last_push(session: AsyncSession) -> Finding:
    newest = select(func.max(Delivery.updated_at)).where(
        Delivery.state == DeliveryState.ACCEPTED
    )
    at = await session.scalar(newest)
    if at is None:
        return ok("outbox", "last push", "Nothing was published yet.")
    return ok(
        "outbox",
        "last push",
        f"The last push was accepted {format_duration((now() - at).total_seconds())} ago.",
    )


async def _check_backup(own_node: OwnNode, _settings: Settings) -> list[Finding]:
    return [check_last_backup(own_node)]
