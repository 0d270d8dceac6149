"""The suite, imported once and forked for each mutant: in a fork the functions that a mutant changes get their new code.

A mutant that changes more than the insides of functions (a constant, a default, a decorator, a column) is none for a
fork: its tests run in a process that imports the changed program. So do the tests of whatever outlives a fork, before it
is called a survivor, since what an import computes is not computed again here.
"""

import gc
import json
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import CodeType, FunctionType

ROOT = Path(__file__).resolve().parents[2]
SUITE = ("tests.conftest", "tests.omissions", "tests.children", "tests.times")
MODULES = "UDI_MUTANTS_MODULES"
"""The variable that names further modules to import."""
COLD = 77
"""The status of a fork in which a change cannot be made."""
Place = tuple[str, int]
"""The qualified name of a function, and its first line."""


class ColdError(Exception):
    """A change that is made by importing the program anew, and not otherwise."""


@dataclass(frozen=True)
class Order:
    """What a fork does: hold a change, or none, and run pytest."""

    arguments: list[str]
    usage: str
    """The file for the seconds of a processor that were used."""
    changed: str = ""
    """The file of the changed module, in the copy of the project."""
    original: str = ""


def load() -> None:
    """Import pytest with its plug-ins, both programs, and the tests that are named in the environment."""
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    for name in (*SUITE, *os.environ[MODULES].split()):
        import_module(name)


def run(arguments: list[str]) -> None:
    """Do what is ordered, as `python -m pytest` would, in a fork or in a process of its own."""
    import pytest  # noqa: PLC0415 - once a fork has its own streams

    order = Order(**json.loads(arguments[0]))
    status = COLD
    try:
        if order.changed:
            change_code(Path(order.original).read_text(), Path(order.changed))
        gc.freeze()
        status = int(pytest.main(order.arguments))
    except ColdError:
        pass
    finally:
        used = [
            resource.getrusage(whose)
            for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        Path(order.usage).write_text(
            str(sum(usage.ru_utime + usage.ru_stime for usage in used))
        )
    sys.exit(status)


def change_code(original: str, path: Path) -> None:
    """Give the living functions of a module, if it was imported, the code that its file has now.

    Raises:
        ColdError: this is not possible.
    """
    code_by_place = dict(
        changed_functions(
            compile(original, "", "exec"), compile(path.read_text(), str(path), "exec")
        )
    )
    if not any(
        getattr(module, "__file__", None) == str(path)
        for module in list(sys.modules.values())
    ):
        return
    gc.unfreeze()
    matching_places = set()
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == str(
            path
        ):
            place = (function.__code__.co_qualname, function.__code__.co_firstlineno)
            if place in code_by_place:
                matching_places.add(place)
                try:
                    function.__code__ = code_by_place[place]
                except ValueError as error:
                    raise ColdError(str(error)) from error
    if any(
        "<locals>" not in name for name, _ in code_by_place.keys() - matching_places
    ):
        raise ColdError("a function is not there")


def changed_functions(
    before: CodeType, after: CodeType
) -> Iterator[tuple[Place, CodeType]]:
    """The functions whose code is another, at their former places, with it.

    Raises:
        ColdError: not only the insides of functions changed.
    """
    if _is_function(before):
        if _is_another(before, after):
            yield (before.co_qualname, before.co_firstlineno), after
    elif _own(before) != _own(after):
        raise ColdError(f"{before.co_qualname} is another")
    inner = _inner(before)
    changed = _inner(after)
    if [code.co_name for code in inner] != [code.co_name for code in changed]:
        if not _is_function(before):
            raise ColdError(f"{before.co_qualname} holds others")
        return
    for former_code, other in zip(inner, changed, strict=True):
        yield from changed_functions(former_code, other)


def _is_function(code: CodeType) -> bool:
    """Whether this is a function's, not a module's or a class's."""
    return bool(code.co_flags & 0x2)  # CO_NEWLOCALS: a class has none


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _own(code: CodeType) -> tuple[object, ...]:
    """All that makes a code what it is, but its lines and what is within other code."""
    consts = tuple(
        (type(constant), repr(constant))
        for constant in code.co_consts
        if not isinstance(constant, CodeType)
    )
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (
        code.co_code,
        consts,
        names,
        code.co_flags,
        code.co_argcount,
        code.co_kwonlyargcount,
    )


def _is_another(before: CodeType, after: CodeType) -> bool:
    """Whether two functions differ, in themselves or in what is within them."""
    inner = _inner(before)
    changed = _inner(after)
    differs = _own(before) != _own(after) or len(inner) != len(changed)
    return differs or any(
        _is_another(former_code, other)
        for former_code, other in zip(inner, changed, strict=True)
    )


if __name__ == "__main__":
    run(sys.argv[1:])
