"""What a child draws with a territory's logo (`logo_pictures.py` starts it): PNGs for programs that show no SVG.

They are set by typst in its embedded fonts; the child reaches no file once it has its modules.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

import typst

COMPILER = typst.Compiler(ignore_system_fonts=True)
"""Made here: it asks the kernel where the folder of the process is."""
PIXELS_AN_INCH = 144
"""Two pixels for one of the page, for screens that have them."""
LOGO = b"""
#let drawing = json(bytes(sys.inputs.drawing))
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#image(bytes(drawing.logo), width: drawing.width * 1pt, height: drawing.height * 1pt)
"""
CARD = b"""
#let card = json(bytes(sys.inputs.drawing))
#set page(width: 600pt, height: 315pt, margin: 0pt, fill: rgb(card.paper))
#set text(font: "Libertinus Serif", fill: rgb(card.ink), lang: card.language)
#place(bottom, rect(width: 600pt, height: 16pt, fill: rgb(card.accent)))
#let size = if card.name.clusters().len() > 30 { 22pt } else { 34pt }
#place(center + horizon, dy: -8pt, block(width: 528pt)[
  #set align(center)
  #image(bytes(card.logo), width: card.width * 1pt, height: card.height * 1pt)
  #v(8pt)
  #text(size: size, weight: "bold", card.name)
  #parbreak()
  #text(size: 16pt, fill: rgb(card.muted), card.tagline)
])
"""
"""What people wrote is data of it, never a part of it."""


def draw_logo(logo: bytes, width: float, height: float) -> bytes:
    """A logo, SVG or PNG, as a PNG of twice as many pixels as it has points.

    Raises:
        typst.TypstError: it cannot be drawn.
    """
    return _compile(LOGO, {"logo": list(logo), "width": width, "height": height})


def draw_card(logo: bytes, width: float, height: float, card: dict[str, str]) -> bytes:
    """The picture that stands for a territory where its address is shared, 1200 by 630 pixels.

    `card` has its `name`, its `tagline`, their `language`, and the colours `paper`, `ink`, `muted` and `accent`.

    Raises:
        typst.TypstError: it cannot be drawn.
    """
    return _compile(
        CARD, {**card, "logo": list(logo), "width": width, "height": height}
    )


def _compile(template: bytes, drawing: Mapping[str, Any]) -> bytes:
    picture = COMPILER.compile(
        template,
        sys_inputs={"drawing": json.dumps(drawing)},
        format="png",
        ppi=PIXELS_AN_INCH,
    )
    return cast("bytes", picture)
