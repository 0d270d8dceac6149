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
from typing import Any

import msgspec

from udi.kit.confinement import Limits, confine, spend
from udi.kit.disk_space import is_full

HEADER = struct.Struct(">Q")
WIRE = 0
MEMORY = {"MemoryError", "OutOfMemoryException"}


def main() -> None:
    """Serve the parent on descriptor 0 until it closes it."""
    limits = Limits(**json.loads(sys.argv[2]))
    for module in limits.modules:
        importlib.import_module(module)
    confine(limits, int(sys.argv[1]))
    while (content := _receive()) is not None:
        seconds, function, arguments, told = pickle.loads(content)  # noqa: S301 - from the parent
        spend(seconds)
        _send(_answer(function, arguments, told))


def plain(value: object) -> object:
    """What msgspec does not write of itself."""
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError


def _answer(name: str, arguments: tuple[tuple[Any, ...], dict[str, Any]], told: tuple[str, ...]) -> bytes:
    module, _, function = name.partition(":")
    try:
        result = getattr(importlib.import_module(module), function)(*arguments[0], **arguments[1])
        return b"=" + msgspec.msgpack.encode(result, enc_hook=plain)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent is told its kind, never its words
        return _complaint(error, told)


def _complaint(error: Exception, told: tuple[str, ...]) -> bytes:
    kind = type(error)
    if is_full(error):
        return b"f"
    if kind.__name__ in MEMORY:
        return b"m"
    name = f"{kind.__module__}:{kind.__qualname__}"
    if name in told:
        try:
            return b"!" + msgspec.msgpack.encode([name, list(error.args), vars(error)], enc_hook=plain)
        except (TypeError, NotImplementedError, OverflowError):
            pass
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return b"?" + msgspec.msgpack.encode([kind.__name__, place])


def _receive() -> bytes | None:
    header = _read(HEADER.size)
    return None if header is None else _read(HEADER.unpack(header)[0])


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
