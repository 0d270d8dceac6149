"""The logs of the parts, together or one."""

import sys
import time
from collections import deque
from pathlib import Path

from udi.cli.local.errors import LocalError
from udi.cli.local.parts import NAMES
from udi.settings import Settings


def logs(
    settings: Settings,
    part: str | None = None,
    *,
    follow: bool = False,
    lines: int = 50,
) -> int:
    """Print the last lines of a part's log, or of each; with `follow`, go on until Ctrl-C.

    Raises:
        LocalError: there is no such part, or nothing has run yet.
    """
    folder = settings.state / "logs"
    if part and part not in (*NAMES, "udi"):
        raise LocalError(
            f"There is no part called «{part}»", f"choose one of {', '.join(NAMES)}"
        )
    files = [folder / f"{name}.log" for name in ([part] if part else [*NAMES, "udi"])]
    present = [file for file in files if file.exists()]
    if not present:
        raise LocalError("There is no log yet", "start with `udi up`")
    if len(present) > 1:
        width = max(len(file.stem) for file in present)
    else:
        width = 0
    positions = {file: _print_tail(file, lines, width) for file in present}
    try:
        while follow:
            time.sleep(0.5)
            positions = {
                file: _print_new_lines(file, position, width)
                for file, position in positions.items()
            }
    except KeyboardInterrupt:
        return 0
    return 0


def _print_tail(file: Path, lines: int, width: int) -> int:
    with file.open(errors="replace") as content:
        for line in deque(content, maxlen=lines):
            _print_line(file, line, width)
        return content.tell()


def _print_new_lines(file: Path, position: int, width: int) -> int:
    if file.stat().st_size < position:
        position = 0
    with file.open(errors="replace") as content:
        content.seek(position)
        while line := content.readline():
            _print_line(file, line, width)
        return content.tell()


def _print_line(file: Path, line: str, width: int) -> None:
    prefix = f"{file.stem:<{width}} │ " if width else ""
    sys.stdout.write(prefix + line.rstrip("\n") + "\n")
    sys.stdout.flush()
