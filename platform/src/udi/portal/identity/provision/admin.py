"""The realm as its administrator: python-keycloak, with what it lacks for organisations."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode

from keycloak import KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakAuthenticationError, KeycloakError

from udi.kit.errors import ProvisionError
from udi.settings import Settings

ADMIN_CLIENT = "udi-admin"
ADMIN_SECRET = "keycloak_admin_secret"  # noqa: S105 - the name of a file
MEMBERS_CLIENT = "udi-members"
MEMBERS_SECRET = "keycloak_members_secret"  # noqa: S105 - the name of a file
"""Of the portal's worker: it changes organisations and their members, and nothing else of the realm."""
SECRETS = {ADMIN_CLIENT: ADMIN_SECRET, MEMBERS_CLIENT: MEMBERS_SECRET}
TIMEOUT = 30
LONGEST = 180
"""Seconds for a call; for the one that makes a realm, its keys and its clients."""
EVERYTHING = 100_000
OK = range(200, 300)
NOT_FOUND = 404
CONFLICT = 409
BROKEN = 500
Outcome = Literal["created", "updated", "unchanged"]


class IdentityServiceUnavailableError(ProvisionError):
    """The identity service does not answer for now."""


@dataclass(frozen=True)
class ProvisionChange:
    """What became of one thing of the identity service."""

    kind: str
    name: str
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.outcome}"


class RealmAdmin:
    """Calls to the Admin REST API of one realm, counted. Each raises `ProvisionError`."""

    def __init__(self, connection: KeycloakOpenIDConnection, realm: str) -> None:
        self.connection = connection
        self.realm = realm
        self.calls = 0

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path under the realm, or None when there is nothing."""
        answer = self._send("get", self._address(path), accepted=NOT_FOUND, **query)
        if answer.status_code == NOT_FOUND:
            return None
        return answer.json()

    def post(self, path: str, body: object, *, conflict: bool = False) -> Any:
        """Create something: its answer, or None when `conflict` is accepted and it was there already."""
        answer = self._send(
            "post", self._address(path), body, accepted=CONFLICT if conflict else None
        )
        if answer.status_code == CONFLICT:
            return None
        return answer

    def post_form(self, path: str, form: Mapping[str, str]) -> bool:
        """Send a form, where Keycloak takes no JSON; False when what it asks was there already."""
        self.connection.add_param_headers(
            "Content-Type", "application/x-www-form-urlencoded"
        )
        try:
            answer = self._send(
                "post", self._address(path), encoded=urlencode(form), accepted=CONFLICT
            )
        finally:
            self.connection.add_param_headers("Content-Type", "application/json")
        return bool(answer.status_code != CONFLICT)

    def put(self, path: str, body: object = None, *, conflict: bool = False) -> None:
        """Replace something, or put something somewhere; `conflict` accepts that it was there already."""
        self._send(
            "put", self._address(path), body, accepted=CONFLICT if conflict else None
        )

    def delete(self, path: str) -> None:
        """Delete something, if it is there."""
        self._send("delete", self._address(path), accepted=NOT_FOUND)

    def create_realm(self, body: Mapping[str, Any]) -> None:
        """Create this realm, unless it is there: a call whose answer does not come is repeated, and was heard perhaps."""
        self.connection.timeout = LONGEST
        try:
            self._send("post", "admin/realms", body, accepted=CONFLICT)
        finally:
            self.connection.timeout = TIMEOUT
        # A token says which realms it may manage: the one in hand does not know this one yet.
        self.connection.get_token()

    def _address(self, path: str) -> str:
        return f"admin/realms/{quote(self.realm)}{'/' if path else ''}{path}"

    def _send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        encoded: str = "",
        accepted: int | None = None,
        **query: Any,
    ) -> Any:
        self.calls += 1
        call = getattr(self.connection, f"raw_{method}")
        sent = json.dumps(body) if body is not None else encoded
        content = {"data": sent} if method in {"post", "put"} else {}
        try:
            answer = call(path, **content, **query)
        except KeycloakAuthenticationError as error:
            client = self.connection.client_id
            msg = f"Keycloak refuses the administrator «{client}»: check the secret «{SECRETS.get(client or '')}»."
            raise ProvisionError(msg) from error
        except KeycloakError as error:
            msg = f"Keycloak does not answer to {method.upper()} {path} ({error})."
            raise IdentityServiceUnavailableError(msg) from error
        if answer.status_code not in OK and answer.status_code != accepted:
            msg = f"Keycloak answers {answer.status_code} to {method.upper()} {path}: {answer.text[:300]}"
            raise (
                IdentityServiceUnavailableError(msg)
                if answer.status_code >= BROKEN
                else ProvisionError(msg)
            )
        return answer


def connect(settings: Settings) -> RealmAdmin:
    """The deployment's realm, as the service account made at Keycloak's first start.

    Raises:
        MissingSecretError: the account's secret is absent.
    """
    return _connect(settings, "master", ADMIN_CLIENT, ADMIN_SECRET)


def connect_for_members(settings: Settings) -> RealmAdmin:
    """The deployment's realm, as the lesser account that the portal's worker has.

    Raises:
        MissingSecretError: the account's secret is absent.
    """
    return _connect(settings, settings.identity_realm, MEMBERS_CLIENT, MEMBERS_SECRET)


def _connect(settings: Settings, realm: str, client: str, secret: str) -> RealmAdmin:
    connection = KeycloakOpenIDConnection(
        server_url=settings.keycloak_internal_url,
        realm_name=settings.identity_realm,
        user_realm_name=realm,
        client_id=client,
        client_secret_key=settings.secret(secret),
        timeout=TIMEOUT,
    )
    return RealmAdmin(connection, settings.identity_realm)


def difference(
    target: Mapping[str, Any], existing: Mapping[str, Any]
) -> dict[str, Any]:
    """What is wanted and is not so: lists of plain values compare as sets, mappings by the keys that are wanted."""
    return {
        key: value
        for key, value in target.items()
        if not _is_same(value, existing.get(key))
    }


def _is_same(target: Any, existing: Any) -> bool:
    if isinstance(target, Mapping):
        return isinstance(existing, Mapping) and not difference(target, existing)
    if (
        isinstance(target, list)
        and isinstance(existing, list)
        and not any(isinstance(item, dict) for item in target)
    ):
        return sorted(target) == sorted(existing)
    return bool(target == existing) or (target == "" and existing is None)


def merge_representations(
    existing: Mapping[str, Any], target: Mapping[str, Any]
) -> dict[str, Any]:
    """The representation to send back: what is known, with what is wanted over it."""
    result = {**existing, **target}
    for key, value in target.items():
        if isinstance(value, Mapping) and isinstance(existing.get(key), Mapping):
            result[key] = {**existing[key], **value}
    return result
