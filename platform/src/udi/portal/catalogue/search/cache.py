"""Answers that a web worker keeps, compressed: the generation of the index is in the key, so nothing has to expire."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from udi.kit.service_registry import ServiceKey
from udi.ui.content_encodings import (
    ENCODINGS,
    PASSING,
    QUALITY,
    compress,
    decompress,
)

ENTRY_COST = 500
"""What a key and the objects around an answer take, about."""
LARGEST_SHARE = 8

Key = tuple[object, ...]


@dataclass(frozen=True)
class CachedResponse:
    """A body as it travels, with the validator of RFC 9110."""

    body: bytes
    """Compressed by `encoding`."""
    etag: str
    encoding: str = "gzip"
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    modified: datetime | None = None

    def decompress(self) -> bytes:
        """The body for a client that reads no compression."""
        return decompress(self.body, self.encoding)


def etag_of(key: Key) -> str:
    """The validator of the answer to this key, known before there is one: a 304 needs neither search nor cache.

    The key names everything the answer depends on: host, generation, release, locale, kind and parameters.
    """
    return f'W/"{hashlib.sha256(repr(key).encode(errors="replace")).hexdigest()[:24]}"'


class ResponseCache:
    """The answers used last, up to a number of bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._cached: OrderedDict[Key, CachedResponse] = OrderedDict()

    def find(self, key: Key, encoding: str = "gzip") -> CachedResponse | None:
        """The answer kept for this key, packed in this encoding if it was in another; None where there is none."""
        answer = self._cached.get((encoding, *key))
        if answer is not None:
            self._cached.move_to_end((encoding, *key))
            return answer
        other = next(
            (
                stored_answer
                for other_encoding in ENCODINGS
                if (stored_answer := self._cached.get((other_encoding, *key)))
                is not None
            ),
            None,
        )
        if other is None:
            return None
        facts = (other.media_type, other.headers, encoding)
        return self.store(
            key, other.decompress(), *facts, etag=other.etag, modified=other.modified
        )

    def store(
        self,
        key: Key,
        body: bytes,
        media_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        encoding: str = "gzip",
        *,
        etag: str = "",
        modified: datetime | None = None,
    ) -> CachedResponse:
        """Compress and keep a body, each encoding apart; the answers unused for longest give way. One huge body is not kept.

        Where nothing is kept at all, less time is spent on compressing what is sent once.
        """
        packed = compress(body, encoding, QUALITY if self._limit else PASSING)
        answer = CachedResponse(
            packed,
            etag or etag_of(key),
            encoding,
            media_type,
            dict(headers or {}),
            modified,
        )
        self._remove(cache_key := (encoding, *key))
        if _entry_size(answer) <= self._limit // LARGEST_SHARE:
            self._cached[cache_key] = answer
            self._size += _entry_size(answer)
        while self._size > self._limit:
            self._remove(next(iter(self._cached)))
        return answer

    def _remove(self, key: Key) -> None:
        answer = self._cached.pop(key, None)
        if answer is not None:
            self._size -= _entry_size(answer)

    def __len__(self) -> int:
        return len(self._cached)


RESPONSE_CACHE = ServiceKey[ResponseCache]("response cache", "catalogue")


def _entry_size(answer: CachedResponse) -> int:
    return len(answer.body) + ENTRY_COST
