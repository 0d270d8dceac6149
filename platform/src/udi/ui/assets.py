"""Files of the interface, read once: their address carries a digest of their content, so they are kept for ever."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from udi.ui.content_encodings import BEST, compress

STATIC = Path(__file__).parent / "static"
SCRIPTS = (
    "upload.js",
    "copy.js",
    "suggest.js",
    "area.js",
    "refresh.js",
    "explore.js",
    "map.js",
    "rows.js",
    "service-map.js",
)
LIBRARY = "openlayers.js"
"""Of the map that moves: it comes compressed, since that takes seconds (openlayers/README.md)."""
SHEETS = ("tokens.css", "base.css", "components.css", "more.css")
"""Make the sheet of every page."""
PAGE_SHEETS = (
    "work.css",
    "home.css",
    "explore.css",
    "rows.css",
    "requests.css",
    "consents.css",
)
"""Of pages of work, of the home, of tables, of rows that are corrected, of requests and of consents, which load theirs besides."""


@dataclass(frozen=True)
class Asset:
    """One file as it is served."""

    name: str
    content: bytes
    media_type: str
    digest: str = field(init=False)
    packed: dict[str, bytes] = field(default_factory=dict, repr=False)
    """The content in each encoding, compressed once, as well as can be."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", sha256(self.content).hexdigest()[:12])
        packed = {
            encoding: compress(self.content, encoding, quality)
            for encoding, quality in BEST.items()
            if encoding not in self.packed
        }
        object.__setattr__(self, "packed", {**packed, **self.packed})


@lru_cache(maxsize=1)
def _assets() -> dict[str, Asset]:
    css = "".join(
        minify((STATIC / name).read_text(encoding="utf-8")) for name in SHEETS
    )
    scripts = [
        Asset(name, (STATIC / name).read_bytes(), "text/javascript; charset=utf-8")
        for name in SCRIPTS
    ]
    sheets = [
        Asset(
            name,
            minify((STATIC / name).read_text(encoding="utf-8")).encode(),
            "text/css; charset=utf-8",
        )
        for name in PAGE_SHEETS
    ]
    return {
        asset.name: asset
        for asset in (
            Asset("udi.css", css.encode(), "text/css; charset=utf-8"),
            *sheets,
            *scripts,
            _read_library(),
        )
    }


def _read_library() -> Asset:
    folder = STATIC / "openlayers"
    return Asset(
        LIBRARY,
        (folder / LIBRARY).read_bytes(),
        "text/javascript; charset=utf-8",
        {"br": (folder / f"{LIBRARY}.br").read_bytes()},
    )


def asset_url(name: str) -> str:
    """Address of a file, which changes with its content.

    Raises:
        KeyError: the interface has no such file.
    """
    return f"/static/{_assets()[name].digest}/{name}"


def find_asset(digest: str, name: str) -> Asset | None:
    """The file at an address, or None when there is none or its content has changed since."""
    asset = _assets().get(name)
    if asset and asset.digest == digest:
        return asset
    return None


def minify(css: str) -> str:
    """A style sheet without comments and needless spaces; `calc()` and combinators keep theirs."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r" ?([{};,]) ?", r"\1", css)
    css = re.sub(r"([-\w]): ", r"\1:", css)
    return css.replace(";}", "}").strip()
