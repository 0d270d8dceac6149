"""Rights as the identity service says them: those of this territory, and no other shape gives any."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from udi.kit.identity import Actor, read_memberships, without_factor

MEMBERSHIPS = {
    "seve": frozenset({"managers", "publishers"}),
    "armor": frozenset({"publishers"}),
}


def test_read_memberships_keeps_what_is_of_this_territory() -> None:
    claim = {
        "demo": {"groups": ["/moderators"]},
        "demo--seve": {"groups": ["/publishers", "managers"]},
        "demo--armor": {},
        "demonstration--seve": {"groups": ["/managers"]},
        "other": {"groups": ["/moderators"]},
        "other--seve": {"groups": ["/managers"]},
    }

    assert read_memberships(claim, "demo") == (
        True,
        {"seve": frozenset({"publishers", "managers"}), "armor": frozenset()},
    )


@pytest.mark.parametrize(
    "claim",
    [
        {"other": {"groups": ["/moderators"]}, "demo": {"groups": ["/publishers"]}},
        {"demo": {"groups": ["/publishers"]}, "other": {"groups": ["/moderators"]}},
    ],
)
def test_read_memberships_makes_nobody_of_another_team_a_moderator(
    claim: dict[str, object],
) -> None:
    assert read_memberships(claim, "demo") == (False, {})


@pytest.mark.parametrize(
    "claim",
    [
        None,
        "demo",
        ["demo"],
        {"demo": "moderators"},
        {"demo": {"groups": "moderators"}},
        {"demo": ["x"]},
    ],
)
def test_read_memberships_gives_no_right_to_a_claim_of_another_shape(
    claim: object,
) -> None:
    assert read_memberships(claim, "demo") == (False, {})


def actor(**known: Any) -> Actor:
    return Actor(person_id=UUID(int=1), name="", email="", tenant_slug="demo", **known)


def test_without_factor_leaves_what_waits_for_none() -> None:
    left = without_factor(actor(moderator=True, memberships=MEMBERSHIPS, level=1))

    assert (left.moderator, left.lacks_factor) == (False, True)
    assert left.memberships == {
        "seve": frozenset({"publishers"}),
        "armor": frozenset({"publishers"}),
    }


def test_without_factor_leaves_whoever_showed_one() -> None:
    somebody = actor(moderator=True, memberships=MEMBERSHIPS, level=2)

    assert without_factor(somebody) == somebody


def test_without_factor_notes_that_whoever_manages_nothing_showed_none() -> None:
    somebody = actor(memberships={"armor": frozenset({"publishers"})}, level=0)

    assert without_factor(somebody) == replace(somebody, below_factor=True)
