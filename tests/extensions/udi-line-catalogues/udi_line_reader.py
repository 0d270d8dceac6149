"""Reads a catalogue of lines, in the process behind walls that reads documents."""

from udi.portal.nodes.harvest.distributions import RawDistribution, add_distribution
from udi.portal.nodes.harvest.draft import Draft
from udi.portal.nodes.harvest.outcomes import Outcome, finalise_draft, make_page
from udi.portal.nodes.harvest.record import HarvestedPage, OriginalRecord
from udi.portal.nodes.harvest.untrusted_documents import decode


def read(page: bytes, *, base_url: str, language: str = "en") -> HarvestedPage:
    """The datasets of the lines after the first."""
    lines = decode(page)[0].splitlines()[1:]
    outcomes = [read_line(line, base_url, language) for line in lines if line.strip()]
    return make_page(outcomes, format="lines")


def read_line(line: str, base_url: str, language: str) -> Outcome:
    """One dataset."""
    identifier, _, rest = line.partition("\t")
    title, _, address = rest.partition("\t")
    draft = Draft(base_url, language)
    draft.identifier = identifier.strip()
    draft.add_text(draft.title, "title", title)
    add_distribution(draft, "file", RawDistribution(download=address.strip()))
    return finalise_draft(draft, OriginalRecord("text/plain", line.encode()))
