"""Drawings of territories: what is safe to show is shown, what acts, loads or grows is refused in one sentence."""

import struct
import zlib
from xml.etree.ElementTree import fromstring

import pytest

from udi.portal.tenants.logos import MAX_LOGO, LogoError, read_logo

SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
SIZE = 'viewBox="0 0 20 10"'


def draw(inside: str = '<path d="M0 0h20v10z"/>', size: str = SIZE) -> bytes:
    return f"<svg {SPACES} {size}>{inside}</svg>".encode()


def chunk(kind: bytes, body: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + checksum


def paint(
    width: int = 4, height: int = 3, *, points: bytes | None = None, more: bytes = b""
) -> bytes:
    """A PNG of one byte a point."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    if points is None:
        points = b"\0" * ((1 + width) * height)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + more
        + chunk(b"IDAT", zlib.compress(points))
        + chunk(b"IEND", b"")
    )


USES = "".join(
    f'<g id="g{n}">' + f'<use href="#g{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)
)
REFUSED = {
    "script": (draw("<script>alert(1)</script>"), "script"),
    "event": (draw('<path onclick="x()" d="M0 0"/>'), "script"),
    "page": (draw("<foreignObject/>"), "script, a link or a page"),
    "link": (draw('<a href="#x"><path d="M0 0"/></a>'), "a link"),
    "animation": (draw("<set attributeName='href'/>"), "moves"),
    "picture": (draw('<image href="#x"/>'), "picture"),
    "outside": (draw('<use href="https://elsewhere.example/x.svg#a"/>'), "loads"),
    "outside, old way": (draw('<use xlink:href="x.svg#a"/>'), "loads"),
    "style that imports": (draw("<style>@import 'x.css'</style>"), "loads"),
    "style that loads": (draw("<style>.a{fill:url(x.svg#b)}</style>"), "loads"),
    "style in disguise": (draw("<style>.a{fill:u\\72l(x)}</style>"), "loads"),
    "style after an element": (
        draw("<style>.a{}<g/>@import 'x.css'</style>"),
        "loads",
    ),
    "style cut in two": (draw("<style>@im<g/>port 'x.css'</style>"), "loads"),
    "style with pictures": (
        draw("<style>.a{fill:image-set('x.svg' 1x)}</style>"),
        "loads",
    ),
    "attribute that loads": (draw("<path fill=\"url( 'x.svg#b')\"/>"), "loads"),
    "entities": (
        b'<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'
        + draw("<text>&b;</text>"),
        "entities",
    ),
    "entities in UTF-16": (
        (
            '<!--\u733c\u6776--><!DOCTYPE svg [<!ENTITY a "aa">]>'
            + draw("<text>&a;</text>").decode()
        ).encode("utf-16"),
        "no SVG and no PNG",
    ),
    "uses of uses": (draw('<g id="g0"><path/></g>' + USES), "too many elements"),
    "use of itself": (draw('<g id="a"><use href="#a"/></g>'), "draws itself"),
    "many elements": (draw("<g/>" * 6000), "too many elements"),
    "deep": (draw("<g>" * 90 + "</g>" * 90), "deep"),
    "no size": (draw(size=""), "size"),
    "no XML": (b"<svg", "XML"),
    "another namespace": (b'<svg xmlns="urn:x" viewBox="0 0 1 1"/>', "no SVG"),
    "neither": (b"GIF89a", "no SVG and no PNG"),
    "heavy": (draw(" " * MAX_LOGO), "heavy"),
    "bomb": (paint(points=b"\0" * 50_000_000), "unpacks to more"),
    "many points": (paint(60_000, 60_000, points=b"\0"), "too many points"),
    "few points": (paint(points=b"\0"), "cut"),
    "cut": (paint()[:-6], "cut"),
    "damaged": (paint().replace(b"IDAT", b"IDAX"), "damaged"),
    "no header": (b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""), "no whole PNG"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_acts_loads_or_grows_is_refused(name: str) -> None:
    content, word = REFUSED[name]

    with pytest.raises(LogoError) as caught:
        read_logo(content)

    assert word in caught.value.problem
    assert caught.value.remedy


def test_what_editors_write_beside_a_drawing_is_left_out() -> None:
    source = (
        f"<?xml version='1.0'?><!DOCTYPE svg><!-- by an editor --><svg {SPACES} {SIZE}"
        ' xmlns:i="urn:editor" i:version="1"><i:view/><metadata>x</metadata>'
        '<defs><path id="a" d="M0 0h20v10z"/></defs><use xlink:href="#a" fill="url(#b)"/></svg>'
    )

    logo = read_logo(source.encode())

    assert (logo.media_type, logo.width, logo.height) == ("image/svg+xml", 20, 10)
    assert b"editor" not in logo.content
    assert b"metadata" not in logo.content
    tags = [
        element.tag.rpartition("}")[2]
        for element in fromstring(logo.content).iter()  # noqa: S314 - made here
    ]
    assert tags == ["svg", "defs", "path", "use"]
    assert read_logo(logo.content) == logo


def test_a_picture_keeps_its_points_alone() -> None:
    logo = read_logo(paint(more=chunk(b"tEXt", b"Author\0Somebody")))

    assert (logo.media_type, logo.width, logo.height) == ("image/png", 4, 3)
    assert logo.content == paint()


def test_a_drawing_without_a_view_box_gets_one() -> None:
    logo = read_logo(draw(size='width="30px" height="15"'))

    assert (logo.width, logo.height) == (30, 15)
    root = fromstring(logo.content)  # noqa: S314 - made here
    assert root.get("viewBox") == "0 0 30 15"
