"""Links of a page to files outside `docs/`: on the site they lead to the forge, or are the file's path where no forge is named.

Each page names the version that it is about. A hook of MkDocs (`hooks` in `mkdocs.yml`).
"""  # noqa: INP001 - MkDocs loads it by its path

import posixpath
import re
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1] / "pyproject.toml"

LINK = re.compile(r"\[([^\]\n]+)\]\(((?:\.\./)+[^)\s]+)\)")


def on_config(config: Any) -> Any:
    """Have the foot of each page name the version of the project."""
    version = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]
    config["copyright"] = f"Version {version}. © {config['copyright']}"
    return config


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:  # noqa: ARG001 - MkDocs gives it
    """Return the text of a page with the links that a site can follow."""
    return rewrite(markdown, page.file.src_uri, config["repo_url"] or "")


def rewrite(markdown: str, path: str, repository: str) -> str:
    """Rewrite the links of the page at `path` (below `docs/`) that leave the folder."""

    def replace(link: re.Match[str]) -> str:
        text, target = link.groups()
        file = posixpath.normpath(
            posixpath.join("docs", posixpath.dirname(path), target)
        )
        if file.startswith("docs/"):
            return link.group()
        if repository:
            return f"[{text}]({repository.rstrip('/')}/blob/HEAD/{file})"
        if text == file:
            return f"`{file}`"
        return f"{text} (`{file}`)"

    return LINK.sub(replace, markdown)
