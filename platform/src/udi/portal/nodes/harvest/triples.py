"""The triples of one large document, on disk, so that what is said of one dataset can be had wherever the document says it.

SQLite is a scratch file here, gone at the end: it takes a tenth of the memory of a store of triples.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyoxigraph as ox

from udi.portal.nodes.harvest import addresses, kinds
from udi.portal.nodes.harvest.graph import (
    BOUNDARY_PROPERTIES,
    DEEP,
    Graph,
    expand_name,
    read_text,
    shorten_iri,
)
from udi.portal.nodes.harvest.rdf import CATALOGUE, DATASETS, MEMBERS, SERVICES
from udi.portal.nodes.harvest.untrusted_documents import document_error

TYPE = expand_name("rdf:type")
LISTED = expand_name("dcat:dataset")
SERVES = expand_name("dcat:servesDataset")
IDENTIFIER = expand_name("dct:identifier")
ABOVE = tuple(map(expand_name, ("hydra:next", "hydra:nextPage", "hydra:totalItems")))
POINTING = tuple(
    dict.fromkeys(
        map(expand_name, ("rdf:type", "dcat:dataset", "dcat:accessService", *MEMBERS))
    )
)
"""What leads from elsewhere to a dataset or a service, and counts for it."""
TABLES = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;
CREATE TABLE triple (subject TEXT, predicate TEXT, object TEXT);
"""
INDEXES = """
CREATE INDEX by_subject ON triple (subject);
CREATE TABLE pointing AS SELECT predicate, object, subject, rowid AS place FROM triple WHERE predicate IN ({names});
CREATE INDEX by_object ON pointing (predicate, object);
"""
Row = tuple[str, str, str]


class TripleStore:
    """Terms are kept as N-Triples writes them, predicates as their address."""

    def __init__(self, folder: Path) -> None:
        # One thread at a time, not always the same.
        self._database = sqlite3.connect(
            folder / "triples", isolation_level=None, check_same_thread=False
        )
        self._database.executescript(TABLES)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def fill(self, path: Path, base_url: str) -> None:
        """Put a document of Turtle, TriG or N-Triples in.

        Raises:
            RefusedDocumentError: it cannot be parsed to its end.
        """
        if addresses.is_web(base_url):
            base = base_url
        else:
            base = "http://source.invalid/"
        try:
            quads = ox.parse(
                path=path, format=ox.RdfFormat.TRIG, base_iri=base, lenient=True
            )
            self._database.execute("BEGIN")
            self._database.executemany(
                "INSERT INTO triple VALUES (?, ?, ?)", _rows(quads)
            )
            self._database.execute("COMMIT")
        except SyntaxError as error:
            line = error.lineno or 1
            column = error.offset or 1
            cause = str(error.msg)
            raise document_error(
                kinds.UNREADABLE, line=line, column=column, cause=cause, value=""
            ) from error
        except ValueError as error:
            raise document_error(kinds.NOT_RDF, cause=str(error)) from error
        names = ", ".join(f"'{name}'" for name in POINTING)
        self._database.executescript(INDEXES.format(names=names))

    def list_described(self) -> Iterator[str]:
        """Datasets, then services, each once, in the order of the document."""
        for names in (DATASETS, SERVICES):
            kinds_ = _terms(names)
            condition = f"predicate = ? AND object IN ({_places(kinds_)})"
            query = f"SELECT subject FROM pointing WHERE {condition} GROUP BY subject ORDER BY min(place)"
            yield from (
                row[0] for row in self._database.execute(query, (TYPE, *kinds_))
            )

    def graph(self, nodes: Sequence[str], base_url: str, *, above: bool) -> Graph:
        """What is said of these nodes and points to them, with the catalogue's language; `above`: also where pages go on."""
        rows: dict[Row, None] = {}
        for catalogue in self._subjects(TYPE, *_terms((CATALOGUE,))):
            rows[catalogue, TYPE, _terms((CATALOGUE,))[0]] = None
            rows.update(
                dict.fromkeys(self._statements(catalogue, expand_name("dct:language")))
            )
        if above:
            query = f"SELECT subject, predicate, object FROM triple WHERE predicate IN ({_places(ABOVE)})"
            rows.update(dict.fromkeys(self._database.execute(query, ABOVE)))
        for node in nodes:
            self._gather(node, rows)
            for served in self._statements(node, SERVES):
                rows.update(dict.fromkeys(self._statements(served[2], IDENTIFIER)))
            for name in POINTING[1:]:
                rows.update(
                    dict.fromkeys(
                        (subject, name, node) for subject in self._subjects(name, node)
                    )
                )
        lines = "".join(
            f"{subject} <{predicate}> {value} .\n" for subject, predicate, value in rows
        )
        return read_text(lines.encode("utf-8", "replace"), base_url)

    def find_missing(self, most: int) -> tuple[int, list[str]]:
        """How many datasets are listed and not described, and the first of them by their address."""
        kinds_ = _terms(DATASETS)
        description_query = f"SELECT 1 FROM triple WHERE subject = pointing.object AND predicate = ? AND object IN ({_places(kinds_)})"
        query = f"SELECT DISTINCT object FROM pointing WHERE predicate = ? AND object LIKE '<%' AND NOT EXISTS ({description_query})"
        addresses = [
            row[0].strip("<>")
            for row in self._database.execute(query, (LISTED, TYPE, *kinds_))
        ]
        return len(addresses), sorted(addresses)[:most]

    def _gather(self, root: str, rows: dict[Row, None]) -> None:
        """What is said of a node, and of what it leads to."""
        waiting = [(root, 0)]
        visited_nodes = {root}
        while waiting:
            node, level = waiting.pop()
            for row in self._statements(node):
                rows[row] = None
                value = row[2]
                if (
                    value.startswith('"')
                    or level >= DEEP
                    or value in visited_nodes
                    or shorten_iri(row[1]) in BOUNDARY_PROPERTIES
                ):
                    continue
                visited_nodes.add(value)
                waiting.append((value, level + 1))

    def _statements(self, node: str, predicate: str = "") -> list[Row]:
        query = "SELECT subject, predicate, object FROM triple WHERE subject = ?"
        if predicate:
            return self._database.execute(
                f"{query} AND predicate = ?", (node, predicate)
            ).fetchall()
        return self._database.execute(f"{query} ORDER BY rowid", (node,)).fetchall()

    def _subjects(self, predicate: str, value: str) -> list[str]:
        query = (
            "SELECT DISTINCT subject FROM pointing WHERE predicate = ? AND object = ?"
        )
        return [row[0] for row in self._database.execute(query, (predicate, value))]


def _rows(quads: Iterator[ox.Quad]) -> Iterator[Row]:
    for quad in quads:
        if not (
            isinstance(quad.subject, ox.Triple) or isinstance(quad.object, ox.Triple)
        ):
            yield str(quad.subject), quad.predicate.value, str(quad.object)


def _terms(names: Sequence[str]) -> list[str]:
    return [f"<{expand_name(name)}>" for name in names]


def _places(values: Sequence[str]) -> str:
    return ", ".join("?" for _ in values)
