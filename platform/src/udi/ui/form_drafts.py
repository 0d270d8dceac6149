"""A form that a program fills in: an address that a person opens, completes and sends. Nothing is kept before that."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from msgspec import Meta, Struct

from udi.kit.errors import Refusal, field_error
from udi.ui.dependencies import AnyRequest
from udi.ui.errors import describe_refusal
from udi.ui.openapi.agent_tools import ToolResponse
from udi.ui.site import site_of

NOT_SENT = "Nothing was sent or kept. Give this address to the person: they read the form, complete it and send it."
"""What a tool says of a form that it filled in."""

LONGEST_ADDRESS = 6_000
"""Characters of an address that browsers and the servers before us take."""


class MissingAnswer(Struct, frozen=True, kw_only=True):
    """What a person has to complete or correct before the form can be sent."""

    field: str
    reason: str
    remedy: str = ""


class FormDraft(Struct, frozen=True, kw_only=True):
    """A form filled in, at its address. It is sent by a person, who logs in, reads it and completes it."""

    form: Annotated[
        str,
        Meta(
            description="Address of the form with these answers: give it to the person, who alone can send it.",
            extra_json_schema={"format": "uri"},
        ),
    ]
    missing: Annotated[
        list[MissingAnswer],
        Meta(description="What is still missing or wrong in it."),
    ]


def write_draft(
    request: AnyRequest,
    address: str,
    answers: Mapping[str, str | Sequence[str]],
    refusals: Sequence[Refusal],
) -> FormDraft:
    """The form at this address with answers by the names of its fields.

    Raises:
        InvalidError: the answers are too long for an address.
    """
    given = {name: answer for name, answer in answers.items() if answer}
    filled = f"{address}?{urlencode(given, doseq=True)}" if given else address
    if len(filled) > LONGEST_ADDRESS:
        raise field_error(
            max(given, key=lambda name: len(given[name])),
            "These answers are too long to be filled in by an address.",
            "Shorten them: the person can write more in the form.",
            code="too-long",
        )
    say = site_of(request).pages.translator(request)
    return FormDraft(
        form=filled,
        missing=[
            MissingAnswer(
                field=entry["field"],
                reason=entry["reason"],
                remedy=entry.get("remedy", ""),
            )
            for entry in (describe_refusal(refusal, say) for refusal in refusals)
        ],
    )


def present_draft(response: ToolResponse) -> dict[str, Any]:
    """A draft as a tool answers it: the address of the form, and what it still lacks."""
    return {**response.body, "why_not_sent": NOT_SENT}


def read_answers(
    request: AnyRequest, names: Sequence[str], longest: int = LONGEST_ADDRESS
) -> dict[str, str]:
    """What an address fills in of a form."""
    query = request.query_params
    return {
        name: answer.replace("\x00", "")[:longest]
        for name in names
        if (answer := query.get(name, ""))
    }
