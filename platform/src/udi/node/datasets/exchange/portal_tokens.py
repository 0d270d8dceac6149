"""What a portal signed for one call to this node: of the kind that the address takes, about what it names, used once."""

from uuid import UUID

from udi.kit.credentials import InvalidSignatureError, SignedToken, SignedTokenKind
from udi.kit.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from udi.kit.http import OutgoingError
from udi.kit.sessions import consume_token
from udi.kit.tenancy import Territory, space_context
from udi.node.datasets.exchange.portal import PORTAL_KEYS, read_issuer
from udi.node.identity.models import UsedToken
from udi.node.portals.models import FurtherPortal
from udi.node.portals.queries import find_portal
from udi.ui.dependencies import AnyRequest
from udi.ui.site import site_of

CHALLENGE = {"WWW-Authenticate": "Bearer"}


async def require_portal(
    request: AnyRequest,
    territory: Territory,
    kind: SignedTokenKind,
    subject: UUID,
    *,
    origin: str = "",
) -> None:
    """Let only the territory's portal, or the further one at `origin`, make this call, by a token in the header.

    Raises:
        UnauthenticatedError: there is no token, or not one of this kind about this subject, or it was used.
        UnavailableError: the portal's keys are not known here and cannot be read.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(
            "Only the territory's portal may do this.", headers=CHALLENGE
        )
    try:
        await _verify_token(
            request, territory, token.strip(), kind, subject, origin=origin
        )
    except InvalidSignatureError as error:
        raise UnauthenticatedError(
            "This token is not one of the territory's portal.", headers=CHALLENGE
        ) from error


async def require_any_portal(
    request: AnyRequest, territory: Territory, kind: SignedTokenKind, subject: UUID
) -> FurtherPortal | None:
    """The same for any portal of this node: the further one that calls, or None for the territory's own."""
    issuer = read_issuer(request.headers.get("authorization", "").partition(" ")[2])
    portal = None
    if issuer and issuer != territory.links.get("portal"):
        with space_context(None):
            async with site_of(request).database.session(territory.id) as session:
                portal = await find_portal(session, issuer)
    await require_portal(
        request, territory, kind, subject, origin=portal.origin if portal else ""
    )
    return portal


async def require_ticket(
    request: AnyRequest,
    territory: Territory,
    token: str,
    kind: SignedTokenKind,
    subject: UUID,
) -> None:
    """Let only somebody in whom the portal sent with a ticket of this kind about this subject, once.

    Raises:
        ForbiddenError: there is none, or not such a one, or it was used.
        UnavailableError: as `require_portal`.
    """
    await take_ticket(request, territory, token, kind, subject)


async def take_ticket(
    request: AnyRequest,
    territory: Territory,
    token: str,
    kind: SignedTokenKind,
    subject: UUID | None = None,
) -> SignedToken:
    """What a ticket says; the same, about any subject where none is named.

    Raises:
        ForbiddenError, UnavailableError: as `require_ticket`.
    """
    try:
        return await _verify_token(request, territory, token, kind, subject)
    except InvalidSignatureError as error:
        raise ForbiddenError(
            "This authorisation is for something else, was already used, or is more than two minutes old.",
            remedy="Ask for a new one on the portal.",
        ) from error


async def _verify_token(
    request: AnyRequest,
    territory: Territory,
    token: str,
    kind: SignedTokenKind,
    subject: UUID | None,
    *,
    origin: str = "",
) -> SignedToken:
    keys = site_of(request).services[PORTAL_KEYS]
    try:
        signed = await keys.verify_token(territory, token, kind, origin=origin)
    except OutgoingError as error:
        raise UnavailableError(
            "The portal's keys cannot be read.", headers={"Retry-After": "30"}
        ) from error
    if subject is not None and signed.subject != str(subject):
        msg = "The token is about something else."
        raise InvalidSignatureError(msg)
    if not kind.single_use:
        return signed
    mark = f"{kind.typ} {origin} {signed.jti}"
    with space_context(None):
        async with site_of(request).database.session(territory.id) as session:
            fresh = await consume_token(session, UsedToken, mark, signed.expires_at)
    if not fresh:
        msg = "The token was used."
        raise InvalidSignatureError(msg)
    return signed
