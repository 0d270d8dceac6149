"""Files of tests may be run in a random order; within a file, tests keep theirs."""

from dataclasses import dataclass

from tests.order import shuffle_files


@dataclass(frozen=True)
class Item:
    """A test, as pytest collects it."""

    path: str
    name: str


ITEMS = [Item(path, name) for path in "abcdefgh" for name in ("first", "second")]


def test_files_are_shuffled_by_the_seed() -> None:
    shuffled = shuffle_files(ITEMS, "7")

    assert shuffled != ITEMS
    assert sorted(shuffled, key=ITEMS.index) == ITEMS
    assert shuffled == shuffle_files(ITEMS, "7")
    assert shuffled != shuffle_files(ITEMS, "8")


def test_tests_keep_their_order_within_a_file() -> None:
    shuffled = shuffle_files(ITEMS, "7")

    assert [item.name for item in shuffled] == ["first", "second"] * 8
    assert [item.path for item in shuffled[::2]] == [
        item.path for item in shuffled[1::2]
    ]
