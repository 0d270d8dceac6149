"""Lines that each hold the digest of the line before, and the check of a file of them.

A line is a JSON object whose last member, `digest`, is the SHA-256 of the bytes before that member; `number` counts from
one without a gap, `previous` is the digest of the line before. After the lines of a portion stands a line whose only
member, `checkpoint`, is a signed document that names the first and last line of the portion and their digests.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

LONGEST_LINE = 1_000_000
"""Bytes. What is longer is no line of ours, and is not read into memory."""
MOST_FAULTS = 100
"""After which a file is read no further."""
LINE = re.compile(rb'(\{.*),"digest":"([0-9a-f]{64})"\}\n', re.DOTALL)
DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
CHECKPOINT = re.compile(rb'\{"checkpoint":"([\w.-]+)"\}\n', re.ASCII)

CheckpointVerifier = Callable[[str], Mapping[str, Any]]
"""The claims of a signed checkpoint; a `ValueError` when it is not signed as it should be."""


@dataclass(frozen=True)
class ChainHead:
    """The last line of a chain so far: its number, zero before the first, and its digest."""

    number: int
    digest: str


@dataclass(frozen=True)
class ChainFault:
    """What is wrong at a line of a file, counted from one; `number` is that of the chain, where the line has one."""

    line: int
    number: int | None
    cause: str


def seal_line(content: Mapping[str, Any], head: ChainHead) -> tuple[bytes, ChainHead]:
    """The line that follows `head`, with its final newline, and the head that it makes."""
    number = head.number + 1
    body = {"number": number, "previous": head.digest, **content}
    text = json.dumps(
        body, ensure_ascii=False, separators=(",", ":"), sort_keys=False
    ).encode()
    digest = hashlib.sha256(text[:-1]).hexdigest()
    return text[:-1] + f',"digest":"{digest}"}}\n'.encode(), ChainHead(number, digest)


def make_checkpoint(document: str) -> bytes:
    """The line that ends a portion."""
    return f'{{"checkpoint":"{document}"}}\n'.encode()


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, one in memory at a time."""
    while line := stream.readline(LONGEST_LINE):
        yield line


