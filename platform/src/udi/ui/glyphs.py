"""Small drawings: line icons on a 24 grid, and theme glyphs on the tile's 8 grid. Always beside the word they repeat."""

from markupsafe import Markup

# Keys are drawings, not words of the domain; `ICONS` are strokes of 1.8.
ICONS = {
    "alert": '<path d="M12 4 2.8 20h18.4zM12 10v4.5m0 2.7v.1"/>',
    "ascending": '<path d="m6 14 6-6 6 6"/>',
    "bell": '<path d="M6 17V11a6 6 0 0 1 12 0v6l1.5 1h-15zM10 21h4"/>',
    "calendar": '<rect x="4" y="6" width="16" height="14" rx="1.5"/><path d="M4 10.5h16M8 3.5v4M16 3.5v4"/>',
    "chart": '<path d="M4 20V10m5.3 10V4m5.4 16v-7M20 20V8"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
    "code": '<path d="m8 7-5 5 5 5m8-10 5 5-5 5"/>',
    "columns": '<path d="M4 5h4v14H4zm6 0h4v14h-4zm6 0h4v14h-4z"/>',
    "cross": '<path d="m6 6 12 12M18 6 6 18"/>',
    "descending": '<path d="m6 10 6 6 6-6"/>',
    "document": '<path d="M6 3h8l4 4v14H6zM14 3v4h4"/>',
    "download": '<path d="M12 4v11m-5-5 5 5 5-5M5 20h14"/>',
    "group": '<path d="M4 6h16M4 12h9m-9 6h5M17 11v8m-3-3 3 3 3-3"/>',
    "inbox": '<path d="M4 13.5 6.5 5h11L20 13.5V19H4zM4 13.5h4.5l1.5 2.5h4l1.5-2.5H20"/>',
    "lock": '<rect x="5" y="11" width="14" height="9" rx="1.5"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>',
    "mail": '<rect x="3.5" y="6" width="17" height="12.5" rx="1.5"/><path d="m4 7.5 8 6 8-6"/>',
    "map": '<path d="m3 6 6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14m6-12v14"/>',
    "open": '<circle cx="12" cy="12" r="8"/><path d="M12 4v16M4 12h16"/>',
    "person": '<circle cx="12" cy="8.5" r="4"/><path d="M4 21a8 8 0 0 1 16 0"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m20 20-4.8-4.8"/>',
    "share": '<path d="M9 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0zm12-6a3 3 0 1 1-6 0 3 3 0 0 1 6 0zm0 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM8.7 10.6l6.6-3.2M8.7 13.4l6.6 3.2"/>',
    "shield": '<path d="M12 3.5 5 6v6c0 4.5 3 7 7 8.5 4-1.5 7-4 7-8.5V6z"/>',
    "table": '<path d="M3.5 5h17v14h-17zM3.5 10h17M9 5v14"/>',
    "unsorted": '<path d="m8 9 4-4 4 4m-8 6 4 4 4-4"/>',
    "upload": '<path d="M12 15V4m-5 5 5-5 5 5M5 20h14"/>',
}
GLYPHS = {
    "economy": '<path class="k2" d="M0 5h2.4v3H0z"/><path class="k1" d="M2.8 3h2.4v5H2.8z"/>'
    '<path class="k3" d="M5.6 8V2.4A2.4 2.4 0 0 1 8 0v8z"/>',
    "citizenship": '<path class="k1" d="M1 3h6v5H1z"/><path class="k2" d="M0 3h8l-1 1.6H1z"/>'
    '<path class="k3" d="M2.4 0h3.2v3.8H2.4z"/>',
    "energyNetworks": '<path class="k3" d="M4.6 0v4H1z"/><path class="k1" d="M3.4 8V4H7z"/>'
    '<path class="k2" d="M4.6 4H7L4.6 1.3zM3.4 4H1l2.4 2.7z"/>',
    "culture": '<path class="k1" d="M4 7A4 6 0 0 0 0 1v6z"/><path class="k2" d="M4 7a4 6 0 0 1 4-6v6z"/>'
    '<circle class="k3" cx="4" cy="2" r="1.3"/>',
    "transportation": '<path class="k2" d="M1 3h6v2H1z"/><path class="k1" d="M1 3a3 2.6 0 0 1 3-2.4A3 2.6 0 0 1 7 3z"/>'
    '<circle class="k3" cx="2.2" cy="6" r="1.3"/><circle class="k3" cx="5.8" cy="6" r="1.3"/>',
    "children": '<circle class="k3" cx="2.2" cy="2.4" r="1.4"/><circle class="k3" cx="6.1" cy="4.1" r="1.1"/>'
    '<path class="k1" d="M0 8V6.4a2.2 2.2 0 0 1 4.4 0V8z"/><path class="k2" d="M4.4 8v-.8a1.8 1.8 0 0 1 3.6 0V8z"/>',
    "environment": '<path class="k1" d="M4 7A4 4 0 0 1 0 3a4 4 0 0 1 4 4z"/>'
    '<path class="k2" d="M4 7a4 4 0 0 1 4-4 4 4 0 0 1-4 4z"/><path class="k3" d="M4 4.6A4 4 0 0 1 4 0a4 4 0 0 1 0 4.6z"/>',
    "townPlanning": '<path class="k1" d="M0 0h4.6v4.6H0z"/><path class="k2" d="M5.2 0A2.8 2.8 0 0 1 8 2.8v1.8H5.2z"/>'
    '<path class="k3" d="M0 5.2h2.8V8A2.8 2.8 0 0 1 0 5.2z"/><path class="k2" d="M3.4 5.2H8V8H3.4z"/>',
    "location": '<path class="k2" d="M0 8a4 1.8 0 0 1 8 0z"/><path class="k1" d="M4 7 1.5 3.8a3 3 0 1 1 5 0z"/>'
    '<circle class="k3" cx="4" cy="2.6" r="1.2"/>',
    "education": '<path class="k1" d="M4 7.4A4 2.6 0 0 0 0 6V2a4 2.6 0 0 1 4 1.4z"/>'
    '<path class="k2" d="M4 7.4A4 2.6 0 0 1 8 6V2a4 2.6 0 0 0-4 1.4z"/><path class="k3" d="M4 0l3 1.3-3 1.3-3-1.3z"/>',
    "publicSpace": '<circle class="k2" cx="2.6" cy="2.6" r="2.6"/><path class="k1" d="M2.1 2.8h1V8h-1z"/>'
    '<path class="k3" d="M4.4 5.4H8v1H4.4z"/><path class="k1" d="M4.8 6.4h.8V8h-.8zM6.8 6.4h.8V8h-.8z"/>',
    "health": '<path class="k1" d="M4 8 .9 4.4A2.1 2.1 0 0 1 4 1.6z"/><path class="k2" d="M4 8l3.1-3.6A2.1 2.1 0 0 0 4 1.6z"/>'
    '<path class="k3" d="M3.4 2.6h1.2v1.2h1.2V5H4.6v1.2H3.4V5H2.2V3.8h1.2z"/>',
    "housing": '<path class="k1" d="M0 4l4-4 4 4z"/><path class="k2" d="M1 4h6v4H1z"/>'
    '<path class="k3" d="M3 8V6a1 1 0 0 1 2 0v2z"/>',
    "society": '<circle class="k3" cx="4" cy="2" r="2"/><path class="k1" d="M0 8a4 4 0 0 1 4-4v4z"/>'
    '<path class="k2" d="M8 8a4 4 0 0 0-4-4v4z"/>',
    "water": '<path class="k1" d="M4 0a7 7 0 0 1 3 5 3 3 0 0 1-3 3z"/>'
    '<path class="k2" d="M4 0a7 7 0 0 0-3 5 3 3 0 0 0 3 3z"/><path class="k3" d="M4 5h2a2 2 0 0 1-2 2z"/>',
}
OTHER = '<path class="k1" d="M0 0h8a8 8 0 0 1-8 8z"/><path class="k3" d="M0 0h4a4 4 0 0 1-4 4z"/>'


def icon(name: str) -> Markup:
    """A line icon.

    Raises:
        KeyError: no icon has this name.
    """
    return _as_markup(
        f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{ICONS[name]}</svg>'
    )


def glyph(key: str, size: str = "") -> Markup:
    """The glyph of a theme, or a plain one for a key without a drawing; `size` is "" (40 px) or "big" (80 px)."""
    css = "glyph big" if size == "big" else "glyph"
    return _as_markup(
        f'<svg class="{css}" viewBox="0 0 8 8" aria-hidden="true">{GLYPHS.get(key, OTHER)}</svg>'
    )


def _as_markup(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 - made of the tables above; the label is escaped
