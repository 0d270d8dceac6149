"""`[[login.directory]]`: made at Keycloak as the files say, again without a change; its people log in with their password."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.identity.directory import Directory
from tests.identity.scene import Scene
from udi.cli.checks.providers import check_login_providers
from udi.portal.identity.provision.admin import (
    ProvisionChange,
    RealmAdmin,
    difference,
)
from udi.portal.identity.provision.directories import (
    MAPPER,
    STORAGE,
    apply_directories,
    check_directories,
    describe_directory,
    disable_territory_directories,
)
from udi.portal.identity.provision.provider_checks import check_providers
from udi.portal.identity.provision.providers import secret_file
from udi.portal.tenants.faults import TenantFault
from udi.portal.tenants.files import TenantFaultsError, TenantFolder, read_folder
from udi.portal.tenants.toml.schema import DirectoryPart
from udi.settings import Settings

pytestmark = pytest.mark.usefixtures("alone")

DEMO = Path(__file__).parents[2] / "tenants/demo"
ENTRY = """
[[login.directory]]
name = "staff"
kind = "ldap"
address = "{address}"
people = "ou=people,dc=town,dc=example"
bind_dn = "cn=reader,dc=town,dc=example"
domain = "{domain}"
"""

PROVIDER = """
[[login.provider]]
name = "town"
kind = "oidc"
label = {{ fr = "la Ville", en = "the Town" }}
issuer = "https://identity.town.example/"
client_id = "udi"
domain = "{domain}"
"""


@pytest.fixture
def directory() -> Iterator[Directory]:
    directory = Directory()
    yield directory
    directory.stop()


@pytest.fixture
def secrets(connected: Settings, tmp_path: Path) -> Settings:
    """Settings with secrets of their own, to which a test may add."""
    shutil.copytree(connected.secrets_folder, tmp_path / "secrets")
    return connected.model_copy(
        update={"secrets": tmp_path / "secrets", "tenants": tmp_path / "tenants"}
    )


def write_files(
    settings: Settings, slug: str, directory: Directory, *, password: str = ""
) -> TenantFolder:
    """A territory's files with a directory, whose domain is its own."""
    folder = settings.tenants / slug
    shutil.copytree(DEMO, folder)
    path = folder / "tenant.toml"
    entry = ENTRY.format(address=directory.address, domain=f"{slug}.example")
    content = path.read_text().replace('slug = "demo"', f'slug = "{slug}"')
    path.write_text(content + entry)
    secret = settings.secrets_folder / secret_file(slug, "staff")
    secret.write_text(password or directory.passwords[directory.bind_dn])
    return read_folder(folder)


def read_directory(admin: RealmAdmin, slug: str) -> dict[str, Any]:
    [component] = admin.get("components", type=STORAGE, name=f"{slug}--staff")
    return dict(component)


async def find_faults(
    admin: RealmAdmin, settings: Settings, territory: str, owner: str
) -> str:
    """What is wrong with a provider of a territory for the domain of a directory; its secret is absent in any case."""
    folder = settings.tenants / "provider" / territory
    shutil.copytree(DEMO, folder)
    path = folder / "tenant.toml"
    content = path.read_text().replace('slug = "demo"', f'slug = "{territory}"')
    path.write_text(content + PROVIDER.format(domain=f"{owner}.example"))
    with pytest.raises(TenantFaultsError) as caught:
        await check_providers(admin, settings, read_folder(folder), ())
    return str(caught.value)


