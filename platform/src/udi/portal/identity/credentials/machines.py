"""Machines that call the portal: which client a bearer token belongs to (RFC 6750)."""

from udi.kit.errors import UnauthenticatedError, UnavailableError
from udi.kit.oidc import MACHINE_TOKEN, IdentityService
from udi.kit.tenancy import Territory
from udi.kit.tokens import (
    IdentityUnavailableError,
    InvalidTokenError,
    require_claim_values,
    verify,
)
from udi.ui.dependencies import AnyRequest
from udi.ui.login import sessions_of

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="udi", error="invalid_token"'}


async def get_machine_client(request: AnyRequest, territory: Territory) -> str:
    """The client of the request's bearer token.

    Raises:
        UnauthenticatedError: there is no token, or it is not a machine's for this portal.
        UnavailableError: the identity service's keys are unknown here and it does not answer.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(
            "This address needs a machine's token.",
            remedy="Ask one at /oauth2/token with your client id and secret.",
            headers={"WWW-Authenticate": 'Bearer realm="udi"'},
        )
    try:
        return await read_machine_token(
            sessions_of(request).service, token.strip(), audience=territory.origin
        )
    except InvalidTokenError as error:
        raise UnauthenticatedError(
            "This token is not accepted here: %(reason)s.",
            remedy="Ask a new one at /oauth2/token of this territory.",
            values={"reason": str(error)},
            headers=CHALLENGE,
        ) from error
    except IdentityUnavailableError as error:
        raise UnavailableError(
            "The identity service does not answer, so your token cannot be checked.",
            remedy="Send the same request again in a minute; nothing was changed.",
            headers={"Retry-After": "60"},
        ) from error


async def read_machine_token(
    service: IdentityService, token: str, *, audience: str
) -> str:
    """The client of a machine's access token; a person's is refused, whatever they may do.

    Raises:
        InvalidTokenError, IdentityUnavailableError
    """
    claims = await verify(
        token,
        service.keys,
        kind=MACHINE_TOKEN,
        issuer=service.issuer,
        audience=audience,
    )
    require_claim_values(claims, sid=None)
    client = claims.get("azp")
    require_claim_values(claims, client_id=client)
    if not isinstance(client, str):
        msg = "it names no client"
        raise InvalidTokenError(msg)
    return client
