"""A chain of signed lines: whatever is changed, removed, repeated, swapped or cut is found, and where."""

import hashlib
import io
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.depth import examples
from udi.kit.credentials import InvalidSignatureError, SignedDocumentKind
from udi.kit.hash_chain import (
    LONGEST_LINE,
    MOST_FAULTS,
    ChainHead,
    ChainVerifier,
    make_checkpoint,
    seal_line,
)
from udi.kit.keys import Signer, new_secret, rotate_keys, verify_document

KIND = SignedDocumentKind(typ="chain+jws")
NAMES = {"issuer": "chain", "audience": "chain"}
SECRET = new_secret()
SEED = hashlib.sha256(b"the beginning").hexdigest()
BEGINNING = ChainHead(0, SEED)
MANY = settings(max_examples=examples(60, 4000), database=None, deadline=None)


def write_portion(
    start: ChainHead,
    count: int,
    signer: Signer,
    territory: str = "demo",
    program: str = "portal",
) -> tuple[list[bytes], ChainHead]:
    """Lines after `start`, and their checkpoint."""
    lines = []
    head = start
    for number in range(count):
        content = {
            "territory": territory,
            "program": program,
            "name": f"dataset.published {number} é",
        }
        line, head = seal_line(content, head)
        lines.append(line)
    claims = {
        "territory": territory,
        "program": program,
        "chain": SEED,
        "first": start.number + 1,
        "previous": start.digest,
        "last": head.number,
        "digest": head.digest,
    }
    document = signer.sign_document(claims, kind=KIND, **NAMES)
    return [*lines, make_checkpoint(document)], head


PORTION, END = write_portion(BEGINNING, 6, Signer.from_secret(SECRET))
FILE = b"".join(PORTION)
ELSEWHERE, _ = write_portion(BEGINNING, 2, Signer.from_secret(SECRET), "other")
CHECKPOINTS = [PORTION[-1], ELSEWHERE[-1]]
DIGESTS = ["", "x", SEED, SEED.upper(), "0" * 64, END.digest, f"{SEED}\n"]


def verify(*files: bytes, secret: str = SECRET) -> ChainVerifier:
    """Check files, in their order, with the published half of the keys."""
    keys = Signer.from_secret(secret).public_keys()

    def read_checkpoint(document: str) -> dict[str, Any]:
        try:
            return verify_document(document, keys, kind=KIND, **NAMES)
        except InvalidSignatureError as error:
            raise ValueError(str(error)) from error

    verifier = ChainVerifier(read_checkpoint)
    for file in files:
        verifier.read(io.BytesIO(file))
    return verifier


def causes(*files: bytes) -> list[tuple[int, int | None, str]]:
    """What is wrong, with the line of the file and the number, each cause by its first words."""
    return [
        (fault.line, fault.number, fault.cause.partition(":")[0])
        for fault in verify(*files).faults
    ]


def test_a_whole_chain_of_files_has_no_fault() -> None:
    signer = Signer.from_secret(SECRET)
    following, end = write_portion(END, 3, signer)

    verifier = verify(FILE, b"".join(following))

    assert verifier.faults == []
    assert (verifier.first, verifier.head, verifier.checkpoints) == (1, end, 2)
    assert (verifier.territory, verifier.program) == ("demo", "portal")
    assert (verifier.chain, verifier.lines) == (SEED, 9)


def test_a_chain_may_begin_later_and_be_one_file() -> None:
    following, end = write_portion(END, 3, Signer.from_secret(SECRET))

    assert verify(b"".join(following)).faults == []
    assert verify(FILE + b"".join(following)).head == end


def test_a_line_holds_the_digest_of_its_bytes_and_of_the_line_before() -> None:
    contents = [json.loads(line) for line in PORTION[:-1]]

    for line, content in zip(PORTION, contents, strict=False):
        body = line.rpartition(b',"digest":')[0]
        assert content["digest"] == hashlib.sha256(body).hexdigest()
    assert [content["number"] for content in contents] == [1, 2, 3, 4, 5, 6]
    for before, after in pairwise(contents):
        assert after["previous"] == before["digest"]


