"""The living contract: the French, English and Spanish texts, the ODRL and the decision at each reading say the same.

Each is understood by a reader of its own, written from what stands on the page: random policies, an agreement made of
each, three readings of each agreement. The decision is `protocol.deciding`, with the columns and rows that it shows; that
a node does what it says, over HTTP, is tried in `tests/node/agreements/test_random_policies.py`.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.depth import examples
from tests.protocol import heard_spanish
from tests.protocol.agreed import DATASET_ID
from tests.protocol.drawn import Case, DrawnReading, Table, cases
from tests.protocol.heard import AGREEMENT, ALWAYS, POLICY, READERS, listen
from tests.protocol.odrl_evaluator import (
    Constraint,
    Graph,
    constraints,
    duties,
    evaluate,
    prohibitions,
)
from tests.protocol.understood_terms import UnderstoodTerms, lets_through
from tests.protocol.understood_terms import given as shown_of
from udi.protocol import (
    access_decision,
    odrl,
    odrl_reader,
    plain_language,
    plain_language_wording,
)
from udi.protocol.access_decision import ReadingRequest, decide_reading
from udi.protocol.agreement import (
    AgreementStatus,
    AgreementValidity,
    read_agreement,
    write_agreement,
)
from udi.protocol.faults import InvalidDocument
from udi.protocol.plain_language_wording import TermsWording
from udi.protocol.policy import read_policy, write_policy
from udi.protocol.terms import Measure, Operator, Prohibition, Purpose, Terms

READERS["es"] = heard_spanish.READER
ALWAYS.update(heard_spanish.ALWAYS)
POLICIES = examples(100, 10_000)
SIGNS = {
    "eq": "=",
    "neq": "≠",
    "lt": "<",
    "lteq": "≤",
    "gt": ">",
    "gteq": "≥",
    "isAnyOf": "∈",
    "isNoneOf": "∉",
}
ODRL = "http://www.w3.org/ns/odrl/2/"
DPV = "https://w3id.org/dpv#"
OURS = "urn:udi:odrl:"
ALL = settings(
    max_examples=POLICIES, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
FEW = settings(ALL, max_examples=100, derandomize=True, phases=[Phase.generate])
FORBIDDEN: dict[str, tuple[str, tuple[Constraint, ...]]] = {
    "distribute": (f"{ODRL}distribute", ()),
    "reidentify": (f"{OURS}reidentify", ()),
    "combine_with_persons": (f"{OURS}combineWithPersons", ()),
    "prospect": (
        f"{ODRL}use",
        (Constraint(f"{ODRL}purpose", "eq", (f"{DPV}DirectMarketing",)),),
    ),
    "train": (f"{OURS}trainModels", ()),
}


def protect(address: str) -> tuple[str, tuple[Constraint, ...]]:
    return f"{OURS}protect", (Constraint(f"{OURS}measure", "eq", (address,)),)


MEASURES: dict[str, tuple[str, tuple[Constraint, ...]]] = {
    "encrypted": protect(f"{DPV}EncryptionAtRest"),
    "named_readers": protect(f"{DPV}AuthorisationProcedure"),
    "in_europe": protect(f"{OURS}KeptInEuropeanUnion"),
    "deleted_at_end": (
        f"{ODRL}delete",
        (Constraint(f"{ODRL}event", "gt", (f"{ODRL}policyUsage",)),),
    ),
    "logged": protect(f"{DPV}LoggingPolicy"),
}


def values(entries: Iterable[Any]) -> list[str]:
    return [entry.value for entry in entries]


def assert_heard(understood: UnderstoodTerms, terms: Terms) -> None:
    """What was heard is what was decided, word for word."""
    assert understood.columns == (list(terms.columns) or None)
    assert understood.rows == [
        (row.column, SIGNS[row.operator.value], row.values) for row in terms.rows
    ]
    assert (understood.bytes_a_month, understood.readings_a_minute) == (
        terms.bytes_a_month,
        terms.requests_a_minute,
    )
    assert (understood.forbidden, understood.measures) == (
        values(terms.prohibitions),
        values(terms.measures),
    )
    assert (understood.attribution, understood.general_interest) == (
        terms.attribution,
        terms.general_interest,
    )


def assert_duties(graph: Graph, policy: Any, terms: Terms) -> None:
    expected = {MEASURES[measure] for measure in terms.measures}
    if terms.attribution:
        expected.add(
            (
                f"{ODRL}attribute",
                (Constraint(f"{OURS}attributionText", "eq", (terms.attribution,)),),
            )
        )
    if terms.general_interest:
        expected.add((f"{OURS}serveGeneralInterest", ()))
    assert duties(graph, policy) == expected
    assert prohibitions(graph, policy) == {
        FORBIDDEN[prohibition] for prohibition in terms.prohibitions
    }


def check_policy(case: Case) -> None:
    policy = case.policy
    terms = case.policy.terms
    assert read_policy(write_policy(policy)) == policy
    for language in plain_language.LANGUAGES:
        facts = listen(plain_language.write_policy(policy, language), language, POLICY)
        assert_heard(facts, terms)
        assert facts.requesters == values(policy.requesters)
        assert (facts.answer_days, facts.renewals) == (
            policy.answer_days,
            policy.renewals,
        )
        assert (facts.purposes, facts.months) == (values(terms.purposes), terms.months)
        assert set(plain_language.write_terms(terms, language)) < set(
            plain_language.write_policy(policy, language)
        )
    offer = odrl.write_offer(
        policy,
        uid="urn:uuid:1",
        provider="https://portal.example.org/o/1",
        dataset="urn:uuid:2",
    )
    assert odrl_reader.read_offer(offer) == (policy.requesters, terms)
    graph = Graph(odrl.as_document(offer))
    policy_node = graph.policy("Offer")
    assert_duties(graph, policy_node, terms)
    limits = {
        rule.left: rule
        for rule in constraints(graph, graph.one(policy_node, "permission"))
    }
    assert limits[f"{ODRL}elapsedTime"] == Constraint(
        f"{ODRL}elapsedTime", "lteq", (f"P{terms.months}M",)
    )
    assert len(limits[f"{ODRL}recipient"].right) == len(policy.requesters)


def decided(
    case: Case, drawn_reading: DrawnReading, table: Table
) -> tuple[object, ...]:
    """What is decided, and what the view that is decided shows of the table."""
    agreement = case.agreement
    standing = AgreementStatus(
        agreement=agreement.id,
        agreement_sha256="",
        revision=1,
        state=AgreementValidity.ACTIVE,
    )
    reading = ReadingRequest(
        dataset=agreement.dataset
        if drawn_reading.title == agreement.dataset_title
        else agreement.project,
        columns=drawn_reading.columns,
        as_file=drawn_reading.as_file,
        size=drawn_reading.size,
        purpose=drawn_reading.purpose,
        bytes_this_month=drawn_reading.bytes_before,
        readings_this_minute=drawn_reading.readings_before,
    )
    decision = decide_reading(agreement, standing, reading, drawn_reading.moment)
    assert (decision.view is None) == (decision.refused is not None)
    if decision.view is None:
        return (False,)
    rows = [(row.column, SIGNS[row.operator], row.values) for row in decision.view.rows]
    return True, *shown_of(list(decision.view.columns) or None, rows, table)


def check_agreement(case: Case) -> int:
    """How many of the readings are let through, by all or by none."""
    agreement = case.agreement
    table = case.table
    assert read_agreement(write_agreement(agreement)) == agreement
    facts_by_language = {
        language: listen(
            plain_language.write_agreement_text(agreement, language).splitlines(),
            language,
            AGREEMENT,
        )
        for language in plain_language.LANGUAGES
    }
    for facts in facts_by_language.values():
        assert_heard(facts, agreement.terms)
        assert facts.purposes == [agreement.purpose.value]
        assert (facts.starts, facts.ends, facts.page) == (
            agreement.starts_at,
            agreement.ends_at,
            agreement.page,
        )
        assert (facts.requester[1], facts.provider[1]) == (
            agreement.requester.kind,
            agreement.provider.kind,
        )
        assert facts.provider[0].split() == agreement.provider.name.split()
        if facts.dataset.split() == agreement.dataset_title.split():
            facts.dataset = agreement.dataset_title
        else:
            facts.dataset = ""
    accepted = datetime(2026, 11, 27, tzinfo=UTC)
    odrl_agreement = odrl.write_agreement(
        agreement,
        provider="https://a.example.org",
        requester="https://b.example.org",
        dataset=f"urn:uuid:{DATASET_ID}",
        accepted_at=accepted,
    )
    graph = Graph(odrl.as_document(odrl_agreement))
    assert_duties(graph, graph.policy("Agreement"), agreement.terms)
    let_through = 0
    for reading in case.readings:
        other = reading.title != agreement.dataset_title
        target = DrawnReading(
            **{
                **vars(reading),
                "dataset": str(agreement.project) if other else reading.dataset,
            }
        )
        verdicts = {
            "decision": decided(case, reading, table),
            "odrl": evaluate(graph, target, table),
            **{
                language: lets_through(facts, reading, table)
                for language, facts in facts_by_language.items()
            },
        }
        assert len(set(verdicts.values())) == 1, verdicts
        let_through += verdicts["decision"][0] is True
    return let_through


def check(case: Case) -> int:
    check_policy(case)
    return check_agreement(case)


def test_the_words_the_odrl_and_the_decision_say_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts = {"drawn": 0, "agreed": 0, "read": 0, "let through": 0}

    @ALL
    @given(cases())
    def hold(case: Case) -> None:
        counts["drawn"] += 1
        counts["let through"] += check(case)
        counts["read"] += len(case.readings)
        counts["agreed"] += 1

    try:
        hold()
    finally:
        with capsys.disabled():
            summary = (
                f"\n{counts['agreed']} of {counts['drawn']} random policies agreed; "
            )
            print(  # noqa: T201 - the figure
                f"{summary}{counts['let through']} of {counts['read']} readings let through"
            )
    assert counts["agreed"] == counts["drawn"] >= POLICIES
    assert counts["read"] * 0.2 < counts["let through"] < counts["read"] * 0.8


def _exchange(
    patch: pytest.MonkeyPatch, words: TermsWording, name: str, one: Any, other: Any
) -> None:
    wordings = getattr(words, name)
    patch.setitem(wordings, one, wordings[other])


def _drop_last(patch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    whole = getattr(module, name)
    patch.setattr(module, name, lambda *arguments: list(whole(*arguments))[:-1])


LIES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the French says below where it is below or equal": lambda patch: _exchange(
        patch, plain_language_wording.FRENCH, "operators", Operator.LTEQ, Operator.LT
    ),
    "the English calls teaching research": lambda patch: _exchange(
        patch,
        plain_language_wording.ENGLISH,
        "purposes",
        Purpose.EDUCATION,
        Purpose.RESEARCH,
    ),
    "the Spanish says is where it is not": lambda patch: _exchange(
        patch, plain_language_wording.SPANISH, "operators", Operator.NEQ, Operator.EQ
    ),
    "the words do not double a closing mark": lambda patch: patch.setattr(
        plain_language, "_quote", lambda text, words: f"{words.open}{text}{words.close}"
    ),
    "the words leave out the last of the limits": lambda patch: _drop_last(
        patch, plain_language, "_write_access"
    ),
    "the words say the size in another unit": lambda patch: patch.setattr(
        plain_language, "THOUSAND", 1024
    ),
    "the ODRL leaves out the last of the limits": lambda patch: _drop_last(
        patch, odrl, "_limits"
    ),
    "the ODRL calls deletion encryption": lambda patch: patch.setitem(
        odrl.MEASURES, Measure.LOGGED, odrl.MEASURES[Measure.ENCRYPTED]
    ),
    "the ODRL forgets to forbid": lambda patch: patch.setitem(
        odrl.FORBIDDEN_ACTIONS,
        Prohibition.DISTRIBUTE,
        odrl.FORBIDDEN_ACTIONS[Prohibition.TRAIN],
    ),
    "the decision forgets the volume": lambda patch: patch.setattr(
        access_decision, "_remaining_bytes", lambda *_: None
    ),
    "the decision forgets the purpose and the columns": lambda patch: patch.setattr(
        access_decision, "_check_agreed_use", lambda *_: None
    ),
    "the decision forgets that agreements end": lambda patch: patch.setattr(
        access_decision, "_check_validity", lambda *_: None
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_writer_or_a_decision_that_lies_is_found(
    lie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    LIES[lie](monkeypatch)

    @FEW
    @given(cases())
    def hold(case: Case) -> None:
        check(case)

    with pytest.raises(Exception) as failure:  # noqa: PT011 - whatever a reader stumbles on
        hold()
    assert isinstance(
        failure.value,
        (AssertionError, KeyError, ValueError, InvalidDocument, ExceptionGroup),
    )


def test_without_a_lie_the_same_cases_agree() -> None:
    @FEW
    @given(cases())
    def hold(case: Case) -> None:
        check(case)

    hold()
