"""`udi journal`: the journals of portal and node as numbered, chained and signed lines, for a town's collector."""

import asyncio
import json as jsonlib
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, cast

import click
import typer

from udi.cli import output as printed
from udi.cli.journal_files import (
    PROGRAMS,
    SIGNERS,
    ExportRow,
    ExportScope,
    export_to_file,
    export_to_folder,
    verify_checkpoint,
)
from udi.cli.journal_folder import STANDARD_OUTPUT
from udi.cli.local.errors import LocalError, explain_refusal
from udi.cli.local.interrupts import StopRequest
from udi.cli.own.folder import OwnNode, read_own_node
from udi.cli.own.node_processes import run_database
from udi.kit.hash_chain import ChainVerifier
from udi.kit.tenancy import INSTALLATION_SLUG
from udi.settings import ProgramName, get_settings

app = typer.Typer(
    help="The journals of portal and node as signed lines, for a town's collector.",
    no_args_is_help=True,
)
COLUMNS = {
    "territory": "Territory",
    "program": "Program",
    "lines": "New lines",
    "last": "Last",
    "file": "File",
    "note": "Note",
    "refusal": "Refused",
}
FAULT_COLUMNS = {
    "file": "File",
    "line": "Line",
    "number": "Number",
    "cause": "What is wrong",
}


@dataclass(frozen=True)
class ExpectedLines:
    """What whoever checks files knows of them from elsewhere."""

    after: int
    last: int
    territory: str
    program: str
    chain: str


AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
OwnNodeFolder = Annotated[
    Path | None,
    typer.Option("--node", help="Folder of a producer's own node: of that."),
]
Program = Annotated[
    Literal["", "portal", "node"],
    typer.Option(help="Only the journal of this program."),
]


@app.command()
def export(
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Write what is new of each journal as a file in a folder named for its territory here; goes on where the last file ends."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write the lines of one territory and program to this file instead; «-» prints them."
        ),
    ] = None,
    territory: Annotated[
        str,
        typer.Option(
            help=f"Slug of the only territory; «{INSTALLATION_SLUG}» is the installation itself. All of them, if left out."
        ),
    ] = "",
    program: Program = "",
    after: Annotated[
        int,
        typer.Option(min=0, help="With --output: the number after which to begin."),
    ] = 0,
    new_chain: Annotated[
        bool,
        typer.Option(
            "--new-chain",
            help="Number every event anew, from one: after a backup was restored.",
        ),
    ] = False,
    node: OwnNodeFolder = None,
    json: AsJson = False,
) -> None:
    """Write the events of portal and node as numbered lines, each with the digest of the one before, and sign them.

    May be repeated: nothing is written where nothing is new. Status 1 when a journal is refused; the others are written.
    """
    if (folder is None) == (output is None) or (output and not territory):
        raise LocalError(
            "There is nothing to write to",
            "give --folder, or --output with --territory",
        )
    own_node = _read_own_node(node)
    settings = own_node.settings if own_node else get_settings()
    scope = _make_scope(territory, program, own_node, new_chain=new_chain)
    if folder is not None:
        work = export_to_folder(settings, folder, scope)
    else:
        file = output or STANDARD_OUTPUT
        single = replace(scope, programs=scope.programs[:1])
        work = export_to_file(settings, file, single, after)
    rows = _run_export(work, own_node)
    if output != STANDARD_OUTPUT:
        printed.show(rows, COLUMNS, as_json=json, empty="Nothing is new.")
    if any(row["refusal"] for row in rows):
        raise typer.Exit(1)


def _read_own_node(folder: Path | None) -> OwnNode | None:
    if folder is None:
        return None
    return read_own_node(folder)


def _make_scope(
    territory: str, program: str, own_node: OwnNode | None, *, new_chain: bool
) -> ExportScope:
    """Whose journals are meant: a producer's own node has no portal.

    Raises:
        LocalError: the portal's was asked of one.
    """
    present: Sequence[ProgramName] = ("node",) if own_node else PROGRAMS
    programs = [name for name in present if program in {"", name}]
    if not programs:
        raise LocalError(
            "A producer's own node has no portal", "leave --program out, or --node"
        )
    return ExportScope(territory, programs, new_chain)


def _run_export(
    work: Coroutine[Any, Any, list[ExportRow]], own_node: OwnNode | None
) -> list[ExportRow]:
    """Do it, with the database of a producer's own node started where it does not run."""
    running = run_database(own_node) if own_node else nullcontext()
    try:
        with running:
            return asyncio.run(work)
    except StopRequest as error:
        raise LocalError("Interrupted", "give the same command again") from error
    except OSError as error:
        raise explain_refusal(error) from error
    finally:
        work.close()


