"""Which producer of another portal a space of a producer's own node is."""

import uuid

import pytest

from udi.cli.local.errors import LocalError
from udi.cli.own.portal_commands import _parse_names
from udi.cli.own.portals import match_producers
from udi.protocol.node_registration import JoinedProducer


def producer(slug: str) -> JoinedProducer:
    return JoinedProducer(
        id=uuid.uuid4(), slug=slug, name=slug.title(), email=f"{slug}@example.org"
    )


def matched(
    space_names: list[str], producer_names: list[str], *names: str
) -> dict[str, str]:
    """The producer there by space here, for what `--producer` names."""
    spaces = match_producers(
        [*map(producer, space_names)],
        [*map(producer, producer_names)],
        _parse_names([*names]),
    )
    return {
        space: organisation["name"].lower() for space, organisation in spaces.items()
    }


@pytest.mark.parametrize(
    ("space_names", "producer_names", "names", "expected"),
    [
        (["seve"], ["seve", "port"], (), {"seve": "seve"}),
        (["seve"], ["jardins"], (), {"seve": "jardins"}),
        (
            ["seve", "port"],
            ["jardins", "depot"],
            ("jardins=seve",),
            {"seve": "jardins"},
        ),
        (
            ["seve", "port"],
            ["seve", "depot"],
            ("depot=port",),
            {"seve": "seve", "port": "depot"},
        ),
        (["seve"], ["seve", "jardins"], ("jardins=seve",), {"seve": "jardins"}),
    ],
)
def test_match_producers(
    space_names: list[str],
    producer_names: list[str],
    names: tuple[str, ...],
    expected: dict[str, str],
) -> None:
    assert matched(space_names, producer_names, *names) == expected


@pytest.mark.parametrize(
    ("space_names", "producer_names", "names"),
    [
        (["seve", "port"], ["jardins", "depot"], ()),
        (["seve"], ["jardins"], ("seve=jardins",)),
        (["seve"], ["seve"], ("jardins=seve",)),
    ],
)
def test_match_producers_refuses_a_name_of_neither_side(
    space_names: list[str], producer_names: list[str], names: tuple[str, ...]
) -> None:
    with pytest.raises(LocalError, match="The portal invited"):
        matched(space_names, producer_names, *names)
