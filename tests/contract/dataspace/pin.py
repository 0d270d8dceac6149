"""`python -m tests.contract.dataspace.pin`: write `jars.txt` anew after a change of `pom.xml`; needs Maven."""

import hashlib
import re
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
LINE = re.compile(r"\s*([\w.-]+):([\w.-]+):jar:([\w.-]+):(?:compile|runtime)\b")
HEAD = "# Every jar of the kit with what it needs, and its SHA-256; made by tests/contract/dataspace/pin.py from pom.xml.\n"


def pin(folder: Path) -> str:
    """The jars that Maven finds for `pom.xml`, one a line, each with its SHA-256."""
    maven = ["mvn", "--quiet", "--batch-mode", "--file", FOLDER / "pom.xml"]
    jars = folder / "jars"
    names = folder / "names"
    subprocess.run(
        [*maven, "dependency:copy-dependencies", f"-DoutputDirectory={jars}"],
        check=True,
    )
    subprocess.run([*maven, "dependency:list", f"-DoutputFile={names}"], check=True)
    artifacts = [
        match.groups()
        for line in names.read_text().splitlines()
        if (match := LINE.match(line))
    ]
    lines = [
        f"{group}:{name}:{version} {_sha256(jars / f'{name}-{version}.jar')}\n"
        for group, name, version in artifacts
    ]
    return HEAD + "".join(sorted(lines))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        (FOLDER / "jars.txt").write_text(pin(Path(place)))
