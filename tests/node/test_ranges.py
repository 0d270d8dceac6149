"""Whatever a client asks for, the answer is a part of the file, the whole, or a refusal."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.node.files.delivery.ranges import RangeNotSatisfiableError, parse_range

SIZES = st.integers(min_value=0, max_value=10**12)
HEADERS = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"\Abytes=[0-9]{0,25}-[0-9]{0,25}\Z"),
    st.from_regex(r"\Abytes=[0-9]{0,4}-[0-9]{0,4}(,[0-9]{0,4}-[0-9]{0,4}){0,3}\Z"),
)


def place_of(header: str, size: int) -> tuple[int, int] | None:
    """What `parse_range` answers: the first byte and the one after the last; both are the size beyond the end."""
    try:
        span = parse_range(header, size)
    except RangeNotSatisfiableError:
        return size, size
    return span and (span.start, span.end)


@settings(max_examples=examples(10, 100))
@given(header=HEADERS, size=SIZES)
def test_parse_range_answers_the_whole_file_or_a_place_in_it(
    header: str, size: int
) -> None:
    start, end = place_of(header, size) or (0, size)

    assert 0 <= start <= end <= size


@given(
    data=st.binary(min_size=1, max_size=50),
    first=st.integers(0, 60),
    length=st.integers(1, 60),
)
def test_parse_range_finds_the_bytes_between_two_places(
    data: bytes, first: int, length: int
) -> None:
    start, end = place_of(f"bytes={first}-{first + length - 1}", len(data)) or (-1, -1)

    assert data[start:end] == data[first : first + length]


@given(data=st.binary(min_size=1, max_size=50), first=st.integers(0, 60))
def test_parse_range_finds_the_bytes_from_a_place_on(data: bytes, first: int) -> None:
    start, end = place_of(f"bytes={first}-", len(data)) or (-1, -1)

    assert data[start:end] == data[first:]


@given(data=st.binary(min_size=1, max_size=50), length=st.integers(0, 60))
def test_parse_range_finds_the_last_bytes(data: bytes, length: int) -> None:
    start, end = place_of(f"bytes=-{length}", len(data)) or (-1, -1)

    assert data[start:end] == data[max(len(data) - length, 0) :]


@given(
    size=st.integers(1, 10**12), first=st.integers(0, 10**6), less=st.integers(1, 10**6)
)
def test_parse_range_ignores_a_part_that_ends_before_it_begins(
    size: int, first: int, less: int
) -> None:
    assert place_of(f"bytes={first + less}-{first}", size) is None
