"""What libraries and Python itself say, as events of our own: records of `logging`, exceptions that nobody caught, warnings, prints.

No value that they name is written, because it may be of a person or of a row: a message is written where it stands so in the
code of who says it, and what it was filled with by its type alone (numbers are kept). Needs nothing but the standard library:
a small process of its own uses it too.
"""

import io
import json
import logging
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from udi.kit.tracebacks import describe_traceback, name_type

Write = Callable[[dict[str, Any]], None]
"""Writes an event: `level`, `event`, and more."""
WITHHELD = "a message with values, left out"
PRINTED = "printed"
SERVER = "_granian"
"""The logger of the web server: the first line of its messages holds no values but our address and numbers of processes."""
LOOP_MESSAGES = (
    "Task exception was never retrieved",
    "Future exception was never retrieved",
    "Task was destroyed but it is pending",
    "Exception in callback",
    "Unhandled exception in client_connected_cb",
    "unhandled exception during asyncio.run() shutdown",
    "Fatal error",
    "socket.send() raised exception",
)
"""How messages of `asyncio` begin, which go on with values."""
FRAME_LINE = re.compile(
    r'[ |]*File "(?P<file>[^"]*)", line (?P<line>\d+)(?:, in (?P<function>.+))?'
)
TRACE_BEGINS = "Traceback (most recent call last):"
LAST_LINE = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?::.*)?")
BETWEEN = (
    "During handling of the above exception",
    "The above exception was the direct cause",
    "Process ",
)
"""How lines begin that stand around a printed traceback."""
MOST_FRAMES = 30
LEVELS = {"warn": "warning", "fatal": "critical", "notset": "info"}
STYLE_VARIABLE = "UDI_LOG_FORMAT"


class LibraryHandler(logging.Handler):
    """Turns records of `logging` into events."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as one event."""
        try:
            self._write(describe_record(record))
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - as `logging` does: a line that cannot be written ends nothing
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - named by `logging`
        """Say that a line was lost, without its words."""
        self._write({"level": "error", "event": WITHHELD, "logger": record.name})


def describe_record(record: logging.LogRecord) -> dict[str, Any]:
    """A record as an event."""
    level = record.levelname.lower()
    event: dict[str, Any] = {
        "level": LEVELS.get(level, level),
        "event": _find_words(record),
        "logger": record.name,
        "place": f"{record.module}:{record.lineno}",
    }
    if record.exc_info and isinstance(record.exc_info[1], BaseException):
        event["traceback"] = describe_traceback(record.exc_info[1])
    elif TRACE_BEGINS in str(record.msg):
        event["traceback"] = [read_printed_traceback(str(record.msg).splitlines())]
    return event


def _find_words(record: logging.LogRecord) -> str:
    """What a record says, without values."""
    if record.name.partition(".")[0] == SERVER:
        return record.getMessage().partition("\n")[0]
    template = str(record.msg)
    if record.name == "asyncio":
        return next(
            (words for words in LOOP_MESSAGES if template.startswith(words)), WITHHELD
        )
    if not _is_constant(template, record):
        return WITHHELD
    if not record.args:
        return template
    return fill_with_types(template, record.args)


