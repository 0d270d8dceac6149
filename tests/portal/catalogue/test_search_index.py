"""An index made from plain rows: what it finds, counts and sorts, and that nothing typed can break it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tantivy
from hypothesis import given
from hypothesis import strategies as st

from udi.portal.catalogue.search import query
from udi.portal.catalogue.search.criteria import Criteria
from udi.portal.catalogue.search.index import (
    CURRENT,
    FINGERPRINT,
    MOST_OPEN,
    POSITION,
    SearchIndexes,
    delete_documents,
    make_document,
    make_schema,
)
from udi.protocol.texts import write_texts

DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    seq: int
    title: str
    keywords: list[str] = field(default_factory=list)
    synopsis: dict[str, str] = field(default_factory=dict)
    summary: dict[str, str] = field(default_factory=dict)
    theme: str = "environment"
    access: str = "public"
    licence: str = "etalab-2.0"
    formats: list[str] = field(default_factory=lambda: ["CSV"])
    producer: str = "armor"
    producer_name: str = "Armorine Métropole"
    period_start: datetime | None = None
    period_end: datetime | None = None
    west: float | None = None
    south: float | None = None
    east: float | None = None
    north: float | None = None
    titles: dict[str, str] = field(default_factory=dict)

    @property
    def record(self) -> dict[str, Any]:
        return {"summary": write_texts(self.summary)}

    @property
    def id(self) -> uuid.UUID:
        return uuid.UUID(int=self.seq)

    @property
    def published_at(self) -> datetime:
        return DAY + timedelta(days=self.seq)

    @property
    def modified_at(self) -> datetime:
        return DAY + timedelta(days=self.seq * 7 % 10)


ROWS = [
    Row(1, "Qualité de l'air", ["pollution"], formats=["CSV", "JSON"]),
    Row(2, "Zones inondables", theme="townPlanning", formats=["GeoJSON"]),
    Row(
        3,
        "Élections municipales",
        theme="citizenship",
        access="restricted",
        producer="kerlevan",
        formats=[],
    ),
    Row(
        4,
        "école : effectifs",
        theme="education",
        producer="kerlevan",
        formats=["CSV", "GeoJSON"],
    ),
    Row(
        5,
        "Bus à Saint-Malo",
        synopsis={"fr": "Depuis l'école et la gare."},
        theme="transportation",
        licence="odbl-1.0",
    ),
]


class Written:
    """The index of one territory, written as the worker does."""

    def __init__(self, folder: Path) -> None:
        self.tenant = uuid.uuid4()
        self.folder = folder
        self.home = folder / FINGERPRINT / str(self.tenant)
        self.indexes = SearchIndexes(folder)

    def start(self, name: str, rows: Sequence[Row]) -> None:
        (self.home / name).mkdir(parents=True)
        (self.home / POSITION).write_text("0/1")
        tantivy.Index(make_schema(), path=str(self.home / name))
        link = self.home / "new"
        link.symlink_to(name)
        link.replace(self.home / CURRENT)
        self.write(rows)

    def write(self, rows: Sequence[Row], *, removed: Sequence[Row] = ()) -> None:
        writer = tantivy.Index.open(str((self.home / CURRENT).resolve())).writer(
            15_000_000, 1
        )
        delete_documents(writer, [row.id for row in (*rows, *removed)])
        for row in rows:
            writer.add_document(make_document(row))
        writer.commit()
        writer.wait_merging_threads()

    def remove_without_merging(self, row: Row) -> None:
        """As the worker does between two merges: the words of the document stay in its file."""
        home = str((self.home / CURRENT).resolve())
        writer = tantivy.Index.open(home).writer(15_000_000, 1)
        delete_documents(writer, [row.id])
        writer.commit()

    def find(self, text: str = "", **criteria: object) -> query.SearchResult:
        reader = self.indexes.find(self.tenant)
        assert reader is not None
        return query.search(reader, Criteria(text, **criteria))  # type: ignore[arg-type]  # a fixture without a type, or values by name


@pytest.fixture
def written(tmp_path: Path) -> Written:
    index = Written(tmp_path)
    index.start("first", ROWS)
    return index


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Written:
    index = Written(tmp_path_factory.mktemp("index"))
    index.start("first", ROWS)
    return index


def test_without_words_everything_is_found_newest_first(shared: Written) -> None:
    result = shared.find()

    assert result.total == len(ROWS)
    assert result.seqs == [
        row.seq for row in sorted(ROWS, key=lambda row: row.modified_at, reverse=True)
    ]


def test_titles_sort_without_accents_or_capitals_across_several_commits(
    written: Written,
) -> None:
    written.write([Row(6, "Arbres"), Row(7, "ZAC"), Row(8, "Éclairage public")])
    written.write([Row(9, "bâtiments")])

    assert written.find(sort="title", size=9).seqs == [6, 9, 5, 8, 4, 3, 1, 7, 2]
    assert written.find(sort="title", size=2, page=2).seqs == [5, 8]


def test_a_title_comes_before_a_description(shared: Written) -> None:
    assert shared.find("école").seqs == [4, 5]


def test_the_name_of_a_producer_finds_its_datasets(shared: Written) -> None:
    assert shared.find("armorine").total == len(ROWS)


def test_every_word_must_be_there(shared: Written) -> None:
    assert shared.find("école gare").seqs == [5]
    assert shared.find("école pollution").seqs == []


def test_facets_count_every_answer_most_frequent_first(shared: Written) -> None:
    facets = shared.find().facets

    assert list(facets["format"].items()) == [("CSV", 3), ("GeoJSON", 2), ("JSON", 1)]
    assert list(facets["access"].items()) == [("public", 4), ("restricted", 1)]
    assert list(facets["producer"].items()) == [("armor", 3), ("kerlevan", 2)]


def test_values_of_one_filter_are_alternatives_and_its_own_counts_ignore_it(
    shared: Written,
) -> None:
    result = shared.find(theme=("education", "citizenship"), format=("CSV",))

    assert result.seqs == [4]
    assert result.facets["theme"] == {
        "education": 1,
        "environment": 1,
        "transportation": 1,
        "citizenship": 0,
    }
    assert result.facets["format"] == {"CSV": 1, "GeoJSON": 1}
    assert result.facets["access"] == {"public": 1}


def test_each_filter_narrows(shared: Written) -> None:
    assert shared.find(access=("restricted",)).seqs == [3]
    assert shared.find(licence=("odbl-1.0",)).seqs == [5]
    assert shared.find(producer=("kerlevan",), format=("GeoJSON",)).seqs == [4]
    assert shared.find(producer=("nobody",)).total == 0


def test_a_misspelt_word_gives_way_to_the_nearest_and_says_so(shared: Written) -> None:
    result = shared.find("polution")

    assert result.seqs == [1]
    assert [(word.text, word.instead) for word in result.words] == [
        ("polution", "pollution")
    ]


def test_the_word_searched_instead_is_shown_with_its_accents(shared: Written) -> None:
    assert [word.instead for word in shared.find("electons municipale").words] == [
        "élections",
        "",
    ]


def test_the_exact_word_can_be_insisted_on(shared: Written) -> None:
    assert shared.find("polution", exact=True).total == 0


def test_a_known_word_is_never_replaced(shared: Written) -> None:
    assert [(word.text, word.instead) for word in shared.find("pollutions").words] == [
        ("pollutions", "")
    ]


@pytest.mark.parametrize("text", ["bus", "2027", "xyz"])
def test_short_words_and_numbers_are_not_guessed(shared: Written, text: str) -> None:
    assert [word.instead for word in shared.find(text).words] == [""]


def test_a_count_agrees_with_a_search(shared: Written) -> None:
    reader = shared.indexes.find(shared.tenant)
    assert reader is not None

    for criteria in (
        Criteria(),
        Criteria("école"),
        Criteria("polution"),
        Criteria(format=("CSV",)),
        Criteria("nothing"),
    ):
        assert (
            query.count_answers(reader, criteria)
            == query.search(reader, criteria).total
        )


def test_a_page_after_the_last_is_empty_however_far(shared: Written) -> None:
    result = shared.find("école", page=10**9)

    assert (result.total, result.seqs) == (2, [])


def test_a_dataset_written_many_times_is_there_once(written: Written) -> None:
    for number in range(12):
        written.write([Row(1, f"Qualité de l'air, version {number}"), Row(4, "école")])

    reader = written.indexes.find(written.tenant)

    assert reader is not None
    assert reader.searcher.num_docs == len(ROWS)
    assert written.find("version").seqs == [1]


def test_a_dataset_taken_out_is_found_no_more(written: Written) -> None:
    written.write([], removed=[ROWS[0]])

    assert written.find("air").total == 0
    assert written.find().total == len(ROWS) - 1


def test_a_reader_sees_each_commit_under_another_generation(written: Written) -> None:
    before = written.indexes.find(written.tenant)
    same = written.indexes.find(written.tenant)

    written.write([Row(6, "Nouveau")])
    after = written.indexes.find(written.tenant)

    assert before is not None
    assert after is not None
    assert same is before
    assert after.generation != before.generation
    assert written.find("nouveau").seqs == [6]


def test_a_rebuilt_index_takes_the_place_of_the_other(written: Written) -> None:
    written.find()

    written.start("second", [Row(10, "Tout neuf")])

    assert written.find().seqs == [10]


def test_a_territory_without_index_has_none_and_a_damaged_one_neither(
    written: Written,
) -> None:
    assert written.indexes.find(uuid.uuid4()) is None

    (written.home / "first" / "meta.json").write_text("{")

    assert written.indexes.find(written.tenant) is None


def test_only_the_last_used_indexes_stay_open(tmp_path: Path) -> None:
    indexes = SearchIndexes(tmp_path)
    for number in range(MOST_OPEN + 3):
        path = tmp_path / FINGERPRINT / str(uuid.UUID(int=number)) / "first"
        path.mkdir(parents=True)
        tantivy.Index(make_schema(), path=str(path))
        (path.parent / CURRENT).symlink_to("first")
        assert indexes.find(uuid.UUID(int=number)) is not None

    assert len(indexes._open) == MOST_OPEN
    assert indexes.find(uuid.UUID(int=0)) is not None


HOSTILE = [
    'a" OR theme:x',
    "(((",
    "*",
    "école*",
    "-",
    "\0",
    "title:\0",
    "x" * 10_000,
    "mot " * 2_500,
    "\ud800 air",
    "[a TO z]",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_only_words(shared: Written, text: str) -> None:
    assert 0 <= shared.find(text).total <= len(ROWS)


@given(
    st.text(st.characters(exclude_categories=())),
    st.text(st.characters(exclude_categories=())),
)
def test_no_text_breaks_a_search(shared: Written, text: str, value: str) -> None:
    assert 0 <= shared.find(text).total <= len(ROWS)
    assert 0 <= shared.find("école", theme=(value,)).total <= 2


@given(
    st.sampled_from(["pollution", "inondables", "municipales", "effectifs"]), st.data()
)
def test_a_word_with_one_letter_left_out_still_finds(
    shared: Written, word: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(word) - 1))

    assert shared.find(word[:at] + word[at + 1 :]).total > 0
