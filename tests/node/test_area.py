"""The area that a record declares: the file's, the territory's or none, and never one made of restricted cells."""

import uuid
from typing import Any

import pytest

from udi.kit.tenancy import Territory
from udi.node.datasets.models import Preparation, Version
from udi.node.datasets.records.rudi import find_area
from udi.protocol.access import AccessRights
from udi.tabular.profiles.coverage import Coverage
from udi.tabular.profiles.profile import Profile

MAP = (9.0, 45.0, 9.5, 45.5)
POINTS = (10.0, 46.0, 10.5, 46.5)
WHOLE = (-4.68, 48.22, -4.21, 48.49)


def territory(box: tuple[float, float, float, float] | None) -> Territory:
    return Territory(
        id=uuid.uuid4(),
        slug="demo",
        name={"fr": "Armorine"},
        tagline={},
        languages=("fr",),
        hosts=("demo.localhost",),
        origin="http://demo.localhost",
        contact="team@demo.example",
        theme={},
        box=box,
    )


def version(*, on_map: bool = False, located_rows: bool = False) -> Version:
    profile = Profile("text/csv", "CSV", bbox=MAP if on_map else None)
    coverage = Coverage(box=POINTS) if located_rows else Coverage()
    preparation = Preparation(findings={"coverage": coverage.as_json()})
    return Version(profile=profile.as_json(), preparation=preparation)


AREAS: list[tuple[dict[str, str], dict[str, bool], Any]] = [
    ({}, {"on_map": True}, MAP),
    ({}, {"located_rows": True}, POINTS),
    ({}, {"on_map": True, "located_rows": True}, MAP),
    ({}, {}, None),
    ({"area": "file"}, {"located_rows": True}, POINTS),
    ({"area": "territory"}, {"on_map": True}, WHOLE),
    ({"area": "territory"}, {}, WHOLE),
    ({"area": "none"}, {"on_map": True}, None),
]


@pytest.mark.parametrize(("answers", "file", "area"), AREAS)
def test_the_area_is_the_chosen_one_and_the_files_without_a_choice(
    answers: dict[str, str], file: dict[str, bool], area: Any
) -> None:
    assert find_area(answers, version(**file), territory(WHOLE)) == area


@pytest.mark.parametrize(
    ("chosen_area", "area"),
    [("", None), ("file", None), ("territory", WHOLE), ("none", None)],
)
def test_restricted_data_never_declare_the_area_of_their_cells(
    chosen_area: str, area: Any
) -> None:
    answers = {"access": str(AccessRights.RESTRICTED), "area": chosen_area}
    file = version(on_map=True, located_rows=True)

    assert find_area(answers, file, territory(WHOLE)) == area


def test_a_territory_without_a_box_declares_none() -> None:
    assert (
        find_area({"area": "territory"}, version(on_map=True), territory(None)) is None
    )


def test_a_version_that_is_still_to_be_read_declares_none() -> None:
    unread = Version(profile=Profile("text/csv", "CSV").as_json(), preparation=None)

    assert find_area({}, unread, territory(WHOLE)) is None
