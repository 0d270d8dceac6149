"""Rights as the identity service says them: those of this territory, and no other shape gives any."""

import pytest

from udi.kit.identity import read_memberships


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
def test_read_memberships_makes_nobody_of_another_team_a_moderator(claim: dict[str, object]) -> None:
    assert read_memberships(claim, "demo") == (False, {})


@pytest.mark.parametrize(
    "claim", [None, "demo", ["demo"], {"demo": "moderators"}, {"demo": {"groups": "moderators"}}, {"demo": ["x"]}]
)
def test_read_memberships_gives_no_right_to_a_claim_of_another_shape(claim: object) -> None:
    assert read_memberships(claim, "demo") == (False, {})
