"""Pictures as files: their format and size, read from their first bytes; drawings as safe as a logo."""

import struct
from dataclasses import dataclass

from udi.portal.tenants.logos import LogoError, read_logo

PNG = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 150 * 1024
MOST_POINTS = 12_000_000
"""Width times height: what a phone unpacks without harm."""
MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "svg": "image/svg+xml",
}
MARK = 0xFF
"""Begins every part of a JPEG."""
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG that a size follows."""


class PictureError(ValueError):
    """A file cannot be shown as a picture: `problem` and `remedy`, a sentence each."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class PictureFacts:
    """Media type, and size in points."""

    media_type: str
    width: int
    height: int


def read_picture_facts(name: str, content: bytes) -> PictureFacts:
    """The format and the size of a picture; nothing is unpacked.

    Raises:
        PictureError: it is another format than its name says, too heavy or too large, or a drawing with a script.
    """
    media_type = MEDIA_TYPES.get(name.rpartition(".")[2])
    if media_type is None:
        raise PictureError(
            "it is no picture that pages show.", "Use png, jpg, webp or svg."
        )
    if len(content) > MOST_BYTES:
        raise PictureError(
            f"it weighs {len(content)} bytes.", f"Keep it under {MOST_BYTES} bytes."
        )
    readers = {
        "image/png": _png_size,
        "image/jpeg": _jpeg_size,
        "image/webp": _webp_size,
        "image/svg+xml": _svg_size,
    }
    try:
        width, height = readers[media_type](content)
    except (IndexError, struct.error):
        raise PictureError("it is cut off.", "Save it again.") from None
    if width < 1 or height < 1 or width * height > MOST_POINTS:
        raise PictureError(
            f"it is {width} by {height} points.",
            f"Keep it under {MOST_POINTS // 1_000_000} million points.",
        )
    return PictureFacts(media_type, width, height)


def _png_size(content: bytes) -> tuple[int, int]:
    if not content.startswith(PNG) or content[12:16] != b"IHDR":
        raise _other_format("PNG")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    if not content.startswith(b"\xff\xd8"):
        raise _other_format("JPEG")
    place = 2
    while True:
        if content[place] != MARK:
            raise _other_format("JPEG")
        marker = content[place + 1]
        if marker == MARK:
            place += 1
            continue
        if marker in FRAMES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + struct.unpack(">H", content[place + 2 : place + 4])[0]


def _webp_size(content: bytes) -> tuple[int, int]:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise _other_format("WebP")
    chunk = content[12:16]
    if chunk == b"VP8X":
        width = int.from_bytes(content[24:27], "little") + 1
        return width, int.from_bytes(content[27:30], "little") + 1
    if chunk == b"VP8L":
        bits = struct.unpack("<I", content[21:25])[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise _other_format("WebP")


def _other_format(name: str) -> PictureError:
    return PictureError(f"it is no {name}.", "Give it the ending of its format.")


def _svg_size(content: bytes) -> tuple[int, int]:
    try:
        drawing = read_logo(content)
    except LogoError as error:
        raise PictureError(error.problem, error.remedy) from error
    if drawing.media_type != MEDIA_TYPES["svg"]:
        raise _other_format("SVG")
    return round(drawing.width), round(drawing.height)


def clean_picture(name: str, content: bytes) -> bytes:
    """A picture as it is sent: a drawing without what editors left in it.

    Raises:
        LogoError: it is a drawing that acts, loads or grows.
    """
    if name.endswith(".svg"):
        return read_logo(content).content
    return content
