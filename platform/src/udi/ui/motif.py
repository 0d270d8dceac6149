"""The territory's tile, drawn from its slug: it signs pages until there is a logo, and paves the large ones.

The tile is an 8 x 8 square folded twice on its axes and once on its diagonals. Three shapes fill the corner, the side
(with its mirror) and the centre of one quarter; the digest of the slug chooses shapes and tones.
Same slug, same tile, for ever: changing a table below changes every territory's signature.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from itertools import product
from typing import Any

from markupsafe import Markup, escape

from udi.ui.theme import colours

# Commands in a cell of side 2: (letter, x, y) or ("A", radius, sweep, x, y).
Command = tuple[Any, ...]
SHAPES: dict[str, list[Command]] = {
    "q0": [("M", 0, 0), ("L", 2, 0), ("A", 2, 1, 0, 2)],
    "q1": [("M", 2, 0), ("L", 2, 2), ("A", 2, 1, 0, 0)],
    "q2": [("M", 2, 2), ("L", 0, 2), ("A", 2, 1, 2, 0)],
    "q3": [("M", 0, 2), ("L", 0, 0), ("A", 2, 1, 2, 2)],
    "l0": [("M", 0, 0), ("A", 2, 1, 2, 2), ("A", 2, 1, 0, 0)],
    "l1": [("M", 2, 0), ("A", 2, 1, 0, 2), ("A", 2, 1, 2, 0)],
    "t0": [("M", 0, 0), ("L", 2, 0), ("L", 0, 2)],
    "t1": [("M", 0, 0), ("L", 2, 0), ("L", 2, 2)],
    "t2": [("M", 2, 2), ("L", 0, 2), ("L", 2, 0)],
    "t3": [("M", 0, 0), ("L", 2, 2), ("L", 0, 2)],
    "h0": [("M", 0, 0), ("A", 1, 0, 2, 0)],
    "h1": [("M", 0, 2), ("A", 1, 1, 2, 2)],
    "sq": [("M", 0, 0), ("L", 2, 0), ("L", 2, 2), ("L", 0, 2)],
    "o": [("M", 0, 1), ("A", 1, 1, 2, 1), ("A", 1, 1, 0, 1)],
    "": [],
}
DIAGONAL = ["q0", "q2", "l0", "t0", "t2", "sq", "o", "l1", "q2", "q0"]
ANY = [
    "q0",
    "q1",
    "q2",
    "q3",
    "l0",
    "l1",
    "t0",
    "t1",
    "t2",
    "t3",
    "h0",
    "h1",
    "o",
    "sq",
    "",
    "q1",
    "q3",
]
TONES = [
    (1, 2, 3),
    (1, 3, 2),
    (2, 1, 3),
    (1, 1, 3),
    (1, 2, 1),
    (3, 1, 2),
    (2, 1, 1),
    (1, 3, 1),
]
GROUND = '<path class="k0" d="M0 0h8v8H0z"/>'
RESTS = [
    GROUND + '<path class="k1" d="M0 0h8a8 8 0 0 1-8 8z"/>',
    '<path class="k2" d="M0 0h8v8H0z"/><path class="k1" d="M0 0a8 8 0 0 1 8 8 8 8 0 0 1-8-8z"/>',
    '<path class="k2" d="M0 0h8v8H0z"/><path class="k3" d="M0 8V4a4 4 0 0 1 8 0v4z"/>',
    '<path class="k1" d="M0 0h8v8H0z"/><path class="k2" d="M0 0h8a8 8 0 0 1-8 8z"/>'
    '<path class="k3" d="M0 0h4a4 4 0 0 1-4 4z"/>',
]
MIXTURE = "0213140502130415"


@lru_cache(maxsize=1024)
def tile_paths(slug: str) -> str:
    """The paths of the tile, to put in an `<svg viewBox="0 0 8 8">`; classes k0 to k3 carry the colours."""
    digest = sha256(slug.encode()).digest()
    corner = DIAGONAL[digest[0] % len(DIAGONAL)]
    centre = DIAGONAL[digest[2] % len(DIAGONAL)]
    side = ANY[digest[1] % len(ANY)]
    tones = TONES[digest[3] % len(TONES)]
    drawn = {1: "", 2: "", 3: ""}
    for x, y in product((False, True), repeat=2):
        drawn[tones[0]] += _place(corner, 0, 0, x, y)
        drawn[tones[1]] += _place(side, 2, 0, x, y) + _place(
            side, 2, 0, x, y, swap=True
        )
        drawn[tones[2]] += _place(centre, 2, 2, x, y)
    return GROUND + "".join(
        f'<path class="k{tone}" d="{path}"/>' for tone, path in drawn.items() if path
    )


def _place(
    shape: str,
    dx: int,
    dy: int,
    mirror_x: bool,  # noqa: FBT001 - coordinates of a mirror
    mirror_y: bool,  # noqa: FBT001 - likewise
    *,
    swap: bool = False,
) -> str:
    reflected = (mirror_x != mirror_y) != swap
    path = ""
    for letter, *numbers in SHAPES[shape]:
        x = numbers[-2] + dx
        y = numbers[-1] + dy
        if swap:
            x, y = y, x
        x = 8 - x if mirror_x else x
        y = 8 - y if mirror_y else y
        if letter == "A":
            arc = f"{numbers[0]} {numbers[0]} 0 0 {numbers[1] ^ reflected} "
        else:
            arc = ""
        path += f"{letter}{arc}{x} {y}"
    if path:
        return path + "z"
    return ""


def tile(slug: str, size: str = "") -> Markup:
    """The tile as decoration; `size` is "" (40 px) or "big" (80 px)."""
    css = f"glyph {size}".strip()
    return _as_markup(
        f'<svg class="{escape(css)}" viewBox="0 0 8 8" aria-hidden="true">{tile_paths(slug)}</svg>'
    )


def companion_paths(slug: str) -> str:
    """The paths of the tile that accompanies the territory's own in a mosaic."""
    return tile_paths(f"{slug}/1")


