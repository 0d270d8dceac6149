"""Keycloak: the realm answers, the administrator's credential is good, the clock is right."""

import asyncio
from email.utils import parsedate_to_datetime

from udi.cli.checks.databases import check_skew
from udi.cli.finding import Finding, fault, ok
from udi.cli.remedies import restart
from udi.kit.clock import now
from udi.kit.errors import ProvisionError
from udi.kit.http import OutgoingClient, OutgoingError, exact_host
from udi.portal.identity.provision import admin
from udi.settings import MissingSecretError, Settings

PATIENCE = 10


async def check_identity(settings: Settings) -> list[Finding]:
    """The realm as anybody, then as its administrator."""
    address = f"{settings.keycloak_internal_url}/realms/{settings.identity_realm}"
    outgoing = OutgoingClient([exact_host(address)])
    try:
        answer = await outgoing.request("GET", address, patience=PATIENCE)
    except OutgoingError:
        remedy = restart(settings, "keycloak")
        return [fault("keycloak", "realm", f"Nothing answers at {address}.", remedy)]
    finally:
        await outgoing.close()
    if not answer.is_success:
        remedy = "Run `udi tenant apply <slug>`, which makes the realm."
        return [
            fault(
                "keycloak", "realm", f"{address} answers {answer.status_code}.", remedy
            )
        ]
    date = answer.headers.get("date")
    if date:
        clock = [
            check_skew(
                "keycloak", (parsedate_to_datetime(date) - now()).total_seconds()
            )
        ]
    else:
        clock = []
    administrator = await asyncio.to_thread(_check_administrator, settings)
    return [ok("keycloak", "realm", f"Answers at {address}."), administrator, *clock]


def _check_administrator(settings: Settings) -> Finding:
    try:
        realm = admin.connect(settings).get("")
    except (ProvisionError, MissingSecretError) as error:
        remedy = f"Put the secret of the client «{admin.ADMIN_CLIENT}» (realm master) into «{admin.ADMIN_SECRET}»."
        return fault("keycloak", "administrator", str(error), remedy)
    if realm is None:
        message = f"There is no realm «{settings.identity_realm}»."
        return fault(
            "keycloak",
            "administrator",
            message,
            "Run `udi tenant apply <slug>`, which makes the realm.",
        )
    return ok(
        "keycloak", "administrator", f"Manages the realm «{settings.identity_realm}»."
    )
