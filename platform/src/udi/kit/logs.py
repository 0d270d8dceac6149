"""Lines of the log: what happened, never who or what was in the data. Query strings and bodies are not logged.

In style `json` one event is one line, whoever says it: our code, a library, Python itself; a traceback stands in the line, as
a list without values. `text` is for people. Beside the error stream, lines go where the settings say, as JSON.
"""

import json
import logging
import re
import ssl
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Literal, Protocol, TextIO

import structlog

from udi.kit import library_logs, traces
from udi.kit.log_receivers.delivery import AWAY, BACK, FAILED, REFUSED
from udi.kit.log_receivers.otlp import LOGS, TRACES, Collector, OtlpDelivery
from udi.kit.log_receivers.syslog import SyslogAddress, SyslogDelivery
from udi.kit.tracebacks import describe_traceback, find_place
from udi.settings import MissingSecretError, Settings

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
CHANGE_WORDS = {
    AWAY: "receiver of the log is away",
    BACK: "receiver of the log is back",
    REFUSED: "receiver of the log refuses lines",
    FAILED: "lines could not be sent to the receiver of the log",
}
LEVEL_WIDTH = 9
EVENT_WIDTH = 30
"""Columns of lines for people, whose words begin below one another."""
APART = re.compile(r"""[ \t=\r\n"']""")
"""What a value of such a line is quoted for."""
OTLP_SECRET = "otlp_authorization"  # noqa: S105 - the name of its file
GRANIAN_CONFIGURATION: dict[str, Any] = {
    "incremental": True,
    "handlers": {},
    "formatters": {},
    "loggers": {
        "_granian": {"level": "INFO", "propagate": True},
        "granian.access": {"level": "WARNING", "propagate": True},
    },
}
"""Has the web server speak by the handlers of the process, not by its own on the output stream."""
Event = MutableMapping[str, Any]


class Receiver(Protocol):
    """Takes lines beside the error stream."""

    name: str
    dropped: int

    def put_line(self, event: Mapping[str, Any], line: str, /) -> None:
        """Take one line, without waiting."""

    def close(self) -> None:
        """Send what is queued, within some seconds."""


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
        stream = library_logs.find_raw_stream(sys.stderr)
        stream.write(f"{line}\n")
        stream.flush()

    debug = info = warning = error = critical = exception = msg


class _NoLogger:
    """Where the error stream is not wanted."""

    def msg(self, line: str) -> None:
        """Write nothing."""

    debug = info = warning = error = critical = exception = msg


class LineRenderer:
    """Makes one JSON line of an event, and hands it to the receivers; the last of the processors."""

    def __init__(self) -> None:
        self.receivers: list[Receiver] = []

    def __call__(self, _: Any, __: str, event: Event, /) -> str:
        line = json.dumps(event, default=_write_value)
        for receiver in self.receivers:
            receiver.put_line(event, line)
        return line


def _write_value(value: object) -> str:
    """A value that JSON does not have: by its words where those are a number or a name, else by its type."""
    if type(value).__module__ in {"uuid", "datetime", "decimal", "pathlib"}:
        return str(value)
    return f"<{type(value).__name__}>"


_renderer = LineRenderer()
_span_deliveries: list[OtlpDelivery] = []
_drop_listeners: list[Callable[[str, int], None]] = []


