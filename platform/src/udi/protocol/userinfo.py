"""Names and passwords that stand in an address (RFC 3986, section 3.2.1): a record is read by everybody, and holds none."""

import re
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import msgspec

Text = TypeVar("Text", str, bytes)
_PATTERN = r"""([A-Za-z][A-Za-z0-9+.-]{0,30}:(?:\\?/){2})[^\s/?#"'<>@:\\]{0,200}:[^\s/?#"'<>@\\]{0,400}@"""
_IN_TEXT = re.compile(_PATTERN)
_IN_BYTES = re.compile(_PATTERN.encode())


def find_credentials(text: str) -> str:
    """The scheme of the first address that holds a password, such as `https://`; empty when none does."""
    match = _IN_TEXT.search(text) if "@" in text else None
    if match:
        return match[1]
    return ""


def without_credentials(text: Text) -> Text:
    """A text whose addresses lost their names and passwords: `https://name:secret@host/a` becomes `https://host/a`."""
    if isinstance(text, bytes):
        if b"@" in text:
            return _IN_BYTES.sub(rb"\1", text)
        return text
    if "@" in text:
        return _IN_TEXT.sub(r"\1", text)
    return text


def strip_credentials(value: Any) -> Any:
    """The same of every text that a value holds, in texts, lists, tuples, dictionaries, dataclasses and structs."""
    if isinstance(value, str):
        return without_credentials(value)
    if isinstance(value, bytes):
        return without_credentials(value)
    if isinstance(value, list | tuple):
        return _strip_items(value)
    if isinstance(value, dict):
        return _strip_pairs(value)
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            _strip_attribute(value, field.name)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _strip_attribute(value, name)
    return value


def _strip_items(items: Any) -> Any:
    stripped = [strip_credentials(item) for item in items]
    if all(new is old for new, old in zip(stripped, items, strict=True)):
        return items
    return type(items)(stripped)


def _strip_pairs(pairs: dict[Any, Any]) -> dict[Any, Any]:
    names = _strip_items(list(pairs))
    values = _strip_items(list(pairs.values()))
    stripped = dict(zip(names, values, strict=True))
    unchanged = all(
        new is old and stripped[new] is pairs[old]
        for new, old in zip(names, pairs, strict=True)
    )
    if unchanged:
        return pairs
    return stripped


def _strip_attribute(holder: Any, name: str) -> None:
    """Put the stripped value in its place, also in a frozen object: it was made a moment ago, and nobody holds it yet."""
    value = getattr(holder, name)
    stripped = strip_credentials(value)
    if stripped is value:
        return
    if isinstance(holder, msgspec.Struct):
        msgspec.structs.force_setattr(holder, name, stripped)
    else:
        object.__setattr__(holder, name, stripped)
