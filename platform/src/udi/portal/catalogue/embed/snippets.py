"""What a page gives away of itself: its address, the line that frames it elsewhere, and where oEmbed says the same."""

from dataclasses import dataclass
from urllib.parse import urlencode

from udi.kit.tenancy import Territory
from udi.portal.catalogue.models import Dataset
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.organisations.models import Organisation
from udi.ui.embedding import LANGUAGE, iframe_html
from udi.ui.locale import localise

CARD_HEIGHT = 320
LIST_HEIGHT = 800
"""Pixels that a narrow column needs; without script a frame cannot ask for its own height."""
SEARCH = "/embed/search"
PRODUCER = "/embed/producers"
DATASET = "/embed/data"


@dataclass(frozen=True)
class EmbeddablePage:
    """A page as it may stand elsewhere: `page` and `frame` are whole addresses, `author` who published what it shows."""

    title: str
    page: str
    frame: str
    height: int
    author: str = ""
    author_url: str = ""

    @property
    def embed_code(self) -> str:
        """The line of HTML to copy."""
        return iframe_html(self.frame, self.title, self.height)

    @property
    def oembed_links(self) -> list[tuple[str, str]]:
        """(media type, path) of what oEmbed says of the page."""
        formats = (("application/json+oembed", "json"), ("text/xml+oembed", "xml"))
        return [
            (kind, f"/oembed?{urlencode({'url': self.page, 'format': form})}")
            for kind, form in formats
        ]


def share_dataset(
    dataset: Dataset, territory: Territory, language: str
) -> EmbeddablePage:
    """A dataset as a card."""
    origin = territory.origin
    frame = f"{origin}{DATASET}/{dataset.id}?{LANGUAGE}={language}"
    author = dataset.organisation
    return EmbeddablePage(
        dataset.title_in(language),
        f"{origin}/data/{dataset.id}",
        frame,
        CARD_HEIGHT,
        author.name,
        f"{origin}/producers/{author.slug}",
    )


def share_producer(
    producer: Organisation, territory: Territory, language: str
) -> EmbeddablePage:
    """A producer's whole catalogue as a list, with a search in it."""
    page = f"{territory.origin}/producers/{producer.slug}"
    frame = f"{territory.origin}{PRODUCER}/{producer.slug}?{LANGUAGE}={language}"
    return EmbeddablePage(producer.name, page, frame, LIST_HEIGHT, producer.name, page)


def share_search(
    criteria: Criteria, territory: Territory, language: str
) -> EmbeddablePage:
    """What answers a search as a list; it follows what is published."""
    first_page_criteria = criteria.with_changes()
    name = localise(territory.name, language)
    title = f"{criteria.text} – {name}" if criteria.text else name
    frame = f"{territory.origin}{SEARCH}?{urlencode([*first_page_criteria.pairs(), (LANGUAGE, language)])}"
    return EmbeddablePage(
        title,
        first_page_criteria.address(f"{territory.origin}/data"),
        frame,
        LIST_HEIGHT,
    )
