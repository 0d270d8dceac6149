"""A walk as a picture: a column each module, an arrow each stay, from top to bottom."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

WIDTH = 148
"""Pixels of a column."""
HEAD = 64
STEP = 34
LINE = 14
MARGIN = 12
LONGEST = 18
"""Characters of a module's name in one line of its column."""
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1c2733;text-anchor:middle}"
    " .module{font-weight:600} .box{fill:#eef3f8;stroke:#5b7083}"
    " .life{stroke:#b6c3cf;stroke-dasharray:3 3} .step{stroke:#1f6f8b;stroke-width:1.5}"
    " .back{stroke:#b4572a;stroke-width:1.5} rect.ground{fill:#fff}"
)
ARROW = (
    '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"'
    ' markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#1c2733"/></marker>'
)


def draw_walk(title: str, modules: list[str], steps: list[tuple[str, str, str]]) -> str:
    """Return the picture as SVG.

    `modules` are the columns; a step is the module that calls (empty for the frame), the module called, and the function.
    A step into a module that was left before is drawn in another colour.
    """
    width = WIDTH * len(modules) + 2 * MARGIN
    height = HEAD + STEP * (len(steps) + 1) + MARGIN
    middles = {
        module: MARGIN + WIDTH * number + WIDTH // 2
        for number, module in enumerate(modules)
    }
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img" aria-labelledby="title">',
        f'<title id="title">{escape(title)}</title>',
        f"<style>{STYLE}</style><defs>{ARROW}</defs>",
        f'<rect class="ground" width="{width}" height="{height}"/>',
        *_draw_columns(middles, height),
        *_draw_steps(middles, steps),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _draw_columns(middles: dict[str, int], height: int) -> Iterator[str]:
    for module, middle in middles.items():
        yield (
            f'<line class="life" x1="{middle}" y1="{HEAD}" x2="{middle}"'
            f' y2="{height - MARGIN}"/>'
        )
        yield (
            f'<rect class="box" x="{middle - WIDTH // 2 + 4}" y="{MARGIN}"'
            f' width="{WIDTH - 8}" height="{HEAD - MARGIN}" rx="4"/>'
        )
        names = _cut_name(module)
        top = MARGIN + (HEAD - MARGIN - LINE * len(names)) // 2 + LINE - 3
        for number, name in enumerate(names):
            yield (
                f'<text class="module" x="{middle}" y="{top + LINE * number}">'
                f"{escape(name)}</text>"
            )


def _draw_steps(
    middles: dict[str, int], steps: list[tuple[str, str, str]]
) -> Iterator[str]:
    entered = set[str]()
    for number, (caller, module, function) in enumerate(steps, 1):
        level = HEAD + STEP * number
        end = middles[module]
        start = middles.get(caller, end - WIDTH // 2 + 4)
        kind = "back" if module in entered else "step"
        entered.add(module)
        yield (
            f'<line class="{kind}" x1="{start}" y1="{level}" x2="{end}" y2="{level}"'
            ' marker-end="url(#arrow)"/>'
        )
        label = f"{number}. {function.rpartition('.')[2]}"
        half = 7 * len(label) // 2
        middle = min(max((start + end) // 2, MARGIN + half), max(middles.values()))
        yield f'<text x="{middle}" y="{level - 5}">{escape(label)}</text>'


def _cut_name(module: str) -> list[str]:
    """The name without its program, in lines that a column holds."""
    lines = [""]
    for part in module.split(".")[2:]:
        if lines[-1] and len(lines[-1]) + len(part) + 1 > LONGEST:
            lines.append(part)
        else:
            lines[-1] = f"{lines[-1]}.{part}".lstrip(".")
    return lines
