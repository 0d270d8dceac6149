"""Programs that reason at the identity service: a scope for the tools of each program, and the client of those who ask.

Whoever's program it is, it is known as one public client of the territory: it has no secret, so it shows PKCE, comes
back to an address of its person's own machine only, and each person agrees once. No program registers itself.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from udi.kit.agent_tokens import agent_client_id, agent_scope, resource_of
from udi.portal.identity.provision.admin import (
    Outcome,
    ProvisionChange,
    RealmAdmin,
    create_or_none,
    difference,
    merge_representations,
)
from udi.portal.identity.provision.clients import (
    DEFAULT_SCOPES,
    audience_mapper,
    update_client,
)

OWN_MACHINE = ("http://127.0.0.1/*", "http://localhost/*")
"""Keycloak takes any port of these (RFC 8252, section 7.3)."""
MEMBERSHIPS = "organization"
MARK = "udi.resources."
"""Attributes of the client: a digest of the scope that was made for a program, by its client."""
CONSENT = "${udiReadForMe}"
"""What people are asked, in the messages of the login pages."""


def agent_client(slug: str, name: str, theme: Mapping[str, str]) -> dict[str, Any]:
    """The client of programs that ask for a territory's tools."""
    return {
        "clientId": agent_client_id(slug),
        "name": name,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": True,
        "consentRequired": True,
        "standardFlowEnabled": True,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": False,
        "fullScopeAllowed": False,
        "webOrigins": [],
        "redirectUris": list(OWN_MACHINE),
        "defaultClientScopes": DEFAULT_SCOPES,
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "oauth2.device.authorization.grant.enabled": "false",
            **theme,
        },
    }


def agent_scope_target(client_id: str, origin: str) -> dict[str, Any]:
    """The scope of the tools of a program: its tokens are for its address, and say so."""
    return {
        "name": agent_scope(client_id),
        "protocol": "openid-connect",
        "attributes": {
            "include.in.token.scope": "true",
            "display.on.consent.screen": "true",
            "consent.screen.text": CONSENT,
        },
        "protocolMappers": [audience_mapper(resource_of(origin))],
    }


def apply_agents(
    admin: RealmAdmin,
    slug: str,
    name: str,
    origins: Mapping[str, str],
    theme: Mapping[str, str],
) -> ProvisionChange:
    """Let programs that reason ask for tokens for the tools of a territory's programs: their origins, by client.

    What other programs of the territory, such as own nodes, have besides is kept.
    """
    target = agent_client(slug, name, theme)
    client = admin.find_client(target["clientId"])
    outcome: Outcome = "unchanged"
    if client is None:
        create_or_none(
            admin.create_client, {**target, "optionalClientScopes": [MEMBERSHIPS]}
        )
        client = admin.find_client(target["clientId"]) or {}
        outcome = "created"
    elif update_client(admin, target, client):
        client = admin.find_client(target["clientId"]) or client
        outcome = "updated"
    scopes = [agent_scope_target(*entry) for entry in origins.items()]
    if _apply_scopes(admin, client, scopes) and outcome == "unchanged":
        outcome = "updated"
    return ProvisionChange("client", target["clientId"], outcome)


def _apply_scopes(
    admin: RealmAdmin, client: Mapping[str, Any], targets: list[dict[str, Any]]
) -> bool:
    """Make scopes that differ from what the client's marks say, and let the client ask for them; whether any did."""
    marks = {f"{MARK}{target['name']}": _digest(target) for target in targets}
    if not difference(marks, client.get("attributes") or {}):
        return False
    scopes = {scope["name"]: scope for scope in admin.get_client_scopes()}
    for target in targets:
        existing = scopes.get(target["name"])
        if existing is None:
            identifier = str(admin.create_client_scope(target, skip_exists=True))
        else:
            identifier = existing["id"]
            _update_scope(admin, existing, target)
        path = f"clients/{client['id']}/optional-client-scopes/{quote(identifier)}"
        admin.put(path, conflict=True)
    update_client(admin, {"clientId": client["clientId"], "attributes": marks}, client)
    return True


def _update_scope(
    admin: RealmAdmin, existing: Mapping[str, Any], target: Mapping[str, Any]
) -> None:
    body = {key: value for key, value in target.items() if key != "protocolMappers"}
    if difference(body, existing):
        admin.update_client_scope(existing["id"], merge_representations(existing, body))
    [mapper] = target["protocolMappers"]
    mappers = {entry["name"]: entry for entry in existing.get("protocolMappers", [])}
    known = mappers.get(mapper["name"])
    if known is None:
        admin.add_mapper_to_client_scope(existing["id"], mapper)
    elif difference(mapper, known):
        admin.update_mapper_in_client_scope(
            existing["id"], known["id"], merge_representations(known, mapper)
        )


def remove_agents(admin: RealmAdmin, slug: str) -> bool:
    """Delete the client of a territory's agents and the scopes that were made for it; whether there was one."""
    client = admin.find_client(agent_client_id(slug))
    if client is None:
        return False
    marks = client.get("attributes") or {}
    names = {key.removeprefix(MARK) for key in marks if key.startswith(MARK)}
    for scope in admin.get_client_scopes():
        if scope["name"] in names:
            admin.delete(f"client-scopes/{quote(scope['id'])}")
    admin.delete(f"clients/{quote(client['id'])}")
    return True


def _digest(target: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(target, sort_keys=True).encode()).hexdigest()