@lru_cache(maxsize=256)
def mosaic(slug: str, columns: int = 4, rows: int = 5) -> Markup:
    """A floor of tiles: the territory's, its sister and four large rests, never twice the same side by side."""
    name = escape(slug)
    shapes = [tile_paths(slug), companion_paths(slug), *RESTS]
    defined = "".join(
        f'<g id="{name}-t{number}">{shape}</g>' for number, shape in enumerate(shapes)
    )
    digest = sha256(f"{slug}/mosaic".encode()).digest()
    laid: list[int] = []
    used = ""
    for place in range(columns * rows):
        column = place % columns
        row = place // columns
        neighbours = {laid[-1]} if column else set()
        neighbours |= {laid[place - columns]} if row else set()
        number = _choose(digest[place % len(digest)] + place // len(digest), neighbours)
        laid.append(number)
        used += _place_tile(
            f"{name}-t{number}",
            8 * column,
            8 * row,
            _turn(number, digest[-1 - place % len(digest)]),
        )
    return _as_markup(
        f'<svg class="mosaic" viewBox="0 0 {8 * columns} {8 * rows}" preserveAspectRatio="xMidYMid slice"'
        f' aria-hidden="true"><defs>{defined}</defs>{used}</svg>'
    )


def _choose(byte: int, neighbours: set[int]) -> int:
    numbers = (
        int(MIXTURE[(byte + step) % len(MIXTURE)]) for step in range(len(MIXTURE))
    )
    return next(number for number in numbers if number not in neighbours)


def _turn(number: int, byte: int) -> int:
    if number < 2:  # noqa: PLR2004 - the two tiles are the same on every side
        return 0
    return 90 * (byte % 4)


def _place_tile(name: str, x: int, y: int, turn: int) -> str:
    turned = f' transform="rotate({turn} {x + 4} {y + 4})"' if turn else ""
    return f'<use href="#{name}" x="{x}" y="{y}"{turned}/>'


def frieze(slug: str) -> Markup:
    """The band of tiles above the footer: one on a page."""
    return _as_markup(
        '<svg class="frieze" aria-hidden="true"><defs><pattern id="frieze" width="48" height="48"'
        f' patternUnits="userSpaceOnUse"><g transform="scale(6)">{tile_paths(slug)}</g></pattern></defs>'
        '<rect width="100%" height="48" fill="url(#frieze)"/></svg>'
    )


def icon_svg(slug: str, theme: Mapping[str, Any]) -> str:
    """The tile as the file of the site's icon, with its colours in it."""
    palette = colours(theme)
    drawn = tile_paths(slug)
    for number, role in enumerate("dabc"):
        drawn = drawn.replace(f'class="k{number}"', f'fill="{palette[role]}"')
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">{drawn}</svg>'


def _as_markup(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 - made of the tables above; the slug is escaped
