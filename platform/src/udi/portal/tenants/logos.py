"""Drawings that sign a territory: SVG without anything that acts or loads, PNG without anything but its points.

What editors write beside a drawing (notes, previews, settings of their own) is left out; what could act, load or grow
is refused (SVG 2, parts 2.6 and 5.5; PNG, third edition, parts 5 and 11).
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import (
    Element,
    ParseError,
    TreeBuilder,
    XMLParser,
    register_namespace,
    tostring,
)

MAX_LOGO = 200 * 1024
MOST_ELEMENTS = 5000
"""Elements that are drawn, those of `use` counted each time."""
DEEPEST = 60
MOST_POINTS = 4_000_000
LONGEST_SIDE = 4000
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"
PNG = b"\x89PNG\r\n\x1a\n"
CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
INTERLACED = 13
"""Where the header of a PNG ends; its last byte says whether it is interlaced."""
ACTIVE_ELEMENTS = {
    "script",
    "foreignobject",
    "iframe",
    "object",
    "embed",
    "audio",
    "video",
    "a",
}
ANIMATED = {"animate", "animatemotion", "animatetransform", "set", "discard"}
LOADING = {"image", "feimage"}
DECLARATION = re.compile(rb"<!DOCTYPE[^>\[]*>", re.IGNORECASE)
ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
LOADED = re.compile(
    r"@import|(?:expression|image-set|src)\s*\(|javascript:|\\|url\s*\(\s*['\"]?(?!['\"]?#)",
    re.IGNORECASE,
)
NUMBER = re.compile(r"\s*([0-9]*\.?[0-9]+)(?:px)?\s*")
MediaType = Literal["image/svg+xml", "image/png"]


class LogoError(Exception):
    """A drawing is refused: what is wrong, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class Logo:
    """A drawing that may be shown; its size is in points, or in units of an SVG."""

    content: bytes
    media_type: MediaType
    width: float
    height: float


def read_logo(content: bytes) -> Logo:
    """A drawing made safe to show.

    Raises:
        LogoError: it is no SVG and no PNG, too heavy, or holds what acts, loads or grows.
    """
    if len(content) > MAX_LOGO:
        raise LogoError("it is too heavy.", f"Keep it under {MAX_LOGO // 1024} KiB.")
    if content.startswith(PNG):
        return _read_png(content)
    start = content[:4096].lower()
    is_utf16 = b"\0" in content  # Its entities would not be seen.
    if not is_utf16 and (b"<svg" in start or b":svg" in start):
        return _read_svg(content)
    raise LogoError("it is no SVG and no PNG.", "Export it as one of them.")


def _read_svg(content: bytes) -> Logo:
    source = DECLARATION.sub(b"", content)
    if ENTITIES.search(source):
        raise LogoError("it declares entities.", "Export a plain drawing.")
    parser = XMLParser(target=TreeBuilder())  # noqa: S314 - without a declaration there is no entity to expand
    try:
        parser.feed(source)
        root = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise LogoError("it is no XML.", "Export it again as SVG.") from error
    if root.tag != f"{{{SVG}}}svg":
        raise LogoError("it is no SVG.", "Export it again as SVG.")
    _clean(root, 0)
    _count_drawn(root)
    width, height = _measure(root)
    register_namespace("", SVG)
    register_namespace("xlink", XLINK)
    return Logo(tostring(root, encoding="utf-8"), "image/svg+xml", width, height)


def _clean(element: Element, depth: int) -> None:
    if depth > DEEPEST:
        raise LogoError("its elements are nested too deep.", "Export a plain drawing.")
    _clean_attributes(element)
    texts = [element.text or "", *(child.tail or "" for child in element)]
    if LOADED.search("".join(texts)):
        raise LogoError("it loads something.", "Export a plain drawing.")
    for child in list(element):
        namespace, _, name = str(child.tag).removeprefix("{").rpartition("}")
        if namespace != SVG or name == "metadata":
            _remove_child(element, child)
            continue
        _refuse_acting(name.lower())
        _clean(child, depth + 1)


def _remove_child(parent: Element, child: Element) -> None:
    parent.remove(child)


def _refuse_acting(name: str) -> None:
    if name in ACTIVE_ELEMENTS:
        raise LogoError(
            "it holds a script, a link or a page.", "Export a plain drawing."
        )
    if name in ANIMATED:
        raise LogoError("it moves.", "Export a drawing that stands still.")
    if name in LOADING:
        raise LogoError("it holds a picture.", "Export outlines, or send a PNG.")


