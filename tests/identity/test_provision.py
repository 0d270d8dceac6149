"""Provisioning compares, then changes: a second pass changes nothing and asks little."""

import asyncio
import secrets
from pathlib import Path

import pytest

from tests.cluster import free_ports
from tests.identity.scene import ORGANISATIONS, Scene, provision
from udi.kit.errors import ProvisionError
from udi.kit.tenancy import Territory
from udi.portal.identity.provision.accounts import account_secret, apply_account
from udi.portal.identity.provision.admin import RealmAdmin, connect
from udi.portal.identity.provision.flows import apply_browser_flow
from udi.portal.identity.provision.realm import apply_realm, realm_rules
from udi.portal.identity.provision.territory import apply_territory
from udi.portal.tenants.toml.schema import AccountPart
from udi.settings import Settings


@pytest.fixture
def own_secrets(settings: Settings, tmp_path: Path) -> Settings:
    """Settings whose folder of secrets is a copy, so that the test may draw passwords in it."""
    for name in ("portal_client_key", "node_client_key", "keycloak_admin_secret"):
        (tmp_path / name).write_text(settings.secret(name))
    return settings.model_copy(update={"secrets": tmp_path})


def outcomes(changes: list) -> set[str]:
    return {change.outcome for change in changes}


async def test_the_realm_applied_again_is_unchanged_in_seven_calls(
    admin: RealmAdmin, settings: Settings
) -> None:
    before = admin.calls

    changes = await asyncio.to_thread(apply_realm, admin, settings)

    assert outcomes(changes) == {"unchanged"}
    assert admin.calls - before == 7


async def test_a_realm_whose_creation_was_heard_and_repeated_is_there_once(
    admin: RealmAdmin, settings: Settings
) -> None:
    await asyncio.to_thread(admin.ensure_realm, realm_rules(settings))

    assert outcomes(await asyncio.to_thread(apply_realm, admin, settings)) == {
        "unchanged"
    }


async def test_a_setting_of_the_realm_changed_by_hand_is_put_back(
    admin: RealmAdmin, settings: Settings
) -> None:
    await asyncio.to_thread(
        admin.put,
        "",
        {"failureFactor": 30, "otpPolicyType": "totp", "otpPolicyPeriod": 60},
    )

    changes = await asyncio.to_thread(apply_realm, admin, settings)

    assert str(changes[0]) == f"realm {settings.identity_realm}: updated"
    realm = admin.get("")
    assert (
        realm["failureFactor"],
        realm["otpPolicyPeriod"],
        realm["otpPolicyDigits"],
    ) == (8, 30, 6)


@pytest.mark.thorough
async def test_the_flow_is_built_once_and_given_back(
    admin: RealmAdmin,
) -> None:
    outcomes = [
        (
            await asyncio.to_thread(
                apply_browser_flow, admin, second_factor=is_required
            )
        ).outcome
        for is_required in (True, True, False, False)
    ]
    flows = [
        flow["alias"]
        for flow in await asyncio.to_thread(admin.get, "authentication/flows")
    ]

    assert outcomes == ["updated", "unchanged", "updated", "unchanged"]
    assert not [alias for alias in flows if alias.startswith("udi-browser")]


async def test_a_territory_is_created_once(
    demo: Territory, admin: RealmAdmin, connected: Settings
) -> None:
    first = await asyncio.to_thread(provision, admin, connected, demo)
    before = admin.calls
    second = await asyncio.to_thread(provision, admin, connected, demo)

    slug = demo.slug
    assert {change.name for change in first} == {
        f"{slug}-portal", f"{slug}-node", f"{slug}-subjects", f"{slug}-mcp", slug, f"{slug}--mairie", f"{slug}--seve",
    }  # fmt: skip
    assert outcomes(first) == {"created"}
    assert outcomes(second) == {"unchanged"}
    assert admin.calls - before == 5


@pytest.mark.usefixtures("alone")
async def test_what_changed_in_the_files_is_changed(
    armorine: Territory, admin: RealmAdmin, connected: Settings
) -> None:
    renamed = [
        ("mairie", "Mairie de Kerlévan"),
        ("seve", "Association Sève"),
        ("port", "Port"),
    ]

    changes = await asyncio.to_thread(
        provision, admin, connected, armorine, organisations=renamed
    )

    by_name = {
        change.name.removeprefix(f"{armorine.slug}--"): change.outcome
        for change in changes
    }
    assert (by_name["mairie"], by_name["seve"], by_name["port"]) == (
        "updated",
        "unchanged",
        "created",
    )