def _is_constant(text: str, record: logging.LogRecord) -> bool:
    """Whether a text stands in the code of the function that logged it, or as a constant of its module."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - the only way to who called
    while frame is not None:
        code = frame.f_code
        if code.co_filename == record.pathname and code.co_name == record.funcName:
            return text in code.co_consts or any(
                value is record.msg for value in frame.f_globals.values()
            )
        frame = frame.f_back
    return False


class _TypeOf:
    """Stands for a value in a message: says its type."""

    def __init__(self, value: object) -> None:
        self._type = name_type(type(value))

    def __repr__(self) -> str:
        return f"<{self._type}>"

    __str__ = __repr__


def fill_with_types(template: str, arguments: object) -> str:
    """A message whose values are told by their types, but for numbers."""
    if isinstance(arguments, Mapping):
        filling: Any = {name: _hide(value) for name, value in arguments.items()}
    elif isinstance(arguments, tuple):
        filling = tuple(_hide(value) for value in arguments)
    else:
        filling = _hide(arguments)
    try:
        return str(template % filling)
    except (TypeError, ValueError, KeyError):
        return template


def _hide(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _TypeOf(value)


def install_hooks(write: Write) -> None:
    """Have exceptions that nobody catches, and warnings, written as events: of this process, its threads, its loops' tasks."""

    def on_exception(_: object, error: BaseException, __: object) -> None:
        _write_uncaught(write, "uncaught exception", error)

    def on_thread_exception(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not isinstance(
            arguments.exc_value, SystemExit
        ):
            _write_uncaught(
                write, "uncaught exception of a thread", arguments.exc_value
            )

    def on_unraisable(arguments: Any) -> None:
        if arguments.exc_value is not None:
            _write_uncaught(
                write, "exception that cannot be raised", arguments.exc_value
            )

    def on_warning(
        message: Warning | str,  # noqa: ARG001 - may hold values
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG001 - as Python calls it
        line: str | None = None,  # noqa: ARG001 - likewise
    ) -> None:
        place = f"{Path(filename).stem}:{lineno}"
        write(
            {
                "level": "warning",
                "event": "warning",
                "category": name_type(category),
                "place": place,
            }
        )

    sys.excepthook = on_exception
    threading.excepthook = on_thread_exception
    sys.unraisablehook = on_unraisable
    warnings.showwarning = on_warning


def _write_uncaught(write: Write, words: str, error: BaseException) -> None:
    write(
        {
            "level": "critical",
            "event": words,
            "error": name_type(type(error)),
            "traceback": describe_traceback(error),
        }
    )


class PrintedText(io.TextIOBase):
    """Takes the place of a standard stream: what is printed there becomes events; `raw` is the stream itself.

    A traceback that was printed is one event, with its frames; of other text only how long it was.
    """

    def __init__(self, raw: TextIO, name: str, write: Write) -> None:
        self.raw = raw
        self._name = name
        self._write = write
        self._local = threading.local()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a variable in the class above
        return "utf-8"

    @property
    def buffer(self) -> Any:
        """Bytes go where they went."""
        return self.raw.buffer

    def fileno(self) -> int:
        """The descriptor of the stream itself."""
        return self.raw.fileno()

    def isatty(self) -> bool:
        """Never: colours belong to no event."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    def flush(self) -> None:
        """Nothing waits but the rest of a line."""
        self.raw.flush()

    def write(self, text: str) -> int:
        """Take some text; whole lines are read."""
        *lines, rest = (getattr(self._local, "rest", "") + text).split("\n")
        self._local.rest = rest
        for line in lines:
            self._take_line(line)
        return len(text)

    def _take_line(self, line: str) -> None:
        trace: list[str] | None = getattr(self._local, "trace", None)
        if line.strip(" |+").startswith(TRACE_BEGINS):
            self._local.trace = []
            return
        if trace is not None:
            self._take_line_of_trace(line, trace)
            return
        if line.strip() and not line.startswith(BETWEEN):
            self._write(
                {
                    "level": "warning",
                    "event": PRINTED,
                    "stream_name": self._name,
                    "characters": len(line),
                }
            )

    def _take_line_of_trace(self, line: str, lines: list[str]) -> None:
        lines.append(line)
        if line.startswith((" ", "|")) or not line:
            return
        self._local.trace = None
        described = read_printed_traceback(lines)
        self._write(
            {
                "level": "error",
                "event": "printed traceback",
                "error": described["type"],
                "traceback": [described],
            }
        )


def read_printed_traceback(lines: Sequence[str]) -> dict[str, Any]:
    """Of a traceback as text, the type of the exception and its frames."""
    frames = [
        {
            "module": Path(match["file"]).stem,
            "function": match["function"] or "",
            "line": int(match["line"]),
        }
        for match in map(FRAME_LINE.fullmatch, lines)
        if match is not None
    ]
    ends = [line for line in lines if line and not line.startswith((" ", "|"))]
    kind = LAST_LINE.match(ends[-1]) if ends else None
    return {"type": kind["type"] if kind else "", "frames": frames[-MOST_FRAMES:]}


def write_plain_event(event: dict[str, Any]) -> None:
    """Write an event as one JSON line to the error stream itself, without more than the standard library."""
    line = json.dumps(
        {**event, "timestamp": datetime.now(UTC).isoformat()}, default=str
    )
    raw = find_raw_stream(sys.stderr)
    raw.write(f"{line}\n")
    raw.flush()


def find_raw_stream(stream: TextIO) -> TextIO:
    """The stream that a `PrintedText` stands for; any other is itself."""
    while isinstance(stream, PrintedText):
        stream = stream.raw
    return stream


def configure_small_process() -> None:
    """In a process that is started beside a program and inherits its error stream: events there, where the program writes JSON."""
    if os.environ.get(STYLE_VARIABLE) != "json":
        return
    logging.getLogger().handlers[:] = [LibraryHandler(write_plain_event)]
    install_hooks(write_plain_event)
    sys.stderr = PrintedText(sys.stderr, "stderr", write_plain_event)
