"""What the head of an answer says of a file, beside what was described."""

import base64
import hashlib

import pytest

from udi.portal.catalogue.links.content import (
    ContentMatch,
    ExpectedFile,
    compare_content,
    read_digests,
    read_size,
)

DATA = b"a,b\n1,2\n"
SHA = hashlib.sha256(DATA)
MD5 = hashlib.md5(DATA, usedforsecurity=False)
SHA_64, MD5_64 = (base64.b64encode(hasher.digest()).decode() for hasher in (SHA, MD5))
ME = ExpectedFile(8, "SHA-256", SHA.hexdigest())
ME_MD5 = ExpectedFile(8, "MD5", MD5.hexdigest().upper())
OTHER = ExpectedFile(9, "SHA-256", "0" * 64)


@pytest.mark.parametrize(
    ("status", "headers", "method", "size"),
    [
        (200, {"content-length": "8"}, "HEAD", 8),
        (200, {"content-length": "0"}, "HEAD", None),
        (200, {"content-length": "0"}, "GET", 0),
        (200, {"content-length": "8", "content-encoding": "gzip"}, "HEAD", None),
        (200, {"content-length": "eight"}, "HEAD", None),
        (200, {"content-length": "-8"}, "HEAD", None),
        (200, {"content-length": "８"}, "HEAD", None),
        (200, {}, "GET", None),
        (206, {"content-length": "1", "content-range": "bytes 0-0/8"}, "GET", 8),
        (206, {"content-length": "1", "content-range": "bytes 0-0/*"}, "GET", None),
        (206, {"content-length": "1"}, "GET", None),
        (416, {"content-range": "bytes */0"}, "GET", 0),
    ],
)
def test_the_size_is_the_whole_files(
    status: int, headers: dict[str, str], method: str, size: int | None
) -> None:
    assert read_size(status, headers, is_head=method == "HEAD") == size


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {"repr-digest": f"sha-256=:{SHA_64}:"}, {"sha256": SHA.hexdigest()}),
        (206, {"repr-digest": f"sha-512=:AAAA:, sha-256=:{SHA_64}:;p=1"}, {"sha512": "000000", "sha256": SHA.hexdigest()}),
        (200, {"digest": f"SHA-256={SHA_64},MD5={MD5_64}"}, {"sha256": SHA.hexdigest(), "md5": MD5.hexdigest()}),
        (200, {"content-md5": MD5_64}, {"md5": MD5.hexdigest()}),
        (206, {"content-md5": MD5_64}, {}),
        (200, {"repr-digest": "sha-256=:not base 64:"}, {}),
        (200, {"repr-digest": "nonsense"}, {}),
        (200, {}, {}),
    ],
)  # fmt: skip
def test_digests_are_read_from_the_headers_that_name_the_whole_file(
    status: int, headers: dict[str, str], expected: dict[str, str]
) -> None:
    assert read_digests(status, headers) == expected


@pytest.mark.parametrize(
    ("headers", "described", "content"),
    [
        ({"repr-digest": f"sha-256=:{SHA_64}:"}, [ME], ContentMatch.SAME),
        (
            {"repr-digest": f"sha-256=:{SHA_64}:", "content-length": "9"},
            [ME],
            ContentMatch.SAME,
        ),
        (
            {"repr-digest": f"sha-256=:{SHA_64}:", "content-length": "9"},
            [OTHER],
            ContentMatch.OTHER_CHECKSUM,
        ),
        ({"repr-digest": f"sha-256=:{SHA_64}:"}, [OTHER, ME], ContentMatch.SAME),
        ({"digest": f"md5={MD5_64}"}, [ME_MD5], ContentMatch.SAME),
        ({"digest": f"md5={MD5_64}"}, [ME], ContentMatch.UNKNOWN),
        ({"etag": f'"{MD5.hexdigest()}"'}, [ME_MD5], ContentMatch.SAME),
        ({"etag": f'"{"0" * 32}"'}, [ME_MD5], ContentMatch.UNKNOWN),
        ({"etag": f'W/"{MD5.hexdigest()}"'}, [ME_MD5], ContentMatch.UNKNOWN),
        ({"content-length": "8"}, [ME], ContentMatch.UNKNOWN),
        ({"content-length": "9"}, [ME], ContentMatch.OTHER_SIZE),
        ({"content-length": "9"}, [ME, OTHER], ContentMatch.UNKNOWN),
        ({"content-length": "9"}, [ExpectedFile(None)], ContentMatch.UNKNOWN),
        ({"content-length": "9"}, [], ContentMatch.UNKNOWN),
        ({}, [ME], ContentMatch.UNKNOWN),
    ],
)
def test_what_is_there_beside_what_was_described(
    headers: dict[str, str], described: list[ExpectedFile], content: ContentMatch
) -> None:
    assert compare_content(200, headers, described, is_head=True) == content
