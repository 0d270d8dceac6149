"""Connectors of a project: written by whoever leads it, known by the secret that they show."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.credentials import SecretKind
from udi.kit.errors import ConflictError, InvalidError, NotFoundError, Refusal
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.agreements.credentials import revoke_credentials
from udi.portal.access.models import ProjectCredential
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.projects.models import Project
from udi.protocol.agreement import fingerprint
from udi.protocol.shapes import is_url
from udi.protocol.terms import Purpose

CONNECTOR = SecretKind(name="connector of a project", prefix="udi_connector_")
MOST, LONGEST_NAME, LONGEST_ADDRESS, LONGEST_TOKEN, LONGEST_WORDS = 20, 80, 500, 8_000, 5_000
"""Connectors of one project that live at once; lengths in characters."""


@dataclass(frozen=True)
class Described:
    """What the form says of a connector, as it was typed."""

    name: str = ""
    participant: str = ""
    address: str = ""
    token: str = ""
    purpose: str = ""
    words: str = ""
    interest: str = ""


def check(said: Described, *, plain: bool) -> list[Refusal]:
    """What is wrong with it; `plain`, where an address without TLS may be named."""
    refusals = []
    if not said.name or len(said.name) > LONGEST_NAME:
        refusals.append(
            Refusal("name", "Give it a name that says which machine it is.", "Write 80 characters at most.")
        )
    if not said.participant or len(said.participant) > LONGEST_ADDRESS:
        refusals.append(
            Refusal("participant", "It is not said how it is called in its data space.", "Ask whoever runs it.")
        )
    parts = urlsplit(said.address) if is_url(said.address) else None
    if parts is None or len(said.address) > LONGEST_ADDRESS or parts.query or parts.fragment or parts.username:
        refusals.append(
            Refusal("address", "This is not the address of a connector.", "It begins with https:// and has no “?”.")
        )
    elif parts.scheme != "https" and not plain:
        refusals.append(
            Refusal("address", "What is sent there could be read on the way.", "Give its https:// address.")
        )
    if len(said.token) > LONGEST_TOKEN or not said.token.isascii() or any(sign.isspace() for sign in said.token):
        refusals.append(Refusal("token", "This is not a secret.", "Copy it again, without spaces."))
    if said.purpose not in {each.value for each in Purpose}:
        refusals.append(Refusal("purpose", "It is not said what the data are for.", "Choose one of the uses."))
    if not said.words or len(said.words) > LONGEST_WORDS:
        refusals.append(
            Refusal("words", "It is not said what you would do with the data.", "Say it in a few sentences.")
        )
    if len(said.interest) > LONGEST_WORDS:
        refusals.append(Refusal("interest", "This is very long.", "Write 5000 characters at most."))
    return refusals


async def add_connector(
    session: AsyncSession, actor: Actor, project: Project, said: Described, *, plain: bool = False
) -> tuple[Connector, str]:
    """A new one, and the secret that it shows here, which nobody can read again.

    Raises:
        InvalidError: something is wrong, each thing named by its field.
        ConflictError: the project has enough of them.
    """
    if refusals := check(said, plain=plain):
        raise InvalidError(refusals=refusals)
    own = (Connector.project_id == project.id, Connector.revoked_at.is_(None))
    if (await session.scalar(select(func.count()).where(*own)) or 0) >= MOST:
        raise ConflictError("This project has twenty connectors.", remedy="Revoke one that is not used any more.")
    secret = CONNECTOR.draw()
    connector = Connector(
        project_id=project.id, name=said.name, participant=said.participant, address=said.address.rstrip("/"),
        token=said.token, sha256=fingerprint(secret), purpose=said.purpose, words=said.words, interest=said.interest,
        made_by=actor.person_id, made_at=now(),
    )  # fmt: skip
    session.add(connector)
    await session.flush()
    audit.record(session, actor, "connector.made", project.id, connector=str(connector.id))
    return connector, secret


async def renew_connector(session: AsyncSession, actor: Actor, connector: Connector) -> str:
    """A new secret; the former is refused from now on.

    Raises:
        ConflictError: it was revoked.
    """
    if connector.revoked_at is not None:
        raise ConflictError("This connector was revoked.", remedy="Add it anew.")
    secret = CONNECTOR.draw()
    connector.sha256 = fingerprint(secret)
    await session.flush()
    audit.record(session, actor, "connector.renewed", connector.project_id, connector=str(connector.id))
    return secret


async def revoke_connector(session: AsyncSession, actor: Actor | None, connector: Connector) -> None:
    """Speak with it no more, forget what it wanted to be shown, and end what its transfers were given."""
    if connector.revoked_at is None:
        connector.revoked_at = now()
        connector.token = ""
        await session.flush()
        given = select(DataspaceProcess.credential_id).where(DataspaceProcess.connector_id == connector.id)
        await revoke_credentials(session, ProjectCredential.id.in_(given))
        audit.record(session, actor, "connector.revoked", connector.project_id, connector=str(connector.id))


async def list_connectors(session: AsyncSession, project: Project) -> Sequence[Connector]:
    """Those of a project, the living first."""
    query = select(Connector).where(Connector.project_id == project.id)
    order = (Connector.revoked_at.is_not(None), Connector.made_at.desc(), Connector.id)
    return (await session.scalars(query.order_by(*order))).all()


async def get_connector(session: AsyncSession, project: Project, id_: UUID) -> Connector:
    """One of a project, locked.

    Raises:
        NotFoundError: the project has none of this identifier.
    """
    own = (Connector.id == id_, Connector.project_id == project.id)
    if (found := await session.scalar(select(Connector).where(*own).with_for_update())) is None:
        raise NotFoundError
    return found


async def find_speaking(session: AsyncSession, secret: str) -> Connector | None:
    """The connector that shows this secret."""
    if not CONNECTOR.fits(secret):
        return None
    own = (Connector.sha256 == fingerprint(secret), Connector.revoked_at.is_(None))
    return await session.scalar(select(Connector).where(*own))


def lies_below(connector: Connector, address: str) -> bool:
    """Whether an address is the connector's: the same scheme, host and port, and a path below its own."""
    own, named = urlsplit(connector.address), urlsplit(address)
    if (own.scheme, own.netloc) != (named.scheme, named.netloc) or named.query or named.fragment:
        return False
    path = own.path.rstrip("/")
    return ".." not in named.path.split("/") and (named.path == path or named.path.startswith(f"{path}/") or not path)
