"""Whatever a client asks for, the answer is a part of the file, the whole, or a refusal."""

from hypothesis import given
from hypothesis import strategies as st

from udi.node.files.ranges import UnsatisfiableError, parse_range

SIZES = st.integers(min_value=0, max_value=10**12)
HEADERS = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"\Abytes=[0-9]{0,25}-[0-9]{0,25}\Z"),
    st.from_regex(r"\Abytes=[0-9]{0,4}-[0-9]{0,4}(,[0-9]{0,4}-[0-9]{0,4}){0,3}\Z"),
)


@given(header=HEADERS, size=SIZES)
def test_a_part_is_inside_the_file(header: str, size: int) -> None:
    try:
        span = parse_range(header, size)
    except UnsatisfiableError:
        return
    assert span is None or 0 <= span.start < span.end <= size


@given(data=st.binary(min_size=1, max_size=50), first=st.integers(0, 60), length=st.integers(1, 60))
def test_a_part_is_the_bytes_it_names(data: bytes, first: int, length: int) -> None:
    expected = data[first : first + length]
    try:
        span = parse_range(f"bytes={first}-{first + length - 1}", len(data))
    except UnsatisfiableError:
        assert not expected
        return
    assert span is not None
    assert data[span.start : span.end] == expected
