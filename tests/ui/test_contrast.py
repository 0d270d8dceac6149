"""The contrast of a territory's colours is computed as it is shown, and what cannot be read is found."""

import re
from pathlib import Path

import pytest

from udi.ui import contrast, theme

TOKENS = Path(theme.__file__).parent / "static/tokens.css"


def test_the_ratio_is_the_one_of_the_standard() -> None:
    assert contrast.measure_contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast.measure_contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


def test_hues_and_strength_alone_keep_every_contrast() -> None:
    ratios = [
        (pair.ratio or 0) / pair.least
        for hue in range(0, 361, 20)
        for chroma in (0, 1.3)
        for paper in range(0, 361, 60)
        for pair in contrast.list_contrasts(
            {"hue": hue, "chroma": chroma, "paper_hue": paper}
        )
    ]

    assert min(ratios) >= 1


def test_dark_colours_are_those_of_the_style_sheet() -> None:
    tokens = TOKENS.read_text()
    for role, (lightness, chroma, hue, strong) in contrast.DARK.items():
        name = f"var(--{hue.replace('_', '-')})"
        digits = f"{chroma:g}".removeprefix("0")
        strength = f"calc({digits} * var(--chroma))" if strong else digits
        expected = f"oklch({f'{lightness:g}'.removeprefix('0')} {strength} {name})"

        assert re.search(rf"--{role}: light-dark\(.*, {re.escape(expected)}\);", tokens)


@pytest.mark.parametrize(
    ("css", "names"),
    [
        (":root { --accent: #ffcc00 }", {"link", "button"}),
        (":root{--accent:light-dark(#00615a,#123)}", {"link", "button"}),
        (":root { /* --accent: #ffcc00; */ --ink: #111 }", {"text"}),
        (":root { --radius: 0 }", set()),
        (":root { --accent: var(--hue) }", set()),
    ],
)
def test_own_colours_that_cannot_be_read_are_found(css: str, names: set[str]) -> None:
    failing = [pair for pair in contrast.list_contrasts({}, css) if not pair.holds]

    assert {pair.name for pair in failing} == names
    for pair in failing:
        assert contrast.measure_contrast(pair.nearest, pair.back) >= pair.least
