"""The identity service as the worker asks it: accounts, what happened to them, and whether it answers."""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from udi.portal.identity.provision.admin import (
    IdentityServiceUnavailableError,
    RefusedCallError,
)


@dataclass
class KeycloakDouble:
    """Answers the calls that the pass makes, in the shapes that Keycloak was seen to give them."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By subject: `enabled`, and `groups` by alias of the organisation."""
    events: list[dict[str, Any]] = field(default_factory=list)
    admin_events: list[dict[str, Any]] = field(default_factory=list)
    logged_out: list[str] = field(default_factory=list)
    away: bool = False
    operators: set[str] = field(default_factory=set)
    """Subjects of those who run the installation."""

    def get_users(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        disabled = [
            {"id": id_}
            for id_, account in self.accounts.items()
            if not account["enabled"]
        ]
        return self._page(disabled, query)

    def get_admin_events(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        return self._page(since(self.admin_events, query), query)

    def get_events(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        return self._page(since(self.events, query), query)

    def get_user(self, subject: str) -> dict[str, Any]:
        self._require_service()
        if subject not in self.accounts:
            msg = "Keycloak answers 404."
            raise RefusedCallError(msg, 404)
        return self.accounts[subject]

    def get_user_organizations(self, subject: str) -> list[dict[str, Any]]:
        self._require_service()
        return [
            {"id": alias, "alias": alias} for alias in self.accounts[subject]["groups"]
        ]

    def get(self, path: str, **query: Any) -> Any:
        match path.split("/"):
            case ["organizations", alias, "members", subject]:
                member = alias in self.accounts[subject]["groups"]
                return {"membershipType": "UNMANAGED"} if member else None
            case ["organizations", alias, "members", subject, "groups"]:
                groups = self.accounts[subject]["groups"][alias]
                return self._page(
                    [{"id": name, "name": name} for name in groups], query
                )
        raise AssertionError(path)

    def delete(self, path: str) -> None:
        match path.split("/"):
            case ["organizations", alias, "groups", name, "members", subject]:
                self.accounts[subject]["groups"][alias].remove(name)
                return
        raise AssertionError(path)

    def organization_user_remove(self, subject: str, alias: str) -> None:
        del self.accounts[subject]["groups"][alias]

    def get_realm_role_members(
        self, _role: str, query: dict[str, Any]
    ) -> list[dict[str, Any]]:
        members = [{"id": subject} for subject in sorted(self.operators)]
        return self._page(members, query)

    def delete_user(self, subject: str) -> None:
        self.get_user(subject)
        del self.accounts[subject]
        self.operators.discard(subject)

    def user_logout(self, subject: str) -> None:
        self._require_service()
        self.logged_out.append(subject)

    def _page(
        self, items: list[dict[str, Any]], query: dict[str, Any]
    ) -> list[dict[str, Any]]:
        self._require_service()
        first = query.get("first", 0)
        return items[first : first + query["max"]]

    def _require_service(self) -> None:
        if self.away:
            raise IdentityServiceUnavailableError("Keycloak does not answer.")

    def note(self, resource: str, path: str) -> None:
        event = {
            "time": int(time.time() * 1000),
            "resourceType": resource,
            "resourcePath": path,
        }
        self.admin_events.append(event)

    def disable(self, subject: str) -> None:
        self.accounts[subject]["enabled"] = False
        self.note("USER", f"users/{subject}")

    def delete_account(self, subject: str) -> None:
        """An administrator deletes an account."""
        del self.accounts[subject]
        self.note("USER", f"users/{subject}")

    def delete_self(self, subject: str) -> None:
        del self.accounts[subject]
        self.events.append(
            {
                "time": int(time.time() * 1000),
                "type": "DELETE_ACCOUNT",
                "userId": subject,
            }
        )

    def log_in(self, subject: str, moment: datetime) -> None:
        """Somebody logs in at some program of the realm."""
        self.events.append(
            {
                "time": int(moment.timestamp() * 1000),
                "type": "LOGIN",
                "userId": subject,
            }
        )

    def remove(self, subject: str) -> None:
        for alias in list(self.accounts[subject]["groups"]):
            del self.accounts[subject]["groups"][alias]
            self.note(
                "ORGANIZATION_MEMBERSHIP", f"organizations/{alias}/members/{subject}"
            )

    def take_role(self, subject: str) -> None:
        for alias, groups in self.accounts[subject]["groups"].items():
            groups.clear()
            self.note(
                "ORGANIZATION_GROUP_MEMBERSHIP",
                f"organizations/{alias}/groups/g/members/{subject}",
            )


def since(events: list[dict[str, Any]], query: dict[str, Any]) -> list[dict[str, Any]]:
    """The events from the moment that a query names, if any, of the type and account that it names."""
    return [
        event
        for event in events
        if event["time"] >= query.get("dateFrom", 0)
        and query.get("type", event.get("type")) == event.get("type")
        and query.get("user", event.get("userId")) == event.get("userId")
    ]
