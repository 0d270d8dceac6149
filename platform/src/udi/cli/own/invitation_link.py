"""Accepting an invitation: the link is read, its code sent to its portal, once."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import ValidationError

from udi.cli.local.errors import LocalError
from udi.kit.http import OutgoingClient, OutgoingError, exact_host
from udi.kit.web_addresses import travels_in_clear
from udi.portal.nodes.invitations import JOIN
from udi.protocol.node_registration import InvitationResponse

ACCEPT = {"Accept": "application/json", "Accept-Language": "en"}
LINK_REMEDY = "ask the territory's team for the whole link"


@dataclass(frozen=True)
class InvitationLink:
    """An invitation: which portal gave it, and its code."""

    portal: str
    code: str


def read_link(text: str) -> InvitationLink:
    """The parts of a link.

    Raises:
        LocalError: it is no invitation, or would send its code in clear over a network.
    """
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname or ""
    except ValueError:
        raise LocalError(f"«{text}» is no link", LINK_REMEDY) from None
    if (
        parts.scheme not in {"http", "https"}
        or not host
        or not parts.path.endswith(JOIN)
        or not parts.fragment
    ):
        raise LocalError(
            "This is no invitation of a node: it looks like https://…/nodes/join#…",
            LINK_REMEDY,
        )
    if travels_in_clear(text.strip()):
        raise LocalError(
            "The link begins with http://: its code would travel in clear",
            "ask for one with https://",
        )
    return InvitationLink(
        f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(JOIN)}",
        parts.fragment,
    )


async def accept_invitation(link: InvitationLink) -> InvitationResponse:
    """Tell the portal the code.

    Raises:
        LocalError: it does not answer, or refuses; says why.
    """
    outgoing = OutgoingClient([exact_host(link.portal)])
    try:
        answer = await outgoing.request(
            "POST", f"{link.portal}{JOIN}", headers=ACCEPT, json={"code": link.code}
        )
    except OutgoingError as error:
        raise LocalError(
            f"The portal does not answer ({error})",
            "try again later; the invitation was not used",
        ) from error
    finally:
        await outgoing.close()
    if not answer.is_success:
        raise _refusal(answer.status_code, answer.content)
    try:
        return InvitationResponse.model_validate_json(answer.content)
    except ValidationError as error:
        cause = f"The answer of {link.portal} is not that of a portal that this release knows"
        raise LocalError(
            cause, "upgrade UDI here, and ask for another invitation"
        ) from error


def _refusal(status: int, content: bytes) -> LocalError:
    try:
        problem = json.loads(content)
        cause = str(problem["detail"]).rstrip(".")
        remedy = str(problem.get("remedy") or LINK_REMEDY)
    except (ValueError, KeyError, TypeError):
        cause = f"The portal answers {status}"
        remedy = LINK_REMEDY
    return LocalError(cause, remedy.strip().rstrip("."))
