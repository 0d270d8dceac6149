"""What is the same dataset at two places, and at which of them it is read: tables of decisions, without a database."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from urllib.parse import urlsplit

from udi.portal.nodes.harvest.record import HarvestedRecord, IdentityBasis
from udi.protocol import structures as of
from udi.protocol.identifiers import DOI, GLOBAL_IDENTIFIER, comparison_key

MOST_ALIASES = 20


class Nearness(IntEnum):
    """How near to its producer the place is where a description stands; less is nearer."""

    PRODUCER = 1
    PAGE = 2
    ELSEWHERE = 3


class OriginDecision(StrEnum):
    """What becomes of a record beside the dataset that it describes as well."""

    LISTED = "listed"
    """The dataset stays where it is read; its page says that it is also there."""
    REPEATED = "repeated"
    """Another record of the same source describes it already."""
    TAKES_OVER = "takes over"


@dataclass(frozen=True)
class MatchedDataset:
    """The dataset that a record of another source describes as well."""

    is_own: bool = False
    """Whether it is read in the same source."""
    is_pushed: bool = False
    is_closed: bool = False
    """Whether its source is read no more."""
    is_published: bool = True
    by_team: bool = False
    """Whether the team withdrew it."""
    same_producer: bool = True
    is_of_joined: bool = False
    """Whether it stands under an organisation with people of its own, which is not the one that reads it."""
    same_organisation: bool = True
    """Whether the record stands under the same organisation."""
    nearness: Nearness = Nearness.ELSEWHERE


def decide_origin(match: MatchedDataset, nearness: Nearness) -> OriginDecision:
    """Of a record that describes a dataset of another source: whether the dataset is read there from now on."""
    if match.by_team:
        return OriginDecision.LISTED
    if match.is_own and match.is_published:
        return OriginDecision.REPEATED
    if match.is_of_joined and not match.same_organisation and not match.is_own:
        return OriginDecision.LISTED
    if not match.is_published or match.is_closed:
        return OriginDecision.TAKES_OVER
    if match.is_pushed or not match.same_producer or nearness >= match.nearness:
        return OriginDecision.LISTED
    return OriginDecision.TAKES_OVER


def measure_nearness(host: str, record: of.Record) -> Nearness:
    """How near the site of a source is to the producer of what a record describes."""
    if host in {host_name(media.url) for media in record.media}:
        return Nearness.PRODUCER
    if host == host_name(record.description.source):
        return Nearness.PAGE
    return Nearness.ELSEWHERE


def host_name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def global_names(record: HarvestedRecord) -> set[str]:
    """The identifiers of a record that mean the same everywhere, as others may have written them."""
    identifiers = (
        [record.identifier] if record.identified_by is IdentityBasis.IDENTIFIER else []
    )
    return spell_names([*identifiers, *record.aliases[:MOST_ALIASES]])


def spell_names(identifiers: Iterable[str]) -> set[str]:
    """Those of some identifiers that mean the same everywhere, as others may have written them."""
    names: set[str] = set()
    for name in map(str.strip, identifiers):
        if not GLOBAL_IDENTIFIER.search(name):
            continue
        key = comparison_key(name)
        names |= {name, key}
        if "://" in name:
            names |= {
                f"{scheme}://{key}{end}"
                for scheme in ("http", "https")
                for end in ("", "/")
            }
        if doi := DOI.search(name):
            names |= {doi[0], f"https://doi.org/{doi[0]}", f"doi:{doi[0]}"}
    return names
