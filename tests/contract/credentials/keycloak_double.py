"""The identity service as the worker asks it: accounts, what happened to them, and whether it answers."""

import time
from dataclasses import dataclass, field
from typing import Any

from udi.portal.identity.provision.admin import IdentityServiceUnavailableError


@dataclass
class KeycloakDouble:
    """Answers the paths that the pass asks, in the shapes that Keycloak was seen to give them."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By subject: `enabled`, and `groups` by alias of the organisation."""
    events: list[dict[str, Any]] = field(default_factory=list)
    admin_events: list[dict[str, Any]] = field(default_factory=list)
    logged_out: list[str] = field(default_factory=list)
    away: bool = False

    def get(self, path: str, **query: Any) -> Any:
        if self.away:
            raise IdentityServiceUnavailableError("Keycloak does not answer.")
        first = query.get("first", 0)
        answer = self._answer(path.split("/"), query)
        if isinstance(answer, list):
            return answer[first : first + query["max"]]
        return answer

    def post(self, path: str, _body: object) -> None:
        self.logged_out.append(path.split("/")[1])

    def _answer(self, parts: list[str], query: dict[str, Any]) -> Any:
        match parts:
            case ["users"]:
                return [
                    {"id": id_}
                    for id_, account in self.accounts.items()
                    if not account["enabled"]
                ]
            case ["users", subject]:
                return self.accounts.get(subject)
            case ["admin-events"]:
                return [
                    event
                    for event in self.admin_events
                    if event["time"] >= query["dateFrom"]
                ]
            case ["events"]:
                return [
                    event for event in self.events if event["time"] >= query["dateFrom"]
                ]
            case ["organizations", "members", subject, "organizations"]:
                return [
                    {"id": alias, "alias": alias}
                    for alias in self.accounts[subject]["groups"]
                ]
            case ["organizations", alias, "members", subject, "groups"]:
                return [
                    {"id": name, "name": name}
                    for name in self.accounts[subject]["groups"][alias]
                ]
        raise AssertionError(parts)

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

    def delete(self, subject: str) -> None:
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
