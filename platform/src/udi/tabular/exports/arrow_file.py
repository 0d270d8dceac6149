"""A table as an Arrow file, written inside a child: a library writes the stream, and its blocks are listed at the end.

The file is the stream between two marks, with a footer that repeats the schema and says where each block of rows is
(Arrow columnar format 1.5, «IPC File Format»): readers then take the blocks that they want.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from nanoarrow.ipc import StreamWriter

from udi.tabular.sandbox.engine import EXPORT_MEMORY, open_parquet

MARK = b"ARROW1"
START = MARK + b"\0\0"
CONTINUATION = 0xFFFFFFFF
ALIGNMENT = 8
METADATA_VERSION = 4
"""V5 of the format, as the library writes it."""
HEADER_FIELD = 2
BODY_LENGTH_FIELD = 3
"""Places of two fields in the table `Message` of the format's schema."""
FOOTER_TABLE = struct.Struct("<I HHHHHH iIIIh2x4x")
"""Where the footer is; its fields' places (version, schema, dictionaries, blocks); then the footer itself."""
SCHEMA_AT = 20
BLOCKS_AT = 24
DICTIONARIES_AT = 28
"""Where the footer says how far its schema and its two lists are from there."""
BLOCK = struct.Struct("<qi4xq")


@dataclass(frozen=True)
class MessageBlock:
    """A message of the stream: where it is in the file, the bytes of its description and of its body."""

    start: int
    metadata: int
    body: int


def write_arrow(
    path: Path,
    output: Path,
    sql: str,
    values: tuple[Any, ...],
    _header: list[str],
) -> int:
    """Write the rows of a statement as an Arrow file; how many blocks they are."""
    connection = open_parquet(path, memory=EXPORT_MEMORY)
    if values:
        rows = connection.sql(sql, params=list(values))
    else:
        rows = connection.sql(sql)
    with output.open("w+b") as file:
        file.write(START)
        with StreamWriter.from_writable(file) as writer:
            writer.write_stream(rows)
        schema, *blocks = _list_messages(file)
        file.seek(schema.start + ALIGNMENT)
        description = file.read(schema.metadata - ALIGNMENT)
        file.seek(0, 2)
        footer = build_footer(description, blocks)
        file.write(footer + struct.pack("<i", len(footer)) + MARK)
    return len(blocks)


def _list_messages(file: BinaryIO) -> Iterator[MessageBlock]:
    """The messages of the stream, the schema first; the last has no description, and ends it."""
    position = len(START)
    while True:
        file.seek(position)
        mark, size = struct.unpack("<Ii", file.read(ALIGNMENT))
        if mark != CONTINUATION:
            raise ValueError(mark)
        if not size:
            return
        description = file.read(size)
        field = _find_field(description, _root_of(description), BODY_LENGTH_FIELD)
        body = struct.unpack_from("<q", description, field)[0] if field else 0
        yield MessageBlock(position, ALIGNMENT + size, body)
        position += ALIGNMENT + size + body


def build_footer(description: bytes, blocks: list[MessageBlock]) -> bytes:
    """The footer of a file (FlatBuffers): the description of the schema stands in it as it is in the stream."""
    blocks_start = FOOTER_TABLE.size + 4
    listed = b"".join(
        BLOCK.pack(block.start, block.metadata, block.body) for block in blocks
    )
    dictionaries_start = blocks_start + 4 + len(listed)
    description_start = dictionaries_start + ALIGNMENT
    header = _find_field(description, _root_of(description), HEADER_FIELD)
    schema_start = header + struct.unpack_from("<I", description, header)[0]
    table = FOOTER_TABLE.pack(
        16,
        12,
        18,
        16,
        SCHEMA_AT - 16,
        DICTIONARIES_AT - 16,
        BLOCKS_AT - 16,
        12,
        description_start + schema_start - SCHEMA_AT,
        blocks_start - BLOCKS_AT,
        dictionaries_start - DICTIONARIES_AT,
        METADATA_VERSION,
    )
    counted = struct.pack("<4xI", len(blocks))
    return table + counted + listed + bytes(ALIGNMENT) + description


def _root_of(buffer: bytes) -> int:
    root: int = struct.unpack_from("<I", buffer)[0]
    return root


def _find_field(buffer: bytes, table: int, rank: int) -> int:
    """Where a field of a table is; 0 where the table leaves it out."""
    places = table - struct.unpack_from("<i", buffer, table)[0]
    size = struct.unpack_from("<H", buffer, places)[0]
    entry = 4 + 2 * rank
    if entry >= size:
        return 0
    offset = struct.unpack_from("<H", buffer, places + entry)[0]
    return table + offset if offset else 0
