"""Each territory: its hosts answer, and its hosted node can speak to the portal."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from udi.cli.checks.certificate import check_certificate
from udi.cli.finding import Finding, fault, ok, warning
from udi.cli.remedies import PAGES, restart
from udi.kit.db import Database
from udi.kit.http import OutgoingClient, OutgoingError, RefusedAddressError, exact_host
from udi.kit.oidc import IdentityRefusedError, IdentityService, node_client_id
from udi.kit.territories import READ_ONLY
from udi.kit.tokens import IdentityUnavailableError
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.tenants.models import Tenant as PortalTenant
from udi.settings import HOSTED, MissingSecretError, ProgramName, Settings

PATIENCE = 5
WORDS = {READ_ONLY: "Read only: its {program} refuses what would change it."}
TENANT_MODELS: dict[ProgramName, Any] = {"portal": PortalTenant, "node": NodeTenant}


async def check_territories(settings: Settings) -> list[Finding]:
    """Hosts of the portal, hosts of the node, credential of the hosted node."""
    findings = []
    slugs = set()
    for program in TENANT_MODELS:
        for tenant in await list_tenants(settings, program):
            if tenant.state != "active":
                message = WORDS.get(
                    tenant.state, "Suspended: its {program} says so to everybody."
                ).format(program=program)
                findings.append(
                    warning(
                        "territory",
                        f"{tenant.slug} {program}",
                        message,
                        f"`udi tenant resume {tenant.slug}` serves it again.",
                    )
                )
                continue
            slugs.add(tenant.slug)
            for host in tenant.hosts:
                findings.append(await check_host(settings, program, tenant.slug, host))
                findings += await check_certificate(
                    tenant.slug, settings.origin(program, host)
                )
    findings += [await _check_credential(settings, slug) for slug in sorted(slugs)]
    if not findings:
        remedy = "Write tenants/<slug>/, then run `udi tenant apply <slug>`."
        findings = [warning("territory", "none", "No territory was applied.", remedy)]
    return findings


async def list_tenants(settings: Settings, program: ProgramName) -> Sequence[Any]:
    """The territories that a program knows, by slug, the suspended ones too."""
    database = Database(settings, program, pool_size=1)
    row = TENANT_MODELS[program]
    try:
        async with database.platform_session() as session:
            return (await session.scalars(select(row).order_by(row.slug))).all()
    finally:
        await database.close()


async def check_host(
    settings: Settings,
    program: ProgramName,
    slug: str,
    host: str,
    *,
    needs_territory: bool = False,
) -> Finding:
    """Whether a program answers at a host name of a territory; with `needs_territory`, for that territory."""
    address = f"{settings.origin(program, host)}/health"
    outgoing = OutgoingClient([exact_host(address)])
    remedy = f"See that the name {host} leads here, and the reverse proxy to the {program}. {restart(settings, PAGES[program])}"
    try:
        answer = await outgoing.request("GET", address, patience=PATIENCE)
    except (OutgoingError, RefusedAddressError) as error:
        return fault("territory", f"{slug} {host}", str(error), remedy)
    finally:
        await outgoing.close()
    if not answer.is_success or f'"{program}"' not in answer.text:
        return fault(
            "territory",
            f"{slug} {host}",
            f"{address} answers {answer.status_code}.",
            remedy,
        )
    if needs_territory and answer.json().get("territory") != slug:
        return fault(
            "territory",
            f"{slug} {host}",
            f"{address} answers, and not for this territory.",
            remedy,
        )
    return ok("territory", f"{slug} {host}", f"{address} answers.")


async def _check_credential(settings: Settings, slug: str) -> Finding:
    name = f"{slug} hosted node"
    remedy = f"Run `udi tenant apply {slug}`; delete the file node_credential_{slug} first if there is one."
    client = node_client_id(slug, HOSTED)
    service = IdentityService(settings)
    try:
        secret = settings.node_credential(f"node_credential_{slug}", client)
        await service.machine_token(client, secret)
    except MissingSecretError as error:
        return fault("territory", name, str(error), remedy)
    except IdentityRefusedError as error:
        return fault(
            "territory",
            name,
            f"Keycloak refuses its credential ({error.code}).",
            remedy,
        )
    except IdentityUnavailableError as error:
        return warning(
            "territory",
            name,
            f"Its credential could not be tried: {error}",
            restart(settings, "keycloak"),
        )
    finally:
        await service.close()
    return ok("territory", name, "Its credential is accepted.")
