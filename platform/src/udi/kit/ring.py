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
from udi.settings import Settings

SECRET = "file_keys"  # noqa: S105 - the name of a file
KEY_BYTES = 32
SPREAD = timedelta(minutes=10)
"""How long a new key is there before it is used, so that every machine has it; and how long the one before it still
opens addresses that it signed."""


@dataclass(frozen=True)
class RingKey:
    """One key of the ring."""

    id: str
    made_at: datetime
    secret: bytes

    def derive(self, purpose: str, *context: object) -> bytes:
        """A key for one purpose and one context (HKDF, RFC 5869); no part may hold a line break."""
        said = "\n".join(["udi", purpose, *map(str, context)]).encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=said).derive(self.secret)


@dataclass(frozen=True)
class Ring:
    """The keys, newest first."""

    keys: tuple[RingKey, ...]

    @classmethod
    def parse(cls, text: str) -> "Ring":
        """The ring of a secret file.

        Raises:
            ValueError: the text holds no ring.
        """
        try:
            listed = json.loads(text)["keys"]
            keys = tuple(_read(entry) for entry in listed)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("The secret holds no ring of keys.") from error
        if not keys or any(len(key.secret) != KEY_BYTES for key in keys):
            raise ValueError("The secret holds no ring of keys.")
        return cls(keys)

    @property
    def leading(self) -> RingKey:
        """The newest key that every machine has had time to receive; the oldest while there is none."""
        return next((key for key in self.keys if key.made_at <= now() - SPREAD), self.keys[-1])

    def find(self, key_id: str) -> RingKey | None:
        """The key of this id."""
        return next((key for key in self.keys if key.id == key_id), None)

    def accepted(self) -> list[RingKey]:
        """Whose signatures are good: the leading key, newer ones, and for some minutes the one it replaced."""
        place = self.keys.index(self.leading)
        fresh = self.leading.made_at > now() - 2 * SPREAD
        return list(self.keys[: place + 2 if fresh else place + 1])


class RingFile:
    """The ring of a secret file, read when first asked for and again when the file changes."""

    def __init__(self, settings: Settings, name: str = SECRET) -> None:
        self._settings = settings
        self._name = name
        self._stamp = 0
        self._ring = None

    _ring: Ring | None

    def __call__(self) -> Ring:
        """The ring as it is now; what was known stays while the file cannot be read.

        Raises:
            MissingSecretError: it was never there.
            ValueError: it never held keys.
        """
        if self._ring is None:
            path = self._settings.find_secret(self._name)
            self._stamp = path.stat().st_mtime_ns
            self._ring = Ring.parse(path.read_text())
        else:
            self._follow(self._settings.secrets_folder / self._name)
        return self._ring

    def _follow(self, path: Path) -> None:
        with suppress(OSError, ValueError):
            stamp = path.stat().st_mtime_ns
            if stamp != self._stamp:
                self._ring, self._stamp = Ring.parse(path.read_text()), stamp


OpenRing = Callable[[], Ring]


def new_ring() -> str:
    """A ring of one fresh key, as text for a secret file."""
    return json.dumps({"keys": [_draw()]})


def rotated_ring(text: str) -> str:
    """The ring with a fresh key before the others, which stay: what they sealed must open for ever.

    Raises:
        ValueError: the text holds no ring.
    """
    Ring.parse(text)
    return json.dumps({"keys": [_draw(), *json.loads(text)["keys"]]})


def without_keys(text: str, kept: set[str]) -> str:
    """The ring without the replaced keys that are not `kept`; the newest and the leading one always stay."""
    ring = Ring.parse(text)
    stay = kept | {key.id for key in ring.accepted()}
    return json.dumps({"keys": [entry for entry in json.loads(text)["keys"] if entry["id"] in stay]})


def _draw() -> dict[str, str]:
    key = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    return {"id": secrets.token_hex(8), "made_at": now().isoformat(timespec="seconds"), "key": key}


def _read(entry: dict[str, str]) -> RingKey:
    made_at = datetime.fromisoformat(entry["made_at"])
    aware = made_at if made_at.tzinfo else made_at.replace(tzinfo=UTC)
    return RingKey(str(entry["id"]), aware, base64.urlsafe_b64decode(entry["key"]))
