"""The joint index: the datasets of every territory that shares, in one, so that they are put in one order.

It holds nothing that its territories do not let everybody show. What a reader may see of it is decided at each question
(`query.search_joint`), and the rows shown are read from PostgreSQL, each as a passer-by of its own territory.
"""

import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import tantivy

from udi.kit.tenancy import INSTALLATION_ID, Territory
from udi.portal.catalogue.models import list_other_identifiers
from udi.portal.catalogue.search import words
from udi.portal.catalogue.search.index import make_document, start_schema
from udi.protocol import identifiers
from udi.protocol.identifiers import (
    DOI,
    GLOBAL_IDENTIFIER,
    UUID_FORM,
    comparison_key,
    is_page_of_one,
)
from udi.protocol.record import restore_record

TENANT = "tenant"
TERRITORY = "territory"
REFERENCE = "reference"
"""Field of the territory and the dataset in one: what a document is known by, since two territories may use one identifier."""
KEY = "key"
"""Field of what a dataset is recognised by in another territory."""
RANK = "rank"
NEARER = "nearer"
"""Field of the territories that have the same dataset nearer to its producer."""
MOST_KEYS = 40
LONGEST_NAME = 200
Reference = tuple[UUID, UUID]
"""A territory and a dataset."""


@dataclass(frozen=True)
class DatasetCopy:
    """A dataset as one territory has it; of several copies of one dataset, that of the least rank is the nearest."""

    tenant: UUID
    id: UUID
    rank: str
    keys: tuple[str, ...]

    @property
    def reference(self) -> Reference:
        return self.tenant, self.id


def make_joint_schema() -> tantivy.Schema:
    """The fields of an index, and those that only several territories together need."""
    builder = start_schema()
    for field in (TENANT, REFERENCE, KEY):
        builder.add_text_field(
            field, stored=True, tokenizer_name="raw", index_option="basic"
        )
    builder.add_text_field(
        TERRITORY, tokenizer_name="raw", fast=True, index_option="basic"
    )
    builder.add_text_field(NEARER, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(
        RANK, stored=True, tokenizer_name="raw", index_option="basic"
    )
    return builder.build()


def make_joint_document(
    row: Any, territory: Territory, copy: DatasetCopy, nearer: Iterable[UUID]
) -> tantivy.Document:
    """The document of a public row. Its producer is known by its name: that of its address means another elsewhere."""
    name = words.normalise_text(row.producer_name)[:LONGEST_NAME]
    document = make_document(row, producer=name)
    document.add_text(TENANT, str(territory.id))
    document.add_text(TERRITORY, territory.slug)
    document.add_text(REFERENCE, write_reference(copy.reference))
    document.add_text(RANK, copy.rank)
    for key in copy.keys:
        document.add_text(KEY, key)
    for tenant in nearer:
        document.add_text(NEARER, str(tenant))
    return document


def write_reference(reference: Reference) -> str:
    """The term of a document."""
    return f"{reference[0]}/{reference[1]}"


def read_copy(document: Any) -> DatasetCopy:
    """The copy that a stored document is."""
    tenant, _, dataset = str(document.get_first(REFERENCE)).partition("/")
    keys = tuple(map(str, document.get_all(KEY)))
    return DatasetCopy(UUID(tenant), UUID(dataset), str(document.get_first(RANK)), keys)


def describe_copy(row: Any, tenant: UUID) -> DatasetCopy:
    """The copy that a public row is. What a node pushes is nearer than what is read elsewhere; then what came first."""
    distance = 0 if row.harvester_id is None else 1
    rank = f"{distance} {row.published_at.timestamp():015.3f} {tenant} {row.id}"
    keys = tuple(dict.fromkeys(map(_digest, _identify(row))))[:MOST_KEYS]
    return DatasetCopy(tenant, row.id, rank, keys)


def list_nearer(copy: DatasetCopy, others: Iterable[DatasetCopy]) -> set[UUID]:
    """The other territories that have the same dataset nearer to its producer."""
    return {
        other.tenant
        for other in others
        if other.tenant != copy.tenant
        and other.rank < copy.rank
        and not set(other.keys).isdisjoint(copy.keys)
    }


def _digest(name: str) -> str:
    return hashlib.blake2b(name.encode(errors="replace"), digest_size=12).hexdigest()


def _identify(row: Any) -> Iterator[str]:
    """What is sure, as within one territory (decision 46): identifiers that mean the same everywhere, a page with a file."""
    yield f"id:{row.id}"
    names = (row.doi, row.local_id, *list_other_identifiers(row.other_origins))
    for name in names:
        if GLOBAL_IDENTIFIER.search(name):
            yield from _read_identifier(name)
    record = restore_record(row.record)
    page = record.description.source
    if is_page_of_one(page):
        for media in record.media:
            yield f"page:{comparison_key(page)} {media.url}"


def _read_identifier(name: str) -> Iterator[str]:
    key = comparison_key(name)
    yield f"name:{key}"
    ends = UUID_FORM.findall(key)
    if ends and key.endswith(ends[-1]):
        yield f"id:{UUID(ends[-1])}"
    if doi := DOI.search(name):
        yield f"doi:{doi[0].lower()}"


def find_copies(
    index: tantivy.Index, field: str, values: Sequence[str]
) -> list[DatasetCopy]:
    """The copies that an index has with one of some terms in a field."""
    searcher = index.searcher()
    if not values or not searcher.num_docs:
        return []
    query = tantivy.Query.term_set_query(index.schema, field, list(values))
    hits = searcher.search(query, searcher.num_docs, count=False).hits
    return [read_copy(searcher.doc(address)) for _, address in hits]


def _fingerprint() -> str:
    """Changes whenever what the joint index has besides the others does."""
    makers = (sys.modules[__name__], identifiers)
    return "\0".join(inspect.getsource(maker) for maker in makers)


JOINT = uuid5(INSTALLATION_ID, _fingerprint())
"""What the joint index is found by, among those of territories."""
