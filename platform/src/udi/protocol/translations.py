"""What `upgrade_record` changed in a record of an old node: each value before and after, so that its producer can be told."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

VERSION = "metadata_info.api_version"
MOST = 40


@dataclass(frozen=True)
class Translation:
    """A value of an old record at `field`, without places in lists; `before` is empty where the record left it out."""

    field: str
    before: str
    after: str


def list_translations(received: Any, upgraded: Any) -> list[Translation]:
    """Values that are another, or new; what a node keeps for itself and is left out is none, nor is the version."""
    translations = (
        translation
        for translation in _compare(received, upgraded, "")
        if translation.field != VERSION
    )
    return list(islice(dict.fromkeys(translations), MOST))


def _compare(before: Any, after: Any, field: str) -> Iterator[Translation]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in after.items():
            inner = f"{field}.{name}" if field else name
            yield from _compare(before.get(name), value, inner)
    elif isinstance(before, list) and isinstance(after, list):
        for old, new in zip(before, after, strict=False):
            yield from _compare(old, new, field)
    elif before is None and isinstance(after, dict):
        for name, value in after.items():
            yield from _compare(None, value, f"{field}.{name}" if field else name)
    elif before != after or type(before) is not type(after):
        yield _translate(field, before, after)


def _translate(field: str, before: Any, after: Any) -> Translation:
    """A number that was written as text keeps its quotes, by which the two differ."""
    before_text = "" if before is None else _show(before)
    if before_text == _show(after):
        before_text = json.dumps(before, ensure_ascii=False)
    return Translation(field, before_text, _show(after))


def _show(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
