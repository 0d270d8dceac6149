"""The public key of a project, for which RUDI nodes encrypt their files: given, taken back, told to the node that asks."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.errors import InvalidError, NotFoundError, field_error
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.agreements.transitions import AgreementState
from udi.portal.access.models import AccessAgreement, ProjectKey
from udi.portal.projects.models import Project

FIELD = "public_key"
LEAST = 2048
MOST = 8192
LONGEST = 10_000
"""Bits of a key, and characters in which it is written."""
PRIVATE = ("PRIVATE KEY", "PuTTY-User-Key-File")
OPEN = (AgreementState.ACTIVE, AgreementState.REVOKING)


def read_public_key(pem_text: str) -> RSAPublicKey:
    """A public RSA key in PEM.

    Raises:
        InvalidError: it is anything else, a private key above all.
    """
    if any(word in pem_text for word in PRIVATE):
        raise _key_refusal(
            "This is a private key: it must stay with you. Nothing of it was kept here.",
            "Give the public half, which begins with -----BEGIN PUBLIC KEY-----.",
        )
    try:
        key = load_pem_public_key(pem_text[:LONGEST].strip().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _key_refusal(
            "No public key was found here.",
            "Paste the whole file, its first and last lines too.",
        ) from error
    if not isinstance(key, RSAPublicKey):
        raise _key_refusal(
            "This is not an RSA key, and RUDI’s nodes encrypt for RSA keys.",
            "Create one of 3,072 bits.",
        )
    if not LEAST <= key.key_size <= MOST:
        raise _key_refusal(
            "This key has %(bits)s bits.",
            "Create one of 3,072 bits.",
            bits=key.key_size,
        )
    return key


def _key_refusal(reason: str, remedy: str, **values: object) -> InvalidError:
    return field_error(FIELD, reason, remedy, values=values)


async def find_key(session: AsyncSession, project: UUID) -> ProjectKey | None:
    """The key that a project gave, if any."""
    return await session.scalar(
        select(ProjectKey).where(ProjectKey.project_id == project)
    )


async def save_key(
    session: AsyncSession, actor: Actor, project: Project, pem_text: str
) -> None:
    """Keep the public key of a project, in the place of the former.

    Raises:
        InvalidError: it is no public RSA key, or one that is too weak.
    """
    key = read_public_key(pem_text)
    der, pem = (
        key.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        for encoding in (Encoding.DER, Encoding.PEM)
    )
    row = await find_key(session, project.id) or ProjectKey(project_id=project.id)
    row.pem = pem.decode()
    row.sha256 = hashlib.sha256(der).hexdigest()
    row.bits = key.key_size
    row.registered_at = now()
    session.add(row)
    await session.flush()
    audit.record(session, actor, "project_key.given", project.id, sha256=row.sha256)


async def remove_key(session: AsyncSession, actor: Actor, project: Project) -> None:
    """Forget the key of a project: nodes that ask find none from now on."""
    row = await find_key(session, project.id)
    if row is None:
        return
    await session.delete(row)
    await session.flush()
    audit.record(session, actor, "project_key.removed", project.id, sha256=row.sha256)


async def find_encryption_key(session: AsyncSession, datasets: Sequence[UUID]) -> str:
    """The one public key (PEM) for which the files of these datasets may be encrypted now.

    RUDI has one file for all readers, hence one key: that of the project with an open agreement that gave one.

    Raises:
        NotFoundError: no such project gave one, or several did; says what to do.
    """
    moment = now()
    reading = select(AccessAgreement.project_id).where(
        AccessAgreement.dataset_id.in_(datasets),
        AccessAgreement.state.in_(OPEN),
        AccessAgreement.starts_at <= moment,
        AccessAgreement.ends_at > moment,
    )
    keys = (
        await session.scalars(
            select(ProjectKey.pem).where(ProjectKey.project_id.in_(reading))
        )
    ).all()
    if not keys:
        raise NotFoundError(
            "No project that may read this dataset now has given a key.",
            remedy="Ask the leader of the project to give its public key, on the page of the data accessible to the project.",
        )
    if len(keys) > 1:
        raise NotFoundError(
            "Several projects that may read this dataset have given a key, and a file is encrypted for one.",
            remedy="Publish a dataset for each of these projects, with an agreement each.",
        )
    return keys[0]
