"""The program of a child process: walls first, then call after call until the parent leaves.

Started as `python -m udi.kit.child_program <parent> <limits>`. A call comes pickled from the parent, who is
trusted; what goes back is plain data, because whoever reads strangers' files is not.
"""

import importlib
import json
import os
import pickle
import struct
import sys
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from udi.kit.disk_space import is_disk_full
from udi.kit.sandbox import ProcessLimits, enter_sandbox, limit_cpu_time

HEADER = struct.Struct(">Q")
WIRE = 0
MEMORY_ERRORS = {"MemoryError", "OutOfMemoryException"}


def main() -> NoReturn:
    """Serve the parent on descriptor 0 until it closes it; then be gone, without taking apart what was imported."""
    limits = ProcessLimits(**json.loads(sys.argv[2]))
    for module in limits.modules:
        importlib.import_module(module)
    enter_sandbox(limits, int(sys.argv[1]))
    while (content := _receive()) is not None:
        seconds, function, arguments, exception_names = pickle.loads(content)  # noqa: S301 - from the parent
        limit_cpu_time(seconds)
        _send(_run_call(function, arguments, exception_names))
    os._exit(0)


def encode_value(value: object) -> object:
    """What msgspec does not write of itself."""
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError


def _run_call(
    name: str,
    arguments: tuple[tuple[Any, ...], dict[str, Any]],
    exception_names: tuple[str, ...],
) -> bytes:
    module, _, function = name.partition(":")
    try:
        result = getattr(importlib.import_module(module), function)(
            *arguments[0], **arguments[1]
        )
        return b"=" + msgspec.msgpack.encode(result, enc_hook=encode_value)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent gets its kind, never its words
        return _encode_error(error, exception_names)


def _encode_error(error: Exception, exception_names: tuple[str, ...]) -> bytes:
    kind = type(error)
    if is_disk_full(error):
        return b"f"
    if kind.__name__ in MEMORY_ERRORS:
        return b"m"
    name = f"{kind.__module__}:{kind.__qualname__}"
    if name in exception_names:
        try:
            return b"!" + msgspec.msgpack.encode(
                [name, list(error.args), vars(error)], enc_hook=encode_value
            )
        except (TypeError, NotImplementedError, OverflowError):
            pass
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace:
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
    else:
        place = ""
    return b"?" + msgspec.msgpack.encode([kind.__name__, place])


def _receive() -> bytes | None:
    header = _read(HEADER.size)
    if header is None:
        return None
    return _read(HEADER.unpack(header)[0])


def _read(length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        part = os.read(WIRE, min(length - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)


def _send(content: bytes) -> None:
    view = memoryview(HEADER.pack(len(content)) + content)
    while view:
        view = view[os.write(WIRE, view) :]


if __name__ == "__main__":
    main()
