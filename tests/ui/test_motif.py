"""The tile is the territory's signature: it never changes, and two territories seldom share one."""

from hashlib import sha256
from xml.etree import ElementTree as ET

import pytest

from udi.ui import glyphs, motif

SVG = "{http://www.w3.org/2000/svg}"
# A tile in use must not change: these digests may be added to, never edited.
KNOWN = {
    "demo": "9584597281c7479e",
    "armorine": "642ab50ae5411c81",
}


@pytest.mark.parametrize("slug", KNOWN)
def test_the_tile_of_a_slug_never_changes(slug: str) -> None:
    assert sha256(motif.tile_paths(slug).encode()).hexdigest()[:16] == KNOWN[slug]


def test_territories_have_tiles_of_their_own() -> None:
    tiles = {motif.tile_paths(f"territory-{number}") for number in range(300)}

    assert len(tiles) > 250


@pytest.mark.parametrize("columns", [4, 6])
def test_a_mosaic_never_lays_the_same_tile_side_by_side(columns: int) -> None:
    for slug in (f"town-{number}" for number in range(40)):
        drawn = ET.fromstring(str(motif.mosaic(slug, columns, 5)))  # noqa: S314 - ours
        laid = {
            (int(use.attrib["x"]), int(use.attrib["y"])): use.attrib["href"]
            for use in drawn.iter("use")
        }

        assert len(laid) == 5 * columns
        assert all(
            name != laid.get((x + 8, y)) and name != laid.get((x, y + 8))
            for (x, y), name in laid.items()
        )


def test_the_icon_carries_its_colours() -> None:
    icon = ET.fromstring(motif.icon_svg("armorine", {"hue": 186, "spark": 62}))  # noqa: S314 - ours

    fills = {path.attrib.get("fill", "") for path in icon.iter(f"{SVG}path")}

    assert {"#006059"} < fills
    assert all(len(fill) == 7 for fill in fills)
    assert "class=" not in motif.icon_svg("armorine", {})


@pytest.mark.parametrize("key", [*glyphs.GLYPHS, "unknown"])
def test_a_glyph_is_decoration(key: str) -> None:
    drawn = ET.fromstring(str(glyphs.glyph(key)))  # noqa: S314 - ours

    assert drawn.attrib["aria-hidden"] == "true"
    assert drawn.findall("*")


def test_an_icon_that_does_not_exist_is_refused() -> None:
    assert 'aria-hidden="true"' in glyphs.icon("lock")
    with pytest.raises(KeyError):
        glyphs.icon("unicorn")
