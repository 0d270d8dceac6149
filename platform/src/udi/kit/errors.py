"""What an action or a query refuses, with the HTTP status that says so (RFC 9110) and words for the person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute


@dataclass(frozen=True)
class Refusal:
    """One thing that is wrong: where, why and what to do (all in plain words, translatable).

    `values` fill the words `%(name)s` of reason and remedy.
    """

    field: str
    reason: str
    remedy: str = ""
    code: str = ""
    values: Mapping[str, object] = attribute(default_factory=dict, hash=False)


class UdiError(Exception):
    """A refusal that reaches the person: `title` says what happened, `detail` why, `remedy` what to do.

    A class that has a `slug` of its own is a type of problem (RFC 9457): `/problems/<slug>` shows its `meaning`, and
    its `advice`, which stands wherever no `remedy` is given. `page` is the address where more can be done about it,
    `code` a word for programs, where a type has several reasons.
    """

    status = 400
    slug = "bad-request"
    title = "This request cannot be understood"
    meaning = "What was sent cannot be read: an address, a header or a body is not shaped as it should be."
    advice = "Go back to the previous page, correct, and send again."

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
        self.page = self.code = ""


class InvalidError(UdiError):
    """The request is understood, its content is wrong: `refusals` names each field."""

    status = 422
    slug = "invalid"
    title = "Some answers must be corrected"
    meaning = "The request is understood, but contains errors. Each error is listed, with what to do."
    advice = "Correct the errors listed, and send again."


class Refusals(list[Refusal]):
    """What is wrong in a request, gathered so that the person learns of all of it at once."""

    def refuse(
        self,
        field: str,
        reason: str,
        remedy: str = "",
        code: str = "",
        values: Mapping[str, object] | None = None,
    ) -> None:
        """Note that a field is wrong; see `Refusal` for what is passed."""
        self.append(Refusal(field, reason, remedy, code, values or {}))

    def check(self, detail: str = "") -> None:
        """Refuse the request if anything was wrong.

        Raises:
            InvalidError: with everything that is.
        """
        if self:
            raise InvalidError(detail, refusals=self)


def field_error(
    field: str,
    reason: str,
    remedy: str = "",
    code: str = "",
    values: Mapping[str, object] | None = None,
) -> InvalidError:
    """The error to raise where one field is wrong; see `Refusal` for what is passed."""
    refusal = Refusal(field, reason, remedy, code, values or {})
    return InvalidError(refusals=[refusal])


class UnauthenticatedError(UdiError):
    """Nobody is logged in, or the credential is not valid."""

    status = 401
    slug = "unauthenticated"
    title = "You need to log in"
    meaning = (
        "Nobody is logged in, or the key or token that was sent is not valid any more."
    )
    advice = (
        "This page is for people with an account. Logging in takes you straight to it."
    )


class ForbiddenError(UdiError):
    """The person is known and may not."""

    status = 403
    slug = "forbidden"
    title = "You do not have the right to do this"
    meaning = "You are logged in, but this needs a right that you do not have."
    advice = "Ask for this right: whoever manages your organisation can give it, or the territory’s team."


class LoginTooOldError(ForbiddenError):
    """The person may do this once they prove again who they are; `page` is where they do."""

    slug = "login-too-old"
    title = "Confirm that it is you"
    meaning = "This decides something, and you logged in more than fifteen minutes ago: a browser may be left open."
    advice = "Log in again, then repeat the action. Programs send a token instead."


class NotFoundError(UdiError):
    """Nothing here, or nothing that this person may know of."""

    status = 404
    slug = "not-found"
    title = "There is nothing at this address"
    meaning = "Nothing is at this address, or nothing that you have the right to see."
    advice = "The address may contain a mistake, or the page may have moved. Pages that need a particular right are not shown either."


class RenamedError(NotFoundError):
    """What an address names has another name now: the part `former` of the address is to be `present`."""

    def __init__(self, *, former: str, present: str) -> None:
        super().__init__()
        self.former = former
        self.present = present


class GoneError(UdiError):
    """It was here and was withdrawn."""

    status = 410
    slug = "gone"
    title = "This was withdrawn"
    meaning = "What was at this address was withdrawn on purpose."
    advice = "Its producer withdrew it. Write to them, or search for similar data."


class ErasedError(GoneError):
    """It was here, and its producer had every copy deleted."""

    title = "This was erased"


class ConflictError(UdiError):
    """The state of things does not allow it now."""

    status = 409
    slug = "conflict"
    title = "This is not possible now"
    meaning = "The request is correct, but is not possible in the current state."
    advice = "Check the current state, then try again."


class PreconditionFailedError(UdiError):
    """What the sender relied on is not so any more, or was never."""

    status = 412
    slug = "precondition"
    title = "The content has changed meanwhile"
    meaning = "The content has changed since you read it."
    advice = "Read it again, then send your change."


class MethodNotAllowedError(UdiError):
    """The address is there, and does not take this method (RFC 9110, section 15.5.6)."""

    status = 405
    slug = "method-not-allowed"
    title = "This address does not accept such requests"
    meaning = "This address exists, but does not accept this method."
    advice = "See the list of addresses and their methods in the documentation."


class MediaTypeError(UdiError):
    """The body is not of the kind that this address takes."""

    status = 415
    slug = "unsupported-media-type"
    title = "This type of content is not accepted here"
    meaning = "This address does not accept the content type announced."
    advice = "Send one of the types that the documentation of this address lists, and announce it in Content-Type."


class LockedError(UdiError):
    """Another request is at work on it."""

    status = 423
    slug = "locked"
    title = "Another request is in progress"
    meaning = "Another request is changing the same thing."
    advice = "Wait until it has finished, then try again."


class TooLargeError(UdiError):
    """The body is larger than accepted."""

    status = 413
    slug = "too-large"
    title = "This is too large"
    meaning = "What was sent is larger than what is accepted here."
    advice = "Send less at once: shorten it, or split it."


class HeldBackError(UdiError):
    """It is there, and nobody receives it for now (RFC 4918, section 11.3)."""

    status = 423
    slug = "held-back"
    title = "This is blocked for now"
    meaning = "The content is blocked for now: it has not been checked yet, or it could be harmful."
    advice = "Come back later, or ask its producer."


class TooManyRequestsError(UdiError):
    """More at once, or in a short while, than one may ask for."""

    status = 429
    slug = "too-many-requests"
    title = "Requests are too frequent"
    meaning = "The number of requests exceeds the limit. The header Retry-After gives the number of seconds to wait."
    advice = "Too many requests in a short time. Wait a minute, then continue."


class UnavailableError(UdiError):
    """A part that is needed does not answer."""

    status = 503
    slug = "unavailable"
    title = "A part of the service does not answer"
    meaning = "A part of the service that is needed does not answer."
    advice = (
        "Nothing you did caused this, and nothing was changed. Try again in a minute."
    )


class InternalServerError(UdiError):
    """Something that nobody foresaw."""

    status = 500
    slug = "internal"
    title = "This did not work"
    meaning = "Something went wrong on our side. It was noted in the log, without what you sent."
    advice = "Try again; if this continues, write to the team."


class SuspendedError(UnavailableError):
    """The operator suspended the territory; its data are kept."""

    slug = "suspended"
    title = "This territory is suspended"
    meaning = "The operator closed this territory for the moment; its data are kept."
    advice = "Write to the territory’s team to know when it opens again."


class ReadOnlyError(UnavailableError):
    """The operator refuses what would change the territory, for some minutes; it is read as ever."""

    slug = "read-only"
    title = "Nothing can be changed for some minutes"
    meaning = "The territory is being moved or worked on; meanwhile it can be read as ever, and nothing can be changed."
    advice = "Nothing was changed. Send it again in a few minutes."


class ProvisionError(Exception):
    """The identity service refused a change; the message names the call and its answer."""


class UnreleasedRevisionError(Exception):
    """A database, or a backup of one, was made before the first release; no release migrates it."""

    def __init__(self, program: str, revision: str) -> None:
        super().__init__(
            f"The {program}'s database is at «{revision}», from before the first release, and no release migrates it:"
            " start with an empty one (`udi reset` deletes a local installation)."
        )
