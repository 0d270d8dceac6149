"""The release after this one, made in a scratch clone: another version, something to see, a column more in both databases.

A throw-away key signs it, which the release that it takes over from names, as `.ci/release` and `.ci/publisher.py` have it.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.ansible.machine import ROOT
from tests.signed_release import commit_release, name_publisher, run_release
from udi import __version__

VERSION = "99.0.0"
TABLES = {"portal": ("organisations", "organisation"), "node": ("spaces", "space")}
BROKEN = (
    "    if site is None:\n",
    '    if site is None:\n        raise RuntimeError("broken on purpose")\n',
)
SEEN = '        "status": "up",\n'
MIGRATION = '''"""Give a motto to each {table}, in the scratch release of a test."""

import sqlalchemy as sa
from alembic import op

revision = "motto"
down_revision = "{last}"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    op.add_column("{table}", sa.Column("motto", sa.Text, server_default="", nullable=False), schema="app")
'''


def clone(folder: Path) -> Path:
    """The checkout as it is now, committed or not."""
    subprocess.run(
        ["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(folder)], check=True
    )
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(
        listed, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for name in names:
        source = ROOT / name
        if name and source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


def build_signed_by(folder: Path, key: Path) -> Path:
    """The wheel of the checkout as it is now, of a publisher whose releases this key signs."""
    checkout = clone(folder / "clone")
    name_publisher(checkout, key)
    return build(checkout, folder / "wheel")


def make_next(
    folder: Path, key: Path, *, broken: bool = False, version: str = VERSION
) -> Path:
    """The folder of its files, signed. The node of a `broken` one stops as soon as it is asked to serve."""
    checkout = clone(folder / "clone")
    edit(
        checkout / "pyproject.toml",
        f'version = "{__version__}"',
        f'version = "{version}"',
    )
    edit(checkout / "platform/src/udi/__init__.py", __version__, version)
    edit(
        checkout / "platform/src/udi/ui/routes.py",
        SEEN,
        f'        "release": "{version}",\n{SEEN}',
    )
    for program, (domain, table) in TABLES.items():
        source = checkout / "platform/src/udi" / program
        edit(
            source / domain / "models.py",
            "    email: Mapped[str]",
            '    motto: Mapped[str] = mapped_column(Text, server_default="")\n    email: Mapped[str]',
        )
        last = max((source / "migrations/versions").glob("*.py")).read_text()
        revision = last.partition('\nrevision = "')[2].partition('"')[0]
        text = MIGRATION.format(table=table, last=revision)
        (source / "migrations/versions/2099_01_01_0000_motto.py").write_text(text)
    if broken:
        edit(checkout / "platform/src/udi/node/app.py", *BROKEN)
    name_publisher(checkout, key)
    commit_release(checkout, version)
    made = run_release(checkout, version, key=key)
    assert made.returncode == 0, made.stderr
    return checkout / "dist" / version


def build(checkout: Path, folder: Path) -> Path:
    """The wheel of a checkout."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(folder),
    ]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def edit(path: Path, before: str, after: str) -> None:
    """Replace what must be there."""
    text = path.read_text()
    assert before in text, f"{before} is not in {path}"
    path.write_text(text.replace(before, after, 1))