def configure(style: Literal["text", "json"], *, error_stream: bool = True) -> None:
    """Set up logging once for the process; the lines of libraries look like ours."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    logger = _LineLogger() if error_stream else _NoLogger()
    if style == "json":
        last: list[structlog.typing.Processor] = [_describe_exception, _renderer]
    else:
        last = [
            _shorten_traceback,
            structlog.processors.format_exc_info,
            make_text_renderer(),
        ]
    structlog.configure(
        processors=[*shared, *last],
        logger_factory=lambda *_: logger,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    root = logging.getLogger()
    root.handlers[:] = [_make_handler(style, shared)]
    root.setLevel(logging.INFO)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _make_handler(
    style: Literal["text", "json"], shared: list[structlog.typing.Processor]
) -> logging.Handler:
    if style == "json":
        return library_logs.LibraryHandler(write_event)
    handler = _ErrorStream()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=make_text_renderer(),
            foreign_pre_chain=shared,
        )
    )
    return handler


def make_text_renderer() -> structlog.dev.ConsoleRenderer:
    """The lines that structlog writes without colours, by columns of ours: its own take three times as long."""
    column = structlog.dev.Column
    return structlog.dev.ConsoleRenderer(
        columns=[
            column("", _write_pair),
            column("timestamp", lambda _, value: str(value)),
            column("level", lambda _, value: f"[{value:<{LEVEL_WIDTH}}]"),
            column("event", lambda _, value: f"{value!s:<{EVENT_WIDTH}}"),
            column("logger", lambda _, value: f"[{value}]"),
            column("logger_name", lambda _, value: f"[{value}]"),
        ],
        exception_formatter=structlog.dev.default_monochrome_exception_formatter,
    )


def _write_pair(key: str, value: object) -> str:
    if isinstance(value, str) and APART.search(value) is None:
        return f"{key}={value}"
    return f"{key}={value!r}"


def configure_program(settings: Settings, service: str) -> None:
    """Set up logging of a process that goes on: in style `json` everything that it says, printed text included, is lines of JSON.

    With a receiver the style is `json`.

    Raises:
        ValueError: an address of a receiver is none.
    """
    close_receivers()
    _renderer.receivers[:] = _make_receivers(settings, service)
    style = "json" if _renderer.receivers else settings.log_format
    configure(style, error_stream=settings.log_error_stream)
    if style == "text":
        return
    library_logs.install_hooks(write_event)
    if not isinstance(sys.stderr, library_logs.PrintedText):
        sys.stderr = library_logs.PrintedText(sys.stderr, "stderr", write_event)
    if not isinstance(sys.stdout, library_logs.PrintedText):
        sys.stdout = library_logs.PrintedText(sys.stdout, "stdout", write_event)


def find_server_logging() -> dict[str, Any] | None:
    """How the web server is to log: by the handlers of the process where those write JSON, else as it does itself."""
    if writes_json():
        return GRANIAN_CONFIGURATION
    return None


def list_receivers() -> list[str]:
    """The names of what lines are sent to, beside the error stream."""
    return [receiver.name for receiver in _renderer.receivers]


def close_receivers() -> None:
    """Send what is queued within some seconds, and send to nobody any more."""
    traces.stop_listening()
    for delivery in (*_renderer.receivers, *_span_deliveries):
        delivery.close()
    _renderer.receivers.clear()
    _span_deliveries.clear()


def report_drops_to(listener: Callable[[str, int], None]) -> None:
    """Tell this listener, and no earlier one, how many lines a receiver was not sent, by the name of the receiver."""
    _drop_listeners[:] = [listener]


def writes_json() -> bool:
    """Whether what this process says is lines of JSON."""
    handlers = logging.getLogger().handlers
    return bool(handlers) and isinstance(handlers[0], library_logs.LibraryHandler)


def write_event(event: Event) -> None:
    """Write an event of a library or of Python itself."""
    level = event.pop("level", "warning")
    words = event.pop("event")
    number = logging.getLevelName(str(level).upper())
    if not isinstance(number, int):
        number = logging.WARNING
    structlog.get_logger().log(number, words, **event)


def _make_receivers(settings: Settings, service: str) -> list[Receiver]:
    receivers: list[Receiver] = []
    if settings.log_syslog:
        address = SyslogAddress.parse(settings.log_syslog)
        tls = ssl.create_default_context() if address.scheme == "tls" else None
        receivers.append(
            SyslogDelivery(
                address, service, tls=tls, on_change=_note_change, on_drop=_note_drop
            )
        )
    if settings.otlp:
        try:
            authorization = settings.secret(OTLP_SECRET)
        except MissingSecretError:
            authorization = ""
        collector = Collector(settings.otlp, service, authorization)
        receivers.append(
            OtlpDelivery(collector, LOGS, on_change=_note_change, on_drop=_note_drop)
        )
        spans = OtlpDelivery(
            collector, TRACES, on_change=_note_change, on_drop=_note_drop
        )
        traces.listen(spans.put_span)
        _span_deliveries.append(spans)
    return receivers


def _note_change(receiver: str, change: str, number: int) -> None:
    structlog.get_logger().warning(
        CHANGE_WORDS[change], receiver=receiver, dropped=number
    )


def _note_drop(receiver: str, number: int) -> None:
    for listener in _drop_listeners:
        listener(receiver, number)


def _add_trace(_: Any, __: str, event: Event) -> Event:
    context = traces.get_trace()
    if context is not None:
        event["trace_id"] = context.trace_id
        event["span_id"] = context.span_id
    return event


def _describe_exception(_: Any, __: str, event: Event) -> Event:
    """Put a traceback into the line as a list, without the message of the exception."""
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given
    if isinstance(given, tuple):
        error = given[1]
    elif not isinstance(given, BaseException):
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["traceback"] = describe_traceback(error)
    return event


def _shorten_traceback(_: Any, __: str, event: Event) -> Event:
    """For people, where it happened is enough of a traceback that is a list."""
    described = event.pop("traceback", None)
    if described:
        event["place"] = find_place(described)
    return event
