"""What is read travels compressed; what is kept, asked in parts or compressed already stays as it is."""

from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.visitors import browse
from udi.kit.tenancy import Territory
from udi.ui import assets
from udi.ui.compression import LARGE, SMALL, CompressionMiddleware
from udi.ui.content_encodings import choose_encoding, compress, decompress

TEXT = "Qualité de l’air, heure par heure. ".encode() * 40


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0.5, gzip;q=1", "br"), ("br;q=0, gzip", "gzip"),
        ("BR", "br"), ("identity", ""), ("", ""), ("*", ""), ("gzip; q=0.000", ""), ("bread, gzipped", ""),
    ],
)  # fmt: skip
def test_the_best_encoding_that_is_read_is_chosen(accepted: str, chosen: str) -> None:
    assert choose_encoding(accepted) == chosen


async def ask(
    body: bytes,
    *,
    status: int = 200,
    more: bool = False,
    sent_headers: dict[str, str] | None = None,
    **headers: str,
) -> tuple[dict[str, str], bytes]:
    """What leaves a wrapped program that answers this."""
    sent: list[Any] = []
    named = [
        (name.replace("_", "-").encode(), value.encode())
        for name, value in headers.items()
    ]

    async def program(scope: Any, receive: Any, send: Any) -> None:
        length = [(b"content-length", str(len(body)).encode())]
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*named, *length],
            }
        )
        await send({"type": "http.response.body", "body": body, "more_body": more})

    async def keep(message: Any) -> None:
        sent.append(message)

    request_headers = [
        (key.encode(), value.encode())
        for key, value in ({"accept-encoding": "br"} | (sent_headers or {})).items()
    ]
    await CompressionMiddleware(program)(
        {"type": "http", "method": "GET", "headers": request_headers}, None, keep
    )  # type: ignore[arg-type, typeddict-item]  # a program reads no more of it here
    return {key.decode(): value.decode() for key, value in sent[0]["headers"]}, sent[1][
        "body"
    ]


@pytest.mark.parametrize(
    "kind", ["text/html; charset=utf-8", "application/problem+json", "image/svg+xml"]
)
async def test_a_text_is_compressed_and_its_validator_weak(kind: str) -> None:
    headers, body = await ask(
        TEXT, content_type=kind, etag='"a1"', vary="Accept-Language"
    )

    assert decompress(body, "br") == TEXT
    assert headers["content-encoding"] == "br"
    assert headers["content-length"] == str(len(body))
    assert headers["etag"] == 'W/"a1"'
    assert headers["vary"] == "Accept-Language, Accept-Encoding"


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/csv"},
        {"content_type": "application/vnd.pmtiles"},
        {"content_type": "application/json", "accept_ranges": "bytes"},
        {
            "content_type": "application/json",
            "content_disposition": "attachment; filename=a.json",
        },
        {"content_type": "text/css", "content_encoding": "gzip"},
    ],
)
async def test_what_is_no_page_stays_as_it_is(headers: dict[str, str]) -> None:
    sent, body = await ask(TEXT, etag='"a1"', **headers)

    assert body == TEXT
    assert sent["etag"] == '"a1"'
    assert "vary" not in sent


async def test_a_small_text_stays_but_says_that_it_varies() -> None:
    headers, body = await ask(TEXT[: SMALL - 1], content_type="text/html")

    assert body == TEXT[: SMALL - 1]
    assert headers["vary"] == "Accept-Encoding"


async def test_what_comes_bit_by_bit_is_not_held() -> None:
    headers, body = await ask(TEXT, more=True, content_type="text/html")

    assert (body, headers.get("content-encoding")) == (TEXT, None)


async def test_a_large_text_is_compressed_too() -> None:
    whole = TEXT * (LARGE // len(TEXT) + 1)

    _, body = await ask(whole, content_type="application/json")

    assert decompress(body, "br") == whole


@pytest.mark.parametrize(
    ("known", "expected"),
    [('W/"a1"', 'W/"a1"'), ('"a1"', '"a1"'), ('"b2", W/"a1"', 'W/"a1"')],
)
async def test_a_304_repeats_the_validator_as_it_was_given(
    known: str, expected: str
) -> None:
    headers, _ = await ask(
        b"", status=304, etag='"a1"', sent_headers={"if-none-match": known}
    )

    assert headers["etag"] == expected


async def test_a_304_of_a_file_keeps_its_strong_validator() -> None:
    headers, _ = await ask(
        b"",
        status=304,
        etag='"a1"',
        accept_ranges="bytes",
        sent_headers={"if-none-match": 'W/"a1"'},
    )

    assert headers["etag"] == '"a1"'
    assert "vary" not in headers


def test_no_encoding_changes_nothing() -> None:
    assert decompress(compress(TEXT, ""), "") == TEXT == compress(TEXT, "")


async def fetch(client: httpx.AsyncClient, path: str, encoding: str) -> httpx.Response:
    answer = await client.get(path, headers={"Accept-Encoding": encoding})
    assert answer.status_code == 200, path
    return answer


async def test_both_programs_speak_brotli_and_gzip(
    portal_app: Litestar, node_app: Litestar, demo: Territory
) -> None:
    for app in (portal_app, node_app):
        async with browse(app, demo) as visitor:
            for path in ("/", "/problems", assets.asset_url("udi.css")):
                plain, small, zipped = [
                    await fetch(visitor, path, name)
                    for name in ("identity", "br", "gzip")
                ]

                assert plain.content == small.content == zipped.content
                assert "Accept-Encoding" in plain.headers["vary"]
                assert small.headers["content-encoding"] == "br"
                assert zipped.headers["content-encoding"] == "gzip"
                assert int(small.headers["content-length"]) < int(
                    zipped.headers["content-length"]
                )
