"""Bodies of JSON: what is none, and what no database of ours keeps, is refused before anything else is read."""

import pytest

from udi.kit.errors import InvalidError
from udi.portal.identity.json_bodies import decode_json, decode_object


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (rb'{"title": "a\u0000", "words": "b"}', ["title"]),
        (rb'{"title": "a", "words": {"fr": ["\u0000"]}}', ["words"]),
        (rb'{"words": {"fr\u0000": "a"}, "titles": "\u0000"}', ["words", "titles"]),
        (rb'{"a\u0000": 1}', ["a\x00"]),
        (rb'["\u0000"]', [""]),
    ],
)
def test_a_text_that_cannot_be_kept_is_refused_by_its_field(
    body: bytes, fields: list[str]
) -> None:
    with pytest.raises(InvalidError) as refused:
        decode_json(body)

    refusals = refused.value.refusals
    assert [refusal.field for refusal in refusals] == fields
    assert {refusal.code for refusal in refusals} == {"no-nul"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[]", b"null", b"[" * 60_000, rb'"\ud800"']
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidError) as refused:
        decode_object(body)

    assert [refusal.code for refusal in refused.value.refusals] == ["not-json"]


def test_any_other_text_is_read() -> None:
    assert decode_object(rb'{"a": "\\u0000", "b": [1, null, "\u0001"]}') == {
        "a": "\\u0000",
        "b": [1, None, "\x01"],
    }
