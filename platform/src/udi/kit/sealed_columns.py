"""Secrets of others that the programs must show again: sealed where they lie in the database (AES-256-GCM).

A value is `sealed:<key>:<nonce and cipher text, base64url>`. The key is derived for one column from the ring in the secret
`portal_column_keys` or `node_column_keys`, before there is one from the program's own key (`portal_client_key`); the column
is authenticated with the text: a value opens in its column only.
Who may write to the database can still move a value to another row of its column; this guards copies that are read.
A text without the mark is of a release before this one: it is read as it is, and sealed by the worker (`sealed_column_tasks`).
"""

import base64
import os
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Dialect, Text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import TypeDecorator

from udi.kit.keyring import Keyring, KeyringFile, KeyringKey
from udi.kit.keys import LONG_AGO
from udi.settings import MissingSecretError, ProgramName, Settings

MARK = "sealed"
NONCE = 12
OWN_KEY = "own"
"""Stands for the key that is derived from the program's own."""
KEYS = "udi_column_keys"
"""The attribute of an engine's dialect that finds the ring."""


class BrokenColumnError(Exception):
    """A sealed value does not open: its key is gone, or it was changed or moved. The message is the column's name."""


class ColumnKeys:
    """The keys of a program's columns, read when first asked for: those of the ring, and after them the program's own."""

    def __init__(self, settings: Settings, program: ProgramName) -> None:
        self._settings = settings
        self._program = program
        self._read_ring = KeyringFile(settings, secret_name(program))
        self._own: KeyringKey | None = None

    def __call__(self) -> Keyring:
        """The keys, newest first.

        Raises:
            MissingSecretError: not even the program's own key is there.
        """
        if self._own is None:
            self._own = KeyringKey(
                OWN_KEY, LONG_AGO, self._settings.derived_key(self._program, "columns")
            )
        try:
            drawn = self._read_ring().keys
        except MissingSecretError:
            drawn = ()
        return Keyring((*drawn, self._own))


def secret_name(program: ProgramName) -> str:
    """The secret with the keys for a program's columns."""
    return f"{program}_column_keys"


def attach_keys(engine: AsyncEngine, open_ring: Callable[[], Keyring]) -> None:
    """Let the sealed columns that an engine reads and writes find their keys."""
    setattr(engine.sync_engine.dialect, KEYS, open_ring)


class SealedText(TypeDecorator[str]):
    """A text that is sealed in the database; the purpose is the column's own name. An empty one stays empty.

    Raises:
        BrokenColumnError: what the database holds does not open.
    """

    impl = Text
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value:
            return seal(_find_keyring(dialect), self.purpose, value)
        return value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or not value.startswith(f"{MARK}:"):
            return value
        return unseal(_find_keyring(dialect), self.purpose, value)


def seal(keyring: Keyring, purpose: str, text: str) -> str:
    """A text sealed with the leading key, for one purpose."""
    key = keyring.current_key
    nonce = os.urandom(NONCE)
    sealed = nonce + _cipher(key, purpose).encrypt(
        nonce, text.encode(), purpose.encode()
    )
    return f"{MARK}:{key.id}:{base64.urlsafe_b64encode(sealed).decode()}"


def unseal(keyring: Keyring, purpose: str, value: str) -> str:
    """The text of a sealed value.

    Raises:
        BrokenColumnError: no key of the ring opens it for this purpose.
    """
    _, key_id, encoded = value.split(":", 2)
    key = keyring.find(key_id)
    if key is None:
        raise BrokenColumnError(purpose)
    try:
        sealed = base64.urlsafe_b64decode(encoded)
        return (
            _cipher(key, purpose)
            .decrypt(sealed[:NONCE], sealed[NONCE:], purpose.encode())
            .decode()
        )
    except (InvalidTag, ValueError) as error:
        raise BrokenColumnError(purpose) from error


def sealed_columns(table: Any) -> Iterator[Column[str]]:
    """The columns of a mapped table that are sealed."""
    yield from (
        column
        for column in table.__table__.columns
        if isinstance(column.type, SealedText)
    )


def _find_keyring(dialect: Dialect) -> Keyring:
    keyring: Keyring = getattr(dialect, KEYS)()
    return keyring


def _cipher(key: KeyringKey, purpose: str) -> AESGCM:
    return AESGCM(key.derive("column", purpose))
