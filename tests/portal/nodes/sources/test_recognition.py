"""Which record of a source is which dataset: the table of identity within one source, and its order."""

from collections.abc import Sequence
from random import Random
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udi.portal.nodes.harvest.record import IdentityBasis
from udi.portal.nodes.sources.recognition import KnownNames, NamedRecord, recognise

SPACE = UUID(int=24)
FILE, TITLE = IdentityBasis.FILE, IdentityBasis.TITLE


def name(text: str) -> UUID:
    return uuid5(SPACE, text)


def record(
    identifier: str,
    *,
    files: Sequence[str] = (),
    titles: Sequence[str] = (),
    competes: bool = True,
) -> NamedRecord:
    looser = {FILE: set(map(name, files)), TITLE: set(map(name, titles))}
    return NamedRecord({name(identifier)}, looser, (identifier,), competes)


OLD = name("dataset")
OTHER = name("other dataset")
KNOWN = KnownNames(
    {name("file:a bancs"): OLD, name("alias"): OLD},
    {name("a"): {OLD}, name("bancs"): {OLD}, name("shared"): {OLD, OTHER}},
)
MET = KnownNames(KNOWN.exact, KNOWN.looser, {OLD})
TABLE = [
    ("same identifier", [record("file:a bancs")], KNOWN, {0: OLD}),
    ("alias", [record("alias")], KNOWN, {0: OLD}),
    ("identifier added", [record("b-1", files="a", titles=["bancs"])], KNOWN, {0: OLD}),
    ("title changed", [record("file:a sièges", files="a")], KNOWN, {0: OLD}),
    ("file moved", [record("file:b bancs", titles=["bancs"])], KNOWN, {0: OLD}),
    ("another file and title", [record("b-1", files="b", titles="c")], KNOWN, {}),
    ("a file of two datasets", [record("b-1", files=["shared"])], KNOWN, {}),
    (
        "a file of two datasets, one of which is there",
        [record("file:a bancs"), record("b-1", files=["shared"])],
        KNOWN,
        {0: OLD},
    ),
    ("met before", [record("b-1", files="a")], MET, {}),
    (
        "a file that two records have",
        [record("b-1", files="a"), record("b-2", files="a")],
        KNOWN,
        {},
    ),
    (
        "its own record is there too",
        [record("b-1", files="a"), record("file:a bancs", files="a")],
        KNOWN,
        {1: OLD},
    ),
    (
        "a file tells more than a title",
        [record("b-1", titles=["bancs"]), record("b-2", files="a")],
        KNOWN,
        {1: OLD},
    ),
    ("refused", [record("b-1", files="a", competes=False)], KNOWN, {}),
    ("refused, of its name", [record("alias", competes=False)], KNOWN, {0: OLD}),
]


@pytest.mark.parametrize(
    ("records", "known", "expected"),
    [line[1:] for line in TABLE],
    ids=[line[0] for line in TABLE],
)
def test_recognise_by_the_table_of_identity(
    records: list[NamedRecord], known: KnownNames, expected: dict[int, UUID]
) -> None:
    assert recognise(records, known).datasets == expected


def test_two_records_of_one_dataset_are_one_and_the_other_names_it() -> None:
    straight = recognise([record("file:a bancs"), record("alias")], KNOWN)
    reverse = recognise([record("alias"), record("file:a bancs")], KNOWN)

    assert straight.rivals == {0: 1}
    assert reverse.rivals == {1: 0}


letters = st.sampled_from("abcd")
some = st.lists(letters, max_size=2, unique=True)
records_of_letters = st.lists(
    st.builds(
        record, st.sampled_from(["i-1", "i-2", "i-3", "i-4"]), files=some, titles=some
    ),
    max_size=5,
    unique_by=lambda named: next(iter(named.exact)),
)
datasets = st.sampled_from([OLD, OTHER])
known_names = st.builds(
    KnownNames,
    st.dictionaries(st.sampled_from([name("i-1"), name("i-2")]), datasets),
    st.dictionaries(st.builds(name, letters), st.sets(datasets, min_size=1)),
    st.sets(datasets, max_size=1),
)


@given(records_of_letters, known_names, st.randoms(use_true_random=False))
def test_recognise_whatever_the_order_of_the_records(
    records: list[NamedRecord], known: KnownNames, random: Random
) -> None:
    order = list(range(len(records)))
    random.shuffle(order)

    straight = recognise(records, known)
    shuffled = recognise([records[place] for place in order], known)

    assert {order[place]: id_ for place, id_ in shuffled.datasets.items()} == (
        straight.datasets
    )
    assert {order[a]: order[b] for a, b in shuffled.rivals.items()} == straight.rivals
    published = [
        id_ for place, id_ in straight.datasets.items() if place not in straight.rivals
    ]
    assert len(published) == len(set(published))
    loosely = {
        id_
        for place, id_ in straight.datasets.items()
        if not set(records[place].exact) & set(known.exact)
    }
    assert not loosely & set(known.met)
