"""Answers that a web worker keeps, compressed: the generation of the index is in the key, so nothing has to expire."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from udi.ui.compression import ENCODINGS, pack, unpack

ENTRY_COST = 500
"""What a key and the objects around an answer take, about."""
LARGEST_SHARE = 8

Key = tuple[object, ...]


@dataclass(frozen=True)
class Answer:
    """A body as it travels, with the validator of RFC 9110."""

    body: bytes
    """Compressed by `encoding`."""
    etag: str
    encoding: str = "gzip"
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    modified: datetime | None = None

    def plain(self) -> bytes:
        """The body for a client that reads no compression."""
        return unpack(self.body, self.encoding)


def etag_of(key: Key) -> str:
    """The validator of the answer to this key, known before there is one: a 304 needs neither search nor cache.

    The key names everything the answer depends on: host, generation, release, locale, kind and parameters.
    """
    return f'W/"{hashlib.sha256(repr(key).encode(errors="replace")).hexdigest()[:24]}"'


class AnswerCache:
    """The answers used last, up to a number of bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._kept: OrderedDict[Key, Answer] = OrderedDict()

    def find(self, key: Key, encoding: str = "gzip") -> Answer | None:
        """The answer kept for this key, packed in this encoding if it was in another; None where there is none."""
        answer = self._kept.get((encoding, *key))
        if answer is not None:
            self._kept.move_to_end((encoding, *key))
            return answer
        other = next((kept for each in ENCODINGS if (kept := self._kept.get((each, *key))) is not None), None)
        if other is None:
            return None
        facts = (other.media_type, other.headers, encoding)
        return self.keep(key, other.plain(), *facts, etag=other.etag, modified=other.modified)

    def keep(
        self,
        key: Key,
        body: bytes,
        media_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        encoding: str = "gzip",
        *,
        etag: str = "",
        modified: datetime | None = None,
    ) -> Answer:
        """Compress and keep a body, each encoding apart; the answers unused for longest give way. One huge body is not kept."""
        packed = pack(body, encoding)
        answer = Answer(packed, etag or etag_of(key), encoding, media_type, dict(headers or {}), modified)
        self._forget(kept := (encoding, *key))
        if _cost(answer) <= self._limit // LARGEST_SHARE:
            self._kept[kept] = answer
            self._size += _cost(answer)
        while self._size > self._limit:
            self._forget(next(iter(self._kept)))
        return answer

    def _forget(self, key: Key) -> None:
        answer = self._kept.pop(key, None)
        if answer is not None:
            self._size -= _cost(answer)

    def __len__(self) -> int:
        return len(self._kept)


def _cost(answer: Answer) -> int:
    return len(answer.body) + ENTRY_COST
