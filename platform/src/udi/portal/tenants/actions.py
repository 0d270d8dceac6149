"""Making a territory's files true in the portal's register."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.territories import upsert
from udi.kit.web_addresses import origin_of
from udi.portal.tenants.content.images import clean_picture
from udi.portal.tenants.files import TenantFolder
from udi.portal.tenants.models import Tenant
from udi.settings import ProgramName, Settings

PUBLISHED_COLUMNS = (
    "name",
    "tagline",
    "contact",
    "privacy_contact",
    "box",
    "time_zone",
    "mail_sender",
    "theme",
    "theme_css",
    "charter",
    "legal",
    "logo",
    "search",
    "vocabularies",
    "site",
    "fingerprint",
)
"""What the team may change on a page; the database lets its role write these alone."""


def register_values(
    folder: TenantFolder,
    settings: Settings,
    program: ProgramName,
    logout_origins: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The row of a territory in a program's register, from its files.

    `logout_origins`, by name of a provider: where it logs people out, as its metadata say, else as its issuer. Without
    them, the providers are left as they are.
    """
    file = folder.file
    hosts = {"portal": file.hosts.portal, "node": file.hosts.node}
    values: dict[str, Any] = {}
    if program == "portal":
        values["site"] = layout_values(folder)
    if logout_origins is not None:
        values["login_providers"] = _list_providers(folder, logout_origins)
    return values | {
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
        "theme": read_look(folder),
        "theme_css": folder.theme_css,
        "charter": folder.charter,
        "legal": folder.legal,
        "logo": folder.logo.content if folder.logo else None,
        "search": {
            "shared": file.search.shared,
            "territories": list(file.search.territories),
            "partners": [str(partner).rstrip("/") for partner in file.search.partners],
            "synonyms": [
                {
                    "labels": list(concept.labels),
                    "themes": list(concept.themes),
                    "broader": list(concept.broader),
                }
                for concept in folder.synonyms
            ],
        },
        "vocabularies": {
            name: dict(words) for name, words in folder.vocabularies.items()
        },
        "fingerprint": folder.fingerprint,
    }


def layout_values(folder: TenantFolder) -> dict[str, Any]:
    """What every page of the portal knows of the layout: `home`, `menu`, `footer`, and the version of the files."""
    parts = {"home", "menu", "footer"}
    values = folder.file.model_dump(mode="json", include=parts, exclude_defaults=True)
    return {**values, "version": folder.fingerprint}


def _list_providers(
    folder: TenantFolder, logout_origins: Mapping[str, str]
) -> list[dict[str, Any]]:
    return [
        {
            "name": part.name,
            "kind": part.kind,
            "label": part.label,
            "note": part.note,
            "picture": _describe_picture(folder, part.picture),
            "origin": logout_origins.get(part.name) or origin_of(part.issuer_url),
            "rules": [rule.model_dump() for rule in part.groups],
        }
        for part in folder.file.login.provider
    ]


def _describe_picture(folder: TenantFolder, name: str) -> dict[str, Any] | None:
    """The picture of a button, whole: the node has no other way to show it."""
    picture = folder.content.pictures.get(name)
    if picture is None:
        return None
    content = clean_picture(name, folder.files[f"pictures/{name}"])
    encoded = base64.b64encode(content).decode()
    return {
        "address": f"data:{picture.facts.media_type};base64,{encoded}",
        "width": picture.facts.width,
        "height": picture.facts.height,
    }


def read_look(folder: TenantFolder) -> dict[str, Any]:
    """The colours of a territory, and what pages need to show its logo and its icon."""
    look: dict[str, Any] = folder.file.theme.model_dump()
    for name, drawing in (("logo", folder.logo), ("icon", folder.icon)):
        if drawing is not None:
            look[name] = {
                "type": drawing.media_type,
                "width": drawing.width,
                "height": drawing.height,
                "version": hashlib.sha256(drawing.content).hexdigest()[:12],
            }
    return look


async def apply_tenant(
    session: AsyncSession,
    folder: TenantFolder,
    settings: Settings,
    logout_origins: Mapping[str, str] | None = None,
) -> str:
    """Write the territory's row, as the owner: "created", "updated" or "unchanged"."""
    values = register_values(folder, settings, "portal", logout_origins)
    return await upsert(session, Tenant, values)


async def write_register(
    session: AsyncSession, folder: TenantFolder, settings: Settings
) -> None:
    """Write what a page published into the row of the session's territory; what is the operator's stays."""
    values = register_values(folder, settings, "portal")
    published = {name: values[name] for name in PUBLISHED_COLUMNS}
    await session.execute(
        update(Tenant)
        .where(Tenant.id == session.info["tenant"])
        .values(**published, applied_at=now())
        .execution_options(synchronize_session=False)
    )
