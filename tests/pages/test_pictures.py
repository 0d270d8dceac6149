"""Pictures of the documentation: each is of a page that is there, light, and named by a document."""

import io
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from litestar import Litestar
from PIL import Image
from playwright.async_api import Browser, ViewportSize

from bench.pictures import FOLDER
from tests.contract.disclosure.world import replace_clock
from tests.pages.armorine import Armorine, Clock, open_armorine
from tests.ui.tab import Tab, open_tab
from udi.settings import Settings

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs/images"
WIDTH = 1280
MOST_BYTES = 100_000
COLOURS = 128
NAMED = re.compile(r"!\[([^\]]*)\]\((?:[\w./-]*/)?images/([\w-]+\.png)\)")


@dataclass(frozen=True)
class Picture:
    """A picture of a page: who sees it, where (a path, or a name of `Armorine.paths`), and how much of it, in pixels."""

    name: str
    visitor: str
    path: str
    height: int = 900


PICTURES = (
    Picture("home", "passer", "/", 1190),
    Picture("search", "passer", "/data?q=arbres"),
    Picture("dataset", "passer", "dataset"),
    Picture("inbox", "team", "/inbox"),
    Picture("team", "team", "/territory/team", 990),
    Picture("space", "producer", "space"),
    Picture("publish", "producer", "describe"),
)


def compress(picture: bytes) -> bytes:
    """Return a PNG of at most 128 colours."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    few = image.quantize(
        COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    file = io.BytesIO()
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


def find_faults(picture: bytes) -> list[str]:
    """What is wrong with a picture: its width, or its weight."""
    width, _ = Image.open(io.BytesIO(picture)).size
    faults = []
    if width != WIDTH:
        faults.append(f"it is {width} wide")
    if len(picture) > MOST_BYTES:
        faults.append(f"it has {len(picture)} bytes")
    return faults


@pytest.fixture(scope="module")
async def armorine(
    settings: Settings, portal_app: Litestar, node_app: Litestar
) -> AsyncIterator[Armorine]:
    """The territory that is shown, on one day for ever."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        replace_clock(patch, clock.read)
        async with open_armorine(settings, portal_app, node_app, clock) as opened:
            yield opened


@pytest.fixture
async def english_tab(browser: Browser) -> Tab:
    """A tab in the language of the documentation."""
    return await open_tab(browser, axe=False, locale="en-GB")


@pytest.mark.thorough
@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
async def test_picture_of_a_page_is_made_light(
    armorine: Armorine, english_tab: Tab, picture: Picture
) -> None:
    client = armorine.visitors[picture.visitor]
    origin = str(client.base_url).rstrip("/")
    path = armorine.paths.get(picture.path, picture.path)
    response = await english_tab.visit(client, f"{origin}{path}", "en", unfold=False)
    size = ViewportSize(width=WIDTH, height=picture.height)
    await english_tab.page.set_viewport_size(size)
    made = compress(await english_tab.page.screenshot())
    if folder := os.environ.get(FOLDER):
        (Path(folder) / f"{picture.name}.png").write_bytes(made)

    assert response.status == 200
    assert find_faults(made) == []


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_picture_of_the_documentation_is_light(picture: Picture) -> None:
    assert find_faults((IMAGES / f"{picture.name}.png").read_bytes()) == []


def test_documents_name_each_picture_with_its_words() -> None:
    named: dict[str, list[str]] = {}
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for words, name in NAMED.findall(page.read_text()):
            named.setdefault(name, []).append(words)

    assert set(named) == {f"{picture.name}.png" for picture in PICTURES}
    assert set(named) == {path.name for path in IMAGES.glob("*.png")}
    assert [name for name, words in named.items() if not all(words)] == []


def test_heavy_or_narrow_picture_is_refused() -> None:
    narrow = io.BytesIO()
    Image.new("RGB", (640, 10)).save(narrow, "PNG")
    heavy = io.BytesIO()
    noise = os.urandom(WIDTH * 100 * 3)
    Image.frombytes("RGB", (WIDTH, 100), noise).save(heavy, "PNG")

    assert find_faults(narrow.getvalue()) == ["it is 640 wide"]
    assert find_faults(heavy.getvalue()) == [f"it has {len(heavy.getvalue())} bytes"]
