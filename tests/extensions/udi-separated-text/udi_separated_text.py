"""Text whose cells and records end with the separators that ASCII has for them (31 and 30)."""

from udi.tabular.formats.table_format import TableFormat

CELL_END = "\x1f"
RECORD_END = "\x1e"

FORMAT = TableFormat(
    media_type="text/plain",
    label="Separated text",
    reader="udi_separated_text_reader:read",
    recognises=lambda head, _name: b"\x1f" in head and b"\x1e" in head,
)
