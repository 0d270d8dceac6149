"""Tell the changes of consents to the hour: a minute would tie the answers of one person to one another."""

from udi.kit.foundation import change_rows

revision = "consent_changes_by_hour"
down_revision = "unstated_dates_named"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "a moment is still a moment, of a whole hour"


def upgrade() -> None:
    change_rows(
        "UPDATE app.consent_change SET changed_at = date_trunc('hour', changed_at, 'UTC')",
        "consent_change",
    )
