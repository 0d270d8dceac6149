"""Why nobody is logged in, in words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LoginFailure:
    """Why nobody is logged in, in words; `slug` is for the log."""

    slug: str
    status: int
    title: str
    why: str
    remedy: str


AWAY = LoginFailure(
    "away",
    503,
    "Logging in is not possible for the moment",
    "The identity service does not answer.",
    "Try again in a few minutes; nothing was lost.",
)
CLOCK = LoginFailure(
    "clock",
    503,
    "Logging in is not possible for the moment",
    "The clock of this site and that of the identity service differ: the fault is ours.",
    "Write to the team; what is public stays open meanwhile.",
)
LEFT = LoginFailure(
    "left",
    200,
    "You are logged out here",
    "The identity service does not answer, so your session there stays open for half an hour at most.",
    "On a computer that you share, close the browser.",
)
EXPIRED = LoginFailure(
    "expired",
    400,
    "This login has expired",
    "It began too long ago, in another browser, or was already used.",
    "Begin again: it takes a moment.",
)
FOREIGN = LoginFailure(
    "foreign",
    400,
    "This answer is not accepted",
    "It does not come from this territory’s identity service.",
    "Begin again from this page; if it happens again, write to the team.",
)
CANCELLED = LoginFailure(
    "cancelled",
    403,
    "You are not logged in",
    "The login was cancelled, or refused by the identity service.",
    "Begin again if you wish; what is public needs no account.",
)
DELETED = LoginFailure(
    "deleted",
    403,
    "This account was deleted",
    "Nobody can log in with it any more.",
    "Create a new account if you wish; what is public needs none.",
)
MISFIT = LoginFailure(
    "misfit",
    503,
    "Logging in does not work here",
    "The identity service and this site do not understand each other: the fault is ours.",
    "Write to the team; what is public stays open meanwhile.",
)
