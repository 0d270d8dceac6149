"""Making files true everywhere: both databases, the identity service, the hosted node's registration. Repeatable."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from udi.cli import login_services
from udi.cli.applied_marks import make_mark, read_moments, write_mark
from udi.cli.local.plan import DemoAccount, TerritoryAddress
from udi.cli.provisioner import Provisioner, open_provisioner
from udi.cli.secret_files import write_secret
from udi.kit.db import Database
from udi.kit.oidc import node_client_id
from udi.kit.territories import find_taken_hosts, upsert
from udi.node.spaces.actions import apply_space
from udi.node.territories.models import Tenant as NodeTenant
from udi.portal.identity.provision import accounts, admin, operators, realm, territory
from udi.portal.identity.provision.provider_metadata import ProviderMetadata
from udi.portal.installation.new_territory import StartStage
from udi.portal.nodes.actions.register import register_node, update_node
from udi.portal.nodes.queries import find_node
from udi.portal.organisations.actions import apply_organisation
from udi.portal.organisations.team.operator import invite_first_members
from udi.portal.tenants.actions import apply_tenant, read_look, register_values
from udi.portal.tenants.applied_files import (
    NewerVersionError,
    VersionMark,
    apply_files,
    read_mark,
)
from udi.portal.tenants.files import (
    TenantFault,
    TenantFaultsError,
    TenantFolder,
    read_files,
    read_folder,
)
from udi.portal.tenants.models import Tenant as PortalTenant
from udi.portal.tenants.toml.schema import AccountPart
from udi.portal.tenants.versions import find_published, read_manifest
from udi.settings import HOSTED, Settings
from udi.ui.login_theme import client_attributes

GIGABYTE = 10**9


@dataclass(frozen=True)
class ApplyResult:
    """What one apply did: each thing and what became of it."""

    slug: str
    changes: list[tuple[str, str]]
    warnings: list[str]


def read_tenant_folders(settings: Settings) -> list[TenantFolder]:
    """Every territory's files, by slug."""
    return [
        read_folder(path.parent)
        for path in sorted(settings.tenants.glob("*/tenant.toml"))
    ]


def apply_all_folders(settings: Settings) -> None:
    """Apply every territory of the folder; all files are checked before the first is applied.

    Where pages published what the files do not know, what is online stays and is applied in their place.
    """
    folders = read_tenant_folders(settings)
    with open_provisioner(settings) as provisioner:
        for folder in folders:
            mark = read_mark(settings.tenants / folder.slug)
            try:
                apply_with(provisioner, folder, mark)
            except NewerVersionError as error:
                print(
                    f"{folder.slug}: version {error.number} of its pages stays online;"
                    f" take it into the files with `udi tenant pull {folder.slug}`."
                )
                apply_published(settings, folder.slug, folder.tenant_id)


def apply_installation(settings: Settings) -> list[tuple[str, str]]:
    """Make what operators log in with at the installation's own host; each thing and what became of it.

    An installation that has no territory yet has no realm either: it is made first.

    Raises:
        ProvisionError: the identity service refuses, or does not answer.
    """
    connection = admin.connect(settings)
    changes = []
    if admin.find_or_none(connection.get_realm, connection.realm) is None:
        changes += realm.apply_realm(connection, settings)
    changes += operators.apply_operators_client(connection, settings)
    return [(f"{change.kind} {change.name}", change.outcome) for change in changes]


def apply_published(
    settings: Settings, slug: str, tenant: UUID, *, with_operator_values: bool = True
) -> ApplyResult | None:
    """Make true everywhere what is online on the portal: None where no files were applied yet.

    Raises:
        TenantFaultsError: these files are wrong by the rules of now.
    """
    files = asyncio.run(_read_published_files(settings, tenant))
    if files is None:
        return None
    folder = read_files(files, slug)
    return apply_folder(settings, folder, with_operator_values=with_operator_values)


