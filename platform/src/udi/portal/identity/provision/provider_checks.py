"""Looking at the providers of a territory before anything is applied: each fault is one sentence."""

import asyncio
from collections.abc import Collection, Iterator

from udi.portal.identity.provision.admin import RealmAdmin
from udi.portal.identity.provision.directories import list_directory_owners
from udi.portal.identity.provision.provider_metadata import (
    ProviderError,
    ProviderMetadata,
    check_saml_metadata,
    read_openid_metadata,
    read_saml_metadata,
)
from udi.portal.identity.provision.providers import find_domain_owner, secret_file
from udi.portal.tenants.files import TenantFault, TenantFaultsError, TenantFolder
from udi.portal.tenants.toml.schema import ProviderPart
from udi.settings import MissingSecretError, Settings

REMEDIES = {
    "issuer": "Correct the address, or ask whoever runs it; then apply again.",
    "client_id": "Give the play the secret of this client as «{file}» of `secrets_login_providers`, and run it; with `udi up`, write the file.",
}


async def check_providers(
    admin: RealmAdmin,
    settings: Settings,
    folder: TenantFolder,
    organisations: Collection[str],
) -> dict[str, ProviderMetadata]:
    """The metadata of a territory's providers, by name; `organisations` are the slugs of those that the portal knows.

    Raises:
        TenantFaultsError: one does not answer, refuses its secret, or names what is not there or another's.
    """
    known = {*organisations, *(part.slug for part in folder.file.organisation)}
    metadata = {}
    faults: list[TenantFault] = []
    for number, part in enumerate(folder.file.login.provider, 1):
        where = f"login.provider[{number}]"
        faults += check_organisations(part, where, known)
        if part.domain:
            faults += await asyncio.to_thread(
                _check_domain, admin, folder.slug, part.domain, where
            )
        try:
            metadata[part.name] = await read_metadata(
                admin, settings, folder.slug, part
            )
        except (MissingSecretError, ProviderError) as error:
            faults.append(describe_fault(error, folder.slug, part, where))
    if faults:
        raise TenantFaultsError(faults)
    return metadata


def describe_fault(
    error: MissingSecretError | ProviderError,
    territory: str,
    part: ProviderPart,
    where: str,
) -> TenantFault:
    """What is wrong with a provider of a territory (its slug), and what to do."""
    file = secret_file(territory, part.name)
    if isinstance(error, ProviderError):
        key = error.key
        problem = str(error)
    else:
        key = "client_id"
        problem = f"the secret «{file}» is absent."
    remedy = REMEDIES[key].format(file=file)
    return TenantFault("tenant.toml", f"{where}.{key}", problem, remedy)


def _check_domain(
    admin: RealmAdmin, territory: str, domain: str, where: str
) -> list[TenantFault]:
    """A domain is of one territory: of its organisation, by a provider, or of a directory."""
    if admin.get("") is None:  # no realm yet
        return []
    owners = {find_domain_owner(admin, domain), *list_directory_owners(admin, domain)}
    others = sorted(owners - {"", territory})
    if not others:
        return []
    return [
        TenantFault(
            "tenant.toml",
            f"{where}.domain",
            f"{domain} belongs to the territory «{others[0].partition('--')[0]}».",
            "A domain leads to one territory: leave it out, or have the other give it up.",
        )
    ]


def check_organisations(
    part: ProviderPart, where: str, known: Collection[str]
) -> Iterator[TenantFault]:
    """Rules that name an organisation that is not there."""
    for number, rule in enumerate(part.groups, 1):
        if rule.organisation not in known:
            yield TenantFault(
                "tenant.toml",
                f"{where}.groups[{number}].organisation",
                f"no organisation has the slug «{rule.organisation}».",
                f"Choose among {', '.join(sorted(known)) or 'none'}.",
            )


async def read_metadata(
    admin: RealmAdmin, settings: Settings, territory: str, part: ProviderPart
) -> ProviderMetadata:
    """What a provider of a territory (its slug) says of itself.

    Raises:
        ProviderError: it does not answer, is another one, or refuses the secret.
        MissingSecretError: there is no secret for it.
    """
    if part.kind == "saml":
        await check_saml_metadata(part)
        return await asyncio.to_thread(read_saml_metadata, admin, part)
    secret = settings.secret(secret_file(territory, part.name))
    return await read_openid_metadata(part, secret, settings.private_hosts)


def list_unknown_claims(part: ProviderPart, metadata: ProviderMetadata) -> list[str]:
    """Claims of the rules that the provider does not announce, where it announces any: many have more than they say."""
    if not metadata.claims:
        return []
    claims = {rule.claim for rule in part.groups}
    return sorted(claims - metadata.claims)