@app.command()
def verify(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Files of one chain, in their order; «-» reads the standard input."
        ),
    ],
    keys: Annotated[
        Path | None,
        typer.Option(
            help="The published keys of the portal, or of the node (/.well-known/jwks.json), as a file; this installation's own, if left out."
        ),
    ] = None,
    last: Annotated[
        int,
        typer.Option(
            min=0,
            help="The number that the chain must reach: files may lack at its end.",
        ),
    ] = 0,
    after: Annotated[
        int,
        typer.Option(min=0, help="The number after which the first file must begin."),
    ] = 0,
    territory: Annotated[
        str, typer.Option(help="Slug of the territory of which the lines must be.")
    ] = "",
    program: Annotated[
        Literal["", "portal", "node"],
        typer.Option(help="Program of which the lines must be."),
    ] = "",
    chain: Annotated[
        str,
        typer.Option(
            help="The chain of which the lines must be, as an earlier check named it."
        ),
    ] = "",
    node: OwnNodeFolder = None,
    json: AsJson = False,
) -> None:
    """Say whether lines of a journal were changed, removed, repeated, swapped or cut, and which. Status 1 when they were."""
    key_sets = _read_keys(keys, _read_own_node(node))
    verifier = ChainVerifier(lambda document: verify_checkpoint(document, key_sets))
    faults = _read_files(verifier, files)
    expected = ExpectedLines(after, last, territory, program, chain)
    faults += [
        {"file": str(file), "line": "", "number": number, "cause": cause}
        for file, number, cause in _compare_expected(verifier, expected, files)
    ]
    _show_verification(verifier, faults, as_json=json)
    if faults:
        raise typer.Exit(1)


def _read_files(verifier: ChainVerifier, files: Sequence[Path]) -> list[dict[str, Any]]:
    """What is wrong in each file, in their order."""
    faults: list[dict[str, Any]] = []
    for file in files:
        known = len(verifier.faults)
        try:
            with click.open_file(str(file), "rb") as stream:
                verifier.read(cast("BinaryIO", stream))
        except OSError as error:
            raise explain_refusal(error) from error
        faults += [
            {"file": str(file), **asdict(fault)} for fault in verifier.faults[known:]
        ]
    return faults


def _compare_expected(
    verifier: ChainVerifier, expected: ExpectedLines, files: Sequence[Path]
) -> Iterator[tuple[Path, int | None, str]]:
    """What the files as a whole should be and are not: the file, the number and the cause."""
    begin = expected.after + 1
    if verifier.first is not None and verifier.first != begin:
        cause = f"the chain begins at {verifier.first}, not at {begin}: a file is missing before (or say --after)"
        yield files[0], verifier.first, cause
    number = verifier.head.number if verifier.head else 0
    if number < expected.last:
        cause = f"the chain ends at {number}: lines up to {expected.last} are missing"
        yield files[-1], number, cause
    if expected.territory and verifier.territory != expected.territory:
        cause = (
            f"the lines are of «{verifier.territory}», not of «{expected.territory}»"
        )
        yield files[0], verifier.first, cause
    if expected.program and verifier.program != expected.program:
        cause = (
            f"the lines are of the {verifier.program}, not of the {expected.program}"
        )
        yield files[0], verifier.first, cause
    if expected.chain and verifier.chain != expected.chain:
        yield files[0], verifier.first, f"the lines are of the chain {verifier.chain}"


def _show_verification(
    verifier: ChainVerifier, faults: Sequence[Mapping[str, Any]], *, as_json: bool
) -> None:
    number = verifier.head.number if verifier.head else 0
    summary = {
        "territory": verifier.territory,
        "program": verifier.program,
        "chain": verifier.chain,
        "first": verifier.first,
        "last": number,
        "lines": verifier.lines,
        "checkpoints": verifier.checkpoints,
    }
    if as_json:
        print(
            jsonlib.dumps({**summary, "faults": faults}, ensure_ascii=False, indent=2)
        )
    elif faults:
        printed.show(faults, FAULT_COLUMNS, as_json=False, empty="")
    else:
        print(
            f"{verifier.territory} ({verifier.program}): lines {verifier.first} to {number} are whole, in order and signed"
            f" ({verifier.checkpoints} checkpoints)."
        )


def _read_keys(
    file: Path | None, own_node: OwnNode | None
) -> Mapping[ProgramName, Mapping[str, Any]]:
    """The public keys of each program: those of a file are of whichever program published them."""
    if file is None:
        settings = own_node.settings if own_node else get_settings()
        present: Sequence[ProgramName] = ("node",) if own_node else PROGRAMS
        return {name: SIGNERS[name](settings).public_keys() for name in present}
    try:
        keys = {"keys": list(jsonlib.loads(file.read_text())["keys"])}
    except OSError as error:
        raise explain_refusal(error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise LocalError(
            f"{file} holds no set of keys",
            "save what the program answers at /.well-known/jwks.json",
        ) from error
    return dict.fromkeys(PROGRAMS, keys)
