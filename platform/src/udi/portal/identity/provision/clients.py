"""The clients of a territory's programs, and those of machines."""

from collections.abc import Callable, Mapping
from typing import Any

from udi.kit.errors import ProvisionError
from udi.kit.oidc import PROVIDER_CLAIM, IdentityClient
from udi.portal.identity.provision.admin import (
    CONFLICT,
    ProvisionChange,
    RealmAdmin,
    RefusedCallError,
    difference,
    merge_representations,
)

MOST_CONFLICTS = 5
DEFAULT_SCOPES = ["basic", "profile", "email", "acr", "roles"]
OPTIONAL_SCOPES = ["organization", "offline_access"]
SUBJECTS_SCOPES = ["basic", "acr"]
PAIRWISE_MAPPER = "oidc-sha256-pairwise-sub-mapper"
AUDIENCE_MAPPER = "oidc-audience-mapper"
PROVIDER_MAPPER = {
    "name": "identity provider",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-usersessionmodel-note-mapper",
    "config": {
        "user.session.note": "identity_provider",
        "claim.name": PROVIDER_CLAIM,
        "jsonType.label": "String",
        "id.token.claim": "true",
        "access.token.claim": "false",
        "introspection.token.claim": "false",
    },
}
"""Says through which identity service of others somebody came."""


def web_client(
    client: IdentityClient, *, name: str, back_channel: str, theme: Mapping[str, str]
) -> dict[str, Any]:
    """A program where people log in: code flow with PKCE only. `theme` is read by the login pages."""
    return {
        **_confidential(client.id, client.secret),
        "name": name,
        "baseUrl": f"{client.origin}/",
        "standardFlowEnabled": True,
        "serviceAccountsEnabled": False,
        "redirectUris": [client.callback],
        "defaultClientScopes": DEFAULT_SCOPES,
        "optionalClientScopes": OPTIONAL_SCOPES,
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": f"{client.origin}/",
            "backchannel.logout.url": f"{back_channel}{client.path}/logout/back-channel",
            "backchannel.logout.session.required": "true",
            "backchannel.logout.revoke.offline.tokens": "true",
            "oauth2.device.authorization.grant.enabled": "false",
            **theme,
        },
    }


def subjects_client_target(
    client: IdentityClient, *, name: str, back_channel: str, theme: Mapping[str, str]
) -> dict[str, Any]:
    """The same for people who read answers about themselves: it is told no name, no address and no membership."""
    target = web_client(client, name=name, back_channel=back_channel, theme=theme)
    return {
        **target,
        "defaultClientScopes": SUBJECTS_SCOPES,
        "optionalClientScopes": [],
    }


def pairwise_mapper(salt: str) -> dict[str, Any]:
    """Has the tokens of a client name people by identifiers that no other client is given (OpenID Connect Core, 8.1)."""
    return {
        "name": "pairwise subject",
        "protocol": "openid-connect",
        "protocolMapper": PAIRWISE_MAPPER,
        "config": {"pairwiseSubAlgorithmSalt": salt},
    }


def find_pairwise_salt(admin: RealmAdmin, client_id: str) -> str | None:
    """The salt of a client's identifiers of people: with another one, they would all be others there."""
    client = admin.find_client(client_id) or {}
    for mapper in client.get("protocolMappers") or []:
        if mapper["protocolMapper"] == PAIRWISE_MAPPER:
            return str(mapper["config"]["pairwiseSubAlgorithmSalt"])
    return None


def machine_client(client_id: str, secret: str | None) -> dict[str, Any]:
    """A machine, which has a credential and nobody behind it."""
    return {
        **_confidential(client_id, secret),
        "name": client_id,
        "standardFlowEnabled": False,
        "serviceAccountsEnabled": True,
        "redirectUris": [],
        "defaultClientScopes": ["basic", "service_account"],
        "optionalClientScopes": [],
        "attributes": {
            "client_credentials.use_refresh_token": "false",
            "oauth2.device.authorization.grant.enabled": "false",
        },
    }


def _confidential(client_id: str, secret: str | None) -> dict[str, Any]:
    return {
        "clientId": client_id,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "fullScopeAllowed": False,
        "webOrigins": [],
        **({"secret": secret} if secret else {}),
    }


def audience_mapper(audience: str) -> dict[str, Any]:
    """Puts the address of the program that a token is for into it."""
    return {
        "name": "audience",
        "protocol": "openid-connect",
        "protocolMapper": AUDIENCE_MAPPER,
        "config": {
            "included.custom.audience": audience,
            "access.token.claim": "true",
            "id.token.claim": "false",
            "introspection.token.claim": "true",
        },
    }


def apply_client(
    admin: RealmAdmin,
    target: Mapping[str, Any],
    audience: str,
    *further_mappers: Mapping[str, Any],
    existing: Mapping[str, Any] | None = None,
) -> ProvisionChange:
    """Create a client with what its tokens carry, or change what differs; `existing` is what it is, where that is known."""
    name = str(target["clientId"])
    existing = existing or admin.find_client(name)
    mappers = [audience_mapper(audience), *further_mappers]
    if target["standardFlowEnabled"]:
        mappers.append(PROVIDER_MAPPER)
    if existing is None:
        admin.create_client({**target, "protocolMappers": mappers})
        return ProvisionChange("client", name, "created")
    changed = update_client(admin, target, existing)
    for mapper in mappers:
        changed = _apply_mapper(admin, existing, mapper) or changed
    return ProvisionChange("client", name, "updated" if changed else "unchanged")


def update_client(
    admin: RealmAdmin, target: Mapping[str, Any], existing: Mapping[str, Any]
) -> bool:
    """Change what differs of a client; returns whether anything did."""
    name = str(target["clientId"])

    def read() -> Mapping[str, Any]:
        return admin.find_client(name) or existing

    def update(current: Mapping[str, Any]) -> None:
        admin.update_client(current["id"], merge_representations(current, target))

    return update_despite_conflicts(
        f"the client {name}", target, existing, read, update
    )


def update_despite_conflicts(
    subject: str,
    target: Mapping[str, Any],
    current: Mapping[str, Any],
    read: Callable[[], Mapping[str, Any]],
    update: Callable[[Mapping[str, Any]], None],
) -> bool:
    """Change what differs from the target; where another changed it at this moment (409), compared with what it is then.

    Args:
        subject: what is changed, for the message to people.
        target: the members that it must have.
        current: what it was when it was last read.
        read: reads what it is now, after a conflict.
        update: changes it, given what it is now.

    Returns:
        Whether anything was changed.

    Raises:
        ProvisionError: others go on changing it, or Keycloak refuses for another reason.
    """
    for _ in range(MOST_CONFLICTS):
        if not difference(target, current):
            return False
        try:
            update(current)
        except RefusedCallError as error:
            if error.status != CONFLICT:
                raise
            current = read()
        else:
            return True
    msg = (
        f"Others go on changing {subject}: wait until they have ended, and apply again."
    )
    raise ProvisionError(msg)


def _apply_mapper(
    admin: RealmAdmin, client: Mapping[str, Any], target_mapper: Mapping[str, Any]
) -> bool:
    kind = target_mapper["protocolMapper"]
    existing_mapper = next(
        (
            mapper
            for mapper in client.get("protocolMappers") or []
            if mapper["protocolMapper"] == kind
        ),
        None,
    )
    if existing_mapper is None:
        admin.add_mapper_to_client(client["id"], dict(target_mapper))
        return True
    if difference(target_mapper, existing_mapper):
        admin.update_client_mapper(
            client["id"],
            existing_mapper["id"],
            merge_representations(existing_mapper, target_mapper),
        )
        return True
    return False
