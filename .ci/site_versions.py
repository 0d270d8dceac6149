"""The list of the documentation's versions: `site_versions.py FOLDER` writes `FOLDER/index.html`, the newest first.

Each version is a folder named by its number, such as `0.3.0`, with the site built for that release. Other folders are left out.
"""  # noqa: INP001 - run by its path

import re
import sys
from pathlib import Path

VERSION = re.compile(r"\d+(?:\.\d+)+")
INDEX = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Versions of the documentation – Urban Data Interface</title></head>
<body><main><h1>Urban Data Interface: versions of the documentation</h1>
<ul>
{entries}
</ul></main></body>
</html>
"""


def list_versions(folder: Path) -> list[str]:
    """Return the versions that have a site in a folder, the newest first."""
    versions = [
        page.parent.name
        for page in folder.glob("*/index.html")
        if VERSION.fullmatch(page.parent.name)
    ]
    return sorted(versions, key=order_of, reverse=True)


def order_of(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, by which versions are compared."""
    return tuple(int(number) for number in version.split("."))


def write_index(folder: Path) -> None:
    """Write the list of the versions in a folder.

    Raises:
        ValueError: the folder has no version.
    """
    versions = list_versions(folder)
    if not versions:
        msg = f"{folder} has no site of a version"
        raise ValueError(msg)
    entries = [
        f'<li><a href="{version}/">{version}</a></li>' for version in versions[1:]
    ]
    newest = f'<li><a href="{versions[0]}/">{versions[0]}</a> (the newest)</li>'
    page = INDEX.format(entries="\n".join([newest, *entries]))
    (folder / "index.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write_index(Path(sys.argv[1]))
