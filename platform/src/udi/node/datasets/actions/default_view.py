"""The view with which the page of a dataset's data opens."""

from udi.kit.errors import field_error
from udi.node.datasets.models import Author, Dataset
from udi.node.datasets.versions.view_values import holds_values

LONGEST_VIEW = 4_000
"""Characters of the query of a view: addresses that are longer do not pass everywhere."""


def set_default_view(author: Author, dataset: Dataset, text: str) -> None:
    """Open the page of the data with this canonical query from now on; empty: the page chooses again.

    Raises:
        InvalidError: it is too long to be an address, or holds cells of a sealed space.
    """
    if len(text) > LONGEST_VIEW:
        raise field_error(
            "query",
            "This view is too long.",
            "Use fewer filters or columns.",
            "too-long",
        )
    if dataset.space.is_sealed and holds_values(text):
        raise field_error(
            "query",
            "This space is sealed: a view that is kept holds no value of its files.",
            "Remove its filters, its search, its place on the map and the numbers that you chose, then choose it again.",
            "sealed",
        )
    if dataset.default_view == text:
        return
    dataset.default_view = text
    dataset.record_event(author, "view.saved" if text else "view.removed")
