"""Formats of catalogues, as people call them."""

from udi.portal.nodes.harvest.harvest_format import list_formats


def format_name(name: str) -> str:
    """A format, or formats inside one another, as people call them."""
    titles: dict[str, str] = {}
    for format_id, known_format in list_formats().items():
        titles[format_id] = known_format.title
        titles |= known_format.titles
    parts = [titles.get(part, part) for part in name.split(" › ") if part != "waf"]
    return ", ".join(dict.fromkeys(parts))
