"""Drawings of pages as PNG: made by a child that reaches no file, one after the other."""

import asyncio

import structlog

from udi.kit.child import ChildError, ChildProcess
from udi.kit.errors import UnavailableError
from udi.kit.sandbox import ProcessLimits
from udi.kit.service_registry import ServiceKey

log = structlog.get_logger()
MODULE = "udi.ui.picture_drawings"
"""Imported by the child only: typst takes memory that a program does not need."""
LIMITS = ProcessLimits(memory_mb=512, modules=(MODULE,))
SECONDS = 20.0
MOST_WAITING = 8
"""Pictures that may wait for their turn: more come another time."""


class PictureFiles:
    """Makes them; a picture takes about a second of a processor, so that one is made at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def draw_png(self, svg: str, width: int) -> bytes:
        """A drawing, of so many pixels of CSS, as a PNG of twice as many.

        Raises:
            UnavailableError: many wait already, or this one cannot be drawn in the time and memory that it may take.
        """
        if self._waiting >= MOST_WAITING:
            raise UnavailableError(
                "Many pictures are being drawn.", headers={"Retry-After": "30"}
            )
        self._waiting += 1
        try:
            async with self._turn, ChildProcess(LIMITS) as child:
                return await child.call_by_name(
                    f"{MODULE}:draw_picture", bytes, ((svg, width), {}), seconds=SECONDS
                )
        except ChildError as error:
            log.warning("picture cannot be drawn", fault=type(error).__name__)
            raise UnavailableError(
                "This picture cannot be drawn at the moment.",
                remedy="Download it as SVG.",
            ) from error
        finally:
            self._waiting -= 1


PICTURES = ServiceKey[PictureFiles]("pictures of drawings", "tables")