@dataclass
class ChainVerifier:
    """Goes through the lines of one or several files in their order, and gathers what is wrong."""

    verify_checkpoint: CheckpointVerifier
    first: int | None = None
    """The number with which the chain begins here."""
    head: ChainHead | None = None
    chain: str | None = None
    territory: str | None = None
    program: str | None = None
    lines: int = 0
    checkpoints: int = 0
    faults: list[ChainFault] = field(default_factory=list)
    _at: int = 0
    _portion: ChainHead | None = None
    """What the first line of the portion follows, as it says itself."""
    _open: bool = False
    """Whether lines stand after the last checkpoint."""
    _start_known: bool = True
    """Whether the portion begins with a line that can be read; set to false only where a fault stands already."""
    _trusted: bool = True
    """Whether the digest of the head is known: it is not after a line that cannot be read."""
    _absent: list[range] = field(default_factory=list)
    """Numbers that were jumped over, until they are met."""

    def read(self, stream: BinaryIO) -> None:
        """Check one file, which ends with a checkpoint."""
        self._at = 0
        for line in read_lines(stream):
            self._at += 1
            if CHECKPOINT.fullmatch(line):
                self._read_checkpoint(line)
            else:
                self._read_line(line)
            if len(self.faults) + len(self._absent) >= MOST_FAULTS:
                break
        if self._at == 0:
            self._add_fault("the file is empty: it was cut, or never written")
        elif self._open:
            number = self.head.number if self.head else None
            self._add_fault(
                "no checkpoint follows: the file was cut here, or lines were added",
                number,
            )
        for numbers in self._absent:
            self._add_fault(f"{_name_numbers(numbers)} missing", numbers[0])
        self._absent.clear()
        self._open = False
        self._portion = None
        self._start_known = True

    def _read_line(self, line: bytes) -> None:
        self.lines += 1
        self._open = True
        content = _read_content(line)
        if content is None:
            self._add_fault(
                "it is no line of a journal: it was changed, or cut",
                self.head.number + 1 if self.head else None,
            )
            self._skip_unreadable()
            return
        number: int = content["number"]
        if not content["is_whole"]:
            self._add_fault("the line was changed: its digest is another", number)
        self._place(number, content["previous"], content["digest"])
        territory = content["territory"]
        program = content["program"]
        if self.territory is None:
            self.territory = territory
            self.program = program
        elif content["is_whole"] and (
            territory != self.territory or program != self.program
        ):
            self._add_fault(
                f"the line is of another journal ({territory}, {program})", number
            )

    def _skip_unreadable(self) -> None:
        self._trusted = False
        if self._portion is None:
            self._portion = ChainHead(0, "")
            self._start_known = False
        if self.head is not None:
            self.head = ChainHead(self.head.number + 1, "")

    def _place(self, number: int, previous: str, digest: str) -> None:
        """Compare a line's number and its `previous` with the line before."""
        if self._portion is None:
            self._portion = ChainHead(number - 1, previous)
        if self.head is None:
            self.first = number
        elif number <= self.head.number:
            self._place_late(number)
            return
        elif number > self.head.number + 1:
            self._absent.append(range(self.head.number + 1, number))
        elif self._trusted and previous != self.head.digest:
            self._add_fault(
                f"it does not follow line {self.head.number}: one of the two was changed",
                number,
            )
        self.head = ChainHead(number, digest)
        self._trusted = True

    def _place_late(self, number: int) -> None:
        for place, numbers in enumerate(self._absent):
            if number in numbers:
                parts = (
                    range(numbers.start, number),
                    range(number + 1, numbers.stop),
                )
                self._absent[place : place + 1] = [part for part in parts if part]
                self._add_fault(
                    "it stands out of its order: lines were swapped", number
                )
                return
        if self.first is not None and number < self.first:
            self._add_fault("it stands out of its order: lines were swapped", number)
            return
        self._add_fault("its number stood before: the line is repeated", number)

    def _read_checkpoint(self, line: bytes) -> None:
        if not self._open:
            self._add_fault(
                "this checkpoint follows no line: lines were removed, or it is repeated"
            )
            return
        self._open = False
        self.checkpoints += 1
        number = self.head.number if self.head else None
        match = CHECKPOINT.fullmatch(line)
        document = match.group(1).decode() if match else ""
        try:
            claims = self.verify_checkpoint(document)
        except ValueError as error:
            self._add_fault(f"the checkpoint is refused: {error}", number)
        else:
            self._compare(claims, number)
        self._portion = None
        self._start_known = True

    def _compare(self, claims: Mapping[str, Any], number: int | None) -> None:
        if self.chain is None:
            self.chain = str(claims.get("chain"))
        head = self.head or ChainHead(0, "")
        start = self._portion or ChainHead(0, "")
        expected = {
            "territory": self.territory,
            "program": self.program,
            "chain": self.chain,
            "first": start.number + 1,
            "previous": start.digest,
            "last": head.number,
            "digest": head.digest,
        }
        is_known = self._trusted and self._start_known
        differing = [
            name for name, value in expected.items() if claims.get(name) != value
        ]
        starts_wrong = head.number and start.number == 0 and start.digest != self.chain
        if is_known and (differing or starts_wrong):
            self._add_fault(
                f"the checkpoint is of lines {claims.get('first')} to {claims.get('last')} of another content:"
                f" {', '.join(differing) or 'chain'} differ; lines were removed, added or rewritten",
                number,
            )

    def _add_fault(self, cause: str, number: int | None = None) -> None:
        self.faults.append(ChainFault(self._at, number, cause))


def _read_content(line: bytes) -> dict[str, Any] | None:
    """What a line says of its place; None when it has not the form of one."""
    match = LINE.fullmatch(line)
    if match is None:
        return None
    body, digest = match.groups()
    try:
        content = json.loads(body + b"}")
        number = content["number"]
        previous = content["previous"]
        territory = content["territory"]
        program = content["program"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if type(number) is not int or number < 1:
        return None
    if not isinstance(previous, str) or DIGEST.fullmatch(previous) is None:
        return None
    is_whole = hashlib.sha256(body).hexdigest() == digest.decode()
    return {
        "number": number,
        "previous": previous,
        "territory": str(territory),
        "program": str(program),
        "digest": digest.decode(),
        "is_whole": is_whole,
    }


def _name_numbers(numbers: range) -> str:
    last = numbers.stop - 1  # a forged number has no `len`
    if numbers.start == last:
        return f"line {last} is"
    return f"lines {numbers.start} to {last} are"
