"""The operators of the installation at the identity service: the client where they log in, and who has the role."""

from typing import Any

from udi.kit.errors import ConflictError, NotFoundError
from udi.kit.identity import OPERATOR
from udi.kit.oidc import IdentityClient, client_id
from udi.kit.tenancy import INSTALLATION_SLUG
from udi.portal.identity.provision.admin import (
    EVERYTHING,
    Outcome,
    ProvisionChange,
    RealmAdmin,
    create_or_none,
    find_or_none,
)
from udi.portal.identity.provision.clients import apply_client, web_client
from udi.settings import Settings

NAME = "Urban Data Interface"


def apply_operators_client(
    admin: RealmAdmin, settings: Settings
) -> list[ProvisionChange]:
    """Make the role of operators, and the client of the installation's own host, whose tokens carry that role alone.

    Raises:
        ProvisionError: the identity service refuses, or does not answer.
    """
    role, outcome = _apply_role(admin)
    named = client_id("portal", INSTALLATION_SLUG)
    client = IdentityClient(
        named,
        settings.client_secret("portal", named),
        settings.origin("portal", settings.installation_host),
    )
    target = web_client(
        client, name=NAME, back_channel=settings.back_channel("portal"), theme={}
    )
    change = apply_client(admin, target, client.origin)
    identifier = str(admin.get_client_id(named))
    carried = admin.get_realm_roles_of_client_scope(identifier)
    if all(known["name"] != OPERATOR for known in carried):
        admin.assign_realm_roles_to_client_scope(identifier, [role])
    return [ProvisionChange("role", OPERATOR, outcome), change]


def _apply_role(admin: RealmAdmin) -> tuple[dict[str, Any], Outcome]:
    role = find_or_none(admin.get_realm_role, OPERATOR)
    if role is not None:
        return role, "unchanged"
    create_or_none(admin.create_realm_role, {"name": OPERATOR})
    return admin.get_realm_role(OPERATOR), "created"


def add_operator(admin: RealmAdmin, email: str) -> Outcome:
    """Give the role to the account of an address.

    Raises:
        NotFoundError: no account has this address.
        ConflictError: nobody has proven that the address is theirs.
        ProvisionError: the identity service refuses, or does not answer.
    """
    user = _get_user(admin, email)
    if not user.get("emailVerified"):
        raise ConflictError(
            f"Nobody has proven that {email} is theirs.",
            remedy="Have them log in once, and follow the link of the mail that they receive.",
        )
    if _has_role(admin, user):
        return "unchanged"
    admin.assign_realm_roles(user["id"], [admin.get_realm_role(OPERATOR)])
    return "updated"


def remove_operator(admin: RealmAdmin, email: str) -> Outcome:
    """Take the role from the account of an address, and end its sessions.

    Raises:
        NotFoundError: no account has this address.
        ProvisionError: the identity service refuses, or does not answer.
    """
    user = _get_user(admin, email)
    if not _has_role(admin, user):
        return "unchanged"
    admin.delete_realm_roles_of_user(user["id"], [admin.get_realm_role(OPERATOR)])
    admin.user_logout(user["id"])
    return "updated"


def list_operators(admin: RealmAdmin) -> list[dict[str, Any]]:
    """The accounts that have the role, by address: `email`, `name`, `second_factor`.

    Raises:
        ProvisionError: the identity service refuses, or does not answer.
    """
    rows = [
        {
            "email": str(user.get("email", "")),
            "name": " ".join(
                filter(None, (user.get("firstName"), user.get("lastName")))
            ),
            "second_factor": _has_factor(admin, user),
        }
        for user in list_operator_accounts(admin)
    ]
    return sorted(rows, key=lambda row: str(row["email"]))


def list_operator_accounts(admin: RealmAdmin) -> list[dict[str, Any]]:
    """The accounts that have the role, as Keycloak describes them; none where nobody was ever added.

    Raises:
        ProvisionError: the identity service refuses, or does not answer.
    """
    members = find_or_none(admin.get_realm_role_members, OPERATOR, {"max": EVERYTHING})
    return members or []


def _get_user(admin: RealmAdmin, email: str) -> dict[str, Any]:
    address = email.strip().lower()
    users = admin.get_users({"email": address, "exact": True})
    if not users:
        raise NotFoundError(
            f"No account has the address {address}.",
            remedy="Have them create one first, on the page where people log in.",
        )
    user: dict[str, Any] = users[0]
    return user


def _has_role(admin: RealmAdmin, user: dict[str, Any]) -> bool:
    roles = admin.get_realm_roles_of_user(user["id"])
    return any(role["name"] == OPERATOR for role in roles)


def _has_factor(admin: RealmAdmin, user: dict[str, Any]) -> bool:
    credentials = admin.get_credentials(user["id"])
    return any(credential["type"] != "password" for credential in credentials)
