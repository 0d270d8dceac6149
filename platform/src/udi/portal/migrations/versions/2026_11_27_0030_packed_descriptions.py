"""Keep descriptions packed, and once: the text of a dataset is in its description."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from udi.portal.catalogue.compression import compress_description

revision = "packed_descriptions"
down_revision = "time_zone"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "no release has been published yet that reads or writes these columns (decision 0011)"

KEYS = {
    "dataset": ("tenant_id", "id"),
    "past_description": ("tenant_id", "dataset_id", "number"),
}
BATCH = 500


def upgrade() -> None:
    for table, key in KEYS.items():
        # The owner sees the rows of every territory only where its own policies do not hold for it.
        op.execute(f"ALTER TABLE app.{table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE app.{table} DISABLE TRIGGER USER")
        op.execute(f"ALTER TABLE app.{table} ADD COLUMN packed bytea")
        _pack_rows(table, key)
        op.execute(f"ALTER TABLE app.{table} DROP COLUMN record")
        op.execute(f"ALTER TABLE app.{table} RENAME COLUMN packed TO record")
        op.execute(f"ALTER TABLE app.{table} ALTER COLUMN record SET NOT NULL")
        # Deflated already: PostgreSQL would try to compress it once more, in vain.
        op.execute(f"ALTER TABLE app.{table} ALTER COLUMN record SET STORAGE EXTERNAL")
        op.execute(f"ALTER TABLE app.{table} ENABLE TRIGGER USER")
        op.execute(f"ALTER TABLE app.{table} FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE app.dataset DROP COLUMN summary")


def _pack_rows(table: str, key: Sequence[str]) -> None:
    """Row after row, in the order of the key: a large catalogue is never in memory."""
    rows, connection = (
        sa.table(
            table,
            *(sa.column(name) for name in (*key, "record", "packed")),
            schema="app",
        ),
        op.get_bind(),
    )
    columns = [rows.c[name] for name in key]
    change = rows.update().where(
        *(column == sa.bindparam(f"key_{column.name}") for column in columns)
    )
    last: tuple[object, ...] = ()
    while True:
        after = sa.tuple_(*columns) > sa.tuple_(*last) if last else sa.true()
        found = connection.execute(
            sa.select(*columns, sa.cast(rows.c.record, sa.JSON))
            .where(after)
            .order_by(*columns)
            .limit(BATCH)
        ).all()
        if not found:
            return
        packed = [
            {f"key_{name}": value for name, value in zip(key, row, strict=False)}
            | {"packed": compress_description(row[-1])}
            for row in found
        ]
        connection.execute(change.values(packed=sa.bindparam("packed")), packed)
        last = tuple(found[-1][:-1])
