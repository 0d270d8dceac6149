"""The form of sealed objects: every size and part comes back, and nothing that was changed is given."""

import os
import uuid
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.node.pieces import collect, split_content
from udi.node.files.encryption import sealed_format
from udi.node.files.encryption.sealed_format import (
    CHUNK,
    HEADER,
    SEALED_CHUNK,
    BrokenSealError,
    ChunkRange,
    Seal,
)

KEY_ID = uuid.uuid4()
SPACE_KEY = os.urandom(32)
NAME = "territory/space/dataset/file"
BLOCK = os.urandom(CHUNK * 18)
EDGES = (
    0,
    1,
    15,
    16,
    CHUNK - 1,
    CHUNK,
    CHUNK + 1,
    2 * CHUNK,
    16 * CHUNK,
    16 * CHUNK + 1,
    17 * CHUNK - 1,
)
sizes = st.one_of(st.sampled_from(EDGES), st.integers(0, len(BLOCK)))


def find(key_id: uuid.UUID) -> bytes | None:
    if key_id == KEY_ID:
        return SPACE_KEY
    return None


async def seal(content: bytes, pieces: int = 100_000, name: str = NAME) -> bytes:
    return b"".join(
        [
            piece
            async for piece in Seal.create(KEY_ID, SPACE_KEY, name).seal(
                split_content(content, pieces)
            )
        ]
    )


async def unseal(
    stored: bytes, start: int = 0, end: int | None = None, name: str = NAME
) -> bytes:
    opened = Seal.open(stored[:HEADER], find, name)
    assert opened is not None
    size = sealed_format.plain_size(len(stored))
    part = ChunkRange(start, size if end is None else end, size)
    pieces = split_content(stored[part.span[0] : part.span[1]], 70_001)
    return b"".join([piece async for piece in opened.unseal(pieces, part)])


@settings(max_examples=60)
@given(size=sizes, pieces=st.sampled_from([4_096, 65_536, 1_000_003]))
@example(size=0, pieces=4_096)
async def test_any_size_comes_back_whole(size: int, pieces: int) -> None:
    stored = await seal(BLOCK[:size], pieces)

    assert len(stored) == sealed_format.sealed_size(size)
    assert sealed_format.plain_size(len(stored)) == size
    assert await unseal(stored) == BLOCK[:size]


@settings(max_examples=120)
@given(data=st.data(), size=sizes.filter(bool))
async def test_any_part_of_any_size_comes_back_from_its_own_chunks(
    data: st.DataObject, size: int
) -> None:
    stored = await seal(BLOCK[:size])
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start + 1, size))
    span = ChunkRange(start, end, size).span

    assert await unseal(stored, start, end) == BLOCK[start:end]
    assert span[1] - span[0] <= (-(-(end - start) // CHUNK) + 1) * SEALED_CHUNK


def test_a_short_part_of_a_long_object_needs_one_or_two_chunks() -> None:
    assert (
        ChunkRange(10**12, 10**12 + 10, 10**13).span[1]
        - ChunkRange(10**12, 10**12 + 10, 10**13).span[0]
        <= 2 * SEALED_CHUNK
    )


def without(place: int) -> Callable[[bytes], bytes]:
    """Takes one chunk away."""
    at = HEADER + place * SEALED_CHUNK
    return lambda stored: stored[:at] + stored[at + SEALED_CHUNK :]


def swapped(stored: bytes) -> bytes:
    first = HEADER
    second = HEADER + SEALED_CHUNK
    return (
        stored[:first]
        + stored[second : second + SEALED_CHUNK]
        + stored[first:second]
        + stored[second + SEALED_CHUNK :]
    )


def flipped(at: int) -> Callable[[bytes], bytes]:
    """Changes one bit."""
    return lambda stored: stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :]


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(without(2), id="last chunk away"),
        pytest.param(without(0), id="first chunk away"),
        pytest.param(without(1), id="middle chunk away"),
        pytest.param(swapped, id="chunks change places"),
        pytest.param(lambda stored: stored[:-1], id="last byte away"),
        pytest.param(
            lambda stored: stored[: HEADER + SEALED_CHUNK], id="cut after a chunk"
        ),
        pytest.param(
            lambda stored: stored + stored[HEADER : HEADER + SEALED_CHUNK],
            id="a chunk more",
        ),
        pytest.param(lambda stored: stored + b"x", id="a byte more"),
        pytest.param(flipped(HEADER), id="a bit of the first chunk"),
        pytest.param(flipped(-1), id="a bit of the last tag"),
        pytest.param(flipped(HEADER - 1), id="a bit of the header's end"),
        pytest.param(flipped(30), id="a bit of the nonce"),
        pytest.param(flipped(50), id="a bit of the wrapped key"),
    ],
)
async def test_what_was_changed_is_refused(harm: Callable[[bytes], bytes]) -> None:
    stored = await seal(BLOCK[: 2 * CHUNK + 100])

    with pytest.raises(BrokenSealError):
        await unseal(harm(stored))


