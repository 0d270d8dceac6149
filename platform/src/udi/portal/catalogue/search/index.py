"""The index of a territory: its fields, the document of a dataset, and how web workers open it."""

import hashlib
import inspect
import os
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
import tantivy

from udi.kit.service_registry import ServiceKey
from udi.portal.catalogue.models import NO_LICENCE, OTHER_LICENCE
from udi.portal.catalogue.place_names import list_place_names, list_searched_names
from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.extent import HALF_TURN
from udi.protocol.frequencies import LABELS
from udi.protocol.metadata_json import read_frequency, read_metadata
from udi.protocol.quality import Grade, grade_format
from udi.protocol.rules import dig
from udi.protocol.texts import read_texts

log = structlog.get_logger()
FACETS = ("theme", "producer", "access", "licence")
FREQUENCY = "frequency"
LOCATION = "location"
"""Places by the names that descriptions give them."""
FORMATS = "formats"
FORMAT = "format"
SEPARATOR = "|"
KEYWORD = "keyword"
MOST_OPEN = 64
CURRENT = "current"
CURSOR = "cursor.json"
LATELY = 120.0
"""Seconds; the worker says it every half minute at least."""
POSITION = "position"
"""Up to where in the database's log the rows of the index were read, or further."""
LONGEST_NAME = 200
TITLE_TIMES = 3
"""A word of the title counts as so many keywords."""
NO_START = -9999
NO_END = 9999
"""Years that stand for a period without a beginning, or still going on."""
SIDES = ("west", "south", "east", "north")
DAY = 24 * 3600
NANOSECONDS = 10**9


def make_schema() -> tantivy.Schema:
    """The fields of the index of one territory."""
    return start_schema().build()


