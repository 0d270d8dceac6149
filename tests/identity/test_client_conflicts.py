"""Two commands that change one client of Keycloak at the same moment: it refuses one of them (409), and both end well."""

from typing import Any, cast

import pytest

from udi.kit.errors import ProvisionError
from udi.portal.identity.provision.admin import (
    RealmAdmin,
    RefusedCallError,
)
from udi.portal.identity.provision.clients import MOST_CONFLICTS, apply_client
from udi.portal.identity.provision.realm import COMMAND_LINE, close_command_line

ORIGIN = "https://portal.example"
TARGET = {"clientId": "udi-portal", "name": "Ours", "standardFlowEnabled": False}


class BusyAdmin:
    """A realm in which somebody else changes the client at each of the first updates."""

    realm = "busy"

    def __init__(
        self, conflicts: int, *, status: int = 409, name: str = "udi-portal"
    ) -> None:
        self.conflicts = conflicts
        self.status = status
        self.client: dict[str, Any] = {"id": "1", "clientId": name, "name": ""}

    def find_client(self, name: str) -> dict[str, Any]:
        assert name == self.client["clientId"]
        return dict(self.client)

    def update_client(self, client_id: str, payload: dict[str, Any]) -> None:
        assert client_id == self.client["id"]
        if self.conflicts:
            self.conflicts -= 1
            self.client["description"] = f"theirs, {self.conflicts} to come"
            raise RefusedCallError("refused", self.status)
        self.client = payload

    def add_mapper_to_client(self, client_id: str, payload: dict[str, Any]) -> None:
        """Taken."""


def apply(admin: BusyAdmin) -> str:
    return apply_client(cast("RealmAdmin", admin), TARGET, ORIGIN).outcome


def test_a_change_that_meets_another_is_made_on_what_the_other_left() -> None:
    admin = BusyAdmin(conflicts=2)

    assert apply(admin) == "updated"
    assert admin.client["name"] == "Ours"
    assert admin.client["description"] == "theirs, 0 to come"


def test_who_meets_others_again_and_again_says_so() -> None:
    with pytest.raises(ProvisionError, match="apply again"):
        apply(BusyAdmin(conflicts=MOST_CONFLICTS))


def test_another_refusal_is_not_tried_again() -> None:
    admin = BusyAdmin(conflicts=1, status=400)

    with pytest.raises(RefusedCallError):
        apply(admin)
    assert admin.client["name"] == ""


def test_the_command_line_of_keycloak_is_closed_while_another_closes_it() -> None:
    admin = BusyAdmin(conflicts=2, name=COMMAND_LINE)
    admin.client |= {"enabled": True, "directAccessGrantsEnabled": True}

    outcomes = [close_command_line(cast("RealmAdmin", admin)).outcome for _ in "12"]

    assert outcomes == ["updated", "unchanged"]
    assert not admin.client["enabled"]
    assert not admin.client["directAccessGrantsEnabled"]
    assert admin.client["description"] == "theirs, 0 to come"
