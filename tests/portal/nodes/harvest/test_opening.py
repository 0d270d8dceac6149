"""Documents of others are opened within bounds, each bound by itself: size, depth, numbers, entities, types."""

import pytest

from udi.portal.nodes.harvest import untrusted_documents
from udi.portal.nodes.harvest.untrusted_documents import (
    MOST_LEVELS,
    RefusedDocumentError,
    read_json,
    read_xml,
)

OPEN = {"json": read_json, "xml": read_xml}


def nested_json(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def nested_xml(levels: int) -> bytes:
    return b"<a>" * levels + b"</a>" * levels


def entities(number: int) -> bytes:
    declared = "".join(f'<!ENTITY e{place} "x">' for place in range(number))
    return f"<!DOCTYPE r [{declared}]><r>&e0;</r>".encode()


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("json", b'{"a": [1, 2.5, "x"]}'), ("json", nested_json(MOST_LEVELS)), ("xml", nested_xml(MOST_LEVELS)),
        ("xml", entities(64)), ("xml", b'<!DOCTYPE r [<!ENTITY e "short">]><r>&e;</r>'),
        ("xml", b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd"><html/>'),
    ],
)  # fmt: skip
def test_a_sound_document_is_opened(kind: str, document: bytes) -> None:
    assert OPEN[kind](document) is not None


@pytest.mark.parametrize(
    ("kind", "document", "code"),
    [
        ("json", nested_json(MOST_LEVELS + 2), "document_unsafe"), ("json", nested_json(100_000), "document_unsafe"),
        ("xml", nested_xml(MOST_LEVELS + 1), "document_unsafe"),
        ("json", b"[1e999]", "document_unreadable"), ("json", b"[NaN]", "document_unreadable"),
        ("json", b"[" + b"9" * 400 + b"]", "document_unreadable"),
        ("xml", entities(65), "document_unsafe"),
        ("xml", f'<!DOCTYPE r [<!ENTITY e "{"x" * 1025}">]><r>&e;</r>'.encode(), "document_unsafe"),
        ("xml", b'<!DOCTYPE r [<!ENTITY a "x"><!ENTITY e "&a;&a;">]><r>&e;</r>', "document_unsafe"),
        ("xml", b'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><r/>', "document_unsafe"),
        ("xml", b'<!DOCTYPE r [<!ENTITY % e "x">]><r/>', "document_unsafe"),
        ("xml", b'<!DOCTYPE r SYSTEM "https://elsewhere.example/r.dtd"><r/>', "document_unsafe"),
    ],
)  # fmt: skip
def test_a_document_beyond_a_bound_is_refused_by_its_name(
    kind: str, document: bytes, code: str
) -> None:
    with pytest.raises(RefusedDocumentError) as refused:
        OPEN[kind](document)

    assert refused.value.fault.code == code


@pytest.mark.parametrize("kind", OPEN)
def test_a_document_that_is_too_large_is_refused_unread(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untrusted_documents, "LARGEST_DOCUMENT", 20)

    with pytest.raises(RefusedDocumentError) as refused:
        OPEN[kind](b'<a>1234567890</a>"xxxxxxx')

    assert refused.value.fault.code == "document_too_large"
