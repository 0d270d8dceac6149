"""File names of strangers: kept for the reader, harmless in headers, addresses and folders."""

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

LONGEST = 120
UNSAFE = re.compile(
    r'[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff<>:"|?*\\/%#;]'
)


def clean_name(name: str, *, default: str = "data") -> str:
    """The name without folders, control characters and what no file system takes; never empty, never hidden."""
    name = name.encode("utf-8", "ignore").decode()
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    name = " ".join(UNSAFE.sub("", name).split()).lstrip(". ").rstrip(". ")
    if not name:
        return default
    suffix = PurePosixPath(name).suffix[:16]
    if len(name) > LONGEST:
        return name[: LONGEST - len(suffix)].removesuffix(suffix).rstrip() + suffix
    return name


def content_disposition(name: str) -> str:
    """A `Content-Disposition` that saves the file under its name (RFC 6266, RFC 8187)."""
    plain = (
        unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or "data"
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
