"""Reading what a machine sends: media type, size and bytes, before anything is parsed."""

from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import ClientException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from udi.kit.errors import MediaTypeError, Refusal, TooLargeError, UdiError
from udi.protocol.texts import strip_html

MIB = 1024 * 1024
MAX_RECORD = 2 * MIB
LONGEST_REASON = 500


def clean_reason(text: str) -> str:
    """The words of a withdrawal, on one line."""
    return " ".join(strip_html(text).replace("\0", "").split())[:LONGEST_REASON]


async def read_json_body(
    request: Request[Any, Any, State], *, largest: int = MAX_RECORD
) -> bytes:
    """The body of a push, announced as JSON; `largest`, in bytes, is what the handler takes.

    Raises:
        MediaTypeError: it is announced as something else.
        TooLargeError: it is larger.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        refusal = Refusal(
            "Content-Type",
            "The body is not announced as JSON.",
            "Send it with “Content-Type: application/json”.",
        )
        raise MediaTypeError("Records are read as JSON.", refusals=[refusal])
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
    except RequestEntityTooLarge as error:
        values = {"limit": largest // MIB}
        refusal = Refusal(
            "body",
            "What was sent is larger than %(limit)s MiB.",
            "Shorten its texts, or split it.",
            values=values,
        )
        raise TooLargeError("The record is too large.", refusals=[refusal]) from error
    except ClientException as error:
        refusal = Refusal(
            "Content-Length",
            "The announced length is no number.",
            "Send the length of the body.",
        )
        raise UdiError("The body cannot be read.", refusals=[refusal]) from error
    return bytes(body)
