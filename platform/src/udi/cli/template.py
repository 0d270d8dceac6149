"""`udi territory`: a territory's own repository, made from the project's template and kept up to date with it."""

import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import copier
import typer
from copier.errors import CopierError, DirtyLocalWarning, InteractiveSessionError
from plumbum import ProcessExecutionError

from udi import __version__
from udi.cli.local.errors import LocalError

app = typer.Typer(
    help="A territory's own repository, made from the template.", no_args_is_help=True
)
CLONE = Path(__file__).resolve().parents[4]
PACKAGED = Path(__file__).resolve().parents[1] / "_copier"
FILES = Path("templates/copier")
ANSWERS = ".copier-answers.yml"
Data = Annotated[
    list[str] | None,
    typer.Option("--data", "-d", metavar="KEY=VALUE", help="One answer; repeat."),
]
Defaults = Annotated[
    bool, typer.Option("--defaults", help="Ask nothing: take the derived answers.")
]
Version = Annotated[
    str,
    typer.Option(
        help="Tag of the template; by default the last one of its repository."
    ),
]


@app.command()
def new(
    destination: Annotated[Path, typer.Argument(help="Folder to make.")],
    data: Data = None,
    defaults: Defaults = False,
    source: Annotated[
        str,
        typer.Option(help="Git address of the project; by default this very program."),
    ] = "",
    version: Version = "",
) -> None:
    """Make a territory's repository from under ten questions: its files, its inventory, its commands.

    For instance: udi territory new rade --data name="Pays de la Rade" --data host=donnees.rade.bzh --defaults
    """
    if destination.exists() and any(destination.iterdir()):
        raise LocalError(
            f"{destination} is not empty",
            "name a folder to make, or run `udi territory update` in a territory",
        )
    template = source or str(_find_template())
    answers = parse_answers(data)
    vcs_ref = version or (None if source else "HEAD")
    copy_template(
        destination, answers, template=template, vcs_ref=vcs_ref, defaults=defaults
    )
    if not source:
        _record_source(destination, template, version)
    print(
        f"{destination} is ready. Next: git init, commit everything, then bin/try; README.md says the rest."
    )


@app.command()
def update(
    folder: Annotated[
        Path, typer.Argument(help="The territory's repository.")
    ] = Path(),
    data: Data = None,
    version: Version = "",
) -> None:
    """Bring the next version of the template; your edits stay, and files where both changed are named.

    Nothing is committed: read the difference, then commit it.
    """
    _require_updatable(folder)
    with _explain_errors():
        copier.run_update(
            folder,
            data=parse_answers(data),
            defaults=True,
            skip_answered=True,
            overwrite=True,
            vcs_ref=version or None,
            quiet=True,
        )
    if conflicts := _list_conflicts(folder):
        listed = "".join(f"\n  {name}" for name in conflicts)
        raise LocalError(
            f"Your edits and the template's cross in {len(conflicts)} file(s)",
            f"choose between the marks «<<<<<<<» and «>>>>>>>» in each, then commit{listed}\n"
            "To give the update up: git reset --hard",
        )
    print(
        f"{folder.resolve().name} follows {_read_answers(folder).get('_commit', 'the template')}: read it, then commit it."
    )


def copy_template(
    destination: Path,
    answers: Mapping[str, str],
    *,
    template: str = "",
    vcs_ref: str | None = None,
    defaults: bool = True,
) -> None:
    """Make a territory's repository of answers, from this very program's template where none is named.

    Raises:
        LocalError: an answer is refused, or git failed.
    """
    with TemporaryDirectory() as temporary, _explain_errors():
        copier.run_copy(
            template or str(_export_template(Path(temporary))),
            destination,
            data=dict(answers),
            defaults=defaults,
            vcs_ref=vcs_ref,
            quiet=True,
        )


def _export_template(folder: Path) -> Path:
    """The template without the history of the project: copier clones a repository whole, seconds for some files."""
    template_folder = _find_template()
    shutil.copy(template_folder / "copier.yml", folder)
    shutil.copytree(template_folder / FILES, folder / FILES)
    return folder


