"""What was freed goes back to the machine."""

import psutil

from udi.kit.memory import give_back

PIECES, SIZE, KEPT = 100_000, 1000, 500


def held() -> int:
    return int(psutil.Process().memory_info().rss)


def test_what_was_freed_between_what_is_kept_is_given_back() -> None:
    pieces: list[bytes | None] = [bytes(SIZE) for _ in range(PIECES)]
    pieces = [piece if place % KEPT == 0 else None for place, piece in enumerate(pieces)]
    before = held()

    give_back()

    assert before - held() > PIECES * SIZE / 2
    assert sum(piece is not None for piece in pieces) == PIECES // KEPT
