"""A territory's colours: two hues and a strength become the variables of `theme.css`.

Lightness never moves, so every hue keeps its contrast. Browsers without `light-dark()` get the same colours as
hexadecimal values, light only, computed here (OKLCH to sRGB, as in CSS Color 4).
"""

from collections.abc import Mapping
from math import cos, radians, sin
from typing import Any

DEFAULTS = {"hue": 178.0, "spark": 62.0, "paper_hue": 85.0, "chroma": 1.0}
LIMITS = {
    "hue": (0.0, 360.0),
    "spark": (0.0, 360.0),
    "paper_hue": (0.0, 360.0),
    "chroma": (0.0, 1.3),
}
NEUTRAL = {"hue": 260.0, "chroma": 0.25, "spark": 75.0}
OLD_BROWSERS = "@supports not (color: light-dark(oklch(0 0 0), #000))"

# Role: lightness, chroma, which hue, whether the territory's strength applies. Same numbers as part 3 of tokens.css.
ROLES: dict[str, tuple[float, float, str, bool]] = {
    "paper": (0.984, 0.009, "paper_hue", False),
    "card": (0.998, 0.003, "paper_hue", False),
    "sunk": (0.957, 0.013, "paper_hue", False),
    "ink": (0.25, 0.025, "hue", False),
    "muted": (0.45, 0.02, "hue", False),
    "line": (0.89, 0.014, "paper_hue", False),
    "edge": (0.57, 0.02, "hue", False),
    "accent": (0.44, 0.115, "hue", True),
    "deep": (0.34, 0.09, "hue", True),
    "soft": (0.947, 0.02, "hue", False),
    "on": (0.99, 0.005, "hue", False),
    "night": (0.265, 0.045, "hue", False),
    "a": (0.44, 0.115, "hue", True),
    "b": (0.8, 0.085, "hue", True),
    "c": (0.81, 0.115, "spark", True),
    "d": (0.94, 0.02, "hue", False),
}


def style_sheet(theme: Mapping[str, Any], theme_css: str = "") -> str:
    """The text of a territory's `theme.css`: its hues, the colours for old browsers, then its own rules."""
    return f"{_rules(':root', theme)}\n{theme_css}".strip() + "\n"


def neutral_style_sheet(
    territories: Mapping[str, Mapping[str, Any]] | None = None,
) -> str:
    """The colours of the installation's own pages; each listed territory keeps its own on `[data-territory]`."""
    scoped = [
        _rules(f'[data-territory="{slug}"]', theme)
        for slug, theme in (territories or {}).items()
    ]
    return "\n".join([_rules(":root", NEUTRAL), *scoped]) + "\n"


def scoped_style_sheet(name: str, theme: Mapping[str, Any]) -> str:
    """The colours of one theme on what has `data-territory="<name>"`."""
    return _rules(f'[data-territory="{name}"]', theme) + "\n"


def _rules(selector: str, theme: Mapping[str, Any]) -> str:
    numbers = parameters(theme)
    variables = ";".join(
        f"--{name.replace('_', '-')}:{value:g}" for name, value in numbers.items()
    )
    fallback = ";".join(f"--{role}:{colour}" for role, colour in colours(theme).items())
    return f"{selector}{{{variables}}}\n{OLD_BROWSERS}{{{selector}{{{fallback}}}}}"


def parameters(theme: Mapping[str, Any]) -> dict[str, float]:
    """The four numbers of a theme, with the defaults where it is silent and held within their limits."""
    numbers = {}
    for name, default in DEFAULTS.items():
        low, high = LIMITS[name]
        numbers[name] = min(max(float(theme.get(name, default)), low), high)
    return numbers


def colours(theme: Mapping[str, Any]) -> dict[str, str]:
    """The light palette by role, as `#rrggbb`."""
    numbers = parameters(theme)
    return {
        role: oklch_to_hex(
            lightness, chroma * (numbers["chroma"] if strong else 1), numbers[hue]
        )
        for role, (lightness, chroma, hue, strong) in ROLES.items()
    }


def oklch_to_hex(lightness: float, chroma: float, hue: float) -> str:
    """An OKLCH colour in sRGB; outside of it, the chroma is lowered until it fits, hue and lightness kept."""
    low = 0.0
    high = chroma
    if not _is_displayable(_linear(lightness, chroma, hue)):
        for _ in range(20):
            middle = (low + high) / 2
            low, high = (
                (middle, high)
                if _is_displayable(_linear(lightness, middle, hue))
                else (low, middle)
            )
        chroma = low
    return "#" + "".join(
        f"{round(255 * _encode_channel(channel)):02x}"
        for channel in _linear(lightness, chroma, hue)
    )


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a = chroma * cos(radians(hue))
    b = chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _is_displayable(channels: tuple[float, float, float]) -> bool:
    return all(-0.0001 <= channel <= 1.0001 for channel in channels)  # noqa: PLR2004 - rounding of the matrices


def _encode_channel(channel: float) -> float:
    channel = min(max(channel, 0.0), 1.0)
    if channel <= 0.0031308:  # noqa: PLR2004 - IEC 61966-2-1
        return 12.92 * channel
    return float(1.055 * channel ** (1 / 2.4) - 0.055)
