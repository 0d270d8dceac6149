"""A program of its own, run for one picture: reads it from its input, writes two of its size and weight to its output.

It imports nothing of ours and holds itself to little memory and time, since what it reads comes from anybody. The output is
one line of JSON, then the bytes of both.
"""

import io
import json
import resource
import sys

from PIL import Image, ImageOps

READ = ("JPEG", "PNG", "WEBP")
MOST_PIXELS, MOST_MEMORY, MOST_SECONDS = 40_000_000, 1_000_000_000, 20
LARGE, SMALL = (960, 720), (320, 214)
LARGE_BYTES, SMALL_BYTES = 40_000, 7_000
"""So that a page with its pictures stays under 100 kB."""
QUALITIES = (80, 70, 60, 50, 40, 30, 20, 10)


def hold_back() -> None:
    """No more memory or time than a picture needs, and nothing written to the disk."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def read(data: bytes) -> Image.Image:
    """The picture upright, on white, without what it says of who took it and where.

    Raises:
        ValueError: it is no picture that is read here, or has too many points.
    """
    picture = Image.open(io.BytesIO(data), formats=READ)
    if picture.width * picture.height > MOST_PIXELS:
        raise ValueError("large")
    picture.draft("RGB", (LARGE[0] * 2, LARGE[1] * 2))
    upright = ImageOps.exif_transpose(picture)
    if "A" in upright.getbands() or "transparency" in upright.info:
        opaque = Image.new("RGBA", upright.size, "white")
        opaque.alpha_composite(upright.convert("RGBA"))
        upright = opaque
    return upright.convert("RGB")


def write(picture: Image.Image, most: int) -> bytes:
    """WebP, as good as fits in so many bytes; made smaller when nothing else helps."""
    while True:
        for quality in QUALITIES:
            made = io.BytesIO()
            picture.save(made, "WEBP", quality=quality, method=5)
            if made.tell() <= most:
                return made.getvalue()
        picture = picture.resize((max(1, picture.width * 2 // 3), max(1, picture.height * 2 // 3)))


def main() -> None:
    """Read, make both, write."""
    hold_back()
    picture = read(sys.stdin.buffer.read())
    large = picture.copy()
    large.thumbnail(LARGE)
    small = ImageOps.fit(picture, SMALL)
    made = [write(large, LARGE_BYTES), write(small, SMALL_BYTES)]
    sizes = [Image.open(io.BytesIO(each)).size for each in made]
    sys.stdout.buffer.write(json.dumps({"sizes": sizes, "bytes": [len(each) for each in made]}).encode() + b"\n")
    sys.stdout.buffer.write(b"".join(made))


if __name__ == "__main__":
    main()
