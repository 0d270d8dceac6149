"""Whether a person may publish a version, by where the look at its file stands."""

from datetime import UTC, datetime

import pytest

from udi.kit.errors import ConflictError
from udi.node.datasets.models import Preparation, PreparationState, Version
from udi.node.datasets.versions.publishability import clear_for_publication

PUBLISHED = datetime(2026, 3, 2, tzinfo=UTC)


def version(
    state: PreparationState, *, published_at: datetime | None = None
) -> Version:
    preparation = Preparation(state=state, findings={}, reason="", failure="")
    return Version(
        number=1, profile={}, published_at=published_at, preparation=preparation
    )


def test_a_version_is_not_cleared_while_its_file_is_looked_at() -> None:
    with pytest.raises(ConflictError, match="still reading"):
        clear_for_publication(version(PreparationState.WAITING), "We may.")


def test_a_version_that_is_published_is_cleared_already() -> None:
    published = version(PreparationState.WAITING, published_at=PUBLISHED)

    clear_for_publication(published, "We may.")

    assert published.preparation is not None
    assert published.preparation.reason == ""
