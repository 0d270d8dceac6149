"""Lines of the log: what happened, never who or what was in the data. Query strings and bodies are not logged."""

import logging
import sys
from typing import Literal, TextIO

import structlog

NOISY = ("httpx", "httpcore", "pgqueuer", "asyncio", "alembic", "granian", "litestar")


class _ErrorStream(logging.StreamHandler[TextIO]):
    """Writes to the error stream as it is at that moment; the output stream is for what a command answers."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # a variable in the class above
        return sys.stderr


def configure(style: Literal["text", "json"]) -> None:
    """Set up logging once for the process."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = _ErrorStream()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
