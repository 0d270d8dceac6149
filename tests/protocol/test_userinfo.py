"""No name and password of an address gets into a record, whichever way it comes."""

from typing import Any

import msgspec
import pytest

from tests.protocol.examples import a_full_record
from udi.protocol.faults import InvalidRecord
from udi.protocol.record import read_record
from udi.protocol.userinfo import (
    find_credentials,
    strip_credentials,
    without_credentials,
)

CANARY = "hunter7canary"
WITH = [
    f"https://reader:{CANARY}@files.example/a.csv",
    f"see http://reader:{CANARY}@files.example:8080/a?b=c, then",
    f"ftp://reader:{CANARY}@files.example",
    f"https://:{CANARY}@files.example/",
    f"HTTPS://READER:{CANARY}@FILES.EXAMPLE/",
    f'<a href="https://reader:{CANARY}@files.example/">',
    f"https:\\/\\/reader:{CANARY}@files.example\\/a",
    f"postgresql+asyncpg://reader:{CANARY}@db.example/x",
    f"https://reader:{CANARY}%40@files.example/",
]
WITHOUT = [
    "https://files.example/a.csv",
    "https://files.example:8443/a@b:c",
    "https://files.example/?mail=someone:else@files.example",
    "ssh://git@files.example/a",
    "write to someone@files.example",
    "at 10:30, someone@files.example",
    "",
]


@pytest.mark.parametrize("text", WITH)
def test_without_credentials_takes_out_name_and_password(text: str) -> None:
    assert find_credentials(text)
    assert CANARY not in without_credentials(text)
    assert CANARY.encode() not in without_credentials(text.encode())
    host = "db.example" if "db.example" in text else "files.example"
    assert host in without_credentials(text).lower()


@pytest.mark.parametrize("text", WITHOUT)
def test_without_credentials_leaves_other_texts(text: str) -> None:
    assert find_credentials(text) == ""
    assert without_credentials(text) is text


class Part(msgspec.Struct, frozen=True):
    name: str
    links: tuple[str, ...]


def test_strip_credentials_reaches_every_text() -> None:
    part = Part(
        "https://a:b@c.example/", ("https://c.example/", "https://a:b@c.example/")
    )

    stripped = strip_credentials(
        {"part": part, "list": [{"x": "https://a:b@c.example/"}], "n": 3}
    )

    assert stripped == {
        "part": Part(
            "https://c.example/", ("https://c.example/", "https://c.example/")
        ),
        "list": [{"x": "https://c.example/"}],
        "n": 3,
    }


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every text of a document."""
    if isinstance(value, dict):
        return [
            leaf for name, item in value.items() for leaf in leaves(item, (*path, name))
        ]
    if isinstance(value, list):
        return [
            leaf
            for place, item in enumerate(value)
            for leaf in leaves(item, (*path, place))
        ]
    if isinstance(value, str):
        return [path]
    return []


PLACES = leaves(a_full_record())


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_record_that_is_sent_with_a_password_in_any_text_is_refused_without_repeating_it(
    place: tuple[Any, ...],
) -> None:
    document = a_full_record()
    holder: Any = document
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = f"https://reader:{CANARY}@files.example/a.csv"

    with pytest.raises(InvalidRecord) as refused:
        read_record(document)

    assert refused.value.faults
    assert CANARY not in repr(
        [
            (fault.field, fault.translate(), fault.values)
            for fault in refused.value.faults
        ]
    )


def test_a_record_with_a_password_in_a_text_says_what_to_do() -> None:
    document = a_full_record()
    document["resource_title"] = (
        f"Arbres, see https://reader:{CANARY}@files.example/a.csv"
    )

    with pytest.raises(InvalidRecord, match="holds a name and a password") as refused:
        read_record(document)

    (fault,) = refused.value.faults
    assert (fault.field, fault.code) == ("resource_title", "ERR-307")
