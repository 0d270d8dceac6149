"""Descriptions as they are kept: they come back as they were, and take little room."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.portal.catalogue.compression import (
    WORDS,
    compress_description,
    decompress_description,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), VALUES))
def test_a_description_comes_back_as_it_was(description: dict[str, Any]) -> None:
    assert decompress_description(compress_description(description)) == description


def test_the_dictionary_of_what_is_kept_never_changes() -> None:
    assert (
        hashlib.sha256(WORDS).hexdigest()
        == "2cb73d5fb2de919fb1a62bff506750fbd31433081566c49fb4a9388773cd0f84"
    )
    assert decompress_description(bytes.fromhex("01ab46d474285513aee0ac0500")) == {
        "theme": "environment",
        "storage_status": "online",
    }


def test_the_field_names_of_a_record_take_next_to_no_room() -> None:
    record = {
        "global_id": "9b639a66-4c6d-5f49-8bc2-0356f6f7833e", "resource_title": "Arbres",
        "dataset_dates": {"created": "2024-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z"},
        "storage_status": "online", "metadata_info": {"api_version": "1.4.1"},
        "access_condition": {"confidentiality": {"restricted_access": False, "gdpr_sensitive": False}},
    }  # fmt: skip

    assert len(compress_description(record)) < len(json.dumps(record)) / 3


def test_real_records_take_a_third_of_their_json(shared_data: Path) -> None:
    samples = [
        json.loads(path.read_text())
        for path in sorted((shared_data / "reference/rudi-samples").rglob("*.json"))
    ]
    records = list(_records(samples))

    assert len(records) > 50
    assert all(
        decompress_description(compress_description(record)) == record
        for record in records
    )
    assert (
        sum(len(compress_description(record)) for record in records)
        < sum(len(json.dumps(record).encode()) for record in records) / 3
    )


def _records(value: Any) -> Any:
    """Every RUDI record inside."""
    if isinstance(value, list):
        for element in value:
            yield from _records(element)
    elif isinstance(value, dict) and "global_id" in value and "resource_title" in value:
        yield value
    elif isinstance(value, dict):
        yield from _records(list(value.values()))


@pytest.mark.parametrize("packed", [b"", b"\x02abc", b'{"theme": "environment"}'])
def test_what_another_release_kept_is_said_to_be_unreadable(packed: bytes) -> None:
    with pytest.raises(ValueError, match="later release"):
        decompress_description(packed)
