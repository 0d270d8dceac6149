"""`udi key`: the keys that sign what the portal sends, and those for files."""

from typing import Annotated, Any

import typer

from udi.cli import output
from udi.cli.checks.finding import duration
from udi.cli.provision import write_secret
from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.keys import PUBLISHED_FIRST, key_ages, rotated, without_replaced
from udi.node.files import ring
from udi.settings import Settings, get_settings

app = typer.Typer(help="The keys that sign what the portal sends.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="For a program.")]
COLUMNS = {"id": "Key", "drawn": "Drawn", "state": "State"}
SECRET = "signing_keys"  # noqa: S105 - the name of a file


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the keys that are published, newest first, and which one signs."""
    output.show(_rows(get_settings()), COLUMNS, as_json=json, empty="There is no key.")


@app.command()
def rotate(
    files: Annotated[
        bool, typer.Option("--files", help="The key for files instead: signed links, sealed spaces.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Draw a new signing key; nothing that was signed is refused meanwhile. May be repeated.

    The new key is published at once and signs ten minutes later, when everybody has read it. The one before stays
    published for a day, far longer than a token lives; then its public half alone, which checks the agreements that it
    signed. Programs follow the file; where they received a copy of it
    (systemd credentials, another machine), give them the new one and restart them within those ten minutes.
    With `--files` likewise; keys that were replaced stay until `udi node seal` left nothing under them.
    """
    settings = get_settings()
    if files:
        _rotate_files(settings, as_json=json)
        return
    path = settings.find_secret(SECRET)
    try:
        fresh = (now() - key_ages(path)[0].made_at) < PUBLISHED_FIRST
        if not fresh:
            text = path.read_text()
            write_secret(settings, SECRET, lambda: rotated(text))
    except ValueError as error:
        raise ConflictError(str(error), remedy="Restore it from the backup of the secrets.") from error
    if not json:
        print("A key drawn a moment ago waits to sign: nothing changed." if fresh else "A new key is published.")
    output.show(_rows(settings), COLUMNS, as_json=json, empty="There is no key.")


@app.command()
def forget(json: AsJson = False) -> None:
    """Remove the keys that were replaced, when one of them may have been seen: what they signed is refused at once.

    Ten minutes after `udi key rotate`, when the new key signs. Agreements that a node holds stay good; those that it
    has still to receive are signed again by the portal.
    """
    settings = get_settings()
    try:
        path = settings.find_secret(SECRET)
        key_ages(path)
        text = path.read_text()
        write_secret(settings, SECRET, lambda: without_replaced(text))
    except ValueError as error:
        raise ConflictError(str(error), remedy="Restore it from the backup of the secrets.") from error
    output.show(_rows(settings), COLUMNS, as_json=json, empty="There is no key.")


def _rotate_files(settings: Settings, *, as_json: bool) -> None:
    path = settings.find_secret(ring.SECRET)
    try:
        text = path.read_text()
        fresh = ring.Ring.parse(text).keys[0].made_at > now() - ring.SPREAD
        if not fresh:
            write_secret(settings, ring.SECRET, lambda: ring.rotated_ring(text))
        keys = ring.Ring.parse(path.read_text())
    except ValueError as error:
        raise ConflictError(str(error), remedy="Restore it from the backup of the secrets.") from error
    if not as_json:
        print("A key drawn a moment ago waits to be used: nothing changed." if fresh else "A new key is there.")
    rows = [
        {
            "id": key.id,
            "drawn": f"{duration((now() - key.made_at).total_seconds())} ago",
            "state": "used" if key is keys.leading else "opens what it sealed",
        }
        for key in keys.keys
    ]
    output.show(rows, COLUMNS, as_json=as_json, empty="There is no key.")


def _rows(settings: Settings) -> list[dict[str, Any]]:
    ages, moment = key_ages(settings.find_secret(SECRET)), now()
    signing = next(rank for rank, key in enumerate(ages) if key.signs)
    return [
        {
            "id": key.id,
            "drawn": f"{duration((moment - key.made_at).total_seconds())} ago",
            "state": "signs" if key.signs else "published, will sign" if rank < signing else "published, replaced",
        }
        for rank, key in enumerate(ages)
    ]
