"""Where machines exchange their credential for a token, as RUDI's do (RFC 6749, section 4.4)."""

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from litestar import Response, post

from udi.kit.budgets import require_budget, spend_budget
from udi.kit.errors import UdiError, UnauthenticatedError, UnavailableError
from udi.kit.oidc import IdentityRefusedError
from udi.kit.tokens import IdentityUnavailableError
from udi.portal.tenants.budgets import WRONG_CREDENTIALS, subject_of_address
from udi.ui.dependencies import AnyRequest, CurrentTerritory, Routes
from udi.ui.login import sessions_of
from udi.ui.site import site_of

FORM = "application/x-www-form-urlencoded"
GRANT = "client_credentials"
MAX_FORM = 16 * 1024


@post(
    ["/oauth2/token", "/oauth/token"], status_code=200, request_max_body_size=MAX_FORM
)
async def issue_token(
    request: AnyRequest, territory: CurrentTerritory
) -> Response[Any]:
    """Pass a machine's credential to the identity service, and its answer back; older nodes ask at the second address.

    Raises:
        TooManyRequestsError: many wrong ones came from this address.
    """
    form = (
        await request.form()
        if request.headers.get("content-type", "").startswith(FORM)
        else {}
    )
    if form.get("grant_type") != GRANT:
        raise UdiError(
            "Only the grant «client_credentials» is given here.",
            remedy="Send a form with grant_type=client_credentials, and your client id and secret.",
        )
    client, secret = _credential(request.headers.get("authorization", ""), form)
    database = site_of(request).database
    subject = subject_of_address(request)
    async with database.session(territory.id, role="app") as session:
        await require_budget(session, WRONG_CREDENTIALS, subject)
    try:
        granted = await sessions_of(request).service.machine_token(client, secret)
    except IdentityRefusedError as error:
        async with database.session(territory.id, role="app") as session:
            await spend_budget(session, WRONG_CREDENTIALS, subject)
        raise UnauthenticatedError(
            "This client id and secret are not known, or not allowed here.",
            remedy="Check them; the territory's team can give a new secret.",
            headers={"WWW-Authenticate": f'Basic realm="{territory.slug}"'},
        ) from error
    except IdentityUnavailableError as error:
        raise UnavailableError(
            "The identity service does not answer.",
            remedy="Ask again in a minute.",
            headers={"Retry-After": "60"},
        ) from error
    return Response(dict(granted), headers={"Cache-Control": "no-store"})


def _credential(authorization: str, form: Any) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    client = str(form.get("client_id", ""))
    secret = str(form.get("client_secret", ""))
    if scheme.lower() == "basic":
        try:
            name, _, password = (
                base64.b64decode(encoded, validate=True).decode().partition(":")
            )
        except (binascii.Error, ValueError) as error:
            raise UnauthenticatedError(
                "The header Authorization is not readable."
            ) from error
        client = unquote_plus(name)
        secret = unquote_plus(password)
    if not client or not secret:
        raise UnauthenticatedError(
            "The client id or its secret is missing.",
            remedy="Send them in the header Authorization (Basic), or in the form.",
            headers={"WWW-Authenticate": 'Basic realm="udi"'},
        )
    return client, secret


routes: Routes = [issue_token]
