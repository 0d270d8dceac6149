"""The form of a policy: what was typed, read into one object, and the object written as it would be typed."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from litestar.datastructures import FormMultiDict

from udi.kit.errors import InvalidError, Refusal, Refusals
from udi.portal.access.policies.row_filters import (
    read_filters,
    read_lines,
    write_filters,
)
from udi.protocol.policy import (
    FieldKind,
    FormField,
    InvalidPolicy,
    Policy,
    Requester,
    read_policy,
    write_policy,
)
from udi.protocol.terms import Measure, Prohibition, Purpose, Terms

MOST_FIELDS = 8
LONGEST_LINE = 200
LONGEST_WORDS = 2000
MEGABYTE = 1_000_000
SEVERAL = ("requesters", "purposes", "prohibitions", "measures")
NUMBERS = {
    "months": (1, 120),
    "answer_days": (1, 90),
    "renewals": (0, 20),
    "megabytes": (1, 1_000_000),
    "requests_a_minute": (1, 10_000),
}
FREE = {"megabytes", "requests_a_minute"}
"""Numbers that may be left empty: no limit."""
FormValues = dict[str, Any]
Choice = TypeVar("Choice", bound=StrEnum)


def collect_fields(form: FormMultiDict) -> FormValues:
    """What was typed, by name: texts, and lists where several may be chosen."""
    form_values: FormValues = {
        name: str(form.get(name) or "").replace("\x00", "") for name in form
    }
    return form_values | {
        name: [str(value) for value in form.getall(name, [])] for name in SEVERAL
    }


def read_form(form_values: FormValues, languages: Sequence[str]) -> Policy:
    """The policy that was typed.

    Raises:
        InvalidError: something is wrong, each thing named by its field.
    """
    refusals = Refusals()
    requesters = _read_choices(form_values, "requesters", Requester)
    if not requesters:
        refusals.refuse("requesters", "Nobody could ask.", "Tick at least one.")
    numbers = {name: _read_number(form_values, name, refusals) for name in NUMBERS}
    fields = _read_fields(form_values, languages, refusals)
    terms = _read_terms(form_values, numbers, refusals)
    why = _read_texts(form_values, "why", languages)
    if any(len(words) > LONGEST_WORDS for words in why.values()):
        refusals.refuse(
            f"why_{languages[0]}",
            "This is very long.",
            "Write 2000 characters at most.",
        )
    refusals.check("Nothing was changed yet.")
    return _validate_policy(
        Policy(
            requesters=requesters,
            terms=terms,
            why=why,
            fields=fields,
            answer_days=numbers["answer_days"] or 1,
            renewals=numbers["renewals"] or 0,
        )
    )


def _validate_policy(policy: Policy) -> Policy:
    """What the protocol says of it; its faults are named by the part of the form where they are."""
    try:
        return read_policy(write_policy(policy))
    except InvalidPolicy as error:
        refusals = [
            Refusal(
                re.split(r"[.\[]", fault.field.removeprefix("terms."))[0],
                fault.message,
                fault.remedy,
                values=fault.values,
            )
            for fault in error.faults
        ]
        raise InvalidError("Nothing was changed yet.", refusals=refusals) from error


def _read_terms(
    form_values: FormValues, numbers: Mapping[str, int | None], refusals: Refusals
) -> Terms:
    purposes = _read_choices(form_values, "purposes", Purpose)
    if not purposes:
        refusals.refuse(
            "purposes", "The data could be used for nothing.", "Tick at least one."
        )
    attribution = " ".join(form_values.get("attribution", "").split())
    if len(attribution) > LONGEST_LINE:
        refusals.refuse(
            "attribution", "This is very long.", "Write 200 characters at most."
        )
    megabytes = numbers["megabytes"]
    return Terms(
        purposes=purposes,
        prohibitions=_read_choices(form_values, "prohibitions", Prohibition),
        measures=_read_choices(form_values, "measures", Measure),
        attribution=attribution,
        general_interest=bool(form_values.get("general_interest")),
        months=numbers["months"] or 1,
        columns=read_lines("columns", form_values.get("columns", ""), refusals),
        rows=read_filters("rows", form_values.get("rows", ""), refusals),
        bytes_a_month=megabytes * MEGABYTE if megabytes else None,
        requests_a_minute=numbers["requests_a_minute"],
    )


def _read_choices(
    form_values: FormValues, name: str, kind: type[Choice]
) -> tuple[Choice, ...]:
    return tuple(choice for choice in kind if choice.value in form_values.get(name, []))


def _read_number(form_values: FormValues, name: str, refusals: Refusals) -> int | None:
    text = form_values.get(name, "").replace(" ", "").strip()
    (least, most) = NUMBERS[name]
    if not text and name in FREE:
        return None
    if not (
        text.isascii()
        and text.isdigit()
        and len(text) < 9  # noqa: PLR2004 - far beyond every limit
        and least <= int(text) <= most
    ):
        values = {"least": least, "most": most}
        refusals.refuse(
            name, "Write a number from %(least)s to %(most)s.", values=values
        )
        return None
    return int(text)


def _read_texts(
    form_values: FormValues, name: str, languages: Sequence[str]
) -> dict[str, str]:
    texts = {
        language: form_values.get(f"{name}_{language}", "").strip()
        for language in languages
    }
    return {language: words for language, words in texts.items() if words}


def _read_fields(
    form_values: FormValues, languages: Sequence[str], refusals: Refusals
) -> tuple[FormField, ...]:
    fields: list[FormField] = []
    for number in range(1, MOST_FIELDS + 1):
        label = {
            code: " ".join(words.split())
            for code, words in _read_texts(
                form_values, f"label_{number}", languages
            ).items()
        }
        if label:
            fields.append(
                _read_field(
                    form_values,
                    number,
                    label,
                    {field.name for field in fields},
                    refusals,
                )
            )
    return tuple(fields)


def _read_field(
    form_values: FormValues,
    number: int,
    label: dict[str, str],
    existing_names: set[str],
    refusals: Refusals,
) -> FormField:
    at = f"kind_{number}"
    kind = form_values.get(f"kind_{number}", "")
    if any(len(words) > LONGEST_LINE for words in label.values()):
        refusals.refuse(
            at, "The question is very long.", "Write 200 characters at most."
        )
    if kind not in set(FieldKind):
        refusals.refuse(
            at, "The type of answer is missing.", "Choose one of the types."
        )
        kind = FieldKind.LINE
    choices = tuple(
        choice.strip()
        for choice in form_values.get(f"choices_{number}", "").split(";")
        if choice.strip()
    )
    if kind == FieldKind.CHOICE and not 1 < len(choices) <= 20:  # noqa: PLR2004 - what a list of choices holds
        refusals.refuse(
            f"choices_{number}",
            "A choice has 2 to 20 answers.",
            "Write them between semicolons.",
        )
    return FormField(
        name=_field_name(
            form_values.get(f"name_{number}", ""),
            next(iter(label.values())),
            existing_names,
        ),
        kind=FieldKind(kind),
        label=label,
        required=bool(form_values.get(f"required_{number}")),
        choices=choices if kind == FieldKind.CHOICE else (),
    )


def _field_name(current_name: str, label: str, existing_names: set[str]) -> str:
    """The name that a field has already, or one made of its question; answers are kept under it."""
    if re.fullmatch(r"[a-z0-9_]{1,40}", current_name):
        base = current_name
    else:
        base = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:30]
    base = base or "field"
    return next(
        name
        for name in (base, *(f"{base}_{n}" for n in range(2, 20)))
        if name not in existing_names
    )


def write_form(policy: Policy) -> FormValues:
    """The policy as it would be typed."""
    terms = policy.terms
    form_values: FormValues = {
        name: list(getattr(policy if name == "requesters" else terms, name))
        for name in SEVERAL
    }
    form_values |= {
        "attribution": terms.attribution,
        "general_interest": "1" if terms.general_interest else "",
        "months": str(terms.months),
        "columns": "\n".join(terms.columns),
        "rows": write_filters(terms.rows),
        "megabytes": str(terms.bytes_a_month // MEGABYTE)
        if terms.bytes_a_month
        else "",
        "requests_a_minute": str(terms.requests_a_minute or ""),
        "answer_days": str(policy.answer_days),
        "renewals": str(policy.renewals),
    }
    form_values |= {f"why_{language}": words for language, words in policy.why.items()}
    for number, field in enumerate(policy.fields, start=1):
        form_values |= {
            f"label_{number}_{language}": words
            for language, words in field.label.items()
        }
        form_values |= {
            f"name_{number}": field.name,
            f"kind_{number}": field.kind.value,
            f"required_{number}": "1" if field.required else "",
            f"choices_{number}": "; ".join(field.choices),
        }
    return form_values


BLANK: FormValues = {
    "requesters": [Requester.PUBLIC_BODY.value, Requester.RESEARCH.value],
    "purposes": [],
    "prohibitions": [Prohibition.DISTRIBUTE.value, Prohibition.REIDENTIFY.value],
    "measures": [],
    "months": "12",
    "answer_days": "30",
    "renewals": "1",
}
"""What the form proposes before anything was set."""
