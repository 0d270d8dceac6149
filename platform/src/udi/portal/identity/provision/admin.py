"""The realm as its administrator: python-keycloak, with what it lacks for organisations."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, ParamSpec, TypeVar
from urllib.parse import quote, urlencode

from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakAuthenticationError, KeycloakError

from udi.kit.clock import now
from udi.kit.errors import ProvisionError
from udi.kit.identity import MEMBERS_SECRET
from udi.settings import Settings

ADMIN_CLIENT = "udi-admin"
ADMIN_SECRET = "keycloak_admin_secret"  # noqa: S105 - the name of a file
ADMIN_RIGHTS = frozenset(
    {
        "manage-clients",
        "manage-identity-providers",
        "manage-organizations",
        "manage-realm",
        "manage-users",
        "view-events",
        "view-realm",
    }
)
"""Roles of the client `realm-management` that the administrator of a realm of others' Keycloak has."""
MEMBERS_CLIENT = "udi-members"
SECRETS = {ADMIN_CLIENT: ADMIN_SECRET, MEMBERS_CLIENT: MEMBERS_SECRET}
TIMEOUT = 30
LONGEST = 180
"""Seconds for a call; for the one that makes a realm, its keys and its clients."""
EVERYTHING = 100_000
OK = range(200, 300)
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
BROKEN = 500
Outcome = Literal["created", "updated", "unchanged"]
P = ParamSpec("P")
T = TypeVar("T")


class IdentityServiceUnavailableError(ProvisionError):
    """The identity service does not answer for now."""


