"""What a line of the log says of an exception: types, and where in the code; never a message or a value.

A message may hold what was in a row, an address or a name (a constraint of the database quotes the row that it refuses).
"""

import traceback
from types import TracebackType
from typing import Any

MOST_FRAMES = 30
"""Of one exception: beyond that, the first ones are left out."""
MOST_EXCEPTIONS = 10
Description = dict[str, Any]


def describe_traceback(error: BaseException) -> list[Description]:
    """The exception, then what caused it and what it is a group of: `type`, `relation`, and `frames`, innermost last."""
    described: list[Description] = []
    waiting: list[tuple[BaseException, str]] = [(error, "")]
    seen: set[int] = set()
    while waiting and len(described) < MOST_EXCEPTIONS:
        current, relation = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        described.append(_describe(current, relation))
        if current.__cause__ is not None:
            waiting.append((current.__cause__, "cause"))
        elif current.__context__ is not None and not current.__suppress_context__:
            waiting.append((current.__context__, "context"))
        if isinstance(current, BaseExceptionGroup):
            waiting += [(member, "member") for member in current.exceptions]
    return described


def name_type(kind: type) -> str:
    """The name of a type with its module; of a built-in one its name alone."""
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def find_place(described: list[Description]) -> str:
    """Where the first of the exceptions was raised, in few words: `module:line`; empty where it was nowhere."""
    frames = described[0]["frames"] if described else []
    if not frames:
        return ""
    return f"{frames[-1]['module']}:{frames[-1]['line']}"


def _describe(error: BaseException, relation: str) -> Description:
    described: Description = {"type": name_type(type(error))}
    if relation:
        described["relation"] = relation
    frames = _list_frames(error.__traceback__)
    if len(frames) > MOST_FRAMES:
        described["left_out"] = len(frames) - MOST_FRAMES
    described["frames"] = frames[-MOST_FRAMES:]
    return described


def _list_frames(trace: TracebackType | None) -> list[Description]:
    return [
        {
            "module": str(frame.f_globals.get("__name__", "")),
            "function": frame.f_code.co_qualname,
            "line": line,
        }
        for frame, line in traceback.walk_tb(trace)
    ]
