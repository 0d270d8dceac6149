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
        self, page: HarvestedPage, services: Collection[str] = frozenset()
    ) -> None:
        """Add one that is stored; `services` are the identifiers of those that were kept."""
        self.dataset_count += page.dataset_count
        self.received += page.thing_count
        self.things += len(page.records) + sum(
            refusal.is_dataset for refusal in page.refused
        )
        others = [
            (refusal.identifier, refusal.title, refusal.faults[0])
            for refusal in page.refused
            if not refusal.is_dataset
        ]
        others += [
            (service.identifier, next(iter(service.title.values()), ""), SERVICE)
            for service in page.services
            if service.identifier not in services
        ]
        self.others += others[: MOST_LOGGED_FAULTS - len(self.others)]
        faults = deduplicate_faults([*self.page.faults, *page.faults])
        links = (*self.page.links, *page.links)
        following = self.page.next or page.next
        self.page = replace(
            page,
            records=(),
            refused=(),
            services=(),
            faults=faults,
            links=links,
            next=following,
        )
