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
    return match[1] if match else ""


def without_credentials(text: Text) -> Text:
    """A text whose addresses lost their names and passwords: `https://name:secret@host/a` becomes `https://host/a`."""
    if isinstance(text, bytes):
        return _IN_BYTES.sub(rb"\1", text) if b"@" in text else text
    return _IN_TEXT.sub(r"\1", text) if "@" in text else text


def strip_credentials(value: Any) -> Any:
    """The same of every text that a value holds, in texts, lists, tuples, dictionaries, dataclasses and structs."""
    if isinstance(value, str):
        return without_credentials(value)
    if isinstance(value, bytes):
        return without_credentials(value)
    if isinstance(value, list | tuple):
        stripped = [strip_credentials(item) for item in value]
        return value if all(new is old for new, old in zip(stripped, value, strict=True)) else type(value)(stripped)
    if isinstance(value, dict):
        pairs = [(strip_credentials(name), strip_credentials(item)) for name, item in value.items()]
        same = all(pair[0] is name and pair[1] is item for pair, (name, item) in zip(pairs, value.items(), strict=True))
        return value if same else dict(pairs)
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            _strip_attribute(value, field.name)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _strip_attribute(value, name)
    return value


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
