"""Lines of the log: what happened, never who or what was in the data. Query strings and bodies are not logged."""

import logging
import sys
from typing import Literal, TextIO

import structlog

NOISY = (
    "httpx",
    "httpcore",
    "pgqueuer",
    "asyncio",
    "asyncssh",
    "alembic",
    "granian",
    "litestar",
    "udi.kit.fifo_pool",
)


class _ErrorStream(logging.StreamHandler[TextIO]):
    """Writes to the error stream as it is at that moment; the output stream is for what a command answers."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # a variable in the class above
        return sys.stderr


class _LineLogger:
    """Our own lines, straight to the same stream: by way of `logging` they would take a fifth of a light request."""

    def msg(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


def configure(style: Literal["text", "json"]) -> None:
    """Set up logging once for the process; the lines of libraries look like ours."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    lines = _LineLogger()
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        logger_factory=lambda *_: lines,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    handler = _ErrorStream()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=renderer, foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
