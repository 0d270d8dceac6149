"""Offers: what we offer is taken as it stands, less of it is taken too, and anything else is refused."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.protocol.drawn import Case, cases
from udi.kit.errors import InvalidError
from udi.portal.dataspace.models import Connector
from udi.portal.dataspace.negotiations.consumer_negotiations import read_rules
from udi.portal.dataspace.negotiations.offers import read_request_input
from udi.protocol import odrl
from udi.protocol.policy import Policy, Requester
from udi.protocol.terms import Measure, Operator, Prohibition, Purpose, RowFilter, Terms

CONNECTOR = Connector(purpose="civic", words="x", interest="y")
TERMS = Terms(
    purposes=(Purpose.RESEARCH, Purpose.CIVIC), prohibitions=(Prohibition.DISTRIBUTE,), measures=(Measure.ENCRYPTED,),
    attribution="Armorine", general_interest=True, months=24, columns=("ilot", "energie"),
    rows=(RowFilter(column="ilot", operator=Operator.EQ, values=("1",)),), bytes_a_month=10**9, requests_a_minute=60,
)  # fmt: skip
WHOLE = Policy(requesters=(Requester.RESEARCH,), terms=TERMS)


def offer_of(policy: Policy) -> dict[str, Any]:
    return odrl.write_offer(
        policy, uid="urn:offer", provider="https://here.example", dataset="urn:dataset"
    )


@given(cases())
def test_our_own_offer_is_taken_as_it_stands(case: Case) -> None:
    terms = case.policy.terms

    for offer in (
        offer_of(case.policy),
        {"@id": "urn:offer", "permission": [{"action": "use"}]},
    ):
        request_input = read_request_input(case.policy, offer, CONNECTOR)
        assert (request_input.months, request_input.columns) == (
            str(terms.months),
            terms.columns,
        )
        assert request_input.purpose == (
            terms.purposes[0] if len(terms.purposes) == 1 else "civic"
        )


@given(cases(), st.data())
def test_less_of_an_offer_is_taken(case: Case, data: st.DataObject) -> None:
    terms = case.policy.terms
    months = data.draw(st.integers(1, terms.months))
    if terms.columns:
        columns = tuple(
            data.draw(st.lists(st.sampled_from(terms.columns), min_size=1, unique=True))
        )
    else:
        columns = ()
    least = _with(terms, purposes=terms.purposes[:1], months=months, columns=columns)
    less = Policy(requesters=case.policy.requesters, terms=least)

    request_input = read_request_input(case.policy, offer_of(less), CONNECTOR)

    assert (request_input.purpose, request_input.months, request_input.columns) == (
        terms.purposes[0],
        str(months),
        columns,
    )


@given(cases(), cases())
def test_more_than_the_offer_is_refused(case: Case, another: Case) -> None:
    most = case.policy.terms
    other_terms = another.policy.terms
    assume(
        other_terms.months > most.months
        or not set(other_terms.purposes) <= set(most.purposes)
    )

    with pytest.raises(InvalidError):
        read_request_input(case.policy, offer_of(another.policy), CONNECTOR)


@given(cases())
def test_the_order_in_which_rules_are_said_says_nothing(case: Case) -> None:
    offer = offer_of(case.policy)
    rule = offer["permission"][0]
    for rules in (
        rule.get("constraint", []),
        rule.get("duty", []),
        offer.get("prohibition", []),
    ):
        rules.reverse()

    assert read_request_input(case.policy, offer, CONNECTOR).months == str(
        case.policy.terms.months
    )


def _with(terms: Terms, **changed: Any) -> Terms:
    return Terms(
        **{name: getattr(terms, name) for name in terms.__struct_fields__} | changed
    )


def constraint(left: str, right: object, operator: str = "lteq") -> dict[str, object]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


@pytest.mark.parametrize(
    "changed",
    [
        {"permission": [{"action": "distribute"}]},
        {"permission": [{"action": "use"}, {"action": "use"}]},
        {
            "permission": [
                {
                    "action": "use",
                    "constraint": [constraint("elapsedTime", {"@value": "P25M"})],
                }
            ]
        },
        {
            "permission": [
                {
                    "action": "use",
                    "constraint": [constraint("elapsedTime", {"@value": "P1D"})],
                }
            ]
        },
        {
            "permission": [
                {"action": "use", "constraint": [constraint("spatial", "urn:x", "eq")]}
            ]
        },
        {
            "permission": [
                {
                    "action": "use",
                    "constraint": [
                        constraint(
                            "urn:udi:odrl:column", [{"@value": "nom"}], "isAnyOf"
                        )
                    ],
                }
            ]
        },
        {
            "permission": [
                {
                    "action": "use",
                    "constraint": [
                        constraint("urn:udi:odrl:bytesThisMonth", {"@value": "1"})
                    ],
                }
            ]
        },
        {
            "permission": [
                {
                    "action": "use",
                    "constraint": [
                        constraint("urn:udi:odrl:cell:ilot", {"@value": "2"}, "eq")
                    ],
                }
            ]
        },
        {
            "permission": [
                {
                    "action": "use",
                    "duty": [{"action": "urn:udi:odrl:serveGeneralInterest"}],
                }
            ]
        },
        {"prohibition": [{"action": "urn:udi:odrl:trainModels"}]},
        {"prohibition": [{"action": "index"}]},
        {"obligation": [{"action": "compensate"}]},
        {"permission": "use"},
        {"permission": [1]},
        {"permission": [{"action": "use", "constraint": [1]}]},
        {"permission": [{"action": "use", "constraint": 1}]},
        {"permission": [{"action": "use", "duty": 1}]},
        {"permission": [{"action": 1}]},
        {"prohibition": 1},
    ],
)
def test_each_thing_that_no_offer_gives_is_refused(changed: dict[str, Any]) -> None:
    offer = {"@id": "urn:offer", "permission": [{"action": "use"}], **changed}

    with pytest.raises(InvalidError):
        read_request_input(WHOLE, offer, CONNECTOR)


def test_an_offer_of_elsewhere_needs_a_name_and_a_rule() -> None:
    for offer in (
        {},
        {"@id": "x"},
        {"permission": [{"action": "use"}]},
        {"@id": "x", "permission": []},
    ):
        with pytest.raises(InvalidError):
            read_rules(offer, "urn:dataset")
    assert read_rules({"@id": "x", "permission": [{"action": "use"}], "more": 1}, "d") == {
        "@id": "x", "@type": "Offer", "target": "d", "permission": [{"action": "use"}],
    }  # fmt: skip