@pytest.mark.thorough
@pytest.mark.usefixtures("alone")
async def test_an_origin_that_moved_is_changed_at_the_client(
    armorine: Territory, admin: RealmAdmin, connected: Settings
) -> None:
    changes = await asyncio.to_thread(
        apply_territory, admin, connected, slug=armorine.slug, name="Armorine", organisations=ORGANISATIONS,
        origins={"portal": "https://data.example", "node": "https://node.example"},
    )  # fmt: skip

    client = admin.get("clients", clientId=f"{armorine.slug}-portal")[0]
    assert changes[0].outcome == "updated"
    assert client["redirectUris"] == ["https://data.example/login/callback"]
    audiences = [
        mapper["config"].get("included.custom.audience")
        for mapper in client["protocolMappers"]
        if mapper["name"] == "audience"
    ]
    assert audiences == ["https://data.example"]


@pytest.mark.thorough
async def test_two_organisations_may_have_the_same_name(
    demo: Territory, admin: RealmAdmin, connected: Settings
) -> None:
    twins = [("mairie-a", "Mairie"), ("mairie-b", "Mairie")]

    first = await asyncio.to_thread(
        provision, admin, connected, demo, organisations=twins
    )
    second = await asyncio.to_thread(
        provision, admin, connected, demo, organisations=twins
    )

    assert (outcomes(first), outcomes(second)) == ({"created"}, {"unchanged"})


@pytest.mark.thorough
async def test_a_group_deleted_by_hand_comes_back_with_a_thorough_pass(
    armorine: Territory, admin: RealmAdmin, connected: Settings
) -> None:
    organisation_id = admin.get(
        "organizations", search=f"Mairie ({armorine.slug})", exact=True
    )[0]["id"]
    groups = admin.get(f"organizations/{organisation_id}/groups")
    admin.delete(f"organizations/{organisation_id}/groups/{groups[0]['id']}")

    changes = await asyncio.to_thread(
        apply_territory, admin, connected, slug=armorine.slug, name=armorine.name["fr"], organisations=ORGANISATIONS,
        origins={"portal": armorine.links["portal"], "node": armorine.links["node"]}, thorough=True,
    )  # fmt: skip

    assert {change.name: change.outcome for change in changes}[
        f"{armorine.slug}--mairie"
    ] == "updated"
    assert len(admin.get(f"organizations/{organisation_id}/groups")) == 2


async def test_an_organisation_left_half_made_is_finished(
    demo: Territory, admin: RealmAdmin, connected: Settings
) -> None:
    alias = f"{demo.slug}--mairie"
    admin.post(
        "organizations",
        {"name": f"Mairie ({demo.slug})", "alias": alias, "enabled": True},
    )

    changes = await asyncio.to_thread(provision, admin, connected, demo)

    assert alias in {change.name for change in changes}
    organisations = admin.get(
        "organizations", q=f"udi.territory:{demo.slug}", briefRepresentation=False
    )
    assert alias in {organisation["alias"] for organisation in organisations}
    assert outcomes(await asyncio.to_thread(provision, admin, connected, demo)) == {
        "unchanged"
    }


async def test_clients_refuse_what_is_not_the_code_flow_with_pkce(
    scene: Scene, connected: Settings
) -> None:
    client_id = f"{scene.territory.slug}-portal"
    browser = scene.browser()
    public = f"{connected.issuer}/protocol/openid-connect"
    base = {
        "client_id": client_id,
        "redirect_uri": f"{scene.territory.origin}/login/callback",
        "scope": "openid",
    }
    secret = connected.client_secret("portal", client_id)
    grant = {
        "grant_type": "password",
        "username": "a",
        "password": "b",
        "client_id": client_id,
    }

    without_pkce = await browser.keycloak.get(
        f"{public}/auth", params=base | {"response_type": "code"}
    )
    implicit = await browser.keycloak.get(
        f"{public}/auth", params=base | {"response_type": "token", "nonce": "n"}
    )
    elsewhere = {"response_type": "code", "redirect_uri": "https://evil.example/"}
    foreign = await browser.keycloak.get(f"{public}/auth", params=base | elsewhere)
    password = await browser.keycloak.post(
        f"{public}/token", data=grant | {"client_secret": secret}
    )

    assert "error=invalid_request" in without_pkce.headers["location"]
    assert "error=unauthorized_client" in implicit.headers["location"]
    assert foreign.status_code == 400
    assert password.json()["error"] == "unauthorized_client"


