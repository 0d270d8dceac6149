"""What of each record of others is still said in our own Turtle, by field, for the files of each part."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pyoxigraph as ox

from bench.load.federation.fields import (
    ADDRESSES,
    DATASET,
    DISTRIBUTION,
    ORIGIN,
    WRITTEN,
    Extractor,
    Values,
)
from bench.load.federation.graph import (
    BASE,
    SourceGraph,
    Term,
    UnreadableError,
    address_of,
    read_source,
    words_of,
)
from bench.load.federation.intended import is_intended
from udi.portal.nodes.harvest import format_detection
from udi.portal.nodes.harvest.conversion import ConversionContext, convert
from udi.portal.nodes.harvest.record import HarvestedRecord
from udi.protocol.rdf import dataset_address, write_dataset
from udi.protocol.record import restore_record, write_record
from udi.protocol.serialisations import write_canonical
from udi.protocol.structures import Organisation

PARTS = ("tuned", "apart")
APART = 3
"""One file in `APART`, by the hash of its name, was kept apart: nothing was tuned on it until it was looked at on 2026-12-01, as decision 44 says."""
PUBLIC = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
OUTCOMES = ("right", "intended", "changed", "lost", "added")
CONTEXT = ConversionContext(
    source=UUID("6a5b0e0c-7a52-4f3e-9df1-3f0d4d1f2a10"),
    producer=Organisation(
        id=UUID("0f9d7c0e-3b0f-4c3c-8f0f-6b9b3d9a1c22"), name="Ville d'Exemple"
    ),
    found_at=datetime(2026, 11, 30, tzinfo=UTC),
)


@dataclass
class FederationScore:
    """One part of the catalogues: outcomes by field, and what is not right, a sentence each."""

    files: int = 0
    records: int = 0
    unpaired: int = 0
    """Records of ours that no dataset of the source could be found for."""
    unread: list[str] = field(default_factory=list)
    """Files whose RDF the independent parser does not read."""
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def add(
        self,
        place: str,
        name: str,
        source: Values,
        ours: Values,
        *,
        is_concealed: bool = False,
    ) -> None:
        """Count a field of one thing; of what is concealed, a loss is meant (`intended.CONCEALED`)."""
        outcome = compare(name, source, ours)
        if is_concealed and outcome in {"changed", "lost"}:
            outcome = "intended"
        if outcome:
            self.outcomes.setdefault(name, Counter())[outcome] += 1
        if outcome in {"changed", "lost", "added"}:
            self.misses.append(
                f"{outcome}: {name}: {place}: {sorted(source)!r:.300} → {sorted(ours)!r:.300}"
            )

    def as_json(self) -> dict[str, Any]:
        """Counts and misses."""
        return {
            "files": self.files,
            "records": self.records,
            "unpaired": self.unpaired,
            "unread": self.unread,
            "fields": {
                name: dict(self.outcomes.get(name, Counter())) for name in list_fields()
            },
            "misses": self.misses,
        }


def list_fields() -> list[str]:
    """The names of the fields in their order."""
    return [
        *(f"dataset: {name}" for name in DATASET),
        *(f"distribution: {name}" for name in DISTRIBUTION),
    ]


def is_apart(name: str) -> bool:
    """Whether nothing may be tuned on this file."""
    return sha256(name.encode()).digest()[0] % APART == 0


def compare(name: str, source: Values, ours: Values) -> str:
    """What became of a field: one of `OUTCOMES`; empty where nobody says anything."""
    if not source:
        return "added" if ours else ""
    if source <= ours:
        return "right"
    if is_intended(name, source, ours):
        return "intended"
    return "changed" if ours else "lost"


def score_catalogues(
    documents: Iterable[tuple[str, bytes]],
) -> dict[str, dict[str, Any]]:
    """The score of each part, of files by their names."""
    scores = {part: FederationScore() for part in PARTS}
    for name, document in documents:
        score = scores[PARTS[is_apart(name)]]
        try:
            source = read_source(name, document)
        except UnreadableError:
            score.unread.append(name)
            continue
        page = format_detection.read(document, base_url=BASE)
        if page.records:
            score.files += 1
        for record in page.records:
            _add_record(score, name, source, record)
    return {part: score.as_json() for part, score in scores.items()}


def _add_record(
    score: FederationScore, name: str, source: SourceGraph, record: HarvestedRecord
) -> None:
    node = _find_node(source, record)
    if node is None:
        score.unpaired += 1
        return
    score.records += 1
    ours, ours_node = write_ours(record)
    place = f"{name}: {record.identifier}"
    is_restricted = not DATASET["access rights"](ours, ours_node) <= {PUBLIC}
    has_other_terms = is_restricted or _is_licensed_by_files(source, node)
    for field_name, extract in DATASET.items():
        score.add(
            place,
            f"dataset: {field_name}",
            extract(source, node),
            WRITTEN.get(field_name, extract)(ours, ours_node),
            is_concealed=field_name == "licence" and has_other_terms,
        )
    for theirs, written in _pair_distributions(source, node, ours, ours_node):
        concealed = is_restricted or not _has_web_address(source, theirs)
        for field_name, extract in DISTRIBUTION.items():
            score.add(
                place,
                f"distribution: {field_name}",
                extract(source, theirs),
                _extract_written(extract, ours, written),
                is_concealed=concealed,
            )


def _is_licensed_by_files(graph: SourceGraph, node: Term) -> bool:
    """Whether all files have one licence, which goes before that of the dataset."""
    files = graph.values(node, "dcat:distribution")
    licences = {DISTRIBUTION["licence"](graph, file) for file in files}
    return len(licences) == 1 and frozenset() not in licences


def _has_web_address(graph: SourceGraph, node: Term) -> bool:
    return any(
        address.startswith(("http://", "https://"))
        for address in _addresses(graph, node)
    )


def _extract_written(
    extract: Extractor, graph: SourceGraph, node: Term | None
) -> Values:
    if node is None:
        return frozenset()
    return extract(graph, node)


def write_ours(record: HarvestedRecord) -> tuple[SourceGraph, Term]:
    """Our Turtle of a record, stored and read back, as the same parser reads it; and its dataset."""
    converted = convert(record, CONTEXT).record
    stored = restore_record(write_record(converted))
    graph = SourceGraph()
    graph.add(write_canonical(write_dataset(ORIGIN, stored)), ox.RdfFormat.N_TRIPLES)
    return graph, ox.NamedNode(dataset_address(ORIGIN, stored))


def _find_node(graph: SourceGraph, record: HarvestedRecord) -> Term | None:
    """The dataset that a record was read from: by its address, else by its identifier."""
    names = {name.strip() for name in (record.identifier, *record.aliases)}
    datasets = list(graph.nodes_of("dcat:Dataset", "dcat:DatasetSeries"))
    for node in datasets:
        if isinstance(node, ox.NamedNode) and (
            node.value in names or address_of(node) in names
        ):
            return node
    for node in datasets:
        identifiers = graph.values(node, "dct:identifier", "dcat:landingPage")
        if {words_of(value) for value in identifiers} & names:
            return node
        if {address_of(value) for value in identifiers} & names:
            return node
    return None


def _pair_distributions(
    source: SourceGraph, node: Term, ours: SourceGraph, ours_node: Term
) -> Iterator[tuple[Term, Term | None]]:
    """Each distribution of the source with the one of ours that has one of its addresses."""
    written = list(ours.values(ours_node, "dcat:distribution"))
    for theirs in source.values(node, "dcat:distribution"):
        addresses = _addresses(source, theirs)
        title = DISTRIBUTION["title"](source, theirs)
        twins = [node for node in written if addresses & _addresses(ours, node)]
        twins.sort(key=lambda node: not title & DISTRIBUTION["title"](ours, node))
        twin = next(iter(twins), None)
        if twin is not None:
            written.remove(twin)
        yield theirs, twin


def _addresses(graph: SourceGraph, node: Term) -> set[str]:
    extracted = [DISTRIBUTION[name](graph, node) for name in ADDRESSES]
    services = DISTRIBUTION["service"](graph, node)
    return {value for values in (*extracted, services) for value in values}
