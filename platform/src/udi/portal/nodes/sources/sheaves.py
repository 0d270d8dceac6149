"""The pages of one document, and what they said together."""

from dataclasses import dataclass, field, replace

from udi.portal.nodes.harvest.faults import Fault
from udi.portal.nodes.harvest.finish import without_repeats
from udi.portal.nodes.harvest.record import Page
from udi.portal.nodes.sources.telling import MOST_TOLD

EMPTY = Page(format="")


@dataclass
class Sheaf:
    """What the pieces of a document said together, without their records."""

    fresh: bool
    page: Page = EMPTY
    found: int = 0
    things: int = 0
    others: list[tuple[str, str, Fault]] = field(default_factory=list)
    """What is no dataset: identifier, title and why; as many as a report keeps."""

    def gather(self, page: Page) -> None:
        """Add one that is stored."""
        self.found += page.found
        self.things += len(page.records) + sum(each.counts for each in page.refused)
        others = [(each.identifier, each.title, why) for each in page.refused if not each.counts for why in each.faults]
        self.others += others[: MOST_TOLD - len(self.others)]
        faults = without_repeats([*self.page.faults, *page.faults])
        links = (*self.page.links, *page.links)
        following = self.page.next or page.next
        self.page = replace(page, records=(), refused=(), services=(), faults=faults, links=links, next=following)
