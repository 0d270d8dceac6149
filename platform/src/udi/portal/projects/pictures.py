"""Pictures that people send: made anew by a child that reaches no file, so that nothing of what was sent is kept."""

import asyncio
from dataclasses import dataclass

from udi.kit.child import Child, ChildError, TooLongError
from udi.kit.confinement import Limits
from udi.kit.errors import InvalidError, Refusal, UnavailableError

MODULE = "udi.portal.projects.resizing"
"""Imported by the child only: Pillow takes memory that a web worker does not need."""
LIMITS = Limits(memory_mb=1000, modules=(MODULE,))
MOST_BYTES = 8_000_000
PATIENCE = 30
"""Seconds of a processor, and of waiting, for one picture."""
IDLE = 0.3
"""A child that had a processor for less than this share of its time was not slow because of its picture."""
AT_ONCE = asyncio.Semaphore(2)
MEDIA_TYPE = "image/webp"
Size = tuple[int, int]


@dataclass(frozen=True)
class Made:
    """Both pictures, with their width and height in points."""

    large: bytes
    small: bytes
    size: Size
    small_size: Size


async def make_pictures(data: bytes) -> Made:
    """What is kept of a picture that was sent.

    Raises:
        InvalidError: it is no picture that is read here, or too large.
        UnavailableError: the child had no time to answer.
    """
    if not data or len(data) > MOST_BYTES:
        raise _wrong("No picture was sent, or a very large one.", "Send one of 8 MB at most.")
    async with AT_ONCE, Child(LIMITS) as child:
        try:
            return await child.ask(f"{MODULE}:resize", Made, ((data,), {}), seconds=PATIENCE)
        except ChildError as error:
            if isinstance(error, TooLongError) and error.worked < IDLE:
                raise UnavailableError("The picture took too long to read.") from None
            advice = "Send a JPEG, PNG or WebP of 40 megapixels at most."
            raise _wrong("This is no picture that can be read here.", advice) from None


def _wrong(reason: str, remedy: str) -> InvalidError:
    return InvalidError("Nothing was kept yet.", refusals=[Refusal("picture", reason, remedy)])
