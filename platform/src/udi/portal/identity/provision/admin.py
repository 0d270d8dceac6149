"""The realm as its administrator: python-keycloak, with what it lacks for organisations."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from keycloak import KeycloakAdmin, KeycloakOpenIDConnection

from udi.settings import Settings

ADMIN_CLIENT = "udi-admin"
TIMEOUT = 30
EVERYTHING = 100_000
OK, NOT_FOUND, CONFLICT = range(200, 300), 404, 409
Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True)
class Change:
    """What became of one thing of the identity service."""

    kind: str
    name: str
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.outcome}"


class ProvisionError(Exception):
    """Keycloak refused a change; the message names the call and its answer."""


class Admin:
    """Calls to the Admin REST API of one realm, counted."""

    def __init__(self, connection: KeycloakOpenIDConnection, realm: str) -> None:
        self.connection, self.realm = connection, realm
        self.keycloak = KeycloakAdmin(connection=connection)
        self.calls = 0

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path under the realm, or None when there is nothing."""
        self.calls += 1
        answer = self.connection.raw_get(self._address(path), **query)
        if answer.status_code == NOT_FOUND:
            return None
        return self._accepted("GET", path, answer).json()

    def post(self, path: str, body: object, *, conflict: bool = False) -> Any:
        """Create something: its answer, or None when `conflict` is accepted and it was there already."""
        self.calls += 1
        answer = self.connection.raw_post(self._address(path), data=json.dumps(body))
        if answer.status_code == CONFLICT and conflict:
            return None
        return self._accepted("POST", path, answer)

    def put(self, path: str, body: object = None, *, conflict: bool = False) -> None:
        """Replace something, or put something somewhere."""
        self.calls += 1
        answer = self.connection.raw_put(self._address(path), data=json.dumps(body) if body is not None else "")
        if not (answer.status_code == CONFLICT and conflict):
            self._accepted("PUT", path, answer)

    def delete(self, path: str) -> None:
        """Delete something, if it is there."""
        self.calls += 1
        answer = self.connection.raw_delete(self._address(path))
        if answer.status_code != NOT_FOUND:
            self._accepted("DELETE", path, answer)

    def create_realm(self, body: Mapping[str, Any]) -> None:
        """Create this realm."""
        self.calls += 1
        self._accepted("POST", "", self.connection.raw_post("admin/realms", data=json.dumps(body)))
        # A token says which realms it may manage: the one in hand does not know this one yet.
        self.connection.get_token()

    def _address(self, path: str) -> str:
        return f"admin/realms/{quote(self.realm)}{'/' if path else ''}{path}"

    def _accepted(self, method: str, path: str, answer: Any) -> Any:
        if answer.status_code not in OK:
            msg = f"Keycloak answers {answer.status_code} to {method} {path or 'the realm'}: {answer.text[:300]}"
            raise ProvisionError(msg)
        return answer


def connect(settings: Settings) -> Admin:
    """The deployment's realm, as the service account made at Keycloak's first start.

    Raises:
        MissingSecretError: the account's secret is absent.
    """
    connection = KeycloakOpenIDConnection(
        server_url=settings.keycloak_internal_url,
        realm_name=settings.identity_realm,
        user_realm_name="master",
        client_id=ADMIN_CLIENT,
        client_secret_key=settings.secret("keycloak_admin_secret"),
        timeout=TIMEOUT,
    )
    return Admin(connection, settings.identity_realm)


def difference(wanted: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What is wanted and is not so: lists of plain values compare as sets, mappings by the keys that are wanted."""
    return {key: value for key, value in wanted.items() if not _same(value, known.get(key))}


def _same(wanted: Any, known: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(known, Mapping) and not difference(wanted, known)
    if isinstance(wanted, list) and isinstance(known, list) and not any(isinstance(item, dict) for item in wanted):
        return sorted(wanted) == sorted(known)
    return bool(wanted == known) or (wanted == "" and known is None)


def merged(known: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The representation to send back: what is known, with what is wanted over it."""
    result = {**known, **wanted}
    for key, value in wanted.items():
        if isinstance(value, Mapping) and isinstance(known.get(key), Mapping):
            result[key] = {**known[key], **value}
    return result
