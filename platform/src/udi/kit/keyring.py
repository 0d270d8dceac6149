"""Rings of keys in a secret file: for files (`file_keys`: they sign addresses and wrap keys of sealed spaces), for columns."""

import base64
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from udi.kit.clock import now
from udi.kit.service_registry import ServiceKey
from udi.settings import Settings

SECRET = "file_keys"  # noqa: S105 - the name of a file
KEY_BYTES = 32
PROPAGATION_TIME = timedelta(minutes=10)
"""How long a new key is there before it is used, so that every machine has it; and how long the one before it still
opens addresses that it signed."""


@dataclass(frozen=True)
class KeyringKey:
    """One key of the ring."""

    id: str
    made_at: datetime
    secret: bytes

    def derive(self, purpose: str, *context: object) -> bytes:
        """A key for one purpose and one context (HKDF, RFC 5869); no part may hold a line break."""
        info = "\n".join(["udi", purpose, *map(str, context)]).encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self.secret)


@dataclass(frozen=True)
class Keyring:
    """The keys, newest first."""

    keys: tuple[KeyringKey, ...]

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """The ring of a secret file.

        Raises:
            ValueError: the text holds no ring.
        """
        try:
            listed = json.loads(text)["keys"]
            keys = tuple(_parse_key(entry) for entry in listed)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("The secret holds no ring of keys.") from error
        if not keys or any(len(key.secret) != KEY_BYTES for key in keys):
            raise ValueError("The secret holds no ring of keys.")
        return cls(keys)

    @property
    def current_key(self) -> KeyringKey:
        """The newest key that every machine has had time to receive; the oldest while there is none."""
        return next(
            (key for key in self.keys if key.made_at <= now() - PROPAGATION_TIME),
            self.keys[-1],
        )

    def find(self, key_id: str) -> KeyringKey | None:
        """The key of this id."""
        return next((key for key in self.keys if key.id == key_id), None)

    def accepted_keys(self) -> list[KeyringKey]:
        """Whose signatures are good: the leading key, newer ones, and for some minutes the one it replaced."""
        place = self.keys.index(self.current_key)
        fresh = self.current_key.made_at > now() - 2 * PROPAGATION_TIME
        return list(self.keys[: place + 2 if fresh else place + 1])


class KeyringFile:
    """The ring of a secret file, read when first asked for and again when the file changes."""

    def __init__(self, settings: Settings, name: str = SECRET) -> None:
        self._settings = settings
        self._name = name
        self._stamp = 0
        self._ring = None

    _ring: Keyring | None

    def __call__(self) -> Keyring:
        """The ring as it is now; what was known stays while the file cannot be read.

        Raises:
            MissingSecretError: it was never there.
            ValueError: it never held keys.
        """
        if self._ring is None:
            path = self._settings.get_secret_path(self._name)
            self._stamp = path.stat().st_mtime_ns
            self._ring = Keyring.parse(path.read_text())
        else:
            self._reload(self._settings.secrets_folder / self._name)
        return self._ring

    def _reload(self, path: Path) -> None:
        with suppress(OSError, ValueError):
            stamp = path.stat().st_mtime_ns
            if stamp != self._stamp:
                self._ring = Keyring.parse(path.read_text())
                self._stamp = stamp


FILE_KEYS = ServiceKey[KeyringFile]("file keys", "files")


OpenKeyring = Callable[[], Keyring]


def new_keyring() -> str:
    """A ring of one fresh key, as text for a secret file."""
    return json.dumps({"keys": [_generate_key()]})


def rotate_keyring(text: str) -> str:
    """The ring with a fresh key before the others, which stay: what they sealed must open for ever.

    Raises:
        ValueError: the text holds no ring.
    """
    Keyring.parse(text)
    return json.dumps({"keys": [_generate_key(), *json.loads(text)["keys"]]})


def _generate_key() -> dict[str, str]:
    key = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    return {
        "id": secrets.token_hex(8),
        "made_at": now().isoformat(timespec="seconds"),
        "key": key,
    }


def _parse_key(entry: dict[str, str]) -> KeyringKey:
    made_at = datetime.fromisoformat(entry["made_at"])
    aware = made_at if made_at.tzinfo else made_at.replace(tzinfo=UTC)
    return KeyringKey(str(entry["id"]), aware, base64.urlsafe_b64decode(entry["key"]))
