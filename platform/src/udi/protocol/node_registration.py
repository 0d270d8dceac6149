"""What a portal tells a node that joins a territory: who it is there, what the territory is, its credentials."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class RegistrationModel(BaseModel):
    """Read as strictly as it is written; what a later release adds is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ClientCredentials(RegistrationModel):
    """A client at the identity service."""

    client_id: str
    secret: str


class NodeCredentials(RegistrationModel):
    """`push` is the node's as a machine; `login` its own as a place where people log in.

    `subjects` is that of people who ask about themselves, known by pairwise subjects; None where the node takes no
    requests of them.
    """

    push: ClientCredentials
    login: ClientCredentials
    subjects: ClientCredentials | None = None


class JoinedNode(RegistrationModel):
    """How the node is registered."""

    slug: str
    name: str
    url: str


class JoinedProducer(RegistrationModel):
    """An organisation for which it publishes."""

    id: UUID
    slug: str
    name: str
    email: str


class JoinedTerritory(RegistrationModel):
    """The territory, as each program knows it."""

    id: UUID
    slug: str
    name: dict[str, str]
    tagline: dict[str, str]
    languages: list[str]
    box: list[float] | None
    contact: str
    privacy_contact: str
    mail_sender: dict[str, str]
    theme: dict[str, Any]
    theme_css: str
    charter: dict[str, str]
    legal: dict[str, str]
    time_zone: str


class IdentityRealm(RegistrationModel):
    """Where people of the territory log in."""

    url: str
    realm: str


class NodeRegistration(RegistrationModel):
    """What a node keeps of it: all but its credentials. `hosted` is the address of the territory's hosted node."""

    portal: str
    hosted: str = ""
    node: JoinedNode
    territory: JoinedTerritory
    producers: list[JoinedProducer]
    identity: IdentityRealm


class InvitationResponse(NodeRegistration):
    """The answer to an invitation that was accepted."""

    credentials: NodeCredentials
