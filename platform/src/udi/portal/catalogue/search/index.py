"""The index of a territory: its fields, the document of a dataset, and how web workers open it."""

import hashlib
import inspect
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
import tantivy

from udi.portal.catalogue.search import words

log = structlog.get_logger()
FACETS = ("theme", "producer", "access", "licence")
FORMATS, FORMAT, SEPARATOR = "formats", "format", "|"
MOST_OPEN = 64
CURRENT = "current"
POSITION = "position"
"""Up to where in the database's log the rows of the index were read, or further."""
LONGEST_NAME = 200


def make_schema() -> tantivy.Schema:
    """`text` and `title` hold stems, `words` plain words (for misspellings; `written`, with accents), `seq` leads to the row."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("seq", fast=True)
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("title", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="basic")
    builder.add_bytes_field("written", stored=True)
    for field in (*FACETS, FORMATS):
        builder.add_text_field(field, tokenizer_name="raw", fast=True, index_option="basic")
    builder.add_text_field(FORMAT, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("name", tokenizer_name="raw", fast=True, index_option="basic")
    builder.add_date_field("modified", fast=True)
    return builder.build()


def make_document(row: Any) -> tantivy.Document:
    """The document of a public row of `build.ROWS`."""
    named = f"{row.title} {' '.join(row.keywords)}"
    title = words.text_stems(named)
    described = [*words.texts_stems(row.synopsis), *words.texts_stems(row.summary)]
    spoken = words.typed_words(" ".join([named, row.producer_name, *row.synopsis.values()]))
    document = tantivy.Document()
    document.add_text("id", str(row.id))
    document.add_unsigned("seq", row.seq)
    document.add_text("text", " ".join([*title, *words.text_stems(row.producer_name), *described]))
    document.add_text("title", " ".join(title))
    document.add_text("words", " ".join(words.plain(word) for word in spoken))
    document.add_bytes("written", " ".join(spoken).encode())
    for field in FACETS:
        document.add_text(field, getattr(row, field))
    document.add_text(FORMATS, SEPARATOR.join(row.formats))
    for label in row.formats:
        document.add_text(FORMAT, label)
    document.add_text("name", " ".join(words.plain_words(row.title))[:LONGEST_NAME])
    document.add_date("modified", row.modified_at)
    return document


def _fingerprint() -> str:
    """Changes whenever what is indexed does: code of the schema and of the words, version of the index format."""
    sources = [inspect.getsource(part) for part in (make_schema, make_document, words)]
    return hashlib.sha256("\0".join([version("tantivy"), *sources]).encode()).hexdigest()[:16]


FINGERPRINT = _fingerprint()


@dataclass(frozen=True)
class Reader:
    """An index opened for reading, at one generation."""

    index: tantivy.Index
    path: Path
    generation: str
    searcher: tantivy.Searcher
    schema: tantivy.Schema
    position: str | None


class SearchIndexes:
    """The indexes that a web worker has open, the last used kept; each is read again when its files changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FINGERPRINT
        self._open: OrderedDict[UUID, Reader] = OrderedDict()

    def find(self, tenant: UUID) -> Reader | None:
        """The territory's index as it is now, or None while there is none."""
        known = self._open.pop(tenant, None)
        try:
            reader = _read(self._folder / str(tenant), known)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("search index cannot be read", tenant=str(tenant), error=str(error))
            return None
        self._open[tenant] = reader
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return reader


def _read(folder: Path, known: Reader | None) -> Reader:
    path = folder / (folder / CURRENT).readlink()
    facts = (path / "meta.json").stat()
    generation = f"{path.name}-{facts.st_mtime_ns:x}-{facts.st_ino:x}"
    if known is not None and known.generation == generation and known.position:
        return known
    index = known.index if known is not None and known.path == path else tantivy.Index.open(str(path))
    index.reload()
    return Reader(index, path, generation, index.searcher(), index.schema, _read_position(folder))


def _read_position(folder: Path) -> str | None:
    try:
        return (folder / POSITION).read_text()
    except FileNotFoundError:
        return None


def delete_documents(writer: tantivy.IndexWriter, ids: Iterable[UUID]) -> None:
    """Take datasets out; the key is a raw text field, since deleting by a number does nothing, in silence."""
    for dataset in ids:
        writer.delete_documents_by_term("id", str(dataset))