async def test_a_demonstration_account_is_created_with_a_drawn_password_that_logs_in(
    scene: Scene, own_secrets: Settings
) -> None:
    account = AccountPart(
        username=f"{secrets.token_hex(4)}@kerlevan.example", first_name="Compte", last_name="Publication",
        moderator=True, organisations={"mairie": ["managers", "publishers"]},
    )  # fmt: skip
    slug = scene.territory.slug
    browser = scene.browser()

    first = await asyncio.to_thread(
        apply_account, scene.admin, own_secrets, slug, account
    )
    second = await asyncio.to_thread(
        apply_account, scene.admin, own_secrets, slug, account
    )

    path = own_secrets.secrets_folder / account_secret(slug, account.username)
    assert (first.outcome, second.outcome) == ("created", "unchanged")
    assert path.stat().st_mode & 0o777 == 0o600
    answer = await browser.fill_forms(account.username, path.read_text().strip())
    await browser.get(answer.headers["location"])
    identity = (await browser.get("/who")).json()
    assert (identity["moderator"], identity["memberships"]) == (
        True,
        {"mairie": ["managers", "publishers"]},
    )


@pytest.mark.thorough
async def test_a_lost_password_file_gives_the_account_a_new_one(
    scene: Scene, own_secrets: Settings
) -> None:
    account = AccountPart(
        username=f"{secrets.token_hex(4)}@seve.example",
        first_name="Compte",
        last_name="Essai",
    )
    slug = scene.territory.slug
    browser = scene.browser()
    await asyncio.to_thread(apply_account, scene.admin, own_secrets, slug, account)
    path = own_secrets.secrets_folder / account_secret(slug, account.username)
    path.unlink()

    again = await asyncio.to_thread(
        apply_account, scene.admin, own_secrets, slug, account
    )

    assert again.outcome == "updated"
    answer = await browser.fill_forms(account.username, path.read_text().strip())
    assert answer.status_code == 302


async def test_another_territory_that_names_the_account_changes_neither_its_name_nor_its_password(
    scene: Scene, own_secrets: Settings
) -> None:
    account = AccountPart(
        username=f"{secrets.token_hex(4)}@seve.example",
        first_name="Compte",
        last_name="Essai",
    )
    slug = scene.territory.slug
    browser = scene.browser()
    await asyncio.to_thread(apply_account, scene.admin, own_secrets, slug, account)
    theirs = account.model_copy(update={"first_name": "Autre"})

    joined = await asyncio.to_thread(
        apply_account, scene.admin, own_secrets, "another", theirs
    )

    assert joined.outcome == "unchanged"
    assert not (
        own_secrets.secrets_folder / account_secret("another", account.username)
    ).exists()
    assert (
        scene.admin.get("users", username=account.username, exact=True)[0]["firstName"]
        == "Compte"
    )
    path = own_secrets.secrets_folder / account_secret(slug, account.username)
    answer = await browser.fill_forms(account.username, path.read_text().strip())
    assert answer.status_code == 302


async def test_an_account_of_an_organisation_that_does_not_exist_is_refused_in_words(
    scene: Scene, own_secrets: Settings
) -> None:
    account = AccountPart(
        username=f"{secrets.token_hex(4)}@x.example",
        first_name="A",
        last_name="B",
        organisations={"absent": ["managers"]},
    )

    with pytest.raises(
        ProvisionError,
        match=f"No organisation has the alias {scene.territory.slug}--absent",
    ):
        await asyncio.to_thread(
            apply_account, scene.admin, own_secrets, scene.territory.slug, account
        )


def test_a_wrong_administrator_secret_is_refused(
    own_secrets: Settings, keycloak: Settings
) -> None:
    (own_secrets.secrets_folder / "keycloak_admin_secret").write_text("wrong")

    with pytest.raises(
        ProvisionError, match="refuses the administrator «udi-admin»: check the secret"
    ):
        apply_realm(connect(own_secrets), own_secrets)


def test_a_stopped_keycloak_is_said_in_words(own_secrets: Settings) -> None:
    nowhere = own_secrets.model_copy(
        update={"identity_internal_url": f"http://127.0.0.1:{free_ports(1)}"}
    )

    with pytest.raises(ProvisionError, match="Keycloak does not answer"):
        apply_realm(connect(nowhere), nowhere)
