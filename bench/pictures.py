"""`udi bench pictures`: pictures of the main pages, for the documentation."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from udi.cli.local.errors import LocalError

ROOT = Path(__file__).parents[1]
FOLDER = "UDI_DOCUMENT_PICTURES"
"""Variable of the environment: the folder in which the pictures are written."""


def pictures(
    folder: Annotated[
        Path, typer.Argument(help="Folder in which they are written, as <page>.png.")
    ] = ROOT / "docs/images",
) -> None:
    """Make the pictures of the documentation: main pages of an invented territory, 1280 pixels wide.

    They are made by this checkout's tests (`tests/pages/test_pictures.py`), with a real browser. The data and the
    moment are always the same.
    """
    command = [
        *(str(ROOT / "udi"), "test", "--all", "-n", "0"),
        *("tests/pages/test_pictures.py", "-k", "made"),
    ]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {FOLDER: str(folder.resolve())},
        stdout=sys.stderr,
        check=False,
    )
    if ended.returncode:
        raise LocalError(
            "The pictures could not be made", "see what the tests say above"
        )
    for path in sorted(folder.glob("*.png")):
        print(f"{path} {path.stat().st_size // 1000} kB")
