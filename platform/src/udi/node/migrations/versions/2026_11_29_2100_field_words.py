"""Give columns the words that the glossary uses."""

from alembic import op

revision = "field_words"
down_revision = "audit"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "no release has read or written these columns yet"

COLUMNS = {
    "agreement_cursor": {"asked_at": "answered_at", "told_at": "uses_reported_until"},
    "dataset_right": {"given_at": "granted_at", "given_by": "granted_by"},
    "erased_dataset": {"asked_at": "requested_at"},
    "further_delivery": {"shown": "is_published"},
    "further_portal": {"heard_at": "reports_read_at"},
    "held_agreement": {"standing": "status"},
    "preparation": {"asked_by": "requested_by"},
    "removed_version": {"asked_at": "requested_at"},
    "space_key": {"made_at": "created_at"},
    "upload": {"held_until": "locked_until", "holder": "lock_holder"},
}
RETENTION = (
    "UPDATE app.dataset_event SET action = 'versions.retention_changed'"
    " WHERE action = 'versions.kept'"
)


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.alter_column(table, old, new_column_name=new, schema="app")
    op.execute("ALTER TABLE app.dataset_event NO FORCE ROW LEVEL SECURITY")
    op.execute(RETENTION)
    op.execute("ALTER TABLE app.dataset_event FORCE ROW LEVEL SECURITY")