class RefusedCallError(ProvisionError):
    """The identity service refuses a call; `status` is that of its answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class ProvisionChange:
    """What became of one thing of the identity service."""

    kind: str
    name: str
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.outcome}"


def find_or_none(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """What a call answers, or None where there is nothing (404).

    Raises:
        ProvisionError: the identity service refuses, or does not answer.
    """
    return _accept(NOT_FOUND, call, *args, **kwargs)


def create_or_none(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """What a call that creates something answers, or None where it was there already (409).

    Raises:
        ProvisionError: the identity service refuses, or does not answer.
    """
    return _accept(CONFLICT, call, *args, **kwargs)


def _accept(
    status: int, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T | None:
    try:
        return call(*args, **kwargs)
    except RefusedCallError as error:
        if error.status != status:
            raise
        return None


class RealmConnection(KeycloakOpenIDConnection):
    """Counts the calls, and says what goes wrong as `ProvisionError`, before the library looks at the answer."""

    calls = 0

    def raw_get(self, *args: Any, **kwargs: Any) -> Any:
        return self._send("GET", super().raw_get, *args, **kwargs)

    def raw_post(self, *args: Any, **kwargs: Any) -> Any:
        return self._send("POST", super().raw_post, *args, **kwargs)

    def raw_put(self, *args: Any, **kwargs: Any) -> Any:
        return self._send("PUT", super().raw_put, *args, **kwargs)

    def raw_delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._send("DELETE", super().raw_delete, *args, **kwargs)

    def _send(
        self, method: str, call: Callable[..., Any], path: str, **kwargs: Any
    ) -> Any:
        self.calls += 1
        with self._explained(f"{method} {path}"):
            answer = call(path, **kwargs)
        if answer.status_code not in OK:
            msg = f"Keycloak answers {answer.status_code} to {method} {path}: {answer.text[:300]}"
            if answer.status_code >= BROKEN:
                raise IdentityServiceUnavailableError(msg)
            raise RefusedCallError(msg, answer.status_code)
        return answer

    def renew(self) -> None:
        """Ask for a new token."""
        with self._explained("a question for a token"):
            self.get_token()

    @contextmanager
    def _explained(self, question: str) -> Iterator[None]:
        """Say why Keycloak does not answer."""
        try:
            yield
        except KeycloakAuthenticationError as error:
            client = self.client_id
            msg = f"Keycloak refuses the administrator «{client}»: check the secret «{SECRETS.get(client or '')}»."
            raise ProvisionError(msg) from error
        except KeycloakError as error:
            msg = f"Keycloak does not answer to {question} ({error})."
            raise IdentityServiceUnavailableError(msg) from error


class RealmAdmin(KeycloakAdmin):
    """One realm: the library's calls, and `get`, `post`, `put` and `delete` for what it lacks, with a path under the realm.

    What it lacks is in `organisation_groups`, `find_client`, and where clients are looked for by the start of their names.
    Each call raises `ProvisionError`.
    """

    def __init__(self, connection: RealmConnection) -> None:
        super().__init__(connection=connection)
        self._counter = connection

    @property
    def calls(self) -> int:
        """How many were made, tokens apart."""
        return self._counter.calls

    @property
    def administrators_realm(self) -> str:
        """The realm of the account that makes the calls: Keycloak's own, or this one."""
        return str(self.connection.user_realm_name or self.realm)

    @property
    def realm(self) -> str:
        """The name of the realm that calls are about."""
        return str(self.connection.realm_name)

    def renew_token(self) -> None:
        """Ask for a new token."""
        self._counter.renew()

    @contextmanager
    def in_realm(self, name: str) -> Iterator[None]:
        """Make calls about another realm meanwhile."""
        current_realm = self.realm
        self.change_current_realm(name)
        try:
            yield
        finally:
            self.change_current_realm(current_realm)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path, or None when there is nothing."""
        answer = find_or_none(self.connection.raw_get, self._address(path), **query)
        return None if answer is None else answer.json()

    def post(self, path: str, body: object) -> Any:
        """Create something; its answer."""
        return self.connection.raw_post(self._address(path), data=json.dumps(body))

    def post_form(self, path: str, form: Mapping[str, str]) -> bool:
        """Send a form, where Keycloak takes no JSON; False when what it asks was there already."""
        self.connection.add_param_headers(
            "Content-Type", "application/x-www-form-urlencoded"
        )
        try:
            answer = create_or_none(
                self.connection.raw_post, self._address(path), data=urlencode(form)
            )
        finally:
            self.connection.add_param_headers("Content-Type", "application/json")
        return answer is not None

    def put(self, path: str, body: object = None, *, conflict: bool = False) -> None:
        """Replace something, or put something somewhere; `conflict` accepts that it was there already."""
        data = "" if body is None else json.dumps(body)
        address = self._address(path)
        if conflict:
            create_or_none(self.connection.raw_put, address, data=data)
        else:
            self.connection.raw_put(address, data=data)

    def delete(self, path: str) -> None:
        """Delete something, if it is there."""
        find_or_none(self.connection.raw_delete, self._address(path))

    def find_client(self, client_id: str) -> dict[str, Any] | None:
        """A client by the name that programs use for it: one call, where the library takes one for its identifier and another."""
        clients = self.get("clients", clientId=client_id)
        return clients[0] if clients else None

    def ensure_realm(self, body: Mapping[str, Any]) -> None:
        """Create this realm, unless it is there: a call whose answer does not come is repeated, and was heard perhaps."""
        self.connection.timeout = LONGEST
        try:
            create_or_none(self.create_realm, dict(body))
        finally:
            self.connection.timeout = TIMEOUT
        # A token says which realms it may manage: the one in hand does not know this one yet.
        self.connection.get_token()

    def _address(self, path: str) -> str:
        return f"admin/realms/{quote(self.realm)}{'/' if path else ''}{path}"


def connect(settings: Settings) -> RealmAdmin:
    """The deployment's realm, as the service account made at Keycloak's first start, or given by who runs it.

    Raises:
        MissingSecretError: the account's secret is absent.
    """
    return _connect(settings, settings.identity_admin_realm, ADMIN_CLIENT, ADMIN_SECRET)


def find_missing_rights(admin: RealmAdmin) -> frozenset[str]:
    """The rights that an administrator bound to the realm lacks, by its own token.

    Raises:
        ProvisionError: the identity service refuses the administrator, or does not answer.
    """
    try:
        admin.get("")
    except RefusedCallError as error:
        if error.status != FORBIDDEN:
            raise
    access = _read_claims(admin).get("resource_access", {}).get("realm-management", {})
    return ADMIN_RIGHTS - set(access.get("roles", ()))


def measure_clock_difference(admin: RealmAdmin) -> timedelta:
    """By how much the clock of Keycloak is ahead, at least, by the `iat` of a new token of its administrator (RFC 7519, 4.1.6).

    None at all where it was issued between the question and the answer, to the second that `iat` counts in.

    Raises:
        ProvisionError: the identity service refuses the administrator, or does not answer.
    """
    asked_at = now()
    admin.renew_token()
    answered_at = now()
    issued_at = datetime.fromtimestamp(_read_claims(admin)["iat"], UTC)
    if issued_at > answered_at:
        return issued_at - answered_at
    return min(issued_at + timedelta(seconds=1) - asked_at, timedelta())


def _read_claims(admin: RealmAdmin) -> dict[str, Any]:
    """What the administrator's token says."""
    token = str((admin.connection.token or {}).get("access_token", ".."))
    # Who issued it is not in doubt: it came over this connection, and opens nothing here.
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(
        urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims


def connect_for_members(settings: Settings) -> RealmAdmin:
    """The deployment's realm, as the lesser account that the portal's worker has.

    Raises:
        MissingSecretError: the account's secret is absent.
    """
    return _connect(settings, settings.identity_realm, MEMBERS_CLIENT, MEMBERS_SECRET)


def _connect(settings: Settings, realm: str, client: str, secret: str) -> RealmAdmin:
    connection = RealmConnection(
        server_url=settings.keycloak_internal_url,
        realm_name=settings.identity_realm,
        user_realm_name=realm,
        client_id=client,
        client_secret_key=settings.secret(secret),
        timeout=TIMEOUT,
    )
    return RealmAdmin(connection)


def list_organisation_members(
    admin: RealmAdmin, organisation: str
) -> list[dict[str, Any]]:
    """Everybody in an organisation; nobody where it is gone meanwhile."""
    everybody = {"max": EVERYTHING}
    members = find_or_none(admin.get_organization_members, organisation, everybody)
    return members or []


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
