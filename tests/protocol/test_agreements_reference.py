"""The page about agreements names every word of the terms, with its place in ODRL."""

import re
from pathlib import Path

import pytest

from udi.protocol import odrl
from udi.protocol.access_decision import RefusalReason
from udi.protocol.policy import FieldKind, Requester
from udi.protocol.terms import Measure, Prohibition, Purpose, Terms

PAGE = (Path(__file__).parents[2] / "docs/reference/agreements.md").read_text()
SHORT = {odrl.DPV: "dpv:", odrl.UDI: "udi:", odrl.ODRL: "odrl:"}


def shortened(address: str) -> str:
    return next(
        (
            short + address.removeprefix(long)
            for long, short in SHORT.items()
            if address.startswith(long)
        ),
        address,
    )


def row(name: str) -> str:
    match = re.search(rf"^\| `{name}` \|.*$", PAGE, re.MULTILINE)
    assert match, name
    return match[0]


@pytest.mark.parametrize(
    "name", [*Terms.__struct_fields__, *Prohibition, *Measure, *Purpose, *RefusalReason]
)
def test_each_word_has_its_row(name: str) -> None:
    assert row(name)


def test_each_word_has_its_name_in_odrl() -> None:
    words: dict[str, str] = {}
    for table in (odrl.PURPOSES, odrl.MEASURES, odrl.FORBIDDEN_ACTIONS):
        words |= {str(name): shortened(address) for name, address in table.items()}
    unnamed = [
        name
        for name, word in words.items()
        if not re.search(rf"[` ]{re.escape(word)}`", row(name))
    ]

    assert unnamed == []
    assert len(words) == 14


def test_each_requester_and_each_kind_of_field_is_named() -> None:
    assert [name for name in (*Requester, *FieldKind) if f"`{name}`" not in PAGE] == []