async def test_a_chunk_of_another_object_is_refused() -> None:
    mine = await seal(BLOCK[: 3 * CHUNK])
    other = await seal(BLOCK[: 3 * CHUNK])
    spliced = mine[: HEADER + SEALED_CHUNK] + other[HEADER + SEALED_CHUNK :]

    with pytest.raises(BrokenSealError):
        await unseal(spliced)


async def test_an_object_put_in_the_place_of_another_is_refused() -> None:
    stored = await seal(BLOCK[:100], name="territory/space/dataset/other")

    with pytest.raises(BrokenSealError):
        await unseal(stored)


async def test_a_part_whose_last_chunk_never_came_is_refused() -> None:
    stored = await seal(BLOCK[: 2 * CHUNK])
    opened = Seal.open(stored[:HEADER], find, NAME)
    assert opened is not None
    first_chunk = stored[HEADER : HEADER + SEALED_CHUNK]

    with pytest.raises(BrokenSealError, match="cut"):
        await collect(
            opened.unseal(
                split_content(first_chunk, 10_000), ChunkRange(0, 2 * CHUNK, 2 * CHUNK)
            ),
            list[bytes](),
        )


async def test_nothing_of_a_broken_chunk_is_given_before_it_is_refused() -> None:
    stored = flipped(-1)(await seal(BLOCK[: 2 * CHUNK]))
    opened = Seal.open(stored[:HEADER], find, NAME)
    came = list[bytes]()
    assert opened is not None

    with pytest.raises(BrokenSealError):
        await collect(
            opened.unseal(
                split_content(stored[HEADER:], 10_000),
                ChunkRange(0, 2 * CHUNK, 2 * CHUNK),
            ),
            came,
        )

    assert b"".join(came) == BLOCK[:CHUNK]


@pytest.mark.parametrize(
    "length",
    [0, 1, HEADER, HEADER + 15, HEADER + SEALED_CHUNK + 1, HEADER + SEALED_CHUNK + 16],
)
def test_no_sealed_object_has_such_a_length(length: int) -> None:
    with pytest.raises(BrokenSealError):
        sealed_format.plain_size(length)


async def test_what_is_not_of_this_space_is_not_taken_for_sealed() -> None:
    stored = await seal(BLOCK[:10])

    assert Seal.open(stored[:HEADER], lambda _: None, NAME) is None
    assert Seal.open(b"nom;commune\n".ljust(HEADER), find, NAME) is None
    assert Seal.open(stored[: HEADER - 1], find, NAME) is None


async def test_the_same_bytes_are_never_sealed_twice_alike() -> None:
    first = await seal(BLOCK[:1000])
    second = await seal(BLOCK[:1000])

    assert first[HEADER:] != second[HEADER:]
    assert BLOCK[:32] not in first
    assert SPACE_KEY not in first
