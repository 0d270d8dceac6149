"""Keycloak: the realm answers, the administrator's credential is good, the clock is right."""

import asyncio

from udi.cli.checks.databases import check_skew
from udi.cli.finding import Finding, fault, ok
from udi.cli.remedies import restart
from udi.kit.errors import ProvisionError
from udi.kit.http import OutgoingClient, OutgoingError, exact_host
from udi.kit.identity import has_external_keycloak
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
        remedy = _make_realm(settings)
        return [
            fault(
                "keycloak", "realm", f"{address} answers {answer.status_code}.", remedy
            )
        ]
    realm = ok("keycloak", "realm", f"Answers at {address}.")
    return [realm, *await asyncio.to_thread(_check_administrator, settings)]


def _make_realm(settings: Settings) -> str:
    if has_external_keycloak(settings):
        return f"Ask those who run the identity service for the realm «{settings.identity_realm}», or correct UDI_IDENTITY_REALM."
    return "Run `udi tenant apply <slug>`, which makes the realm."


def _check_administrator(settings: Settings) -> list[Finding]:
    """What the administrator may do; by its token, Keycloak's clock, which no address says that no proxy stands before."""
    try:
        connection = admin.connect(settings)
        difference = admin.measure_clock_difference(connection)
        missing_rights = _find_missing_rights(connection, settings)
        realm = {} if missing_rights else connection.get("")
    except (ProvisionError, MissingSecretError) as error:
        remedy = (
            f"Put the secret of the client «{admin.ADMIN_CLIENT}» (realm {settings.identity_admin_realm})"
            f" into «{admin.ADMIN_SECRET}»."
        )
        return [fault("keycloak", "administrator", str(error), remedy)]
    clock = check_skew("keycloak", difference.total_seconds())
    if missing_rights:
        return [_tell_missing_rights(missing_rights), clock]
    if realm is None:
        message = f"There is no realm «{settings.identity_realm}»."
        remedy = _make_realm(settings)
        return [fault("keycloak", "administrator", message, remedy), clock]
    message = f"Manages the realm «{settings.identity_realm}»."
    return [ok("keycloak", "administrator", message), clock]


def _tell_missing_rights(missing_rights: list[str]) -> Finding:
    message = f"The client «{admin.ADMIN_CLIENT}» lacks {', '.join(missing_rights)}."
    remedy = (
        "Ask those who run the identity service to give its service account these roles of «realm-management»"
        " (docs/how-to/use-an-external-keycloak.md)."
    )
    return fault("keycloak", "administrator", message, remedy)


def _find_missing_rights(connection: admin.RealmAdmin, settings: Settings) -> list[str]:
    if not has_external_keycloak(settings):
        return []
    return sorted(admin.find_missing_rights(connection))
