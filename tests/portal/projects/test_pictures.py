"""Pictures that people send: each kind that is read, by a child that reaches nothing else."""

import io
import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.node import hostile
from udi.kit import child
from udi.kit.child import ChildProcess
from udi.kit.errors import InvalidError
from udi.portal.projects import pictures
from udi.portal.projects.pictures import make_picture_pair

pytestmark = [pytest.mark.programs, pytest.mark.usefixtures("real_children")]
PATIENCE = 60


def picture(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    """A picture of 400 by 300 points."""
    file = io.BytesIO()
    Image.new(mode, (400, 300)).save(file, kind, **options)
    return file.getvalue()


def turned() -> Image.Exif:
    """What a camera says that was held upright."""
    facts = Image.Exif()
    facts[0x0112] = 6
    return facts


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (picture("JPEG"), (400, 300)), (picture("JPEG", exif=turned()), (300, 400)), (picture("JPEG", "CMYK"), (400, 300)),
        (picture("PNG", "P"), (400, 300)), (picture("PNG", "LA"), (400, 300)), (picture("PNG", "I;16"), (400, 300)),
        (picture("WEBP", "RGBA"), (400, 300)),
        (picture("MPO", save_all=True, append_images=[Image.new("RGB", (40, 30))]), (400, 300)),
    ],
    ids=["jpeg", "turned", "cmyk", "palette", "transparent", "deep", "webp", "two in one"],
)  # fmt: skip
async def test_make_pictures_reads_each_kind(
    data: bytes, size: tuple[int, int]
) -> None:
    pair = await make_picture_pair(data)

    assert pair.size == size
    assert Image.open(io.BytesIO(pair.large)).size == size
    assert Image.open(io.BytesIO(pair.small)).size == pair.small_size == (320, 214)


@pytest.mark.parametrize(
    "data", [b"", b"no picture", picture("GIF", "P"), picture("PNG")[:60]]
)
async def test_make_pictures_refuses_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(InvalidError):
        await make_picture_pair(data)


async def test_what_reads_a_picture_reaches_nothing() -> None:
    operations = [
        "read",
        "ask about",
        "open a socket",
        "run",
        "fork",
        "write",
        *hostile.KERNEL,
    ]
    limits = replace(
        pictures.LIMITS, modules=(*pictures.LIMITS.modules, hostile.__name__)
    )
    async with ChildProcess(limits) as process:
        outcomes = {
            operation: await process.call(
                hostile.attempt, operation, Path("/etc/passwd"), seconds=PATIENCE
            )
            for operation in operations
        }

    assert outcomes == dict.fromkeys(operations, "PermissionError")


async def test_make_pictures_starts_a_child_that_opens_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launch = child.launch
    launched: list[dict[str, Any]] = []

    def watch(
        limits: str, environment: Mapping[str, str], wire: int
    ) -> subprocess.Popen[bytes]:
        launched.append(json.loads(limits))
        return launch(limits, environment, wire)

    monkeypatch.setattr(child, "launch", watch)

    await make_picture_pair(picture("PNG"))

    [limits] = launched
    assert (limits["modules"], limits["places"], limits["file_bytes"]) == (
        [pictures.MODULE],
        [],
        0,
    )
