"""Each place that asks whose a dataset is: who publishes it, or whose people act for it and are told."""

import re
from pathlib import Path

import pytest

PORTAL = Path(__file__).parents[3] / "platform/src/udi/portal"
OWNER = re.compile(
    r"Dataset\.organisation_id|dataset\.organisation_id|dataset\.organisation\b"
)
STEWARD = re.compile(r"\b(?:find_steward|STEWARD_ID|steward_id|steward_slug)\b")
PEOPLE = {
    "access/access_summary.py": "who may set the terms of restricted data",
    "access/policies/odrl_pages.py": "who offers restricted data",
    "access/policies/pages.py": "who may change the terms",
    "access/policies/queries.py": "who may set the terms; whom to write to",
    "access/requests/requester_actions.py": "who is asked, answers and signs; its to-do, its mails, its deadlines",
    "catalogue/links/notifications.py": "who is told what cannot be had any more",
    "catalogue/links/queries.py": "whose list of addresses names it",
    "catalogue/pages/dataset.py": "who is led to what may be edited",
    "projects/actions/thanks.py": "who may thank for its use",
    "projects/data_requests/matching.py": "who is asked for data like it",
    "projects/listing.py": "who is offered to thank",
    "projects/pages/project.py": "who is offered to thank",
    "projects/tasks.py": "in whose name thanks are mailed",
    "territory/assessments.py": "who is reminded that it is late",
    "territory/producers/queries.py": "who is reminded that it is late",
}
"""Those that ask for people: the publisher's, or those of the producer that reads it where nobody claimed the publisher."""
NAMES = {
    "access/policies/schemas.py": "who publishes what a policy is about",
    "catalogue/actions.py": "who followed its publisher; what stays once it is withdrawn",
    "catalogue/feeds/atom.py": "the author of an entry",
    "catalogue/dataset_page/citation.py": "who is cited",
    "catalogue/data_services/queries.py": "the publisher of a service",
    "catalogue/dataset_rows.py": "the publisher's row, beside the producer that reads it",
    "catalogue/embed/snippets.py": "the name in a frame",
    "catalogue/models.py": "the column",
    "catalogue/open/data_package.py": "the publisher of a package",
    "catalogue/open/documents.py": "the publisher of a document",
    "catalogue/open/listing.py": "the datasets of a publisher",
    "catalogue/open/schema_org.py": "the publisher for search engines",
    "catalogue/pages/files.py": "the name on the page of files",
    "catalogue/queries.py": "counts by publisher",
    "catalogue/schemas.py": "the publisher in the API",
    "catalogue/search/build.py": "the filter by publisher",
    "catalogue/stewards.py": "the rule itself",
    "dataspace/negotiations/offers.py": "the publisher in an offer of the data space",
    "nodes/actions/hand_over.py": "what a publisher's node hands over",
    "nodes/sources/heirs.py": "which record may have a dataset that leaves its source",
    "nodes/sources/matches/queries.py": "the publisher of each of two datasets that seem to be one",
    "nodes/sources/origins.py": "whether the source writes another name",
    "nodes/sources/publishers/actions.py": "what a choice moves",
    "nodes/sources/record_import.py": "what stands under a publisher that has still to confirm",
    "nodes/sources/service_import.py": "whether a service may stand beside it",
    "nodes/sources/shared_datasets.py": "whether another source may take it over",
    "territory/figures/computation.py": "figures by publisher",
    "territory/figures/territory_figures.py": "figures by publisher",
    "territory/figures/queries.py": "figures by publisher",
}
"""Those that say who publishes it: nobody gets a right or a mail by them."""


def list_places(pattern: re.Pattern[str]) -> set[str]:
    return {
        str(path.relative_to(PORTAL))
        for path in PORTAL.rglob("*.py")
        if "migrations" not in path.parts and pattern.search(path.read_text())
    }


def test_every_place_that_asks_whose_a_dataset_is_stands_in_one_table() -> None:
    assert not PEOPLE.keys() & NAMES.keys()
    assert list_places(OWNER) - PEOPLE.keys() - NAMES.keys() == set()
    assert {name for name in {**PEOPLE, **NAMES} if not (PORTAL / name).is_file()} == (
        set()
    )


@pytest.mark.parametrize("place", sorted(PEOPLE))
def test_a_place_that_asks_for_people_asks_for_the_steward(place: str) -> None:
    assert STEWARD.search((PORTAL / place).read_text())


@pytest.mark.parametrize("place", sorted(PEOPLE))
def test_no_place_gives_a_right_by_the_publisher_alone(place: str) -> None:
    text = (PORTAL / place).read_text()

    assert not re.search(r"may_\w+\(dataset\.organisation\.slug\)", text)