def bring_published(settings: Settings, slug: str, tenant: UUID) -> bool:
    """Bring what the team published on pages to the node and the login pages, where they are of before.

    Raises:
        TenantFaultsError: these files are wrong by the rules of now.
    """
    with open_provisioner(settings) as provisioner:
        return bring_published_with(provisioner, slug, tenant)


def bring_published_with(provisioner: Provisioner, slug: str, tenant: UUID) -> bool:
    """The same for one of several territories, with what they share."""
    if provisioner.run(_has_same_files(provisioner, tenant)):
        return False
    settings = provisioner.settings
    return (
        apply_published(settings, slug, tenant, with_operator_values=False) is not None
    )


async def _has_same_files(provisioner: Provisioner, tenant: UUID) -> bool:
    """Whether portal and node were given the same files of the territory."""
    fingerprints = []
    rows: list[tuple[Database, Any]] = [
        (provisioner.portal, PortalTenant),
        (provisioner.node, NodeTenant),
    ]
    for database, row in rows:
        async with database.platform_session() as session:
            fingerprints.append(
                await session.scalar(select(row.fingerprint).where(row.id == tenant))
            )
    return fingerprints[0] == fingerprints[1]


async def _read_published_files(
    settings: Settings, tenant: UUID
) -> dict[str, bytes] | None:
    portal = Database(settings, "portal", pool_size=1)
    try:
        async with portal.session(tenant, role="worker") as session:
            version = await find_published(session)
            if version is None:
                return None
            return await read_manifest(session, version.manifest)
    finally:
        await portal.close()


def apply_folder(
    settings: Settings,
    folder: TenantFolder,
    mark: VersionMark | None = None,
    *,
    force: bool = False,
    with_operator_values: bool = True,
    tell: Callable[[StartStage], None] = lambda _stage: None,
    stores_credential: bool = True,
) -> ApplyResult:
    """Make one territory's files true everywhere, with connections of its own: see `apply_with`."""
    with open_provisioner(settings) as provisioner:
        return apply_with(
            provisioner,
            folder,
            mark,
            force=force,
            with_operator_values=with_operator_values,
            tell=tell,
            stores_credential=stores_credential,
        )


def apply_changed(
    provisioner: Provisioner,
    folder: TenantFolder,
    mark: VersionMark | None = None,
    *,
    force: bool = False,
) -> ApplyResult:
    """Make one territory's files true as `apply_with` does; one that was applied with the same is left alone.

    The realm is looked at all the same, and so are the invitations of a territory that nobody runs yet.
    """
    if not provisioner.applied.has(folder):
        return apply_with(provisioner, folder, mark, force=force)
    changes = [
        (f"{change.kind} {change.name}", str(change.outcome))
        for change in provisioner.apply_realm()
    ]
    changes.append(("its files", "unchanged"))
    changes += provisioner.run(_invite_team(provisioner.portal, folder))
    return ApplyResult(folder.slug, changes, [])


def apply_with(
    provisioner: Provisioner,
    folder: TenantFolder,
    mark: VersionMark | None = None,
    *,
    force: bool = False,
    with_operator_values: bool = True,
    tell: Callable[[StartStage], None] = lambda _stage: None,
    stores_credential: bool = True,
) -> ApplyResult:
    """Make one territory's files true everywhere; `mark` is the version that they were taken from.

    Without `with_operator_values`, identity services of others and the spaces of producers are left as they are.
    `tell` is called before each stage. Without `stores_credential`, no file is written for the hosted node: it derives its
    credential.

    Raises:
        TenantFaultsError: a host belongs to another territory, or an identity service of others is not as the files
            say; nothing was applied.
        NewerVersionError: pages published what these files do not know, and `force` is not said; nothing was applied.
    """
    metadata = None
    if with_operator_values:
        checks = login_services.check_login_services(
            provisioner.portal, provisioner.settings, folder, provisioner.identity
        )
        metadata = provisioner.run(checks)
    tell(StartStage.DATABASES)
    rows = _apply_rows(provisioner, folder, mark, metadata, force=force)
    changes = provisioner.run(rows)
    tell(StartStage.IDENTITY)
    done = _apply_identity(provisioner, folder, metadata)
    changes += [(f"{change.kind} {change.name}", change.outcome) for change in done]
    registered = _register_hosted_node(
        provisioner, folder, stores_credential=stores_credential
    )
    changes.append(("hosted node", registered))
    tell(StartStage.INVITATION)
    changes += provisioner.run(_invite_team(provisioner.portal, folder))
    _mark_applied(provisioner, folder, is_whole=with_operator_values)
    return ApplyResult(
        folder.slug, changes, login_services.list_unknown_claims(folder, metadata or {})
    )