async def test_a_directory_is_made_once_and_changed_where_its_files_change(
    scene: Scene, directory: Directory, secrets: Settings
) -> None:
    slug = scene.territory.slug
    parts = write_files(secrets, slug, directory).file.login.directory

    async def apply(parts: list[DirectoryPart]) -> list[ProvisionChange]:
        return await asyncio.to_thread(
            apply_directories, scene.admin, secrets, slug, parts
        )

    outcomes = [[change.outcome for change in await apply(parts)] for _ in range(2)]
    component = await asyncio.to_thread(read_directory, scene.admin, slug)
    mappers = scene.admin.get("components", parent=component["id"], type=MAPPER)
    owners = [
        await find_faults(scene.admin, secrets, name, slug) for name in ("o", slug)
    ]
    (secrets.secrets_folder / secret_file(slug, "staff")).write_text("another")
    renewed = await apply(parts)
    gone = await apply([])
    back = await apply(parts)
    left = disable_territory_directories(scene.admin, slug)

    target = describe_directory(slug, parts[0], directory.passwords[directory.bind_dn])
    assert difference(target["config"], component["config"]) == {}
    assert difference(target, component) == {}
    assert [".domain" in faults for faults in owners] == [True, False]
    assert f"{slug}.example belongs to the territory «{slug}»" in owners[0]
    assert outcomes == [["created"], ["unchanged"]], mappers
    config = {key: values[0] for key, values in component["config"].items()}
    assert config["editMode"] == "READ_ONLY"
    assert config["trustEmail"] == "false"
    assert config["customUserSearchFilter"] == f"(mail=*@{slug}.example)"
    assert directory.passwords[directory.bind_dn] not in str(component)
    sources = {
        mapper["config"]["user.model.attribute"][0]: mapper["config"]["ldap.attribute"][
            0
        ]
        for mapper in mappers
        if "user.model.attribute" in mapper["config"]
    }
    assert (sources["username"], sources["email"], sources["lastName"]) == (
        "mail",
        "mail",
        "sn",
    )
    steps = (renewed, gone, back, left)
    assert [[str(change.outcome) for change in step] for step in steps] == [
        ["updated"]
    ] * 4


@pytest.mark.thorough
async def test_a_wrong_directory_is_one_sentence_before_anything_is_applied(
    scene: Scene, directory: Directory, secrets: Settings
) -> None:
    slug = scene.territory.slug
    folder = write_files(secrets, slug, directory, password="wrong")

    async def check() -> list[TenantFault]:
        return await asyncio.to_thread(check_directories, scene.admin, secrets, folder)

    [refused] = await check()
    [finding] = await check_login_providers(secrets)
    secret = secrets.secrets_folder / secret_file(slug, "staff")
    secret.write_text(directory.passwords[directory.bind_dn])
    right = await check()
    [good] = await check_login_providers(secrets)
    secret.unlink()
    [absent] = await check()
    secret.write_text("x")
    directory.stop()
    [away] = await check()

    assert refused.where == absent.where == "login.directory[1].bind_dn"
    assert "refuses this account" in refused.problem
    assert "refuses this account" in finding.message
    assert right == []
    assert "knows our account" in good.message
    assert absent.problem == f"the secret «{secret.name}» is absent."
    assert away.where == "login.directory[1].address"
    assert scene.admin.get("components", type=STORAGE, name=f"{slug}--staff") == []


@pytest.mark.thorough
async def test_people_of_the_directory_log_in_with_its_password(
    scene: Scene, directory: Directory, secrets: Settings
) -> None:
    slug = scene.territory.slug
    parts = write_files(secrets, slug, directory).file.login.directory
    directory.add("ana", "ana's own password", f"ana@{slug}.example")
    directory.add("eve", "eve's own password", "eve@elsewhere.example")
    await asyncio.to_thread(apply_directories, scene.admin, secrets, slug, parts)

    first = await scene.browser().fill_forms(f"ana@{slug}.example", "wrong")
    await scene.browser().fill_forms(f"ana@{slug}.example", "ana's own password")
    [ana] = scene.admin.get("users", username=f"ana@{slug}.example", exact=True)
    eve = scene.admin.get("users", username="eve@elsewhere.example", exact=True)
    confirmed = {"emailVerified": True, "requiredActions": []}
    scene.admin.put(f"users/{ana['id']}", {**ana, **confirmed})
    browser = scene.browser()
    back = await browser.fill_forms(f"ana@{slug}.example", "ana's own password")
    assert back.headers["location"].startswith(scene.territory.origin), (
        back.headers["location"],
        scene.admin.get(f"users/{ana['id']}"),
    )
    home = await browser.get(back.headers["location"])
    who = await browser.get("/who")

    assert first.status_code == 200
    assert (ana["emailVerified"], ana["lastName"]) == (False, "Essai")
    assert eve == []
    assert home.status_code == 303
    assert f"ana@{slug}.example" in who.text
