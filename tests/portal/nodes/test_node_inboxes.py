"""What a node tells of what waits there: moments that can be shown, or nothing is taken."""

import json
from datetime import timedelta

import pytest

from udi.kit.clock import now
from udi.kit.errors import InvalidError
from udi.portal.nodes.node_inboxes import read_node_inbox


def write(since: str) -> bytes:
    """One draft of a producer, since a moment."""
    line = {"producer": "seve", "kind": "draft", "number": 1, "since": since}
    return json.dumps({"waiting": [line], "subjects": []}).encode()


def test_a_report_with_a_character_that_no_database_keeps_is_refused() -> None:
    report = {"waiting": [], "subjects": ["a"], "spaces": ["b\0"]}

    with pytest.raises(InvalidError):
        read_node_inbox(json.dumps(report).encode())


@pytest.mark.parametrize(
    "since",
    [
        "2026-11-29T20:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:00:00Z",
        (now() + timedelta(days=2)).isoformat(),
    ],
    ids=["no zone", "first year", "last year", "to come"],
)
def test_read_node_inbox_refuses_a_moment_that_cannot_be(since: str) -> None:
    with pytest.raises(InvalidError):
        read_node_inbox(write(since))


def test_read_node_inbox_takes_the_moment_of_a_clock_that_is_ahead() -> None:
    ahead = now() + timedelta(minutes=5)

    [line] = read_node_inbox(write(ahead.isoformat())).waiting

    assert line.since == ahead
