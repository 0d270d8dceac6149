"""Files of tests that wait are spread among others, or all are shuffled; within a file, tests keep their order."""

from dataclasses import dataclass

from tests.order import shuffle_files, spread_files


@dataclass(frozen=True)
class Item:
    """A test, as pytest collects it."""

    path: str
    name: str

    @property
    def nodeid(self) -> str:
        return f"{self.path}::{self.name}"


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


def test_files_that_share_an_installation_stay_together() -> None:
    shared = [f"tests/own_node/test_{letter}.py" for letter in "abcd"]
    others = [f"tests/node/test_{letter}.py" for letter in "abcdefgh"]
    items = [Item(path, "only") for path in (*shared, *others)]

    for seed in "123":
        paths = [item.path for item in shuffle_files(items, seed)]
        first = min(map(paths.index, shared))

        assert set(paths[first : first + len(shared)]) == set(shared)
        assert sorted(paths) == sorted(shared + others)


def test_longest_files_begin_and_those_that_wait_are_spread_among_the_others() -> None:
    items = [
        Item(f"tests/{path}", name)
        for path in (
            *(
                "cli/test_a",
                "cli/test_b",
                "journeys/test_a",
                "node/test_a",
                "node/test_b",
            ),
            *("node/test_c", "node/test_d", "own_node/test_a"),
        )
        for name in ("first", "second")
    ]

    spread = spread_files(items)

    assert [item.path.removeprefix("tests/") for item in spread[::2]] == [
        *("own_node/test_a", "journeys/test_a", "node/test_a", "cli/test_a"),
        *("node/test_b", "node/test_c", "cli/test_b", "node/test_d"),
    ]
    assert [item.name for item in spread] == ["first", "second"] * 8
