"""`udi bench walks`: the modules through which a request passes, and how often it comes back to one that it left."""

import json as jsonlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from dis import get_instructions
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Annotated, Any

import typer
from rich.console import Console

from bench.walk_pictures import draw_walk
from udi.cli.local.errors import LocalError

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "UDI_WALKS"
"""Variable of the environment: the folder in which the measured walks are written, a file each."""
PROGRAMS = ("udi.portal.", "udi.node.")
COMPOSITION = frozenset({"app", "site", "work", "schema"})
"""Modules at the top of a program: they put the domains together."""
FOUNDATION = frozenset({"tenants", "territories", "identity", "audit", "notifications"})
"""Domains below all others: which territory, who asks, and what every action notes. Every request passes there."""
DATA = frozenset({"models", "schemas", "transitions"})
"""Tables, structures of the API and state machines: they say what things are and call nobody."""
STORAGE = frozenset(
    {
        "udi.node.files.storage.local_copies",
        "udi.node.files.storage.store",
        "udi.node.files.storage.tenant_storage",
        "udi.node.files.encryption.sealing_store",
    }
)
"""What the node keeps bytes with, as `kit.db` keeps rows: a working part, and no domain's order of steps."""
HOOKS = frozenset(
    {
        "udi.node.spaces.redirects",
        "udi.portal.catalogue.compression",
        "udi.node.datasets.pages.inbox",
        "udi.node.datasets.upkeep.pending_work",
        "udi.node.subject_requests.inbox",
        "udi.node.subject_requests.queries",
        "udi.node.subject_requests.routes",
    }
)
"""Called by the frame and by no domain: before each request, for each column of a row, for count and menu in each header."""


@dataclass(frozen=True)
class WalkLimit:
    """The most modules that a walk may enter, and the most times that it may come back to one."""

    modules: int
    returns: int


LIMITS = {
    "push": WalkLimit(modules=5, returns=1),
    "grant": WalkLimit(modules=8, returns=2),
    "file": WalkLimit(modules=12, returns=4),
}
TITLES = {
    "push": "The walk of a push through the modules of the portal",
    "grant": "The walk of a grant through the modules of the portal",
    "file": "The walk of a dropped file through the modules of the node",
}


@dataclass(frozen=True)
class Stay:
    """A stay in a module: the function with which it begins, and the module that called it, empty for the frame."""

    module: str
    function: str
    caller: str


@dataclass
class Walk:
    """The stays of a request in the modules of the program's domains, in order.

    A stay begins where a function of another module is called; two calls of one module with no other between them are
    one stay, and so is going on with a function that waited for what it called.
    """

    name: str
    stays: list[Stay] = field(default_factory=list)

    @property
    def modules(self) -> list[str]:
        """The modules that it enters, each once, in the order of the first stay."""
        return list(dict.fromkeys(stay.module for stay in self.stays))

    @property
    def returns(self) -> int:
        """How many stays are in a module that was left before."""
        return len(self.stays) - len(self.modules)

    def draw(self) -> str:
        """Return the walk as an SVG picture."""
        steps = [(stay.caller, stay.module, stay.function) for stay in self.stays]
        return draw_walk(TITLES[self.name], self.modules, steps)

    def note_call(self, frame: FrameType, event: str, _argument: Any) -> None:
        """Take in a call, as `sys.setprofile` reports it."""
        if event != "call" or frame.f_lasti > _beginning(frame.f_code):
            return
        module = _domain_module(frame)
        if not module:
            return
        caller = _calling_module(frame)
        goes_on = bool(self.stays) and self.stays[-1].module == module
        if caller != module and not goes_on:
            self.stays.append(Stay(module, frame.f_code.co_qualname, caller))


@contextmanager
def record_walk(name: str) -> Iterator[Walk]:
    """Record what this thread and those that it starts call meanwhile.

    Threads of a pool that ran before are not seen: give the event loop a new pool first.
    """
    walk = Walk(name)
    threading.setprofile(walk.note_call)
    sys.setprofile(walk.note_call)
    try:
        yield walk
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    if folder := os.environ.get(FOLDER):
        Path(folder, f"{name}.json").write_text(jsonlib.dumps(asdict(walk)))


def is_counted(module: str) -> bool:
    """Whether a module is one of a domain in which a walk can be."""
    if not module.startswith(PROGRAMS) or module in HOOKS | STORAGE:
        return False
    domain, *inside = module.split(".")[2:]
    if domain in FOUNDATION or (not inside and domain in COMPOSITION):
        return False
    return module.rpartition(".")[2] not in DATA


def _domain_module(frame: FrameType) -> str:
    if frame.f_code.co_filename.startswith("<") or frame.f_code.co_name == "<module>":
        return ""
    name = str(frame.f_globals.get("__name__", ""))
    if is_counted(name):
        return name
    return ""


def _calling_module(frame: FrameType) -> str:
    """The module of a domain that is the nearest of those that wait for this call."""
    caller = frame.f_back
    while caller is not None:
        if module := _domain_module(caller):
            return module
        caller = caller.f_back
    return ""


@cache
def _beginning(code: CodeType) -> int:
    """Where a function starts; beyond, a coroutine or a generator goes on."""
    for instruction in get_instructions(code):
        if instruction.opname == "RESUME":
            return instruction.offset
    return 0


def walks(
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
    pictures: Annotated[
        Path | None,
        typer.Option(help="Folder in which each walk is drawn, as walk-<name>.svg."),
    ] = None,
) -> None:
    """Walk through a push, a grant and a dropped file: which modules the request enters, and how often it comes back.

    They run in this checkout's tests (`tests/walks`), on a database of their own. Counted are the modules of the
    domains; not those that hold tables and schemas, nor those of the domains that every request passes (territory,
    identity, audit, notifications), nor the storage of files. The status is 1 when a walk is longer than its limit.
    """
    with tempfile.TemporaryDirectory(prefix="udi-walks-") as folder:
        command = [str(ROOT / "udi"), "test", "-n", "0", "tests/walks/test_walks.py"]
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {FOLDER: folder},
            stdout=sys.stderr,
            check=False,
        )
        measured = [_read(path) for path in sorted(Path(folder).glob("*.json"))]
    if len(measured) != len(LIMITS):
        raise LocalError(
            "The walks could not be measured", "see what the tests say above"
        )
    if pictures is not None:
        for walk in measured:
            (pictures / f"walk-{walk.name}.svg").write_text(walk.draw())
    if json:
        print(jsonlib.dumps([_describe(walk) for walk in measured], indent=2))
    else:
        _show(measured, Console())
    raise typer.Exit(1 if ended.returncode else 0)


def _read(path: Path) -> Walk:
    document = jsonlib.loads(path.read_text())
    return Walk(document["name"], [Stay(**stay) for stay in document["stays"]])


def _describe(walk: Walk) -> dict[str, Any]:
    return {
        **asdict(walk),
        "modules": len(walk.modules),
        "returns": walk.returns,
        "limit": asdict(LIMITS[walk.name]),
    }


def _show(measured: list[Walk], console: Console) -> None:
    for walk in measured:
        limit = LIMITS[walk.name]
        console.print(
            f"{walk.name}: {len(walk.modules)} modules (limit {limit.modules}),"
            f" {walk.returns} returns (limit {limit.returns})",
            highlight=False,
        )
        entered = set[str]()
        for stay in walk.stays:
            mark = "↩" if stay.module in entered else " "
            entered.add(stay.module)
            console.print(
                f"  {mark} {stay.module} {stay.function}",
                highlight=False,
                soft_wrap=True,
            )
