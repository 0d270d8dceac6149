"""Identity services of others: each one answers, knows our secret and has the claims of the rules."""

from udi.cli.finding import Finding, fault, ok, warning
from udi.portal.identity.provision import admin
from udi.portal.identity.provision.directories import check_directory
from udi.portal.identity.provision.provider_checks import (
    describe_fault,
    list_unknown_claims,
    read_metadata,
)
from udi.portal.identity.provision.provider_metadata import ProviderError
from udi.portal.tenants.files import TenantFaultsError, TenantFolder, read_folder
from udi.portal.tenants.toml.schema import DirectoryPart, ProviderPart
from udi.settings import MissingSecretError, Settings

PART = "login provider"
CLAIM_REMEDY = (
    "Compare with what the provider sends: without the claim, its rules give nothing."
)


async def check_login_providers(settings: Settings) -> list[Finding]:
    """Each provider of each territory's files; nothing where there is none."""
    findings = []
    for path in sorted(settings.tenants.glob("*/tenant.toml")):
        try:
            folder = read_folder(path.parent)
        except TenantFaultsError:
            name = path.parent.name
            message = "Not looked at: the files of the territory have faults."
            remedy = f"`udi tenant check {name}` names each."
            findings.append(warning(PART, name, message, remedy))
            continue
        findings += [
            await _check_provider(settings, folder, part)
            for part in folder.file.login.provider
        ]
        findings += [
            _check_directory(settings, folder, part)
            for part in folder.file.login.directory
        ]
    return findings


def _check_directory(
    settings: Settings, folder: TenantFolder, part: DirectoryPart
) -> Finding:
    name = f"{folder.slug} {part.name}"
    connection = admin.connect(settings)
    described = check_directory(connection, settings, folder.slug, part, PART)
    if described is not None:
        return fault(PART, name, described.problem, described.remedy)
    return ok(PART, name, f"{part.address} answers, and knows our account.")


async def _check_provider(
    settings: Settings, folder: TenantFolder, part: ProviderPart
) -> Finding:
    name = f"{folder.slug} {part.name}"
    try:
        metadata = await read_metadata(
            admin.connect(settings), settings, folder.slug, part
        )
    except (MissingSecretError, ProviderError) as error:
        described = describe_fault(error, folder.slug, part, PART)
        return fault(PART, name, described.problem, described.remedy)
    if unknown := list_unknown_claims(part, metadata):
        message = f"Does not announce {', '.join(unknown)}."
        return warning(PART, name, message, CLAIM_REMEDY)
    return ok(PART, name, f"{part.issuer_url} answers.")