def start_schema() -> tantivy.SchemaBuilder:
    """`text` and `named` (title and keywords) hold stems; `words` plain words (for misspellings; `written`, with accents) and `phrase`
    too, in order; `seq` leads to the row.
    """
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(
        "id", stored=True, tokenizer_name="raw", index_option="basic"
    )
    builder.add_unsigned_field("seq", fast=True)
    for field in ("text", "named"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field(
        "phrase", tokenizer_name="whitespace", index_option="position"
    )
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="basic")
    builder.add_bytes_field("written", stored=True)
    for field in (*FACETS, FORMATS, KEYWORD, FREQUENCY, LOCATION):
        builder.add_text_field(
            field, tokenizer_name="raw", fast=True, index_option="basic"
        )
    builder.add_text_field(FORMAT, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(
        "name", tokenizer_name="raw", fast=True, index_option="basic"
    )
    for field in ("modified", "published"):
        builder.add_date_field(field, fast=True)
    for field in ("day", "since", "until", "completeness"):
        builder.add_integer_field(field, fast=True, indexed=False)
    for side in SIDES:
        builder.add_float_field(side, fast=True, indexed=False)
    return builder


def make_document(row: Any, *, producer: str = "") -> tantivy.Document:
    """The document of a public row of `build.ROWS`, filtered by a name of its `producer` else than that of its address."""
    document = tantivy.Document()
    document.add_text("id", str(row.id))
    document.add_unsigned("seq", row.seq)
    _add_words(document, row)
    values = {name: getattr(row, name) for name in FACETS}
    if producer:
        values["producer"] = producer
    for field, value in values.items():
        document.add_text(field, value)
    document.add_text(FORMATS, SEPARATOR.join(sorted(set(row.formats))))
    for label in row.formats:
        document.add_text(FORMAT, label)
    for keyword in dict.fromkeys(
        fold_keyword(raw_keyword) for raw_keyword in row.keywords
    ):
        document.add_text(KEYWORD, keyword)
    frequency = read_frequency(row.record)
    document.add_text(FREQUENCY, frequency if frequency in LABELS else "")
    for name in list_place_names(read_metadata(row.record)):
        document.add_text(LOCATION, words.normalise_text(name))
    document.add_text("name", " ".join(words.plain_words(row.title))[:LONGEST_NAME])
    document.add_date("modified", row.modified_at)
    document.add_date("published", row.published_at)
    if "updated" not in (dig(row.record, "dataset_dates", "unstated") or ()):
        document.add_integer("day", day_of(row.modified_at))
    document.add_integer("completeness", completeness(row))
    _add_extent(document, row)
    return document


def _add_words(document: tantivy.Document, row: Any) -> None:
    """The words of a row. Each text has its own place in `phrase`, so that none goes over from one into the next."""
    keywords = " ".join(row.keywords)
    translations = {
        code: text for code, text in row.titles.items() if text != row.title
    }
    title = [*words.text_stems(row.title), *words.texts_stems(translations)]
    keys = words.text_stems(keywords)
    summary = read_texts(row.record.get("summary"))
    named = list_searched_names(read_metadata(row.record))
    described = [
        *words.texts_stems(row.synopsis),
        *words.texts_stems(summary),
        *words.text_stems(" ".join(named)),
    ]
    document.add_text(
        "text",
        " ".join([*title, *keys, *words.text_stems(row.producer_name), *described]),
    )
    document.add_text("named", " ".join([*title * TITLE_TIMES, *keys]))
    for text in dict.fromkeys(
        [
            row.title,
            *translations.values(),
            *row.keywords,
            row.producer_name,
            *row.synopsis.values(),
            *summary.values(),
            *named,
        ]
    ):
        document.add_text("phrase", " ".join(words.plain_words(text)))
    spoken = words.typed_words(
        " ".join(
            [
                row.title,
                *translations.values(),
                keywords,
                row.producer_name,
                *row.synopsis.values(),
                *named,
            ]
        )
    )
    document.add_text("words", " ".join(words.strip_accents(word) for word in spoken))
    document.add_bytes("written", " ".join(spoken).encode())


def _add_extent(document: tantivy.Document, row: Any) -> None:
    """When and where the data are about; an area that crosses the 180th meridian counts as all around the Earth."""
    if row.period_start or row.period_end:
        document.add_integer(
            "since", row.period_start.year if row.period_start else NO_START
        )
        document.add_integer("until", row.period_end.year if row.period_end else NO_END)
    sides = [getattr(row, side) for side in SIDES]
    if None not in sides:
        west, south, east, north = sides
        around = (-HALF_TURN, south, HALF_TURN, north) if west > east else sides
        for side, value in zip(SIDES, around, strict=True):
            document.add_float(side, value)


def fold_keyword(keyword: str) -> str:
    """A keyword as it is filtered and counted: without capitals nor spaces around."""
    return words.normalise_text(keyword).strip().casefold()


def day_of(moment: datetime) -> int:
    """Days since 1970."""
    return int(moment.timestamp()) // DAY


def completeness(row: Any) -> int:
    """Grades of the criteria of quality (`protocol.quality`) that the row has, added up."""
    presence = (
        row.keywords,
        row.theme,
        row.west is not None,
        row.period_start is not None,
        row.licence not in {OTHER_LICENCE, NO_LICENCE},
    )
    formats = max(map(grade_format, row.formats), default=Grade.ABSENT)
    return int(formats) + sum(int(Grade.WHOLE) for value in presence if value)


MAKERS = (
    start_schema,
    make_document,
    _add_words,
    _add_extent,
    fold_keyword,
    day_of,
    completeness,
    words,
)


def _fingerprint() -> str:
    """Changes whenever what is indexed does: code of the schema and of the words, version of the index format."""
    sources = [inspect.getsource(part) for part in MAKERS]
    return hashlib.sha256(
        "\0".join([version("tantivy"), *sources]).encode()
    ).hexdigest()[:16]


FINGERPRINT = _fingerprint()


@dataclass(frozen=True)
class IndexReader:
    """An index opened for reading, at one generation."""

    index: tantivy.Index
    path: str
    generation: str
    searcher: tantivy.Searcher
    schema: tantivy.Schema
    position: str | None
    among: tantivy.Query | None = None
    """The documents whose words may be offered; all where there is none."""

    def narrow(self, query: tantivy.Query) -> tantivy.Query:
        """The same query, of the documents whose words may be offered."""
        if self.among is None:
            return query
        must = tantivy.Occur.Must
        return tantivy.Query.boolean_query([(must, query), (must, self.among)])

    @property
    def changed_at(self) -> datetime:
        """When the index last changed."""
        return datetime.fromtimestamp(
            int(self.generation.rsplit("-", 2)[1], 16) / NANOSECONDS, UTC
        )


class SearchIndexes:
    """The indexes that a web worker has open, the last used kept; each is read again when its files changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder / FINGERPRINT)
        self._open: OrderedDict[UUID, IndexReader] = OrderedDict()

    def is_followed(self, folder: str = "") -> bool:
        """Whether a worker said lately that the indexes are true; where none does, they may be of another time.

        `folder`: of an index that is followed apart.
        """
        try:
            last_heartbeat = os.stat(f"{self._folder}/{folder}/{CURSOR}").st_mtime  # noqa: PTH116 - for every request: a path takes longer
        except OSError:
            return False
        return time.time() - last_heartbeat < LATELY

    def find(self, tenant: UUID) -> IndexReader | None:
        """The territory's index as it is now, or None while there is none."""
        cached_reader = self._open.pop(tenant, None)
        try:
            reader = _open_reader(f"{self._folder}/{tenant}", cached_reader)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning(
                "search index cannot be read", tenant=str(tenant), error=str(error)
            )
            return None
        self._open[tenant] = reader
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        return reader


SEARCH_INDEXES = ServiceKey[SearchIndexes]("search indexes", "catalogue")


def _open_reader(folder: str, cached_reader: IndexReader | None) -> IndexReader:
    """By names, since it is done for every request: to take paths apart would take longer than to look."""
    name = os.readlink(f"{folder}/{CURRENT}")  # noqa: PTH115 - by its name, as said
    facts = os.stat(f"{folder}/{name}/meta.json")  # noqa: PTH116 - the same
    generation = f"{name}-{facts.st_mtime_ns:x}-{facts.st_ino:x}"
    if (
        cached_reader is not None
        and cached_reader.generation == generation
        and cached_reader.position
    ):
        return cached_reader
    path = f"{folder}/{name}"
    if cached_reader is not None and cached_reader.path == path:
        index = cached_reader.index
    else:
        index = tantivy.Index.open(path)
    index.reload()
    return IndexReader(
        index, path, generation, index.searcher(), index.schema, _read_position(folder)
    )


def _read_position(folder: str) -> str | None:
    try:
        return Path(folder, POSITION).read_text()
    except FileNotFoundError:
        return None


def delete_documents(writer: tantivy.IndexWriter, ids: Iterable[UUID]) -> None:
    """Take datasets out; the key is a raw text field, since deleting by a number does nothing, in silence."""
    for dataset in ids:
        writer.delete_documents_by_term("id", str(dataset))
