"""ODRL in the form that the Dataspace Protocol 2025-1 takes, and read back without losing a demand."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft201909Validator
from pyoxigraph import NamedNode, RdfFormat, parse

from tests.protocol.agreed import said_agreement, said_policy, said_terms
from udi.protocol import odrl
from udi.protocol.agreement import read_agreement
from udi.protocol.odrl_reader import InvalidOdrl, read_offer, read_terms
from udi.protocol.policy import Policy, read_policy
from udi.protocol.terms import Measure, Prohibition, Purpose, Terms

PROVIDER = "https://portal.example.org/organisations/1"
DATASET = "https://portal.example.org/datasets/2"
OPERATORS = [
    "eq",
    "gt",
    "gteq",
    "lteq",
    "hasPart",
    "isA",
    "isAllOf",
    "isAnyOf",
    "isNoneOf",
    "isPartOf",
    "lt",
    "neq",
]
CONSTRAINT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "leftOperand": {"type": "string"},
        "operator": {"enum": OPERATORS},
        "rightOperand": {"type": ["string", "object", "array"]},
    },
    "required": ["leftOperand", "operator", "rightOperand"],
}
RULE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "action": {"type": "string"},
        "constraint": {"type": "array", "items": CONSTRAINT},
        "duty": {"type": "array", "items": {"type": "object", "required": ["action"]}},
    },
    "required": ["action"],
}
FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "@id": {"type": "string"},
        "permission": {"type": "array", "items": RULE, "minItems": 1},
        "prohibition": {"type": "array", "items": RULE, "minItems": 1},
        "profile": {"type": "string"},
        **{
            name: {"type": "string"}
            for name in ("target", "assigner", "assignee", "timestamp")
        },
    },
    "required": ["@id", "@type", "permission"],
}
"""What the protocol asks of an offer and of an agreement: `docs/reference/agreements.md` says where that is written."""


def is_accepted(policy: dict[str, Any], **more: Any) -> bool:
    return bool(Draft201909Validator({**FORM, **more}).is_valid(policy))


def an_offer(dataset: str = "", **terms: Any) -> dict[str, Any]:
    policy = read_policy(said_policy(terms=said_terms(**terms)))
    return odrl.write_offer(
        policy, uid="urn:uuid:1", provider=PROVIDER, dataset=dataset
    )


def an_agreement() -> dict[str, Any]:
    return odrl.write_agreement(
        read_agreement(said_agreement()),
        provider=PROVIDER,
        requester="https://portal.example.org/projects/3",
        dataset=DATASET,
        accepted_at=datetime(2026, 11, 27, 9, 30, 0, 5, tzinfo=UTC),
    )


def test_an_offer_inside_a_dataset_has_no_target_and_one_in_a_message_has() -> None:
    inside = an_offer()
    message = an_offer(DATASET)

    assert is_accepted(inside, **{"not": {"required": ["target"]}})
    assert is_accepted(message)
    assert message["target"] == DATASET
    assert inside["@type"] == "Offer"


def test_an_agreement_names_its_parties_and_when_it_was_made() -> None:
    agreement = an_agreement()

    assert is_accepted(
        {**agreement},
        required=["@id", "@type", "target", "assigner", "assignee", "timestamp"],
    )
    assert (agreement["@type"], agreement["timestamp"]) == (
        "Agreement",
        "2026-11-27T09:30:00Z",
    )


def test_the_least_and_the_most_are_accepted() -> None:
    everything = an_offer(
        prohibitions=list(Prohibition), measures=list(Measure), purposes=list(Purpose)
    )
    least = odrl.write_offer(
        Policy(
            requesters=read_policy(said_policy()).requesters,
            terms=Terms(purposes=(Purpose.CIVIC,)),
        ),
        uid="urn:uuid:1",
        provider=PROVIDER,
    )

    assert is_accepted(everything)
    assert is_accepted(least)
    assert "prohibition" not in least
    assert "duty" not in least["permission"][0]


def test_every_name_of_a_policy_is_one_of_odrl_of_dpv_or_of_our_profile() -> None:
    namespaces = (odrl.ODRL, odrl.DPV, odrl.UDI, odrl.XSD)
    everything = an_offer(
        prohibitions=list(Prohibition), measures=list(Measure), purposes=list(Purpose)
    )
    names = set()
    for policy in (everything, an_agreement()):
        for quad in parse(
            json.dumps(odrl.as_document(policy)), format=RdfFormat.JSON_LD
        ):
            names.add(quad.predicate.value)
            local = quad.predicate.value.removeprefix(odrl.ODRL)
            if isinstance(quad.object, NamedNode) and local in {
                "leftOperand",
                "operator",
                "rightOperand",
                "action",
            }:
                names.add(quad.object.value)

    others = {name for name in names if not name.startswith(namespaces)}
    assert others == {
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
        "http://purl.org/dc/terms/issued",
    }


def test_what_was_written_is_read_back() -> None:
    policy = read_policy(said_policy())

    assert read_offer(json.loads(json.dumps(an_offer(DATASET)))) == (
        policy.requesters,
        policy.terms,
    )
    assert read_terms(an_agreement()).months == 12
    assert read_terms(an_agreement()).purposes == (Purpose.RESEARCH,)


def test_prefixed_names_and_plain_values_are_read_too() -> None:
    offer = {
        "@context": "https://w3id.org/dspace/2025/1/context.jsonld",
        "@type": "Offer",
        "@id": "urn:uuid:1",
        "permission": [
            {
                "action": "odrl:use",
                "constraint": [
                    {
                        "leftOperand": "odrl:purpose",
                        "operator": "odrl:isAnyOf",
                        "rightOperand": f"{odrl.DPV}CommercialPurpose",
                    },
                    {
                        "leftOperand": f"{odrl.ODRL}elapsedTime",
                        "operator": "lteq",
                        "rightOperand": "P6M",
                    },
                    {
                        "leftOperand": odrl.BYTES,
                        "operator": "lteq",
                        "rightOperand": {"@value": 5},
                    },
                ],
            }
        ],
    }

    assert read_terms(offer) == Terms(
        purposes=(Purpose.COMMERCIAL,), months=6, bytes_a_month=5
    )


def constraint(left: str, operator: str, right: object) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


INVALID_POLICIES: list[tuple[str, dict[str, Any], str]] = [
    (
        "a limit that is not known",
        constraint("spatial", "eq", "FR"),
        "permission[0].constraint[8].leftOperand",
    ),
    (
        "another comparison",
        constraint("purpose", "isNoneOf", []),
        "permission[0].constraint[8].leftOperand",
    ),
    (
        "a limit said twice",
        constraint(odrl.BYTES, "lteq", "5"),
        "permission[0].constraint[8]",
    ),
    ("logic", {"or": []}, "permission[0].constraint[8].leftOperand"),
    (
        "an unknown purpose",
        constraint("purpose", "isAnyOf", "urn:x"),
        "permission[0].constraint[8].rightOperand",
    ),
    (
        "a broken date",
        constraint("dateTime", "lteq", "soon"),
        "permission[0].constraint[8].rightOperand",
    ),
    (
        "several values to compare with",
        constraint(f"{odrl.CELL}a", "lt", ["1", "2"]),
        "rows[2].values",
    ),
]


@pytest.mark.parametrize(
    ("added", "where"),
    [case[1:] for case in INVALID_POLICIES],
    ids=[case[0] for case in INVALID_POLICIES],
)
def test_what_could_not_be_kept_is_refused_at_its_place(
    added: dict[str, Any], where: str
) -> None:
    offer = an_offer()
    offer["permission"][0]["constraint"].append(added)

    with pytest.raises(InvalidOdrl) as refused:
        read_terms(offer)

    assert where in [fault.field for fault in refused.value.faults]


CHANGED: list[tuple[str, dict[str, Any], str]] = [
    ("two permissions", {"permission": an_offer()["permission"] * 2}, "permission"),
    ("no permission", {"permission": []}, "permission"),
    (
        "another action",
        {"permission": [{**an_offer()["permission"][0], "action": "sell"}]},
        "permission[0].action",
    ),
    ("an obligation", {"obligation": []}, "obligation"),
    ("a set", {"@type": "Set"}, "@type"),
    ("an unknown ban", {"prohibition": [{"action": "print"}]}, "prohibition[0].action"),
    (
        "a ban with conditions",
        {
            "prohibition": [
                {
                    "action": "distribute",
                    "constraint": [constraint("spatial", "eq", "FR")],
                }
            ]
        },
        "prohibition[0].action",
    ),
]


@pytest.mark.parametrize(
    ("changes", "where"),
    [case[1:] for case in CHANGED],
    ids=[case[0] for case in CHANGED],
)
def test_another_policy_than_ours_is_refused(
    changes: dict[str, Any], where: str
) -> None:
    with pytest.raises(InvalidOdrl) as refused:
        read_terms(an_offer() | changes)

    assert [fault.field for fault in refused.value.faults] == [where]


@pytest.mark.parametrize(
    "duty",
    [
        {"action": "compensate"},
        {"action": "attribute"},
        {
            "action": "delete",
            "constraint": [constraint("event", "lt", {"@id": odrl.POLICY_USAGE})],
        },
        {
            "action": odrl.PROTECT,
            "constraint": [constraint(odrl.MEASURE, "eq", "urn:x")],
        },
        {
            "action": odrl.PROTECT,
            "constraint": [
                constraint(odrl.MEASURE, "eq", odrl.MEASURES[Measure.LOGGED])
            ]
            * 2,
        },
    ],
)
def test_a_duty_that_is_not_known_is_refused(duty: dict[str, Any]) -> None:
    offer = an_offer()
    offer["permission"][0]["duty"] = [duty]

    with pytest.raises(InvalidOdrl) as refused:
        read_terms(offer)

    assert [fault.field.split(".")[1] for fault in refused.value.faults] == ["duty[0]"]


def test_a_list_of_nothing_opens_nothing_instead_of_everything() -> None:
    offer = an_offer(columns=[])
    offer["permission"][0]["constraint"].append(constraint(odrl.COLUMN, "isAnyOf", []))

    with pytest.raises(InvalidOdrl):
        read_terms(offer)


@pytest.mark.parametrize(
    "data",
    [None, [], "x", {}, {"@type": "Offer", "permission": [3]}, {"permission": {}}],
)
def test_what_is_no_policy_is_refused_without_breaking(data: object) -> None:
    with pytest.raises(InvalidOdrl):
        read_terms(data)
