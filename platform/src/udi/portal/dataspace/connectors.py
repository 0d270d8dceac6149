"""Connectors of a project: written by whoever leads it, known by the secret that they show."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from udi.kit.clock import now
from udi.kit.credentials import SecretKind
from udi.kit.errors import ConflictError, InvalidError, NotFoundError, Refusal, Refusals
from udi.kit.identity import Actor
from udi.portal import audit
from udi.portal.access.agreements.credentials import revoke_credentials
from udi.portal.access.models import ProjectCredential
from udi.portal.dataspace.models import Connector, DataspaceProcess
from udi.portal.projects.models import Project
from udi.protocol.agreement import fingerprint
from udi.protocol.terms import Purpose
from udi.protocol.validators import is_url

CONNECTOR = SecretKind(name="connector of a project", prefix="udi_connector_")
MOST = 20
LONGEST_NAME = 80
LONGEST_ADDRESS = 500
LONGEST_TOKEN = 8_000
LONGEST_WORDS = 5_000
"""Connectors of one project that live at once; lengths in characters."""


@dataclass(frozen=True)
class ConnectorInput:
    """What the form says of a connector, as it was typed."""

    name: str = ""
    participant: str = ""
    address: str = ""
    token: str = ""
    purpose: str = ""
    words: str = ""
    interest: str = ""


def check_connector(connector_input: ConnectorInput, *, plain: bool) -> list[Refusal]:
    """What is wrong with it; `plain`, where an address without TLS may be named."""
    refusals = Refusals()
    if not connector_input.name or len(connector_input.name) > LONGEST_NAME:
        refusals.refuse(
            "name",
            "Give it a name that says which machine it is.",
            "Write 80 characters at most.",
        )
    if (
        not connector_input.participant
        or len(connector_input.participant) > LONGEST_ADDRESS
    ):
        refusals.refuse(
            "participant",
            "Its name in its data space is missing.",
            "Ask the person who runs it.",
        )
    refusals += _check_address(connector_input.address, plain=plain)
    if (
        len(connector_input.token) > LONGEST_TOKEN
        or not connector_input.token.isascii()
        or any(sign.isspace() for sign in connector_input.token)
    ):
        refusals.refuse(
            "token", "This is not a secret.", "Copy it again, without spaces."
        )
    return refusals + _check_intended_use(connector_input)


def _check_address(address: str, *, plain: bool) -> list[Refusal]:
    if is_url(address):
        parts = urlsplit(address)
    else:
        parts = None
    if (
        parts is None
        or len(address) > LONGEST_ADDRESS
        or parts.query
        or parts.fragment
        or parts.username
    ):
        return [
            Refusal(
                "address",
                "This is not the address of a connector.",
                "It begins with https:// and has no “?”.",
            )
        ]
    if parts.scheme != "https" and not plain:
        return [
            Refusal(
                "address",
                "What is sent there could be read on the way.",
                "Give its https:// address.",
            )
        ]
    return []


def _check_intended_use(connector_input: ConnectorInput) -> list[Refusal]:
    """What is wrong with what it asks data for: the purpose, the words, the general interest."""
    refusals = Refusals()
    if connector_input.purpose not in {purpose.value for purpose in Purpose}:
        refusals.refuse(
            "purpose",
            "The use of the data is missing.",
            "Choose one of the uses.",
        )
    if not connector_input.words or len(connector_input.words) > LONGEST_WORDS:
        refusals.refuse(
            "words",
            "What you would do with the data is missing.",
            "Describe it in a few sentences.",
        )
    if len(connector_input.interest) > LONGEST_WORDS:
        refusals.refuse(
            "interest", "This is very long.", "Write 5000 characters at most."
        )
    return refusals


async def add_connector(
    session: AsyncSession,
    actor: Actor,
    project: Project,
    connector_input: ConnectorInput,
    *,
    plain: bool = False,
) -> tuple[Connector, str]:
    """A new one, and the secret that it shows here, which nobody can read again.

    Raises:
        InvalidError: something is wrong, each thing named by its field.
        ConflictError: the project has enough of them.
    """
    if refusals := check_connector(connector_input, plain=plain):
        raise InvalidError(refusals=refusals)
    conditions = (Connector.project_id == project.id, Connector.revoked_at.is_(None))
    if (await session.scalar(select(func.count()).where(*conditions)) or 0) >= MOST:
        raise ConflictError(
            "This project has twenty connectors.",
            remedy="Revoke one that is not used any more.",
        )
    secret = CONNECTOR.generate()
    connector = Connector(
        project_id=project.id,
        name=connector_input.name,
        participant=connector_input.participant,
        address=connector_input.address.rstrip("/"),
        token=connector_input.token,
        sha256=fingerprint(secret),
        purpose=connector_input.purpose,
        words=connector_input.words,
        interest=connector_input.interest,
        created_by=actor.person_id,
        created_at=now(),
    )
    session.add(connector)
    await session.flush()
    audit.record(
        session, actor, "connector.made", project.id, connector=str(connector.id)
    )
    return connector, secret


async def renew_connector(
    session: AsyncSession, actor: Actor, connector: Connector
) -> str:
    """A new secret; the former is refused from now on.

    Raises:
        ConflictError: it was revoked.
    """
    if connector.revoked_at is not None:
        raise ConflictError("This connector was revoked.", remedy="Add it again.")
    secret = CONNECTOR.generate()
    connector.sha256 = fingerprint(secret)
    await session.flush()
    audit.record(
        session,
        actor,
        "connector.renewed",
        connector.project_id,
        connector=str(connector.id),
    )
    return secret


async def revoke_connector(
    session: AsyncSession, actor: Actor | None, connector: Connector
) -> None:
    """Speak with it no more, forget what it wanted to be shown, and end what its transfers were given."""
    if connector.revoked_at is None:
        connector.revoked_at = now()
        connector.token = ""
        await session.flush()
        credential_ids = select(DataspaceProcess.credential_id).where(
            DataspaceProcess.connector_id == connector.id
        )
        await revoke_credentials(session, ProjectCredential.id.in_(credential_ids))
        audit.record(
            session,
            actor,
            "connector.revoked",
            connector.project_id,
            connector=str(connector.id),
        )


async def list_connectors(
    session: AsyncSession, project: Project
) -> Sequence[Connector]:
    """Those of a project, the living first."""
    query = select(Connector).where(Connector.project_id == project.id)
    order = (
        Connector.revoked_at.is_not(None),
        Connector.created_at.desc(),
        Connector.id,
    )
    return (await session.scalars(query.order_by(*order))).all()


async def get_connector(
    session: AsyncSession, project: Project, id_: UUID
) -> Connector:
    """One of a project, locked.

    Raises:
        NotFoundError: the project has none of this identifier.
    """
    conditions = (Connector.id == id_, Connector.project_id == project.id)
    if (
        connector := await session.scalar(
            select(Connector).where(*conditions).with_for_update()
        )
    ) is None:
        raise NotFoundError
    return connector


async def find_connector_by_secret(
    session: AsyncSession, secret: str
) -> Connector | None:
    """The connector that shows this secret."""
    if not CONNECTOR.matches(secret):
        return None
    conditions = (
        Connector.sha256 == fingerprint(secret),
        Connector.revoked_at.is_(None),
    )
    return await session.scalar(select(Connector).where(*conditions))


def owns_address(connector: Connector, address: str) -> bool:
    """Whether an address is the connector's: the same scheme, host and port, and a path below its own."""
    registered = urlsplit(connector.address)
    named = urlsplit(address)
    if (
        (registered.scheme, registered.netloc) != (named.scheme, named.netloc)
        or named.query
        or named.fragment
    ):
        return False
    path = registered.path.rstrip("/")
    return ".." not in named.path.split("/") and (
        named.path == path or named.path.startswith(f"{path}/") or not path
    )
