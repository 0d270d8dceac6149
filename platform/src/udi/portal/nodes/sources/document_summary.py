"""The pages of one document, and what they said together."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from udi.portal.nodes.harvest import kinds
from udi.portal.nodes.harvest.faults import HarvestFault
from udi.portal.nodes.harvest.outcomes import deduplicate_faults
from udi.portal.nodes.harvest.record import HarvestedPage
from udi.portal.nodes.sources.run_log import MOST_LOGGED_FAULTS

EMPTY = HarvestedPage(format="")
SERVICE = kinds.SERVICE_LEFT_OUT.at("")
REUSE = kinds.REUSE_LEFT_OUT.at("")


@dataclass
class DocumentSummary:
    """What the pieces of a document said together, without their records."""

    fresh: bool
    page: HarvestedPage = EMPTY
    dataset_count: int = 0
    things: int = 0
    received: int = 0
    """Whatever it held: datasets, services and the rest."""
    others: list[tuple[str, str, HarvestFault]] = field(default_factory=list)
    """What is no dataset: identifier, title and why; as many as a report keeps."""

    def add_page(
        self, page: HarvestedPage, others: Collection[str] = frozenset()
    ) -> None:
        """Add one that is stored; `others` are the identifiers of the services and reuses that were kept."""
        self.dataset_count += page.dataset_count
        self.received += page.thing_count
        self.things += len(page.records) + sum(
            refusal.is_dataset for refusal in page.refused
        )
        left_out = [
            (refusal.identifier, refusal.title, refusal.faults[0])
            for refusal in page.refused
            if not refusal.is_dataset
        ]
        for things, fault in ((page.services, SERVICE), (page.reuses, REUSE)):
            left_out += [
                (thing.identifier, next(iter(thing.title.values()), ""), fault)
                for thing in things
                if thing.identifier not in others
            ]
        self.others += left_out[: MOST_LOGGED_FAULTS - len(self.others)]
        faults = deduplicate_faults([*self.page.faults, *page.faults])
        links = (*self.page.links, *page.links)
        following = self.page.next or page.next
        self.page = replace(
            page,
            records=(),
            refused=(),
            services=(),
            reuses=(),
            faults=faults,
            links=links,
            next=following,
        )
