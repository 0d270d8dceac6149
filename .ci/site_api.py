"""The API of both programs as two pages of the site, made of what their handlers declare. A hook of MkDocs (`hooks` in `mkdocs.yml`)."""  # noqa: INP001 - MkDocs loads it by its path

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
PAGES = {"portal": "reference/api-portal.md", "node": "reference/api-node.md"}
"""The page of each program, below `docs/`, where no file has it."""


def on_files(files: Any, *, config: Any) -> Any:
    """Add the pages, which are written by a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "platform/src")}
    for program, path in PAGES.items():
        command = [sys.executable, str(ROOT / ".ci/api_reference.py"), program]
        done = subprocess.run(  # noqa: S603 - a program of ours
            command, env=environment, capture_output=True, text=True, check=True
        )
        files.append(File.generated(config, path, content=done.stdout))
    return files
