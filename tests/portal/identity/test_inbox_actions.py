"""Each kind of what waits has its words on the page: a kind without them would end the page of everybody for whom it waits."""

from pathlib import Path

from jinja2 import Environment, nodes

from udi.portal import identity
from udi.portal.identity.inbox import KIND_NAMES, InboxKind

TEMPLATE = Path(identity.__file__).parent / "templates/inbox.html"


def list_action_kinds() -> list[str]:
    """The kinds for which the page has the words of a button."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    page = environment.parse(TEMPLATE.read_text())
    [actions] = [
        assignment.node
        for assignment in page.find_all(nodes.Assign)
        if getattr(assignment.target, "name", "") == "acts"
    ]
    assert isinstance(actions, nodes.Dict)
    return [pair.key.as_const() for pair in actions.items]


def test_each_kind_has_a_button_and_a_name() -> None:
    assert sorted(list_action_kinds()) == sorted(InboxKind)
    assert set(KIND_NAMES) == set(InboxKind)
