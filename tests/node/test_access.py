"""Who may read a file, by how it stands: everybody, whoever has an agreement, its producer, nobody."""

from uuid import UUID

import pytest

from udi.kit.errors import GoneError
from udi.node.files.models import FileAccess
from udi.node.files.queries import HeldBackError, check_access
from udi.node.files.restricted import RestrictedError

DATASET = UUID(int=1)
EVERYBODY = {}
AGREED = {"let": True}
PRODUCER = {"as_producer": True}
REFUSED = [
    (FileAccess.RESTRICTED, EVERYBODY, RestrictedError),
    (FileAccess.WAITING, EVERYBODY, HeldBackError),
    (FileAccess.WAITING, AGREED, HeldBackError),
    (FileAccess.HELD, EVERYBODY, HeldBackError),
    (FileAccess.HELD, AGREED, HeldBackError),
    (FileAccess.HELD, PRODUCER, HeldBackError),
    (FileAccess.WITHDRAWN, EVERYBODY, GoneError),
    (FileAccess.WITHDRAWN, AGREED, GoneError),
    (FileAccess.WITHDRAWN, PRODUCER, GoneError),
]
ALLOWED = [
    (FileAccess.OPEN, EVERYBODY),
    (FileAccess.OPEN, AGREED),
    (FileAccess.OPEN, PRODUCER),
    (FileAccess.RESTRICTED, AGREED),
    (FileAccess.RESTRICTED, PRODUCER),
    (FileAccess.WAITING, PRODUCER),
]


@pytest.mark.parametrize(("access", "who", "error"), REFUSED)
def test_allow_access_refuses(
    access: FileAccess, who: dict[str, bool], error: type[Exception]
) -> None:
    with pytest.raises(error):
        check_access(access, DATASET, **who)


def test_allow_access_lets_everybody_else_pass() -> None:
    for access, who in ALLOWED:
        check_access(access, DATASET, **who)

    published = set(FileAccess) - {FileAccess.DRAFT}
    assert {access for access, _ in ALLOWED} | {
        access for access, *_ in REFUSED
    } == published
