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
    title = "Some answers need another look"
    meaning = "The request is understood; some of what it says is wrong. Each thing is named, with what to do."
    advice = "Correct what is named, and send again."


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
    title = "You may not do this"
    meaning = "You are known here, and this needs a right that you do not have."
    advice = "Ask for this right: whoever manages your organisation can give it, or the territory’s team."


class LoginTooOldError(ForbiddenError):
    """The person may do this once they prove again who they are; `page` is where they do."""

    slug = "login-too-old"
    title = "Confirm that it is you"
    meaning = "This decides something, and you logged in more than fifteen minutes ago: a browser may be left open."
    advice = "Log in again, then do it once more. Programs show a token instead."


class NotFoundError(UdiError):
    """Nothing here, or nothing that this person may know of."""

    status = 404
    slug = "not-found"
    title = "There is nothing at this address"
    meaning = "Nothing is here, or nothing that you may know of."
    advice = "The address may hold a mistake, or the page may have moved. What needs a right to be seen is not announced either."


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
    meaning = "It was here and was withdrawn on purpose; its address keeps saying so."
    advice = "Its producer withdrew it. Ask them, or look for something close."


class ErasedError(GoneError):
    """It was here, and its producer had every copy deleted."""

    title = "This was erased"


class ConflictError(UdiError):
    """The state of things does not allow it now."""

    status = 409
    slug = "conflict"
    title = "This is not possible now"
    meaning = "The request is sound, and the state of things does not allow it now."
    advice = "Look at how things stand, then try again."


class PreconditionFailedError(UdiError):
    """What the sender relied on is not so any more, or was never."""

    status = 412
    slug = "precondition"
    title = "This changed meanwhile"
    meaning = "What you relied on changed since you read it, or was never so."
    advice = "Read it again, then send your change."


class MethodNotAllowedError(UdiError):
    """The address is there, and does not take this method (RFC 9110, section 15.5.6)."""

    status = 405
    slug = "method-not-allowed"
    title = "This address does not take such requests"
    meaning = "Something is at this address, and it cannot be asked in this way: another method is expected."
    advice = "Look at the list of addresses and their methods in the documentation."


class MediaTypeError(UdiError):
    """The body is not of the kind that this address takes."""

    status = 415
    slug = "unsupported-media-type"
    title = "This kind of content is not read here"
    meaning = (
        "The body is announced as a kind of content that this address does not read."
    )
    advice = "Send one of the kinds that the documentation of this address names, and announce it in Content-Type."


class LockedError(UdiError):
    """Another request is at work on it."""

    status = 423
    slug = "locked"
    title = "Another request is at work on it"
    meaning = "Another request is changing the same thing."
    advice = "Wait until it has finished, then try again."


class TooLargeError(UdiError):
    """The body is larger than accepted."""

    status = 413
    slug = "too-large"
    title = "This is too large"
    meaning = "What was sent is larger than what is taken here."
    advice = "Send less at once: shorten it, or split it."


class HeldBackError(UdiError):
    """It is there, and nobody receives it for now (RFC 4918, section 11.3)."""

    status = 423
    slug = "held-back"
    title = "This is held back for now"
    meaning = "It is there, and nobody receives it for now: nobody looked at it yet, or it could harm."
    advice = "Come back later, or ask its producer."


class TooManyRequestsError(UdiError):
    """More at once, or in a short while, than one may ask for."""

    status = 429
    slug = "too-many-requests"
    title = "This is asked for too often"
    meaning = "More was asked, at once or in a short while, than one may ask for. The header Retry-After says how many seconds to wait."
    advice = "You asked a great deal in little time. Wait a minute, then go on."


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
    advice = "Try again; if it goes on, write to the team."


class SuspendedError(UnavailableError):
    """The operator suspended the territory; its data are kept."""

    slug = "suspended"
    title = "This territory is suspended"
    meaning = "The operator closed this territory for the moment; its data are kept."
    advice = "Write to the territory’s team to know when it opens again."


class ProvisionError(Exception):
    """The identity service refused a change; the message names the call and its answer."""
