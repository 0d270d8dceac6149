"""The files of secrets that commands write."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from udi.kit import keyring, keys
from udi.kit.identity import MEMBERS_SECRET
from udi.kit.sealed_columns import secret_name
from udi.settings import ProgramName, Settings


def write_secret(
    settings: Settings, name: str, draw: Callable[[], str], *, keep: bool = False
) -> None:
    """Write a secret file that only its owner reads, whole or not at all; `keep` leaves one that exists."""
    path: Path = settings.secrets_folder / name
    if keep and path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{name}.{os.getpid()}")
    partial.touch(mode=0o600)
    partial.write_text(draw() + "\n")
    if path.exists():
        os.chown(partial, path.stat().st_uid, path.stat().st_gid)
    partial.rename(path)


def draw_keys(settings: Settings) -> None:
    """Draw the keys that there are none of, to sign and to seal, and the secret of the account that changes members."""
    write_secret(settings, "signing_keys", keys.new_secret, keep=True)
    write_secret(settings, MEMBERS_SECRET, lambda: secrets.token_hex(24), keep=True)
    for name in (keyring.SECRET, *map(secret_name, get_args(ProgramName))):
        write_secret(settings, name, keyring.new_keyring, keep=True)