def _apply_identity(
    provisioner: Provisioner,
    folder: TenantFolder,
    metadata: Mapping[str, ProviderMetadata] | None,
) -> list[admin.ProvisionChange]:
    settings = provisioner.settings
    connection = provisioner.identity
    done = provisioner.apply_realm()
    done += territory.apply_territory(
        connection,
        settings,
        slug=folder.slug,
        name=next(iter(folder.file.territory.name.values())),
        origins={
            "portal": _origin(settings, folder, "portal"),
            "node": _origin(settings, folder, "node"),
        },
        organisations=[(part.slug, part.name) for part in folder.file.organisation],
        theme=client_attributes(
            folder.slug,
            folder.file.territory.name,
            read_look(folder),
            _origin(settings, folder, "portal"),
        ),
    )
    if metadata is not None:
        done += login_services.apply_login_services(
            connection, settings, folder, metadata
        )
    if settings.demo:
        done += [
            accounts.apply_account(connection, settings, folder.slug, part)
            for part in folder.file.account
        ]
    return done


def _origin(settings: Settings, folder: TenantFolder, program: str) -> str:
    if program == "portal":
        return settings.origin("portal", folder.file.hosts.portal[0])
    return settings.origin("node", folder.file.hosts.node[0])


async def _apply_rows(
    provisioner: Provisioner,
    folder: TenantFolder,
    mark: VersionMark | None,
    metadata: Mapping[str, ProviderMetadata] | None,
    *,
    force: bool,
) -> list[tuple[str, str]]:
    origins = None
    quotas: dict[str, int] = {}
    if metadata is not None:
        origins = {name: known.logout_origin for name, known in metadata.items()}
        quotas = {
            part.slug: part.quota_gb * GIGABYTE for part in folder.file.organisation
        }
    settings = provisioner.settings
    portal = provisioner.portal
    node = provisioner.node
    await _refuse_taken_hosts(portal, node, folder)
    async with portal.session(folder.tenant_id, role="owner") as session:
        version = await apply_files(session, folder.files, mark, force=force)
        in_portal = await apply_tenant(session, folder, settings, origins)
    async with node.platform_session(role="owner") as session:
        values = register_values(folder, settings, "node", origins)
        in_node = await upsert(session, NodeTenant, values)
    async with portal.session(folder.tenant_id, role="worker") as session:
        for part in folder.file.organisation:
            await apply_organisation(
                session,
                id=folder.organisation_id(part),
                slug=part.slug,
                name=part.name,
                summary=part.summary,
                email=part.email,
                url=str(part.url or ""),
                address=part.address,
                kind=part.kind,
            )
    async with node.session(folder.tenant_id, role="worker") as session:
        for part in folder.file.organisation:
            await apply_space(
                session,
                slug=part.slug,
                organisation_id=folder.organisation_id(part),
                name=part.name,
                email=part.email,
                quota_bytes=quotas.get(part.slug),
            )
    return [
        ("version of its files", "created" if version else "unchanged"),
        ("territory on the portal", in_portal),
        ("territory on the node", in_node),
    ]


async def _invite_team(portal: Database, folder: TenantFolder) -> list[tuple[str, str]]:
    """Invite those of `[[team]]` while the territory has nobody who runs it."""
    async with portal.session(folder.tenant_id, role="worker") as session:
        outcomes = await invite_first_members(
            session,
            [part.email for part in folder.file.team],
            folder.file.territory.languages[0],
        )
    return [(f"team member {email}", outcome) for email, outcome in outcomes]


