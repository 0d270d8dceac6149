"""Take figures and open licences out of what is shown of restricted data, and what was said while they were open."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from udi.portal.catalogue.compression import (
    compress_description,
    decompress_description,
)
from udi.protocol.restricted_data import conceal_document, is_restricted

revision = "disclosure"
down_revision = "project_keys"
branch_labels = None
depends_on = None
phase = "expand"

TABLES = ("dataset", "distribution", "past_description")
FILES = """
UPDATE app.distribution SET size = NULL, hash_algorithm = '', hash_value = '' FROM app.dataset
WHERE dataset.tenant_id = distribution.tenant_id AND dataset.id = distribution.dataset_id AND dataset.access = 'restricted'"""
PAST = """
SELECT past_description.ctid::text, past_description.record FROM app.past_description JOIN app.dataset
  ON dataset.tenant_id = past_description.tenant_id AND dataset.id = past_description.dataset_id
WHERE dataset.access = 'restricted' FOR UPDATE OF past_description"""
BATCH = 500


def upgrade() -> None:
    for table in TABLES:
        # The owner sees the rows of every territory only where its own policies do not hold for it.
        op.execute(f"ALTER TABLE app.{table} NO FORCE ROW LEVEL SECURITY")
    _conceal()
    op.execute(FILES)
    _conceal_past()
    for table in TABLES:
        op.execute(f"ALTER TABLE app.{table} FORCE ROW LEVEL SECURITY")


def _conceal() -> None:
    """Row after row, in the order of the key: a large catalogue is never in memory."""
    names = ("tenant_id", "id", "access", "licence", "record")
    rows = sa.table("dataset", *(sa.column(name) for name in names), schema="app")
    key = (rows.c.tenant_id, rows.c.id)
    query = (
        sa.select(*key, rows.c.licence, rows.c.record)
        .where(rows.c.access == "restricted")
        .order_by(*key)
    )
    last: tuple[Any, ...] = ()
    while True:
        after = sa.tuple_(*key) > sa.tuple_(*last) if last else sa.true()
        found = (
            op.get_bind()
            .execute(query.where(after).limit(BATCH).with_for_update())
            .all()
        )
        if not found:
            return
        for tenant, dataset, licence, packed in found:
            record = conceal_document(decompress_description(packed))
            closed = (
                record["access_condition"]["licence"]
                != decompress_description(packed)["access_condition"]["licence"]
            )
            values = {
                "record": compress_description(record),
                "licence": "agreement" if closed else licence,
            }
            op.get_bind().execute(
                rows.update()
                .where(key[0] == tenant, key[1] == dataset)
                .values(**values)
            )
        last = (found[-1][0], found[-1][1])


def _conceal_past() -> None:
    """What was said of data while they were open goes; of the rest, the figures."""
    place = sa.text("ctid = CAST(CAST(:place AS text) AS tid)")
    rows = sa.table("past_description", sa.column("record"), schema="app")
    for ctid, packed in op.get_bind().execute(sa.text(PAST)).all():
        record = decompress_description(packed)
        mine = place.bindparams(place=ctid)
        kept = (
            rows.update()
            .where(mine)
            .values(record=compress_description(conceal_document(record)))
        )
        op.get_bind().execute(
            kept if is_restricted(record) else rows.delete().where(mine)
        )
