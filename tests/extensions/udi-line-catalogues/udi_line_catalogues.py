"""A format of catalogues: after a first line that says so, one dataset a line (identifier, title, address of the file)."""

from udi.portal.nodes.harvest.harvest_format import HarvestFormat

FIRST_LINE = "#catalogue-lines"
FORMAT = HarvestFormat(
    "Catalogue lines",
    "udi_line_reader:read",
    recognises_text=lambda text: text.startswith(FIRST_LINE),
)
