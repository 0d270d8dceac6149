"""What the operations of the portal's API share in its document: the token of a person, and what any of them refuses."""

from collections.abc import Sequence
from typing import Any

from litestar.openapi.spec import Tag

from udi.kit.errors import TooManyRequestsError, UdiError, UnauthenticatedError
from udi.ui.openapi.operations import NOT_MODIFIED, BearerScheme, describe_operation

ALWAYS: tuple[type[UdiError], ...] = (UnauthenticatedError, TooManyRequestsError)
"""What every operation may refuse: a token that is not good, and too much in little time."""
TOKEN = BearerScheme(
    "token", "A token that a person created on «my space». Open data need no token."
)
MAX_BODY = 64 * 1024
"""Bytes of what a program sends, at most."""
ACCOUNT = Tag("me", "Your account and what you follow")


def api_operation(
    name: str,
    *,
    scope: str = "",
    errors: Sequence[type[UdiError]] = (),
    has_validator: bool | None = None,
    largest_body: int = MAX_BODY,
    **details: Any,
) -> dict[str, Any]:
    """An operation of the portal's API; `scope` is the right that its token must have, empty where it needs no token.

    `largest_body`: bytes of what is sent, at most. `has_validator`: whether it answers 304; what is open does, unless this says otherwise.
    """
    if has_validator is None:
        has_validator = not scope
    size = {"request_max_body_size": largest_body} if "body" in details else {}
    return size | describe_operation(
        name,
        errors=(*errors, *ALWAYS),
        empty=NOT_MODIFIED if has_validator else {},
        schemes=(TOKEN,),
        scopes=(scope,) if scope else (),
        is_public=not scope,
        **details,
    )
