"""Making a territory's files true in the portal's register."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.territories import upsert
from udi.portal.tenants.files import TenantFolder
from udi.portal.tenants.models import Tenant
from udi.settings import ProgramName, Settings


def register_values(
    folder: TenantFolder, settings: Settings, program: ProgramName
) -> dict[str, Any]:
    """The row of a territory in a program's register, from its files."""
    file = folder.file
    hosts = {"portal": file.hosts.portal, "node": file.hosts.node}
    return {
        "id": folder.tenant_id,
        "slug": folder.slug,
        "name": file.territory.name,
        "tagline": file.territory.tagline,
        "languages": file.territory.languages,
        "hosts": hosts[program],
        "links": {
            "portal": settings.origin("portal", hosts["portal"][0]),
            "node": settings.origin("node", hosts["node"][0]),
        },
        "time_zone": file.territory.time_zone,
        "second_factor": file.login.second_factor,
        "box": list(file.territory.box) if file.territory.box else None,
        "contact": file.territory.contact,
        "privacy_contact": file.territory.privacy_contact,
        "mail_sender": {"name": file.mail.sender_name, "address": file.mail.sender},
        "theme": file.theme.model_dump(),
        "theme_css": folder.theme_css,
        "charter": folder.charter,
        "legal": folder.legal,
        "logo": folder.logo,
        "search": {
            "shared": file.search.shared,
            "partners": [str(partner).rstrip("/") for partner in file.search.partners],
            "synonyms": [
                {"labels": list(concept.labels), "themes": list(concept.themes)}
                for concept in folder.synonyms
            ],
        },
        "vocabularies": {
            name: dict(words) for name, words in folder.vocabularies.items()
        },
        "fingerprint": folder.fingerprint,
    }


async def apply_tenant(
    session: AsyncSession, folder: TenantFolder, settings: Settings
) -> str:
    """Write the territory's row, as the owner: "created", "updated" or "unchanged"."""
    return await upsert(session, Tenant, register_values(folder, settings, "portal"))
