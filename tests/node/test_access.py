"""Who may read a file, by how it stands: everybody, whoever has an agreement, its producer, nobody."""

from uuid import UUID

import pytest

from udi.kit.errors import GoneError
from udi.node.files.models import Access
from udi.node.files.queries import HeldBackError, allow_access
from udi.node.files.restricted import RestrictedError

DATASET = UUID(int=1)
EVERYBODY, AGREED, PRODUCER = {}, {"let": True}, {"own": True}
REFUSED = [
    (Access.RESTRICTED, EVERYBODY, RestrictedError),
    (Access.WAITING, EVERYBODY, HeldBackError),
    (Access.WAITING, AGREED, HeldBackError),
    (Access.HELD, EVERYBODY, HeldBackError),
    (Access.HELD, AGREED, HeldBackError),
    (Access.HELD, PRODUCER, HeldBackError),
    (Access.WITHDRAWN, EVERYBODY, GoneError),
    (Access.WITHDRAWN, AGREED, GoneError),
    (Access.WITHDRAWN, PRODUCER, GoneError),
]
ALLOWED = [
    (Access.OPEN, EVERYBODY),
    (Access.OPEN, AGREED),
    (Access.OPEN, PRODUCER),
    (Access.RESTRICTED, AGREED),
    (Access.RESTRICTED, PRODUCER),
    (Access.WAITING, PRODUCER),
]


@pytest.mark.parametrize(("access", "who", "error"), REFUSED)
def test_allow_access_refuses(access: Access, who: dict[str, bool], error: type[Exception]) -> None:
    with pytest.raises(error):
        allow_access(access, DATASET, **who)


def test_allow_access_lets_everybody_else_pass() -> None:
    for access, who in ALLOWED:
        allow_access(access, DATASET, **who)

    published = set(Access) - {Access.DRAFT}
    assert {access for access, _ in ALLOWED} | {access for access, *_ in REFUSED} == published
