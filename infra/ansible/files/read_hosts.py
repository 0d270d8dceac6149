# ruff: noqa: INP001
"""Print, as JSON, the host names that territories' files declare: `read_hosts.py FOLDER SLUG...`."""

import json
import sys
import tomllib
from pathlib import Path


def hosts(folder: Path) -> dict[str, object]:
    """The slug of a territory's folder, and the names of its portal and node."""
    declared = tomllib.loads((folder / "tenant.toml").read_text(encoding="utf-8"))[
        "hosts"
    ]
    return {"slug": folder.name, "portal": declared["portal"], "node": declared["node"]}


if __name__ == "__main__":
    json.dump([hosts(Path(sys.argv[1]) / slug) for slug in sys.argv[2:]], sys.stdout)