def _find_template() -> Path:
    template_folder = next(
        (folder for folder in (CLONE, PACKAGED) if (folder / "copier.yml").exists()),
        None,
    )
    if template_folder is None:
        raise LocalError(
            "This program came without its template",
            "give the project's address with --source",
        )
    return template_folder


def parse_answers(pairs: list[str] | None) -> dict[str, str]:
    """The answers of `--data`, by the name of the question.

    Raises:
        LocalError: one is not written key=value.
    """
    split = [pair.partition("=") for pair in pairs or []]
    if invalid_keys := [key for key, equals, _ in split if not equals]:
        raise LocalError(
            f"«{invalid_keys[0]}» is not an answer", "write --data key=value"
        )
    return {key.strip(): value for key, _, value in split}


@contextmanager
def _explain_errors() -> Iterator[None]:
    """Give what copier refuses as a sentence rather than a trace."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DirtyLocalWarning)
            yield
    except KeyboardInterrupt as error:
        raise LocalError(
            "Interrupted, and nothing was made", "run the same command again"
        ) from error
    except InteractiveSessionError as error:
        cause = "There is no terminal to ask the questions on"
        raise LocalError(
            cause, "give answers with --data key=value, and --defaults for the others"
        ) from error
    except ProcessExecutionError as error:
        reason = next(
            (line for line in str(error.stderr).splitlines() if "fatal:" in line),
            f"status {error.retcode}",
        )
        raise LocalError(
            f"git failed ({reason})",
            "correct the address of the project or the version",
        ) from error
    except (CopierError, ValueError) as error:
        message = " ".join(
            str(error).removeprefix("Validation error for question ").split()
        ).rstrip(".")
        raise LocalError(
            message, "correct this, and run the same command again"
        ) from error


def _record_source(destination: Path, template: str, version: str) -> None:
    """Record where updates come from: the clone's own origin; an installed program knows only its version."""
    path = destination / ANSWERS
    lines = path.read_text().splitlines()
    if template == str(PACKAGED):
        remaining_lines = [
            line for line in lines if not line.startswith(("_src_path:", "_commit:"))
        ]
        lines = [*remaining_lines, f"_commit: v{__version__}"]
        print(
            f"To receive updates, add the project's git address to {ANSWERS}: `_src_path: <address>`."
        )
    elif commit := _run_git(template, "describe", "--tags", "--always"):
        pinned = {
            "_src_path": _run_git(template, "remote", "get-url", "origin") or template,
            "_commit": version or commit,
        }
        remaining_lines = [
            line for line in lines if line.partition(":")[0] not in pinned
        ]
        lines = [
            *remaining_lines,
            *(f"{key}: {value}" for key, value in pinned.items()),
        ]
    path.write_text("\n".join(filter(None, lines)) + "\n")


def _run_git(clone: str, *question: str) -> str:
    return subprocess.run(
        ["git", "-C", clone, *question], capture_output=True, text=True, check=False
    ).stdout.strip()


def _require_updatable(folder: Path) -> None:
    recorded = _read_answers(folder)
    for key, what in (
        ("_src_path", "the git address of the project"),
        ("_commit", "the version it was made from"),
    ):
        if key not in recorded:
            raise LocalError(
                f"{folder / ANSWERS} does not say {what}",
                f"add the line `{key}: …` and commit it",
            )
    if conflicts := _list_conflicts(folder):
        raise LocalError(
            "An update is not finished",
            f"settle {', '.join(conflicts)} and commit, then run this again",
        )


def _read_answers(folder: Path) -> dict[str, str]:
    try:
        return dict(
            re.findall(
                r"^(_\w+): *(\S.*?) *$", (folder / ANSWERS).read_text(), re.MULTILINE
            )
        )
    except OSError as error:
        cause = f"{folder.resolve()} is not a territory made from the template: it has no {ANSWERS}"
        raise LocalError(
            cause, "run this in the territory's repository, or name it"
        ) from error


def _list_conflicts(folder: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "-C", folder, "diff", "--name-only", "--diff-filter=U", "-z"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        raise LocalError(
            f"{folder.resolve()} is not a git repository",
            "run git init there and commit everything first",
        )
    return sorted(filter(None, listed.stdout.split("\0")))
