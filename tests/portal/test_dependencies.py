"""What the pages of passers-by are given: one thing after the other, since a group of tasks takes longer than all of it."""

from litestar import Litestar
from litestar.routes import HTTPRoute

PUBLIC = {"territory", "actor", "session"}


def test_public_pages_are_given_one_thing_after_the_other(
    portal_app: Litestar,
) -> None:
    batches = [
        {dependency.key for dependency in batch}
        for route in portal_app.routes
        if isinstance(route, HTTPRoute)
        for _, model in route.route_handler_map.values()
        for batch in model.dependency_batches
    ]

    assert {"territory"} in batches
    assert {"actor"} in batches
    assert [batch for batch in batches if len(batch & PUBLIC) > 1] == []
