"""The text of an agreement as a PDF for the file, written by a child that reaches no file."""

from collections.abc import Sequence
from datetime import datetime

from udi.kit.child import ChildError, ChildProcess
from udi.kit.errors import UnavailableError
from udi.kit.sandbox import ProcessLimits

MODULE = "udi.portal.access.agreements.typesetting"
"""Imported by the child only: typst takes memory that a web worker does not need."""
LIMITS = ProcessLimits(memory_mb=512, modules=(MODULE,))
PATIENCE = 20


async def print_pdf(
    title: str,
    paragraphs: Sequence[tuple[bool, str]],
    language: str,
    moment: datetime,
    *,
    note: str,
    logo: bytes = b"",
    signature: str = "",
) -> bytes:
    """As `typesetting.write_pdf`, in `PATIENCE` seconds at most.

    Raises:
        UnavailableError: it was not written in that time.
    """
    arguments = (
        (title, paragraphs, language, moment),
        {"note": note, "logo": logo, "signature": signature},
    )
    async with ChildProcess(LIMITS) as child:
        try:
            return await child.call_by_name(
                f"{MODULE}:write_pdf", bytes, arguments, seconds=PATIENCE
            )
        except ChildError:
            raise UnavailableError(
                "The document could not be written.",
                remedy="Try again in some minutes.",
            ) from None
