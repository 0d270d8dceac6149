"""Every hue keeps its contrast, in browsers old and new."""

import re
from itertools import product
from pathlib import Path

import pytest
import tinycss2

from udi.ui import theme

PAIRS = [("accent", "paper", 6.0), ("accent", "soft", 5.2), ("accent", "sunk", 5.2), ("on", "accent", 6.0),
         ("muted", "paper", 6.0), ("muted", "sunk", 5.8), ("edge", "card", 3.4), ("ink", "paper", 12.0)]  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_every_hue_and_strength_keeps_the_contrast(
    front: str, back: str, least: float
) -> None:
    themes = [
        {"hue": hue, "chroma": chroma}
        for hue, chroma in product(range(0, 360, 5), (0, 0.5, 1, 1.3))
    ]

    worst = min(
        contrast(colours[front], colours[back])
        for colours in map(theme.colours, themes)
    )

    assert worst >= least


@pytest.mark.parametrize(
    ("oklch", "expected"),
    [((1, 0, 0), "#ffffff"), ((0, 0, 0), "#000000"), ((0.62796, 0.25768, 29.234), "#ff0000"),
     ((0.86644, 0.294827, 142.4953), "#00ff00"), ((0.452, 0.313214, 264.052), "#0000ff")],
)  # fmt: skip
def test_known_colours_convert(
    oklch: tuple[float, float, float], expected: str
) -> None:
    assert theme.oklch_to_hex(*oklch) == expected


def test_a_colour_beyond_the_screen_is_brought_back() -> None:
    assert re.fullmatch("#[0-9a-f]{6}", theme.oklch_to_hex(0.44, 0.4, 178))


def test_the_sheet_sets_the_hues_then_the_territorys_own_rules() -> None:
    css = theme.style_sheet(
        {"hue": 186, "spark": 62, "paper_hue": 85}, ".brand { font-weight: 700 }"
    )

    assert css.startswith(":root{--hue:186;--spark:62;--paper-hue:85;--chroma:1}")
    assert "@supports not (color: light-dark(" in css
    assert css.rstrip().endswith(".brand { font-weight: 700 }")
    assert errors(css) == []


def test_hues_out_of_range_are_held_and_words_are_refused() -> None:
    assert theme.parameters({"hue": 999, "chroma": -1}) == {
        "hue": 360,
        "spark": 62,
        "paper_hue": 85,
        "chroma": 0,
    }
    with pytest.raises(ValueError, match="could not convert"):
        theme.parameters({"hue": "red}"})


def test_the_installation_lists_each_territory_in_its_colours() -> None:
    css = theme.neutral_style_sheet({"demo": {"hue": 28}, "other": {}})

    assert '[data-territory="demo"]{--hue:28' in css
    assert '[data-territory="other"]{--hue:178' in css
    assert css.startswith(":root{--hue:260")
    assert errors(css) == []


def test_the_computed_palette_is_the_one_of_the_style_sheet() -> None:
    tokens = (Path(theme.__file__).parent / "static/tokens.css").read_text()

    for role, (lightness, chroma, _, strong) in theme.ROLES.items():
        if strong:
            amount = f"calc({chroma:g} * var(--chroma))"
        else:
            amount = f"{chroma:g}"
        assert (
            f"--{role}: light-dark(oklch({lightness:g} {amount} ".replace("0.", ".")
            in tokens
        )


def errors(css: str) -> list[str]:
    return [
        rule.message for rule in tinycss2.parse_stylesheet(css) if rule.type == "error"
    ]
