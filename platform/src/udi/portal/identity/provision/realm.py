"""The realm of a deployment: who may register, how passwords are, what tokens carry."""

from typing import Any

from udi.kit.identity import MANAGERS, MODERATORS, PUBLISHERS
from udi.kit.passwords import COMMON_PASSWORDS, SHORTEST_PASSWORD
from udi.portal.identity.provision.admin import (
    ProvisionChange,
    RealmAdmin,
    difference,
    merge_representations,
)
from udi.portal.identity.provision.flows import apply_browser_flow
from udi.settings import Settings

ROLES = {MANAGERS: "manager", PUBLISHERS: "publisher", MODERATORS: "moderator"}
"""Role that each group of an organisation carries."""

PASSWORDS = (
    f"length({SHORTEST_PASSWORD}) and notUsername(undefined) and notEmail(undefined) and maxLength(128)"
    f" and passwordBlacklist({COMMON_PASSWORDS})"
)
OTP = {
    "otpPolicyType": "totp",
    "otpPolicyAlgorithm": "HmacSHA1",
    "otpPolicyDigits": 6,
    "otpPolicyPeriod": 30,
    "otpPolicyLookAheadWindow": 1,
    "otpPolicyInitialCounter": 0,
}
RULES: dict[str, Any] = {
    "enabled": True,
    "accessTokenLifespan": 300,
    "accessCodeLifespan": 60,
    "ssoSessionIdleTimeout": 1800,
    "ssoSessionMaxLifespan": 36000,
    "revokeRefreshToken": True,
    "refreshTokenMaxReuse": 0,
    "bruteForceProtected": True,
    "failureFactor": 8,
    "passwordPolicy": PASSWORDS,
    "internationalizationEnabled": True,
    "supportedLocales": ["fr", "en"],
    "defaultLocale": "fr",
    "registrationAllowed": True,
    "registrationEmailAsUsername": True,
    "loginWithEmailAllowed": True,
    "duplicateEmailsAllowed": False,
    "verifyEmail": True,
    "resetPasswordAllowed": True,
    "eventsEnabled": True,
    "eventsExpiration": 7776000,
    "adminEventsEnabled": True,
    "organizationsEnabled": True,
    **OTP,
}
MASTER = "master"
MASTER_RULES: dict[str, Any] = {
    "bruteForceProtected": True,
    "failureFactor": 5,
    "passwordPolicy": PASSWORDS,
    "eventsEnabled": True,
    "eventsExpiration": 7776000,
    "adminEventsEnabled": True,
}
"""Of the realm of Keycloak's administrators: whoever makes a human one there is protected as people are."""
COMMAND_LINE = "admin-cli"
"""A client that Keycloak makes in each realm, which gives tokens for passwords: nothing of ours asks any."""
GROUPS_MAPPER = {
    "name": "organization groups",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-organization-group-membership-mapper",
    "config": {
        "addGroupRoleMappings": "true",
        "access.token.claim": "true",
        "id.token.claim": "false",
        "introspection.token.claim": "true",
    },
}
MEMBERSHIP_MAPPER = "oidc-organization-membership-mapper"
MEMBERSHIP_CONFIG = {"addOrganizationId": "true", "jsonType.label": "JSON"}


def realm_rules(settings: Settings) -> dict[str, Any]:
    """The realm's representation, as wanted."""
    mail = {
        "host": settings.smtp_host,
        "port": str(settings.smtp_port or settings.port(6)),
        "from": f"no-reply@{settings.installation_host}",
        "fromDisplayName": "Urban Data Interface",
        "ssl": "false",
        "starttls": "false",
        "auth": "false",
    }
    if settings.keycloak_url.startswith("http://"):
        secured = "none"
    else:
        secured = "external"
    return {
        **RULES,
        "realm": settings.identity_realm,
        "smtpServer": mail,
        "sslRequired": secured,
    }


def apply_realm(admin: RealmAdmin, settings: Settings) -> list[ProvisionChange]:
    """Make the realm, its roles and what its tokens carry as they should be."""
    target = realm_rules(settings)
    existing = admin.get("")
    if existing is None:
        admin.create_realm(target)
        change = ProvisionChange("realm", admin.realm, "created")
    elif changes := difference(target, existing):
        # Keycloak ignores part of an OTP policy, and breaks enrolment with another part.
        admin.put("", {**changes, **(OTP if OTP.keys() & changes.keys() else {})})
        change = ProvisionChange("realm", admin.realm, "updated")
    else:
        change = ProvisionChange("realm", admin.realm, "unchanged")
    master = RealmAdmin(admin.connection, MASTER)
    done = [
        change,
        *_apply_roles(admin),
        _apply_scope(admin),
        _close_command_line(admin),
    ]
    done += [_apply_master(master), _close_command_line(master)]
    done.append(apply_browser_flow(admin, second_factor=settings.second_factor))
    admin.calls += master.calls
    return done


def _apply_master(master: RealmAdmin) -> ProvisionChange:
    changes = difference(MASTER_RULES, master.get(""))
    if changes:
        master.put("", changes)
    return ProvisionChange("realm", MASTER, "updated" if changes else "unchanged")


def _close_command_line(admin: RealmAdmin) -> ProvisionChange:
    """Let nobody exchange a password for a token by the client that Keycloak makes for its own command line."""
    open_ones = [
        candidate
        for candidate in admin.get("clients", clientId=COMMAND_LINE) or []
        if candidate["enabled"]
    ]
    for client in open_ones:
        closed = {"enabled": False, "directAccessGrantsEnabled": False}
        admin.put(f"clients/{client['id']}", merge_representations(client, closed))
    return ProvisionChange(
        "client",
        f"{COMMAND_LINE} of {admin.realm}",
        "updated" if open_ones else "unchanged",
    )


def _apply_roles(admin: RealmAdmin) -> list[ProvisionChange]:
    existing_names = {
        role["name"] for role in admin.get("roles", briefRepresentation=True, max=1000)
    }
    changes = []
    for name in ROLES.values():
        if name not in existing_names:
            admin.post("roles", {"name": name}, conflict=True)
        changes.append(
            ProvisionChange(
                "role", name, "unchanged" if name in existing_names else "created"
            )
        )
    return changes


def _apply_scope(admin: RealmAdmin) -> ProvisionChange:
    """The scope `organization`: identifiers, groups and roles in the access token."""
    scope = next(
        scope for scope in admin.get("client-scopes") if scope["name"] == "organization"
    )
    path = f"client-scopes/{scope['id']}/protocol-mappers/models"
    by_kind = {
        mapper["protocolMapper"]: mapper for mapper in scope.get("protocolMappers", [])
    }
    changed = False
    membership = by_kind[MEMBERSHIP_MAPPER]
    if difference(MEMBERSHIP_CONFIG, membership["config"]):
        admin.put(
            f"{path}/{membership['id']}",
            merge_representations(membership, {"config": MEMBERSHIP_CONFIG}),
        )
        changed = True
    groups = by_kind.get(str(GROUPS_MAPPER["protocolMapper"]))
    if groups is None:
        admin.post(path, GROUPS_MAPPER)
        changed = True
    elif difference(GROUPS_MAPPER, groups):
        admin.put(
            f"{path}/{groups['id']}", merge_representations(groups, GROUPS_MAPPER)
        )
        changed = True
    return ProvisionChange(
        "scope", "organization", "updated" if changed else "unchanged"
    )
