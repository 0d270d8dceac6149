"""A Keycloak that others run: one realm of theirs, a client bound to it, and nothing of the server."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import pytest

from tests.identity.scene import member_of, provision
from tests.realms import KEY_PROVIDER, list_keys
from udi.cli.checks.identity import check_identity
from udi.cli.remedies import restart
from udi.kit.errors import ProvisionError
from udi.kit.tenancy import Territory
from udi.portal.identity.provision import admin, realm
from udi.portal.identity.provision.accounts import apply_memberships
from udi.portal.identity.provision.memberships import apply_members_account
from udi.portal.identity.provision.operators import apply_operators_client
from udi.settings import Settings

MANAGEMENT = "realm-management"
THEIR_RULES = {"registrationAllowed": False, "passwordPolicy": "length(20)"}


@dataclass(frozen=True)
class GivenRealm:
    """A realm as those who run the server give it."""

    settings: Settings
    owner: admin.RealmAdmin

    def give(self, rights: Iterable[str]) -> admin.RealmAdmin:
        """Let our client have these rights and no others; who calls as it."""
        with self.owner.in_realm(self.settings.identity_realm):
            client = self.owner.get_client_id(MANAGEMENT)
            ours = self.owner.get_client_id(admin.ADMIN_CLIENT)
            account = self.owner.get_client_service_account_user(ours)["id"]
            roles = {role["name"]: role for role in self.owner.get_client_roles(client)}
            former = self.owner.get_client_roles_of_user(account, client)
            if former:
                self.owner.delete_client_roles_of_user(account, client, former)
            given = [roles[name] for name in rights]
            if given:
                self.owner.assign_client_role(account, client, given)
        return admin.connect(self.settings)


def make_realm(owner: admin.RealmAdmin, name: str, secret: str) -> None:
    with owner.in_realm(name):
        owner.ensure_realm(
            {
                "realm": name,
                "enabled": True,
                "sslRequired": "none",
                "components": {KEY_PROVIDER: list_keys()},
                **THEIR_RULES,
            }
        )
        owner.create_client(
            {
                "clientId": admin.ADMIN_CLIENT,
                "publicClient": False,
                "serviceAccountsEnabled": True,
                "standardFlowEnabled": False,
                "secret": secret,
            }
        )


@pytest.fixture(scope="module")
async def given(
    keycloak: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[GivenRealm]:
    """A realm of its own at the Keycloak of the run, which no other test knows."""
    name = f"{keycloak.identity_realm}-given"
    owner = admin.connect(keycloak)
    folder = tmp_path_factory.mktemp("given") / "secrets"
    await asyncio.to_thread(shutil.copytree, keycloak.secrets_folder, folder)
    secret = secrets.token_urlsafe(30)
    (folder / admin.ADMIN_SECRET).write_text(secret)
    await asyncio.to_thread(make_realm, owner, name, secret)
    settings = keycloak.model_copy(
        update={
            "identity_realm": name,
            "identity_admin_realm": name,
            "secrets": folder,
        }
    )
    yield GivenRealm(settings, owner)
    await asyncio.to_thread(
        admin.connect(keycloak).connection.raw_delete, f"admin/realms/{name}"
    )


def apply(
    connection: admin.RealmAdmin, settings: Settings, territory: Territory
) -> list[str]:
    """All that an installation does with its realm when a territory is applied."""
    changes = [
        *realm.apply_realm(connection, settings),
        *apply_operators_client(connection, settings),
        *provision(connection, settings, territory),
        apply_members_account(connection, settings),
    ]
    return [change.outcome for change in changes]


def add_member(connection: admin.RealmAdmin, territory: Territory) -> str:
    """Somebody of an organisation and of the team, whose account goes again; the aliases that they are in."""
    body = {"username": "somebody@people.example", "enabled": True}
    answer = connection.post("users", body)
    person = answer.headers["Location"].rpartition("/")[2]
    apply_memberships(connection, person, member_of(territory))
    organisations = connection.get_user_organizations(person)
    connection.delete(f"users/{person}")
    return " ".join(sorted(organisation["alias"] for organisation in organisations))


@pytest.mark.thorough
async def test_a_territory_is_applied_with_the_rights_that_are_documented(
    given: GivenRealm, demo: Territory
) -> None:
    connection = await asyncio.to_thread(given.give, admin.ADMIN_RIGHTS)

    first = await asyncio.to_thread(apply, connection, given.settings, demo)
    again = await asyncio.to_thread(apply, connection, given.settings, demo)
    joined = await asyncio.to_thread(add_member, connection, demo)
    rules = await asyncio.to_thread(connection.get, "")

    assert "created" in first
    assert set(again) == {"unchanged"}
    assert joined == f"{demo.slug} {demo.slug}--mairie"
    assert {name: rules[name] for name in THEIR_RULES} == THEIR_RULES
    assert rules["organizationsEnabled"] is True


async def test_the_doctor_names_the_rights_that_lack(given: GivenRealm) -> None:
    findings = {}
    for label, rights in {
        "all": admin.ADMIN_RIGHTS,
        "fewer": admin.ADMIN_RIGHTS - {"manage-users"},
        "none": frozenset(),
    }.items():
        await asyncio.to_thread(given.give, rights)
        findings[label] = (await check_identity(given.settings))[1]

    assert findings["all"].severity == "ok"
    assert "lacks manage-users." in findings["fewer"].message
    assert "manage-realm" in findings["none"].message
    assert "realm-management" in str(findings["none"].remedy)


async def test_nothing_of_the_server_is_asked_for(
    given: GivenRealm, keycloak: Settings
) -> None:
    connection = await asyncio.to_thread(given.give, admin.ADMIN_RIGHTS)

    with pytest.raises(ProvisionError, match="403"):
        await asyncio.to_thread(connection.get_realm, keycloak.identity_realm)
    assert connection.administrators_realm == given.settings.identity_realm


@pytest.mark.thorough
def test_who_runs_it_is_asked_where_it_is_away(settings: Settings) -> None:
    theirs = settings.model_copy(
        update={
            "identity_url": "https://id.town.example",
            "identity_admin_realm": "udi",
        }
    )

    assert "Whoever runs https://id.town.example" in restart(theirs, "keycloak")
    assert "Whoever runs" not in restart(settings, "keycloak")
