"""The forms in which a dataset, a producer and the catalogue are given to machines: names, media types, ends of addresses."""

from dataclasses import dataclass
from uuid import UUID

from litestar.datastructures.headers import Accept
from pyoxigraph import RdfFormat

from udi.kit.errors import NotFoundError
from udi.ui.dependencies import AnyRequest

HTML = "text/html"
CROISSANT_PROFILE = "http://mlcommons.org/croissant/1.0"


@dataclass(frozen=True)
class Representation:
    """A form: `suffix` ends its address, after that of the thing."""

    name: str
    media_type: str
    suffix: str
    rdf: RdfFormat | None = None
    profile: str = ""
    """Which of the documents of this media type it is (RFC 6906)."""

    def address(self, thing: str) -> str:
        """The address of this form of a thing (its address without final slash)."""
        return thing + self.suffix


TURTLE = Representation("Turtle", "text/turtle", ".ttl", RdfFormat.TURTLE)
RDF_XML = Representation("RDF/XML", "application/rdf+xml", ".rdf", RdfFormat.RDF_XML)
JSON_LD = Representation("JSON-LD", "application/ld+json", ".jsonld", RdfFormat.JSON_LD)
N_TRIPLES = Representation(
    "N-Triples", "application/n-triples", ".nt", RdfFormat.N_TRIPLES
)
CROISSANT = Representation(
    "Croissant", "application/ld+json", "/croissant.json", profile=CROISSANT_PROFILE
)
DATA_PACKAGE = Representation(
    "Data Package", "application/vnd.datapackage+json", "/datapackage.json"
)
RDF = (TURTLE, RDF_XML, JSON_LD, N_TRIPLES)
DATASET = (*RDF, CROISSANT, DATA_PACKAGE)
"""All forms of a dataset, in the order in which a page lists them."""
READ_TOO = {".xml": RDF_XML}
_BY_SUFFIX = {
    representation.suffix: representation for representation in RDF
} | READ_TOO
_BY_MEDIA_TYPE = {representation.media_type: representation for representation in RDF}
SUFFIXES = tuple(_BY_SUFFIX)


def split_extension(name: str) -> tuple[str, Representation | None]:
    """The name before an extension and the form that the extension asks for; None without a known one."""
    for suffix, representation in _BY_SUFFIX.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix), representation
    return name, None


def split_dataset_id(name: str) -> tuple[UUID, Representation | None]:
    """The same where the name is a dataset's identifier.

    Raises:
        NotFoundError: it is none.
    """
    identifier, representation = split_identifier(name)
    if identifier is None:
        raise NotFoundError("No dataset has this address here.")
    return identifier, representation


def split_identifier(name: str) -> tuple[UUID | None, Representation | None]:
    """The same where the name is an identifier; None where it is none."""
    text, representation = split_extension(name)
    try:
        return UUID(text), representation
    except ValueError:
        return None, representation


def negotiate_representation(
    request: AnyRequest, usual: str = HTML
) -> Representation | None:
    """The form that `Accept` prefers, None for a page; `usual` is given to who takes anything."""
    offered = [usual, *(kind for kind in (HTML, *_BY_MEDIA_TYPE) if kind != usual)]
    best = Accept(request.headers.get("accept", "*/*")).best_match(offered, usual)
    return _BY_MEDIA_TYPE.get(best)
