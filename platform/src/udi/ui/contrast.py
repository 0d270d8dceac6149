"""Whether the colours of a territory can be read, on light and dark pages (WCAG 2.2, criteria 1.4.3 and 1.4.11).

A theme moves hues and strength only, so contrast holds by itself; the rules of its own `theme.css` may break it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from udi.ui.theme import ROLES, oklch_to_hex, parameters

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
TEXT = 4.5
EDGE = 3.0
# Role: lightness, chroma, which hue, whether the territory's strength applies. The dark halves of part 3 of tokens.css.
DARK: dict[str, tuple[float, float, str, bool]] = {
    "paper": (0.2, 0.019, "hue", False),
    "card": (0.235, 0.021, "hue", False),
    "ink": (0.945, 0.01, "paper_hue", False),
    "muted": (0.77, 0.015, "paper_hue", False),
    "edge": (0.62, 0.02, "hue", False),
    "accent": (0.82, 0.085, "hue", True),
    "on": (0.2, 0.03, "hue", False),
}
PAIRS: tuple[tuple[str, str, str, float], ...] = (
    ("text", "ink", "paper", TEXT),
    ("note", "muted", "paper", TEXT),
    ("link", "accent", "paper", TEXT),
    ("button", "on", "accent", TEXT),
    ("edge", "edge", "card", EDGE),
)
"""What is looked at: its name, the colour in front, the one behind, and the least contrast."""
HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
DECLARED = re.compile(r"--([a-z]+)\s*:\s*([^;}]+)")
BOTH = re.compile(r"light-dark\(\s*([^,]+?)\s*,\s*([^,]+?)\s*\)")
SHORT = 4
STEPS = 256


@dataclass(frozen=True)
class Contrast:
    """The contrast of two colours of one scheme; `ratio` is None where a colour of `theme.css` is not written as #rrggbb."""

    name: str
    scheme: Scheme
    front: str
    back: str
    least: float
    ratio: float | None

    @property
    def holds(self) -> bool:
        return self.ratio is None or self.ratio >= self.least

    @property
    def nearest(self) -> str:
        """The colour in front, made darker or lighter until it can be read."""
        return find_nearest(self.front, self.back, self.least)


def list_contrasts(theme: Mapping[str, Any], theme_css: str = "") -> list[Contrast]:
    """The contrast of everything that is looked at, light then dark."""
    contrasts = []
    for scheme in SCHEMES:
        palette = read_palette(theme, theme_css, scheme)
        for name, front, back, least in PAIRS:
            colours = palette[front], palette[back]
            ratio = None
            if all(HEX.fullmatch(colour) for colour in colours):
                ratio = measure_contrast(*colours)
            contrasts.append(Contrast(name, scheme, *colours, least, ratio))
    return contrasts


def read_palette(
    theme: Mapping[str, Any], theme_css: str, scheme: Scheme
) -> dict[str, str]:
    """The colours by role: the theme's, and those that `theme.css` sets in their place."""
    numbers = parameters(theme)
    roles = ROLES if scheme == "light" else DARK
    palette = {
        role: oklch_to_hex(
            lightness, chroma * (numbers["chroma"] if strong else 1), numbers[hue]
        )
        for role, (lightness, chroma, hue, strong) in roles.items()
        if role in DARK
    }
    for role, colour in _list_declared(theme_css, scheme):
        if role in palette:
            palette[role] = colour
    return palette


def _list_declared(theme_css: str, scheme: Scheme) -> Iterator[tuple[str, str]]:
    css = re.sub(r"/\*.*?\*/", "", theme_css, flags=re.DOTALL)
    for match in DECLARED.finditer(css):
        colour = match[2].strip()
        both = BOTH.fullmatch(colour)
        if both:
            colour = both[1 if scheme == "light" else 2]
        yield match[1], colour


def measure_contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours written #rgb or #rrggbb, from 1 to 21."""
    lights = sorted((_luminance(first), _luminance(second)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    if channel <= 0.04045:  # noqa: PLR2004 - IEC 61966-2-1
        return channel / 12.92
    return float(((channel + 0.055) / 1.055) ** 2.4)


def _channels(colour: str) -> tuple[int, int, int]:
    digits = colour.removeprefix("#")
    if len(colour) == SHORT:
        digits = "".join(2 * digit for digit in digits)
    red, green, blue = (int(digits[place : place + 2], 16) for place in (0, 2, 4))
    return red, green, blue


def find_nearest(front: str, back: str, least: float) -> str:
    """The colour nearest to `front`, towards black or white, whose contrast with `back` holds."""
    for step in range(STEPS):
        for goal in (0, 255):
            mixed = "#" + "".join(
                f"{round(channel + (goal - channel) * step / (STEPS - 1)):02x}"
                for channel in _channels(front)
            )
            if measure_contrast(mixed, back) >= least:
                return mixed
    return front
