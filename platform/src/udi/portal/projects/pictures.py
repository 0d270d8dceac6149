"""Pictures that people send: made anew by a program of its own, so that nothing of what was sent is kept."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from udi.kit.errors import InvalidError, Refusal, UnavailableError

PROGRAM = Path(__file__).with_name("resizing.py")
MOST_BYTES = 8_000_000
PATIENCE = 30
AT_ONCE = asyncio.Semaphore(2)
MEDIA_TYPE = "image/webp"


@dataclass(frozen=True)
class Made:
    """Both pictures, with their width and height."""

    large: bytes
    small: bytes
    size: tuple[int, int]
    small_size: tuple[int, int]


async def make_pictures(data: bytes) -> Made:
    """What is kept of a picture that was sent.

    Raises:
        InvalidError: it is no picture that is read here, or too large.
        UnavailableError: the program had no time to answer.
    """
    if not data or len(data) > MOST_BYTES:
        raise _wrong("No picture was sent, or a very large one.", "Send one of 8 MB at most.")
    async with AT_ONCE:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(PROGRAM), env={},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            said, _ = await asyncio.wait_for(child.communicate(data), PATIENCE)
        except TimeoutError:
            raise UnavailableError("The picture took too long to read.") from None
        finally:
            if child.returncode is None:
                child.kill()
    if child.returncode:
        raise _wrong("This is no picture that can be read here.", "Send a JPEG, PNG or WebP of 40 megapixels at most.")
    return _read(said)


def _read(said: bytes) -> Made:
    line, _, content = said.partition(b"\n")
    facts = json.loads(line)
    first, _ = facts["bytes"]
    (width, height), (small_width, small_height) = facts["sizes"]
    return Made(content[:first], content[first:], (width, height), (small_width, small_height))


def _wrong(reason: str, remedy: str) -> InvalidError:
    return InvalidError("Nothing was kept yet.", refusals=[Refusal("picture", reason, remedy)])
