"""Words that mean the same, as SKOS says it: the labels of a concept, of those broader, and the data theme that it exactly matches."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from udi.protocol.themes import THEMES

SKOS = "http://www.w3.org/2004/02/skos/core#"
CONCEPT = ox.NamedNode(f"{SKOS}Concept")
LABELS = {f"{SKOS}{name}" for name in ("prefLabel", "altLabel", "hiddenLabel")}
MATCH = f"{SKOS}exactMatch"
BROADER = f"{SKOS}broader"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LONGEST_LABEL = 100
MOST_CONCEPTS = 2000
Labels = tuple[str, ...]


class NotSkosError(ValueError):
    """The file is no Turtle, or says nothing that can be used; `line` where it is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True)
class Concept:
    """Labels that mean the same, the codes of the themes that they name, and the labels of the concepts that are broader."""

    labels: Labels
    themes: tuple[str, ...] = ()
    broader: Labels = ()


def read_synonyms(turtle: bytes) -> list[Concept]:
    """The concepts of a SKOS file in Turtle.

    Raises:
        NotSkosError: it is no Turtle, has too many concepts, or one has an overlong label, or says nothing that can be used.
    """
    labels: dict[object, list[str]] = {}
    themes: dict[object, list[str]] = {}
    broader: dict[object, list[object]] = {}
    for subject, name, value in _triples(turtle):
        if name == RDF_TYPE and value == CONCEPT:
            labels.setdefault(subject, [])
        elif name in LABELS and isinstance(value, ox.Literal) and value.value.strip():
            labels.setdefault(subject, []).append(value.value.strip())
        elif name == MATCH and isinstance(value, ox.NamedNode):
            themes.setdefault(subject, []).extend(
                theme.code for theme in THEMES.values() if theme.uri == value.value
            )
        elif name == BROADER:
            broader.setdefault(subject, []).append(value)
    if len(labels) > MOST_CONCEPTS:
        msg = f"it has {len(labels)} concepts, {MOST_CONCEPTS} at most are read"
        raise NotSkosError(msg)
    concepts = []
    for subject, concept_labels in labels.items():
        broader_labels = [
            label
            for concept in broader.get(subject, ())
            for label in labels.get(concept, ())
        ]
        concept = Concept(
            tuple(dict.fromkeys(concept_labels)),
            tuple(themes.get(subject, ())),
            tuple(dict.fromkeys(broader_labels)),
        )
        _check_concept(subject, concept)
        concepts.append(concept)
    return concepts


def _triples(turtle: bytes) -> Iterator[tuple[object, str, object]]:
    try:
        for triple in ox.parse(turtle, ox.RdfFormat.TURTLE):
            yield triple.subject, triple.predicate.value, triple.object
    except SyntaxError as error:
        raise NotSkosError(str(error.msg or error), error.lineno) from error


def _check_concept(subject: object, concept: Concept) -> None:
    labels = concept.labels
    if not labels or (len(labels) == 1 and not concept.themes + concept.broader):
        msg = f"{subject} has no two labels (skos:prefLabel, skos:altLabel), matches no theme (skos:exactMatch) and is in no broader concept (skos:broader)"
        raise NotSkosError(msg)
    if any(not label.isprintable() for label in labels):
        msg = f"a label of {subject} has a control character"
        raise NotSkosError(msg)
    if overlong := next((label for label in labels if len(label) > LONGEST_LABEL), ""):
        msg = f"the label «{overlong[:LONGEST_LABEL]}…» of {subject} has more than {LONGEST_LABEL} signs"
        raise NotSkosError(msg)
