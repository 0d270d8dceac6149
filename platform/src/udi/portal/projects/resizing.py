"""What a child does with one picture (`pictures.py` starts it): two of its size and weight, made anew.

It reads no file once it has its modules, so that everything Pillow would import later is imported here.
"""

import io
from dataclasses import dataclass

from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

PLUGINS = (
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 40_000_000
LARGE = (960, 720)
SMALL = (320, 214)
LARGE_BYTES = 40_000
SMALL_BYTES = 7_000
"""So that a page with its pictures stays under 100 kB."""
QUALITIES = (80, 70, 60, 50, 40, 30, 20, 10)


Size = tuple[int, int]
Image.preinit()


@dataclass(frozen=True)
class ResizedPictures:
    """Both pictures, as WebP, with their width and height in points: the fields of `pictures.Made`."""

    large: bytes
    small: bytes
    size: Size
    small_size: Size


def resize(data: bytes) -> ResizedPictures:
    """The large and the small picture made of one that was sent.

    Raises:
        ValueError: it is no picture that is read here, or has too many points.
    """
    picture = read_picture(data)
    large = picture.copy()
    large.thumbnail(LARGE)
    small = ImageOps.fit(picture, SMALL)
    large_file = encode_picture(large, LARGE_BYTES)
    small_file = encode_picture(small, SMALL_BYTES)
    return ResizedPictures(
        large_file, small_file, _picture_size(large_file), _picture_size(small_file)
    )


def read_picture(data: bytes) -> Image.Image:
    """The picture upright, on white, without what it says of who took it and where.

    Raises:
        ValueError: it is no picture that is read here, or has too many points.
    """
    picture = Image.open(io.BytesIO(data), formats=FORMATS)
    if picture.width * picture.height > MOST_PIXELS:
        raise ValueError("large")
    picture.draft("RGB", (LARGE[0] * 2, LARGE[1] * 2))
    upright = ImageOps.exif_transpose(picture)
    if "A" in upright.getbands() or "transparency" in upright.info:
        opaque = Image.new("RGBA", upright.size, "white")
        opaque.alpha_composite(upright.convert("RGBA"))
        upright = opaque
    return upright.convert("RGB")


def encode_picture(picture: Image.Image, most: int) -> bytes:
    """WebP, as good as fits in so many bytes; made smaller when nothing else helps."""
    while True:
        for quality in QUALITIES:
            buffer = io.BytesIO()
            picture.save(buffer, "WEBP", quality=quality, method=5)
            if buffer.tell() <= most:
                return buffer.getvalue()
        picture = picture.resize(
            (max(1, picture.width * 2 // 3), max(1, picture.height * 2 // 3))
        )


def _picture_size(picture: bytes) -> Size:
    return Image.open(io.BytesIO(picture)).size