async def _refuse_taken_hosts(
    portal: Database, node: Database, folder: TenantFolder
) -> None:
    """A host of one territory is no host of another, whichever program answers there."""
    hosts = folder.file.hosts
    requested_hosts = [*hosts.portal, *hosts.node]
    rows: list[tuple[Database, Any]] = [(portal, PortalTenant), (node, NodeTenant)]
    owner_by_host: dict[str, str] = {}
    for database, row in rows:
        async with database.platform_session(role="owner") as session:
            owner_by_host |= await find_taken_hosts(
                session, row, folder.slug, requested_hosts
            )
    faults = [
        TenantFault(
            "tenant.toml",
            "hosts.portal" if host in hosts.portal else "hosts.node",
            f"{host} belongs to the territory «{slug}».",
            "Choose another host name.",
        )
        for host, slug in owner_by_host.items()
    ]
    if faults:
        raise TenantFaultsError(faults)


def _mark_applied(
    provisioner: Provisioner, folder: TenantFolder, *, is_whole: bool
) -> None:
    """Note what a territory was applied with; nothing where what is the operator's was left as it was."""
    mark = ""
    if is_whole:
        moments = read_moments(provisioner.portal, provisioner.node, folder.tenant_id)
        mark = make_mark(provisioner.settings, folder, provisioner.run(moments))
    write_mark(provisioner.identity, folder.slug, mark)


def _register_hosted_node(
    provisioner: Provisioner, folder: TenantFolder, *, stores_credential: bool
) -> str:
    """The hosted node is a node like any other: registered, with a credential that only it has.

    A start of a territory writes no secret: it gives the node the one that it derives from its own key.
    """
    settings = provisioner.settings
    connection = provisioner.identity
    credential = settings.secrets_folder / f"node_credential_{folder.slug}"
    client = node_client_id(folder.slug, HOSTED)
    is_storable = stores_credential and os.access(settings.secrets_folder, os.W_OK)
    secret = None
    if not credential.exists():
        secret = territory.choose_secret(
            connection, settings, client, is_storable=is_storable
        )
    machine = territory.apply_machine(
        connection, client, _origin(settings, folder, "portal"), secret=secret
    )
    if machine.secret and is_storable:
        write_secret(settings, credential.name, lambda: machine.secret or "")
    provisioner.run(_save_hosted_node(provisioner, folder, client))
    return str(machine.change.outcome)


async def _save_hosted_node(
    provisioner: Provisioner, folder: TenantFolder, client: str
) -> None:
    name = f"Nœud mutualisé {folder.slug}"
    url = _origin(provisioner.settings, folder, "node")
    async with provisioner.portal.session(folder.tenant_id, role="worker") as session:
        node = await find_node(session, HOSTED)
        if node is None:
            await register_node(
                session,
                slug=HOSTED,
                name=name,
                url=url,
                client_id=client,
                hosted=True,
            )
        elif node.url != url:
            await update_node(session, node, name=name, url=url)


def list_territory_addresses(settings: Settings) -> Sequence[TerritoryAddress]:
    """Where each territory answers."""
    return [
        TerritoryAddress(
            folder.slug,
            _origin(settings, folder, "portal"),
            _origin(settings, folder, "node"),
        )
        for folder in read_tenant_folders(settings)
    ]


def list_demo_accounts(settings: Settings) -> Sequence[DemoAccount]:
    """The demonstration accounts that exist, with their passwords."""
    existing_accounts = []
    for folder in read_tenant_folders(settings):
        for part in folder.file.account:
            path = settings.secrets_folder / accounts.account_secret(
                folder.slug, part.username
            )
            if path.exists():
                existing_accounts.append(
                    DemoAccount(part.username, path.read_text().strip(), _role(part))
                )
    return existing_accounts


def _role(account: AccountPart) -> str:
    words = [
        f"{' and '.join(groups)} of {slug}"
        for slug, groups in account.organisations.items()
    ]
    return (
        ", ".join((["the territory's team"] if account.moderator else []) + words)
        or "inhabitant"
    )
