"""The files' half: restic, each part of a backup a snapshot tagged with the database's label."""

import hashlib
import json
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from udi.cli.backup.pgbackrest import wrong_passphrase_error
from udi.cli.backup.processes import bare_environment, run_program, wrap_command
from udi.cli.backup.repository import BackupRepository
from udi.cli.local.errors import LocalError

PIECE = 1024 * 1024
SOME_UNREAD = 3
"""Restic's status when a file went away while it read the others."""


@dataclass(frozen=True)
class Restic:
    """One repository; `cache` is a folder that may be deleted."""

    repository: BackupRepository
    cache: Path

    def _call(
        self,
        *arguments: str | Path,
        folder: Path | None = None,
        entry: bytes | None = None,
    ) -> Any:
        command = ["restic", "--cache-dir", self.cache, *arguments]
        opened = self.repository.environment
        return run_program(
            command, reads_all=True, environment=opened, folder=folder, entry=entry
        )

    def _call_checked(
        self, *arguments: str | Path, accepted: Iterable[int] = (0,), **how: Any
    ) -> str:
        done = self._call(*arguments, **how)
        if done.returncode not in accepted:
            raise self._refusal(done.stderr)
        return str(done.stdout)

    def _refusal(self, error_text: str) -> LocalError:
        if "wrong password" in error_text:
            return wrong_passphrase_error(self.repository)
        if "unable to open config file" in error_text or "does not exist" in error_text:
            cause = f"{self.repository.address} holds no backup of ours"
            return LocalError(
                cause, "check the address, or run `udi backup prepare` to begin one"
            )
        words = next(
            (
                line
                for line in reversed(error_text.strip().splitlines())
                if line.strip()
            ),
            "nothing was said",
        )
        return LocalError(
            f"restic stopped («{words.strip()[:300]}»)",
            "put right what it says, then run it again",
        )

    def exists(self) -> bool:
        """Whether the repository was begun.

        Raises:
            LocalError: it was, and the passphrase does not open it.
        """
        done = self._call("cat", "config")
        if done.returncode == 0:
            return True
        if (
            "unable to open config file" in done.stderr
            or "does not exist" in done.stderr
        ):
            return False
        raise self._refusal(done.stderr)

    def initialise(self) -> None:
        """Make the repository."""
        self._call_checked("init", "--quiet")

    def unlock(self) -> None:
        """Take away the lock of a process that is gone."""
        self._call_checked("unlock", "--quiet")

    def save(
        self, folder: Path, part: str, label: str, names: Sequence[str] = (".",)
    ) -> dict[str, Any]:
        """Take the content of a folder, or what has these names there; restic's own summary."""
        tags = _tags(part, label)
        output = self._call_checked(
            "backup", *names, "--json", *tags, folder=folder, accepted=(0, SOME_UNREAD)
        )
        summary: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
        return summary

    def save_text(self, name: str, text: str, part: str, label: str) -> None:
        """Take a text as a file of that name."""
        tags = _tags(part, label)
        self._call_checked(
            "backup",
            "--stdin",
            "--stdin-filename",
            name,
            "--quiet",
            *tags,
            entry=text.encode(),
        )

    def snapshots(self, part: str = "") -> list[dict[str, Any]]:
        """Every snapshot of ours, oldest first, with `part` and `label` read from its tags."""
        snapshots = json.loads(
            self._call_checked(
                "snapshots",
                "--json",
                "--no-lock",
                "--tag",
                f"udi,part:{part}" if part else "udi",
            )
        )
        for snapshot in snapshots or []:
            tagged = dict(tag.split(":", 1) for tag in snapshot["tags"] if ":" in tag)
            snapshot |= {
                "part": tagged.get("part", ""),
                "label": tagged.get("label", ""),
            }
        return sorted(snapshots or [], key=lambda snapshot: str(snapshot["time"]))

    def read_text(self, snapshot: str, name: str) -> str:
        """The content of one small file."""
        return self._call_checked("dump", "--no-lock", snapshot, f"/{name}")

    def list_files(self, snapshot: str) -> dict[str, int]:
        """Every file of a snapshot with its size."""
        lines = self._call_checked("ls", "--json", "--no-lock", snapshot).splitlines()
        nodes = [json.loads(line) for line in lines]
        return {
            node["path"].lstrip("/"): node["size"]
            for node in nodes
            if node.get("type") == "file"
        }

    def restore(
        self, snapshot: str, folder: Path, *, without: Sequence[str] = ()
    ) -> None:
        """Put the content of a snapshot into a folder; what is there under the same names is written again."""
        left = [part for path in without for part in ("--exclude", path)]
        self._call_checked(
            "restore", "--no-lock", "--quiet", snapshot, "--target", folder, *left
        )

    def forget(self, snapshots: list[str]) -> None:
        """Forget snapshots and give back their room."""
        if snapshots:
            self._call_checked("forget", "--prune", "--quiet", *snapshots)

    def read_files(self, snapshot: str) -> Iterator[tuple[str, "SnapshotFile"]]:
        """Every file of a snapshot in turn, decrypted, to read before the next; no room on disk is needed.

        Raises:
            LocalError: a piece of the repository is missing or was changed.
        """
        command = wrap_command(
            ["restic", "--cache-dir", self.cache, "dump", "--no-lock", snapshot, "/"],
            reads_all=True,
        )
        environment = {**bare_environment(), **self.repository.environment}
        with subprocess.Popen(
            command,
            env=environment,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            output = cast("IO[bytes]", process.stdout)
            errors = cast("IO[bytes]", process.stderr)
            try:
                with tarfile.open(fileobj=output, mode="r|") as archive:
                    for member in archive:
                        if member.isfile() and (content := archive.extractfile(member)):
                            yield (
                                member.name.removeprefix("./").lstrip("/"),
                                SnapshotFile(content),
                            )
            except (tarfile.TarError, EOFError, OSError) as error:
                process.terminate()
                raise self._refusal(
                    errors.read().decode(errors="replace") or str(error)
                ) from error
            error_text = errors.read().decode(errors="replace")
            if process.wait():
                raise self._refusal(error_text)


@dataclass(frozen=True)
class SnapshotFile:
    """The bytes of one file of the repository, as far as they are there."""

    source: IO[bytes]

    def read(self, size: int = -1) -> bytes:
        """The next piece.

        Raises:
            LocalError: it ends too early: a piece of the repository is missing or was changed.
        """
        try:
            return self.source.read(size)
        except (tarfile.TarError, EOFError, OSError) as error:
            cause = (
                "A piece of the files' half of the repository is missing or was changed"
            )
            raise LocalError(
                cause, "choose another backup, and look at the repository's disk"
            ) from error


def sha256_of(content: SnapshotFile) -> str:
    """The checksum of what is left to read."""
    digest = hashlib.sha256()
    while piece := content.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _tags(part: str, label: str) -> list[str]:
    return ["--tag", f"udi,part:{part},label:{label}", "--host", "udi"]
