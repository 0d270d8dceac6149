"""Keep the versions of territories' files, with one draft each, and let the team publish what is the territory's."""

from collections.abc import Iterator
from pathlib import Path

from alembic import op

from udi.kit.foundation import execute_script
from udi.kit.rls import isolate

revision = "versions_of_territories"
down_revision = "initial"
branch_labels = None
depends_on = None
phase = "expand"

SQL = Path(__file__).with_suffix(".sql")
ONLINE = (
    "EXISTS (SELECT 1 FROM app.published_file p"
    " WHERE p.tenant_id = territory_file.tenant_id AND p.sha256 = territory_file.sha256)"
)


def upgrade() -> None:
    execute_script(SQL.read_text())
    for statement in _isolation():
        op.execute(statement)


def _isolation() -> Iterator[str]:
    yield from isolate("portal", "territory_version", append_only=True)
    yield from isolate("portal", "territory_file", public=ONLINE)
    yield from isolate("portal", "published_file", public="true")
    yield from isolate("portal", "territory_draft")