@MANY
@given(st.data())
def test_any_change_of_bytes_is_found(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(FILE) - 1))
    length = data.draw(st.integers(0, 40))
    piece = data.draw(st.binary(max_size=40))
    changed = FILE[:place] + piece + FILE[place + length :]

    assert bool(verify(changed).faults) == (changed != FILE)


@MANY
@given(st.data())
def test_any_other_byte_is_found(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(FILE) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != FILE[place]))
    changed = FILE[:place] + bytes([byte]) + FILE[place + 1 :]

    assert verify(changed).faults


@MANY
@given(st.lists(st.sampled_from(PORTION), max_size=10))
def test_any_removed_repeated_or_swapped_line_is_found(lines: list[bytes]) -> None:
    assert bool(verify(b"".join(lines)).faults) == (lines != PORTION)


@MANY
@given(st.integers(0, len(FILE) - 1))
def test_any_cut_is_found(length: int) -> None:
    assert verify(FILE[:length]).faults


def forge(
    number: int, previous: str, contents: list[dict[str, Any]], checkpoint: bytes
) -> bytes:
    """Lines with digests that are right, as whoever invents a chain writes them, before a genuine checkpoint."""
    lines = []
    head = ChainHead(number - 1, previous)
    for content in contents:
        line, head = seal_line(content, head)
        lines.append(line)
    return b"".join([*lines, checkpoint])


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
@pytest.mark.parametrize("previous", DIGESTS)
@pytest.mark.parametrize("count", [1, 2, 6])
def test_forged_lines_before_a_genuine_checkpoint_are_found(
    previous: str, checkpoint: bytes, count: int
) -> None:
    contents = [{"territory": "demo", "program": "portal", "name": "nothing"}] * count

    assert verify(forge(1, previous, contents, checkpoint)).faults


FORGED = st.fixed_dictionaries(
    {
        "territory": st.sampled_from(["demo", "other", ""]),
        "program": st.sampled_from(["portal", "node", ""]),
    },
    optional={
        "name": st.text(max_size=5),
        "number": st.integers(-1, 7),
        "previous": st.sampled_from(DIGESTS) | st.text(max_size=3) | st.none(),
    },
)


@MANY
@given(
    st.integers(-1, 7),
    st.sampled_from(DIGESTS) | st.text(max_size=64),
    st.lists(FORGED, min_size=1, max_size=7),
    st.sampled_from(CHECKPOINTS),
    st.sampled_from([b"", FILE]),
)
def test_any_forged_portion_is_found(
    number: int,
    previous: str,
    contents: list[dict[str, Any]],
    checkpoint: bytes,
    genuine: bytes,
) -> None:
    forged = forge(number, previous, contents, checkpoint)

    assert verify(genuine + forged).faults


def test_a_changed_line_is_named() -> None:
    changed = FILE.replace(b"published 2", b"withdrawn 2")

    assert causes(changed) == [(3, 3, "the line was changed")]


def test_a_line_written_anew_with_its_digest_is_named_by_the_next() -> None:
    head = ChainHead(2, json.loads(PORTION[1])["digest"])
    forged, _ = seal_line(
        {"territory": "demo", "program": "portal", "name": "nothing"}, head
    )
    lines = [*PORTION[:2], forged, *PORTION[3:]]

    assert causes(b"".join(lines)) == [(4, 4, "it does not follow line 3")]


def test_a_chain_written_anew_to_its_end_is_named_by_the_checkpoint() -> None:
    lines, _ = write_portion(ChainHead(0, SEED), 5, Signer.from_secret(SECRET))
    shorter = [*lines[:-1], PORTION[-1]]

    [(line, number, cause)] = causes(b"".join(shorter))
    assert (line, number) == (6, 5)
    assert cause == "the checkpoint is of lines 1 to 6 of another content"


