"""Identity services of others and directories of a territory: looked at, then made true at Keycloak."""

import asyncio
from collections.abc import Mapping

from udi.kit.db import Database
from udi.portal.identity.provision import admin, directories, provider_checks, providers
from udi.portal.identity.provision.provider_metadata import ProviderMetadata
from udi.portal.organisations.queries import list_slugs
from udi.portal.tenants.files import TenantFaultsError, TenantFolder
from udi.settings import Settings


async def check_login_services(
    portal: Database,
    settings: Settings,
    folder: TenantFolder,
    connection: admin.RealmAdmin,
) -> dict[str, ProviderMetadata]:
    """The metadata of the identity services of others, by name.

    Raises:
        TenantFaultsError: one of them, or a directory, is not as the files say.
    """
    faults = await asyncio.to_thread(
        directories.check_directories, connection, settings, folder
    )
    if faults:
        raise TenantFaultsError(faults)
    if not folder.file.login.provider:
        return {}
    async with portal.session(folder.tenant_id, role="worker") as session:
        organisations = await list_slugs(session)
    return await provider_checks.check_providers(
        connection, settings, folder, organisations
    )


def apply_login_services(
    connection: admin.RealmAdmin,
    settings: Settings,
    folder: TenantFolder,
    metadata: Mapping[str, ProviderMetadata],
) -> list[admin.ProvisionChange]:
    """Make the identity services of others and the directories of a territory."""
    login = folder.file.login
    return [
        *providers.apply_providers(
            connection, settings, folder.slug, login.provider, metadata
        ),
        *directories.apply_directories(
            connection, settings, folder.slug, login.directory
        ),
    ]


def list_unknown_claims(
    folder: TenantFolder, metadata: Mapping[str, ProviderMetadata]
) -> list[str]:
    """A sentence for each claim of a rule that its provider does not announce."""
    return [
        f"The provider «{part.name}» does not announce the claim «{claim}»: if it does not send it, its rules give nothing."
        for part in folder.file.login.provider
        if part.name in metadata
        for claim in provider_checks.list_unknown_claims(part, metadata[part.name])
    ]
