"""What the head of an answer says of a file: its size, and its digest where the machine gives one; no body is read."""

import base64
import re
from binascii import Error
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

TOTAL = re.compile(r"bytes\s+(?:\*|\d+-\d+)/(\d+)")
PAIR = re.compile(r"\s*([A-Za-z0-9-]+)\s*=\s*:?([A-Za-z0-9+/=]+):?\s*(?:;[^,]*)?")
MD5_HEX = re.compile(r'"([0-9a-fA-F]{32})"')
PARTIAL = 206
UNSATISFIABLE = 416
Headers = Mapping[str, str]


class ContentMatch(StrEnum):
    """What is there, beside what was described."""

    UNKNOWN = ""
    SAME = "same"
    """Its digest is the one described."""
    OTHER_SIZE = "other_size"
    OTHER_CHECKSUM = "other_checksum"


@dataclass(frozen=True)
class ExpectedFile:
    """What one dataset says of the file."""

    size: int | None
    algorithm: str = ""
    checksum: str = ""


def read_size(status: int, headers: Headers, *, is_head: bool) -> int | None:
    """Bytes of the whole file, as its machine says; a length of nothing without a body is no size."""
    if status in {PARTIAL, UNSATISFIABLE}:
        total = TOTAL.match(headers.get("content-range", ""))
        if total:
            return int(total.group(1))
        return None
    length = headers.get("content-length", "")
    if headers.get("content-encoding", "identity") != "identity" or not (
        length.isascii() and length.isdigit()
    ):
        return None
    if is_head and int(length) == 0:
        return None
    return int(length)


def read_digests(status: int, headers: Headers) -> dict[str, str]:
    """Digests of the whole file in hexadecimal, by algorithm without its hyphen (RFC 9530, RFC 3230, RFC 1864)."""
    digests = dict(_digest_pairs(headers.get("digest", "")))
    digests |= dict(_digest_pairs(headers.get("repr-digest", "")))
    if status != PARTIAL and (
        md5 := _base64_to_hexadecimal(headers.get("content-md5", ""))
    ):
        digests.setdefault("md5", md5)
    return digests


def compare_content(
    status: int, headers: Headers, described: Collection[ExpectedFile], *, is_head: bool
) -> ContentMatch:
    """What the head of an answer says of a file that datasets describe; who is right of several does not matter."""
    digests = read_digests(status, headers)
    size = read_size(status, headers, is_head=is_head)
    tag = MD5_HEX.fullmatch(headers.get("etag", ""))
    checked = False
    resized = False
    for description in described:
        algorithm = description.algorithm.replace("-", "").lower()
        checksum = description.checksum.lower()
        digest = digests.get(algorithm, "") if checksum else ""
        # A tag may be anything: only one that equals the digest says something.
        if (digest and digest == checksum) or (
            algorithm == "md5" and tag and tag.group(1).lower() == checksum
        ):
            return ContentMatch.SAME
        checked = checked or bool(digest)
        if description.size is not None and description.size == size and not digest:
            return ContentMatch.UNKNOWN
        resized = resized or (description.size is not None and size is not None)
    if checked:
        return ContentMatch.OTHER_CHECKSUM
    if resized:
        return ContentMatch.OTHER_SIZE
    return ContentMatch.UNKNOWN


def _digest_pairs(header: str) -> Iterator[tuple[str, str]]:
    for part in header.split(","):
        match = PAIR.fullmatch(part)
        if match and (value := _base64_to_hexadecimal(match.group(2))):
            yield match.group(1).replace("-", "").lower(), value


def _base64_to_hexadecimal(text: str) -> str:
    try:
        return base64.b64decode(text.strip(), validate=True).hex()
    except (Error, ValueError):
        return ""
