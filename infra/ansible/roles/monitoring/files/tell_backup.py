# ruff: noqa: INP001
"""Tells when the last backup was made and proven, where no portal of this machine does: for the exporter of the machine."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any


def lines(state: dict[str, Any]) -> list[str]:
    """The numbers, from what `udi backup` noted."""
    moments = {"made": state.get("created"), "proven": state.get("verified")}
    told = [
        f"udi_backup_{name}_seconds {datetime.fromisoformat(noted['at']).timestamp():.0f}"
        for name, noted in moments.items()
        if noted
    ]
    return [*told, f"udi_backup_refused {1 if state.get('refused') else 0}"]


def main(noted: Path, told: Path) -> None:
    """Write them whole or not at all; nothing where no backup was ever made."""
    if not noted.exists():
        return
    partial = told.with_name(f".{told.name}.partial")
    partial.write_text("\n".join(lines(json.loads(noted.read_text()))) + "\n")
    partial.chmod(0o644)
    partial.replace(told)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
