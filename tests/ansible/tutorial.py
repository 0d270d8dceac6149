"""«From nothing to your territory» as its reader follows it: its blocks of commands are run, its blocks of text are written.

A command that begins with `sudo` is for the machine, every other for the reader's computer, whose shell stays in its folder.
"""

import os
import pty
import re
import select
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.ansible.machine import ROOT, Machine

PAGE = ROOT / "docs/tutorial/from-nothing-to-your-territory.md"
STEP = re.compile(r"^## (\d+)\. ", re.MULTILINE)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w./-]+\.(?:toml|yml))`")
KEY = re.compile(r"^(\w+):", re.MULTILINE)
ACCOUNT = "deploy"
PATIENCE = 1800.0
QUIET = 0.7
"""Seconds without a word after which a program that asks waits for its answer."""
QUESTION = "🎤"
"""With which Copier begins each of its questions."""
CONTROL = re.compile(r"\x1b\[[\d;?]*[A-Za-z]|\r")
ERASE = "\x15"
"""What a person types to take away the answer that is proposed."""
CONTROL_C = "\x03"
ENDED = (0, 130)
"""Status of a command that ended, and of one that Ctrl-C ended."""


@dataclass(frozen=True)
class Block:
    """A fenced block: the step in which it stands, its language, and the file that the words before it name."""

    step: int
    language: str
    text: str
    file: str

    @property
    def for_machine(self) -> bool:
        """Whether it is typed on the machine that is deployed."""
        return self.language == "sh" and self.text.startswith("sudo ")


def read_blocks(page: str) -> list[Block]:
    """All blocks of the numbered steps, in their order."""
    blocks = []
    places = [*STEP.finditer(page)]
    ends = [place.start() for place in places[1:]] + [page.index("## What next")]
    for place, end in zip(places, ends, strict=True):
        text = page[place.end() : end]
        for fence in FENCE.finditer(text):
            named = FILE.findall(text[: fence.start()])
            blocks.append(
                Block(int(place[1]), fence[1], fence[2], named[-1] if named else "")
            )
    return blocks


def read_step(page: str, number: int) -> str:
    """The words of a step, its blocks too."""
    text = page[page.index(f"## {number}. ") :]
    return text[: text.index("\n## ", 1)]


@dataclass
class Reader:
    """Somebody at their computer, who also has an account on the machine that they deploy."""

    computer: Machine
    town: Machine
    key: Path
    """By which the computer is reached."""
    folder: str
    fillings: dict[str, str] = field(default_factory=dict)
    """What stands in the page for what only the reader knows, and what they put."""

    def follow(self, block: Block) -> str:
        """Type the commands of a block, or write its lines into the file; what was printed."""
        text = self.fill(block.text)
        if block.language == "sh":
            return self.type(text, on_machine=block.for_machine)
        self.write(block.file, text)
        return ""

    def fill(self, text: str) -> str:
        """The text with the reader's own words."""
        for words, value in self.fillings.items():
            text = text.replace(words, value)
        return text

    def type(self, text: str, *, on_machine: bool = False) -> str:
        """What a shell prints; the folder to which it changed is that of the next commands."""
        machine = self.town if on_machine else self.computer
        folder = f"/home/{ACCOUNT}" if on_machine else self.folder
        script = f"set -e\ncd {folder}\n{text}\npwd >/tmp/folder\n"
        output = machine.run(f"su - {ACCOUNT} -c {shlex.quote(script)} 2>&1")
        if not on_machine:
            self.folder = self.computer.run("cat /tmp/folder").strip()
        return output

    def write(self, file: str, text: str) -> None:
        """Add lines to a file of the reader's folder, in the place of keys that it had."""
        path = f"{self.folder}/{file}"
        former = self.computer.run(f"cat {path} 2>/dev/null; true")
        if file.endswith(".yml"):
            keys = KEY.findall(text)
            former = "".join(
                line
                for line in former.splitlines(keepends=True)
                if line.partition(":")[0] not in keys
            )
        self.computer.write(path, f"{former}\n{text}".encode())
        self.computer.run(f"chown {ACCOUNT}: {path}")

    def answer(self, command: str, answers: dict[str, str]) -> str:
        """Type a command that asks: an answer by a word of its question, else what is proposed; what was on the screen."""
        answered = set()
        with self.terminal(command) as terminal:
            while (words := terminal.read()) is not None:
                _, begun, prompt = words.rpartition(QUESTION)
                question = CONTROL.sub("", prompt).strip().partition("\n")[0].strip()
                if not begun or question in answered:
                    continue
                answered.add(question)
                keys = [
                    f"{ERASE}{value}"
                    for word, value in answers.items()
                    if question.startswith(word)
                ]
                terminal.press("".join(keys) + "\r")
        return terminal.screen

    @contextmanager
    def terminal(self, command: str) -> Iterator["Terminal"]:
        """A command on a terminal of the computer, which has ended by the end of the block."""
        hosts = self.key.with_name("known_hosts")
        reached = ["-i", str(self.key), "-o", f"UserKnownHostsFile={hosts}", "-o", "LogLevel=ERROR"]  # fmt: skip
        descriptor, end = pty.openpty()
        with subprocess.Popen(
            ["ssh", "-tt", *reached, f"{ACCOUNT}@{self.computer.address}", f"cd {self.folder} && {command}"],
            stdin=end, stdout=end, stderr=end, env={**os.environ, "TERM": "xterm"},
        ) as process:  # fmt: skip
            os.close(end)
            terminal = Terminal(descriptor)
            yield terminal
            terminal.read_to_end()
        os.close(descriptor)
        assert process.returncode in ENDED, terminal.screen


@dataclass
class Terminal:
    """The screen and the keys of a terminal."""

    descriptor: int
    screen: str = ""

    def read(self) -> str | None:
        """What comes until nothing does for a moment; none once the command has ended."""
        words = ""
        while select.select([self.descriptor], [], [], QUIET)[0]:
            try:
                words += os.read(self.descriptor, 4096).decode(errors="replace")
            except OSError:  # the other end is closed
                self.screen += words
                return words or None
        self.screen += words
        return words

    def wait_for(self, words: str) -> None:
        """Read until these words were on the screen."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.screen:
            assert self.read() is not None, self.screen
            assert time.monotonic() < deadline, self.screen

    def read_to_end(self) -> None:
        """Read until the command has ended."""
        deadline = time.monotonic() + PATIENCE
        while self.read() is not None:
            assert time.monotonic() < deadline, self.screen

    def press(self, keys: str) -> None:
        """Type on the keyboard."""
        os.write(self.descriptor, keys.encode())


def copy_project(folder: Path) -> Path:
    """A clone of the project as it stands here, for the reader's computer."""
    copy = folder / "udi"
    copy.mkdir()
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout  # fmt: skip
    subprocess.run(
        ["xargs", "-0", "cp", "--parents", "--no-dereference", "-t", str(copy)],
        cwd=ROOT, check=True, input=listed,
    )  # fmt: skip
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        ["-c", "user.name=Reader", "-c", "user.email=reader@rade.bzh", "commit", "--quiet", "--message=Copy"],
    ):  # fmt: skip
        subprocess.run(["git", *command], cwd=copy, check=True, capture_output=True)
    return copy