def test_removed_lines_are_named() -> None:
    assert causes(b"".join([*PORTION[:1], *PORTION[3:]])) == [
        (5, 2, "lines 2 to 3 are missing")
    ]
    [(_, _, first)] = causes(b"".join(PORTION[1:]))
    assert first == "the checkpoint is of lines 1 to 6 of another content"


def test_swapped_and_repeated_lines_are_named() -> None:
    one, two, three, *others = PORTION

    assert causes(b"".join([one, three, two, *others])) == [
        (3, 2, "it stands out of its order")
    ]
    assert causes(b"".join([one, two, two, three, *others])) == [
        (3, 2, "its number stood before")
    ]


def test_a_file_without_its_checkpoint_was_cut() -> None:
    assert causes(b"".join(PORTION[:-2])) == [(5, 5, "no checkpoint follows")]
    assert causes(b"") == [(0, None, "the file is empty")]


def test_a_missing_file_between_two_is_named() -> None:
    signer = Signer.from_secret(SECRET)
    second, middle = write_portion(END, 3, signer)
    third, _ = write_portion(middle, 2, signer)

    assert causes(FILE, b"".join(third)) == [(3, 7, "lines 7 to 9 are missing")]
    assert causes(FILE, b"".join(third), b"".join(second))


def test_a_cut_file_does_not_hide_what_was_forged_in_the_next() -> None:
    forged = forge(2, SEED, [{"territory": "demo", "program": "portal"}], PORTION[-1])

    assert [line for line, _, _ in causes(b"\n")] == [1, 1]
    assert (2, 2, "the checkpoint is of lines 1 to 6 of another content") in causes(
        b"\n", forged
    )


@pytest.mark.parametrize(
    ("territory", "program"), [("other", "portal"), ("demo", "node")]
)
def test_lines_of_another_journal_are_named(territory: str, program: str) -> None:
    line, _ = seal_line(
        {"territory": territory, "program": program},
        ChainHead(1, json.loads(PORTION[0])["digest"]),
    )
    lines = [PORTION[0], line, *PORTION[2:]]

    cause = f"the line is of another journal ({territory}, {program})"
    assert (2, 2, cause) in causes(b"".join(lines))


def test_a_checkpoint_of_another_key_is_refused_and_a_rotated_key_is_not() -> None:
    assert [fault.line for fault in verify(FILE, secret=new_secret()).faults] == [7]
    assert verify(FILE, secret=rotate_keys(SECRET)).faults == []


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[]\n",
        b'{"number":true,"digest":"' + b"0" * 64 + b'"}\n',
        b"x" * 10,
        *(
            seal_line(
                {"territory": "demo", "program": "portal"}, ChainHead(2, previous)
            )[0]
            for previous in ("", "x", SEED.upper(), f"{SEED}\n")
        ),
    ],
)
def test_what_is_no_line_is_named_and_the_rest_is_read(line: bytes) -> None:
    faults = causes(b"".join([*PORTION[:2], line, *PORTION[2:]]))

    assert faults[0] == (3, 3, "it is no line of a journal")


def test_a_number_beyond_any_count_is_a_fault_like_another() -> None:
    line, _ = seal_line(
        {"territory": "demo", "program": "portal"}, ChainHead(10**30, SEED)
    )

    verifier = verify(b"".join([PORTION[0], line]))

    assert [fault.number for fault in verifier.faults] == [10**30 + 1, 2]
    assert (
        "lines 2 to 1000000000000000000000000000000 are missing"
        in verifier.faults[1].cause
    )


def test_a_file_of_anything_is_given_up_early() -> None:
    verifier = verify(b"\n" * 10_000)
    endless = verify(b"x" * (3 * LONGEST_LINE))

    assert len(verifier.faults) == MOST_FAULTS + 1
    assert len(endless.faults) == 4
