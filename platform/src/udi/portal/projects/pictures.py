"""Pictures that people send: made anew by a child that reaches no file, so that nothing of what was sent is kept."""

import asyncio
from dataclasses import dataclass

from udi.kit.child import ChildError, ChildProcess, ChildTimeoutError
from udi.kit.errors import InvalidError, Refusal, UnavailableError
from udi.kit.sandbox import ProcessLimits

MODULE = "udi.portal.projects.resizing"
"""Imported by the child only: Pillow takes memory that a web worker does not need."""
LIMITS = ProcessLimits(memory_mb=1000, modules=(MODULE,))
MOST_BYTES = 8_000_000
PATIENCE = 30
"""Seconds of a processor, and of waiting, for one picture."""
IDLE = 0.3
"""A child that had a processor for less than this share of its time was not slow because of its picture."""
CONCURRENT_CHILDREN = asyncio.Semaphore(2)
MEDIA_TYPE = "image/webp"
Size = tuple[int, int]


@dataclass(frozen=True)
class PicturePair:
    """Both pictures, with their width and height in points."""

    large: bytes
    small: bytes
    size: Size
    small_size: Size


async def make_picture_pair(data: bytes) -> PicturePair:
    """What is kept of a picture that was sent.

    Raises:
        InvalidError: it is no picture that is read here, or too large.
        UnavailableError: the child had no time to answer.
    """
    if not data or len(data) > MOST_BYTES:
        raise _invalid_picture(
            "No picture was sent, or a very large one.", "Send one of 8 MB at most."
        )
    async with CONCURRENT_CHILDREN, ChildProcess(LIMITS) as child:
        try:
            return await child.call_by_name(
                f"{MODULE}:resize", PicturePair, ((data,), {}), seconds=PATIENCE
            )
        except ChildError as error:
            if isinstance(error, ChildTimeoutError) and error.worked < IDLE:
                raise UnavailableError("The picture took too long to read.") from None
            advice = "Send a JPEG, PNG or WebP of 40 megapixels at most."
            raise _invalid_picture(
                "This is no picture that can be read here.", advice
            ) from None


def _invalid_picture(reason: str, remedy: str) -> InvalidError:
    return InvalidError(
        "Nothing was kept yet.", refusals=[Refusal("picture", reason, remedy)]
    )
