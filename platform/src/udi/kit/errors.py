"""What an action or a query refuses, with the HTTP status that says so (RFC 9110) and words for the person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """One thing that is wrong: where, why and what to do (all in plain words, translatable)."""

    field: str
    reason: str
    remedy: str = ""
    code: str = ""


class UdiError(Exception):
    """A refusal that reaches the person: `title` says what happened, `detail` why, `remedy` what to do."""

    status = 400
    slug = "bad-request"
    title = "This request cannot be understood"

    def __init__(
        self,
        detail: str = "",
        *,
        remedy: str = "",
        refusals: Sequence[Refusal] = (),
        values: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.refusals = tuple(refusals)
        self.values = dict(values or {})
        self.headers = dict(headers or {})


class InvalidError(UdiError):
    """The request is understood, its content is wrong: `refusals` names each field."""

    status = 422
    slug = "invalid"
    title = "Some answers need another look"


class UnauthenticatedError(UdiError):
    """Nobody is logged in, or the credential is not valid."""

    status = 401
    slug = "unauthenticated"
    title = "You need to log in"


class ForbiddenError(UdiError):
    """The person is known and may not."""

    status = 403
    slug = "forbidden"
    title = "You may not do this"


class NotFoundError(UdiError):
    """Nothing here, or nothing that this person may know of."""

    status = 404
    slug = "not-found"
    title = "There is nothing at this address"


class GoneError(UdiError):
    """It was here and was withdrawn."""

    status = 410
    slug = "gone"
    title = "This was withdrawn"


class ConflictError(UdiError):
    """The state of things does not allow it now."""

    status = 409
    slug = "conflict"
    title = "This is not possible now"


class TooLargeError(UdiError):
    """The body is larger than accepted."""

    status = 413
    slug = "too-large"
    title = "This is too large"


class UnavailableError(UdiError):
    """A part that is needed does not answer."""

    status = 503
    slug = "unavailable"
    title = "A part of the service does not answer"


class SuspendedError(UnavailableError):
    """The operator suspended the territory; its data are kept."""

    slug = "suspended"
    title = "This territory is suspended"


class ProvisionError(Exception):
    """The identity service refused a change; the message names the call and its answer."""
