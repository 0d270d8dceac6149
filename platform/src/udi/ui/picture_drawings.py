"""What a child does with a drawing (`picture_files.py` starts it): a PNG, for programs that show no SVG.

It is set by typst in its embedded fonts; the child reaches no file once it has its modules.
"""

import json
from typing import cast

import typst

COMPILER = typst.Compiler(ignore_system_fonts=True)
"""Made here: it asks the kernel where the folder of the process is."""
PIXELS_AN_INCH = 144
"""Two pixels for one of the drawing, for screens that have them and for print."""
PAGE = b"""
#let drawing = json(bytes(sys.inputs.drawing))
#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image(bytes(drawing.svg), format: "svg", width: drawing.width * 1pt)
"""


def draw_picture(svg: str, width: int) -> bytes:
    """A drawing as a PNG of twice as many pixels as its width.

    Raises:
        typst.TypstError: it cannot be drawn.
    """
    picture = COMPILER.compile(
        PAGE,
        sys_inputs={"drawing": json.dumps({"svg": svg, "width": width})},
        format="png",
        ppi=PIXELS_AN_INCH,
    )
    return cast("bytes", picture)
