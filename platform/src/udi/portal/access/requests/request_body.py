"""What a program asks, read from its body: the answers and documents that the policy asks for, and no others."""

from collections.abc import Collection, Mapping
from typing import Any

from udi.kit.errors import field_error
from udi.portal.access.requests.documents import LARGEST, MOST, UploadedDocument
from udi.portal.access.requests.request_input import AccessRequestInput
from udi.portal.identity.operations import MAX_BODY
from udi.portal.projects.request_bodies import decode_base64
from udi.protocol.policy import FieldKind, Policy

LARGEST_BODY = MOST * LARGEST * 4 // 3 + MAX_BODY
"""Bytes: base64 takes a third more."""


def read_request_input(
    payload: Mapping[str, Any], policy: Policy
) -> AccessRequestInput:
    """What the fields of a body ask, under a policy.

    Raises:
        InvalidError: an answer or a document is for no question of the policy, or a document is no base64.
    """
    document_names = {
        policy_field.name
        for policy_field in policy.fields
        if policy_field.kind is FieldKind.DOCUMENT
    }
    question_names = {policy_field.name for policy_field in policy.fields}
    _require_names("answers", payload, question_names - document_names)
    _require_names("documents", payload, document_names)
    columns = tuple(dict.fromkeys(payload["columns"]))
    texts = {name: _tidy(payload[name]) for name in ("purpose", "words", "interest")}
    answers = {name: _tidy(answer) for name, answer in payload["answers"].items()}
    return AccessRequestInput(
        **texts,
        months=str(payload["months"]),
        columns=columns,
        answers=answers,
        documents=[
            UploadedDocument(
                name,
                payload["filenames"].get(name, ""),
                decode_base64(content, "documents"),
            )
            for name, content in payload["documents"].items()
        ],
    )


def _require_names(
    field: str, payload: Mapping[str, Any], names: Collection[str]
) -> None:
    if payload[field].keys() <= {*names}:
        return
    raise field_error(
        field,
        "The policy does not ask this here.",
        "Use these names: %(names)s.",
        "unknown-field",
        {"names": ", ".join(sorted(names))},
    )


def _tidy(text: str) -> str:
    return text.replace("\x00", "").strip()
