"""`udi key`: the keys that sign what the portal sends, and those for files."""

from typing import Annotated, Any, get_args

import typer

from udi.cli import output
from udi.cli.finding import format_duration
from udi.cli.secret_files import write_secret
from udi.kit import keyring
from udi.kit.clock import now
from udi.kit.errors import ConflictError
from udi.kit.keys import PUBLICATION_DELAY, key_ages, remove_replaced_keys, rotate_keys
from udi.kit.sealed_columns import secret_name
from udi.settings import ProgramName, Settings, get_settings

app = typer.Typer(
    help="The keys that sign what the portal sends.", no_args_is_help=True
)
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
        bool,
        typer.Option(
            "--files", help="The key for files instead: signed links, sealed spaces."
        ),
    ] = False,
    columns: Annotated[
        bool,
        typer.Option(
            "--columns",
            help="The keys for secrets in the databases instead: sessions, webhooks, connectors.",
        ),
    ] = False,
    json: AsJson = False,
) -> None:
    """Draw a new signing key; nothing that was signed is refused meanwhile. May be repeated.

    The new key is published at once and signs ten minutes later, when everybody has read it. The one before stays
    published for a day, far longer than a token lives; then its public half alone, which checks the agreements that it
    signed. Programs follow the file; where they received a copy of it
    (systemd credentials, another machine), give them the new one and restart them within those ten minutes.
    With `--files` likewise; keys that were replaced stay until `udi node seal` left nothing under them. With `--columns`
    likewise; workers bring what is sealed under the new key, within twenty minutes.
    """
    settings = get_settings()
    if files or columns:
        names = [keyring.SECRET] if files else []
        names += (
            [secret_name(program) for program in get_args(ProgramName)]
            if columns
            else []
        )
        _rotate_keyrings(
            settings,
            [name for name in names if _has_keyring(settings, name)],
            as_json=json,
        )
        return
    path = settings.get_secret_path(SECRET)
    try:
        fresh = (now() - key_ages(path)[0].made_at) < PUBLICATION_DELAY
        if not fresh:
            text = path.read_text()
            write_secret(settings, SECRET, lambda: rotate_keys(text))
    except ValueError as error:
        raise ConflictError(
            str(error), remedy="Restore it from the backup of the secrets."
        ) from error
    if not json:
        print(
            "A key drawn a moment ago waits to sign: nothing changed."
            if fresh
            else "A new key is published."
        )
    output.show(_rows(settings), COLUMNS, as_json=json, empty="There is no key.")


@app.command()
def forget(json: AsJson = False) -> None:
    """Remove the keys that were replaced, when one of them may have been seen: what they signed is refused at once.

    Ten minutes after `udi key rotate`, when the new key signs. Agreements that a node holds stay good; those that it
    has still to receive are signed again by the portal.
    """
    settings = get_settings()
    try:
        path = settings.get_secret_path(SECRET)
        key_ages(path)
        text = path.read_text()
        write_secret(settings, SECRET, lambda: remove_replaced_keys(text))
    except ValueError as error:
        raise ConflictError(
            str(error), remedy="Restore it from the backup of the secrets."
        ) from error
    output.show(_rows(settings), COLUMNS, as_json=json, empty="There is no key.")


def _has_keyring(settings: Settings, name: str) -> bool:
    """Whether this machine has a ring, or is where a ring of columns is drawn first: it has the program's own key."""
    program = name.partition("_")[0]
    client_key = settings.secrets_folder / f"{program}_client_key"
    return name == keyring.SECRET or client_key.exists()


def _rotate_keyrings(settings: Settings, names: list[str], *, as_json: bool) -> None:
    rows = []
    for name in names:
        fresh = _generate_key(settings, name)
        if not as_json:
            if fresh:
                message = "A key drawn a moment ago waits to be used: nothing changed."
            else:
                message = "A new key is there."
            print(f"{name}: {message}" if len(names) > 1 else message)
        keys = keyring.Keyring.parse(settings.get_secret_path(name).read_text())
        rows += [
            {
                "id": key.id,
                "drawn": f"{format_duration((now() - key.made_at).total_seconds())} ago",
                "state": "used" if key is keys.current_key else "opens what it sealed",
            }
            for key in keys.keys
        ]
    output.show(rows, COLUMNS, as_json=as_json, empty="There is no key.")


def _generate_key(settings: Settings, name: str) -> bool:
    """Draw a key of a ring, unless its newest still waits to be used; whether it does.

    Raises:
        ConflictError: the secret holds no ring.
    """
    path = settings.secrets_folder / name
    if name != keyring.SECRET and not path.exists():
        write_secret(settings, name, keyring.new_keyring)
        return False
    try:
        text = settings.get_secret_path(name).read_text()
        fresh = (
            keyring.Keyring.parse(text).keys[0].made_at
            > now() - keyring.PROPAGATION_TIME
        )
    except ValueError as error:
        raise ConflictError(
            str(error), remedy="Restore it from the backup of the secrets."
        ) from error
    if not fresh:
        write_secret(settings, name, lambda: keyring.rotate_keyring(text))
    return fresh


def _rows(settings: Settings) -> list[dict[str, Any]]:
    ages = key_ages(settings.get_secret_path(SECRET))
    moment = now()
    signing = next(rank for rank, key in enumerate(ages) if key.signs)
    lines = []
    for rank, key in enumerate(ages):
        if key.signs:
            state = "signs"
        elif rank < signing:
            state = "published, will sign"
        else:
            state = "published, replaced"
        age = format_duration((moment - key.made_at).total_seconds())
        lines.append({"id": key.id, "drawn": f"{age} ago", "state": state})
    return lines
