"""The answers that a web worker keeps."""

import secrets

from udi.portal.catalogue.search.cache import LARGEST_SHARE, ResponseCache, etag_of
from udi.ui.content_encodings import PASSING, QUALITY, compress

KEY = ("demo.localhost", "generation-1", "fr", "q=air")
BODY = b"<p>Qualit\xc3\xa9 de l'air</p>" * 50


def test_an_answer_is_kept_compressed_with_its_validator() -> None:
    cache = ResponseCache(16_000_000)

    entry = cache.store(KEY, BODY, "text/html", {"Content-Language": "fr"})

    assert cache.find(KEY) == entry
    assert (entry.decompress(), entry.etag, entry.media_type) == (
        BODY,
        etag_of(KEY),
        "text/html",
    )
    assert entry.headers == {"Content-Language": "fr"}
    assert len(entry.body) < len(BODY)


def test_another_generation_of_the_index_is_another_answer() -> None:
    cache = ResponseCache(16_000_000)
    cache.store(KEY, BODY)
    later = ("demo.localhost", "generation-2", "fr", "q=air")

    assert cache.find(later) is None
    assert etag_of(later) != etag_of(KEY)


def test_the_answer_unused_for_longest_gives_way() -> None:
    cache = ResponseCache(limit_bytes=30_000)
    for number in range(10):
        cache.store((number,), secrets.token_bytes(3_000))
        cache.find((0,))

    remaining_numbers = [number for number in range(10) if cache.find((number,))]

    assert 0 in remaining_numbers
    assert 9 in remaining_numbers
    assert 1 not in remaining_numbers
    assert len(cache) == len(remaining_numbers)


def test_one_huge_answer_does_not_push_out_the_others() -> None:
    cache = ResponseCache(limit_bytes=80_000)
    cache.store(KEY, BODY)
    huge = secrets.token_bytes(80_000 // LARGEST_SHARE)

    answer = cache.store(("huge",), huge)

    assert answer.decompress() == huge
    assert cache.find(("huge",)) is None
    assert cache.find(KEY) is not None


def test_keeping_an_answer_again_replaces_it() -> None:
    cache = ResponseCache(16_000_000)
    cache.store(KEY, BODY)
    cache.store(KEY, b"new")

    entry = cache.find(KEY)

    assert entry is not None
    assert (entry.decompress(), len(cache)) == (b"new", 1)


def test_readers_of_brotli_and_of_gzip_each_have_their_bytes() -> None:
    cache = ResponseCache(16_000_000)
    cache.store(KEY, BODY, encoding="br")

    zipped = cache.find(KEY)
    small = cache.find(KEY, "br")

    assert zipped is not None
    assert small is not None
    assert zipped.etag == small.etag
    assert small.decompress() == zipped.decompress() == BODY
    assert small.body != zipped.body


def test_an_answer_that_is_kept_nowhere_is_compressed_faster() -> None:
    body = b"".join(
        b"<p>Jeu de donn\xc3\xa9es %d</p>\n" % (number**3) for number in range(900)
    )

    passing = ResponseCache(0).store(("a",), body, encoding="br")
    cached = ResponseCache(16_000_000).store(("a",), body, encoding="br")

    assert passing.decompress() == cached.decompress() == body
    assert passing.body == compress(body, "br", PASSING)
    assert cached.body == compress(body, "br", QUALITY)