def _clean_attributes(element: Element) -> None:
    for key, value in list(element.attrib.items()):
        namespace, _, name = key.removeprefix("{").rpartition("}")
        if namespace not in {"", XLINK, XML}:
            del element.attrib[key]
        elif name.lower().startswith("on"):
            raise LogoError("it holds a script.", "Export a plain drawing.")
        elif (name == "href" and not value.startswith("#")) or LOADED.search(value):
            raise LogoError("it loads something.", "Export a plain drawing.")


def _count_drawn(root: Element) -> None:
    """Refuse a drawing whose `use` elements draw each other again and again."""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    counts: dict[Element, int] = {}
    pending: set[Element] = set()

    def count(element: Element) -> int:
        if element in counts:
            return counts[element]
        if element in pending:
            raise LogoError("it draws itself.", "Export a plain drawing.")
        pending.add(element)
        total = 1 + sum(count(child) for child in element)
        if element.tag == f"{{{SVG}}}use":
            name = element.get("href") or element.get(f"{{{XLINK}}}href") or "#"
            target = by_id.get(name.removeprefix("#"))
            total += count(target) if target is not None else 0
        pending.discard(element)
        counts[element] = total
        if total > MOST_ELEMENTS:
            raise LogoError("it has too many elements.", "Export a simpler drawing.")
        return total

    try:
        count(root)
    except RecursionError as error:
        raise LogoError("it is nested too deep.", "Export a plain drawing.") from error


def _measure(root: Element) -> tuple[float, float]:
    box = (root.get("viewBox") or "").replace(",", " ").split()
    try:
        _, _, width, height = map(float, box)
    except ValueError:
        width = _read_side(root, "width")
        height = _read_side(root, "height")
    if not (0 < width < float("inf") and 0 < height < float("inf")):
        raise LogoError("its size is not known.", "Give it a viewBox.")
    if root.get("viewBox") is None:
        root.set("viewBox", f"0 0 {width:g} {height:g}")
    return width, height


def _read_side(root: Element, name: str) -> float:
    match = NUMBER.fullmatch(root.get(name) or "")
    return float(match[1]) if match else 0


def _read_png(content: bytes) -> Logo:
    chunks = list(_list_chunks(content))
    if [kind for kind, _ in chunks[:1]] != [b"IHDR"] or chunks[-1][0] != b"IEND":
        raise LogoError("it is no whole PNG.", "Export it again.")
    header = chunks[0][1]
    if len(header) != INTERLACED:
        raise LogoError("it is no whole PNG.", "Export it again.")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if depth not in DEPTHS.get(colour, ()):
        raise LogoError("it is no PNG that is read here.", "Export it again.")
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE) or (
        width * height > MOST_POINTS
    ):
        raise LogoError(
            "it has too many points.", f"Keep its sides under {LONGEST_SIDE // 2}."
        )
    line = 1 + (width * CHANNELS[colour] * depth + 7) // 8
    most = line * height * 2 if interlaced else line * height
    data = b"".join(body for kind, body in chunks if kind == b"IDAT")
    _require_points(data, most, exact=not interlaced)
    safe = b"".join(_write_chunk(kind, body) for kind, body in chunks if kind in CHUNKS)
    return Logo(PNG + safe, "image/png", width, height)


def _list_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(PNG)
    while position < len(content):
        if position + 12 > len(content):
            raise LogoError("it is cut.", "Export it again.")
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        if end > len(content):
            raise LogoError("it is cut.", "Export it again.")
        body = content[position + 8 : end - 4]
        if zlib.crc32(kind + body) != struct.unpack_from(">I", content, end - 4)[0]:
            raise LogoError("it is damaged.", "Export it again.")
        yield kind, body
        position = end
        if kind == b"IEND":
            return
    raise LogoError("it is cut.", "Export it again.")


def _write_chunk(kind: bytes, body: bytes) -> bytes:
    return (
        struct.pack(">I", len(body))
        + kind
        + body
        + struct.pack(">I", zlib.crc32(kind + body))
    )


def _require_points(data: bytes, most: int, *, exact: bool) -> None:
    """Refuse points that unpack to more, or to less, than the header says."""
    unpacking = zlib.decompressobj()
    try:
        size = len(unpacking.decompress(data, most + 1))
    except zlib.error as error:
        raise LogoError("it is damaged.", "Export it again.") from error
    if size > most:
        raise LogoError("it unpacks to more than it says.", "Export it again.")
    if exact and size < most:
        raise LogoError("it is cut.", "Export it again.")
