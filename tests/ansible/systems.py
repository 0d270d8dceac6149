"""Machines of other systems than Debian 12: the tool that boots one boots them too, with another release and archive in its text.

Each system has a folder of its own in the cache of `udi`, where its base is built once. The packages of Ubuntu are not
checked by a key, since Debian has none of its keys: they are for a machine of a test that is thrown away.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from udi.settings import Settings

FIRST = "bookworm"
"""What the tool boots by itself."""
HOME = "${FRESH_HOME:-$HOME/.cache/fresh-machine}"
BUILD = "debootstrap --variant=minbase"
MIRROR = '"$BASE" "$mirror"'


@dataclass(frozen=True)
class System:
    """A system by the name of its release; the archive of one that is no Debian."""

    release: str
    archive: str = ""

    def find_tool(self, tool: Path) -> Path:
        """The tool that boots machines of this system, whose base is there."""
        if self.release == FIRST:
            return tool
        folder = Settings().cache / "machines" / self.release
        folder.mkdir(parents=True, exist_ok=True)
        own_tool = folder / "machine"
        own_tool.write_text(self._adapt(tool.read_text(), folder))
        own_tool.chmod(0o755)
        if not (folder / f"base-{self.release}-2.ok").exists():
            subprocess.run([own_tool, "run", "--", "true"], check=True)
        self._point(folder / f"base-{self.release}-2/etc/apt")
        return own_tool

    def _adapt(self, text: str, folder: Path) -> str:
        for part in (FIRST, HOME, BUILD, MIRROR):
            assert part in text, f"the tool that boots machines no longer says {part}"
        text = text.replace(FIRST, self.release).replace(HOME, str(folder))
        if self.archive:
            options = "--no-check-gpg --components=main,universe"
            text = text.replace(BUILD, f"{BUILD} {options}")
            text = text.replace(MIRROR, f'"$BASE" {self.archive} gutsy')
        return text

    def _point(self, folder: Path) -> None:
        """Have the base ask for packages of its own release."""
        if not self.archive:
            for path in (folder / "sources.list.d").glob("*.sources"):
                path.write_text(path.read_text().replace(FIRST, self.release))
            return
        for path in (folder / "sources.list.d").iterdir():
            path.unlink()
        lines = [
            f"deb {self.archive} {suite} main universe\n"
            for suite in (self.release, f"{self.release}-updates")
        ]
        (folder / "sources.list").write_text("".join(lines))


SYSTEMS = {
    "Debian 12": System(FIRST),
    "Debian 13": System("trixie"),
    "Ubuntu 24.04": System(
        "noble", os.environ.get("UDI_TEST_UBUNTU", "http://archive.ubuntu.com/ubuntu")
    ),
}
"""By the name that the play gives them (`installation_postgresql_versions`)."""
