"""What a format of catalogues is, and which there are: ours, and those of packages beside ours (`udi.harvesters`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from udi.kit.entry_points import list_entry_points
from udi.portal.nodes.harvest.record import HarvestedPage

GROUP = "udi.harvesters"


class FormatReader(Protocol):
    """Reads a document of one format."""

    def __call__(
        self, page: bytes, *, base_url: str, language: str = ...
    ) -> HarvestedPage:
        """The page of the document; what cannot be used is among its faults.

        Raises:
            RefusedDocumentError: it is not of this format after all.
        """


@dataclass(frozen=True)
class HarvestFormat:
    """A format of catalogues, under the name of its entry point."""

    title: str
    """What people call it."""
    reader: str
    """A `FormatReader`, as «module:function»: imported where a document is read, behind walls."""
    recognises_object: Callable[[dict[str, Any]], bool] | None = None
    """Whether a JSON document is of this format, by its first object."""
    recognises_text: Callable[[str], bool] | None = None
    """Whether a document that is not JSON is, by its beginning."""
    rank: int = 0
    """Of two formats that recognise a document, the one of the lower rank reads it."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What people call its variants, by the name that its pages have."""


@cache
def list_formats() -> dict[str, HarvestFormat]:
    """Every format by name, in the order in which they are asked."""
    formats = {point.name: point.load() for point in list_entry_points(GROUP)}
    return dict(sorted(formats.items(), key=lambda item: item[1].rank))


def get_reader(name: str) -> FormatReader:
    """The reader of a format."""
    module, _, function = list_formats()[name].reader.partition(":")
    reader: FormatReader = getattr(import_module(module), function)
    return reader
