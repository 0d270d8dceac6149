"""Give columns, states and two tables the words that the glossary uses."""

from alembic import op

revision = "field_words"
down_revision = "refused_addresses"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "no release has read or written these columns yet"

COLUMNS = {
    "access_agreement": {"told_end": "end_notified", "trouble": "delivery_error"},
    "access_draft": {"begun_at": "started_at"},
    "access_request": {"asked_at": "submitted_at"},
    "application": {"asked_at": "submitted_at", "room_at": "space_ready_at"},
    "call_question": {"asked_at": "submitted_at"},
    "catalogue_source": {"shown": "dataset_count"},
    "connector": {"made_at": "created_at", "made_by": "created_by"},
    "data_request": {"asked_at": "submitted_at"},
    "dataspace_message": {"trouble": "error"},
    "dataspace_process": {"begun_at": "started_at"},
    "declared_interest": {"found": "discoverable", "told_until": "notified_until"},
    "entry": {"begun_at": "started_at", "begun_by": "started_by"},
    "link": {
        "said": "public_status",
        "said_at": "public_status_at",
        "told": "producer_notified",
        "unsaid": "status_pending",
    },
    "member_change": {
        "asked_at": "requested_at",
        "asked_by": "requested_by",
        "trouble": "failure",
    },
    "project_credential": {"made_at": "created_at", "made_by": "created_by"},
    "project_key": {"given_at": "registered_at"},
    "project_member": {"begun_at": "started_at", "begun_by": "started_by"},
    "source_record": {"found_at": "first_read_at"},
    "source_run": {
        "acted": "actions",
        "found": "total",
        "place": "crawl_state",
        "told": "faults",
    },
    "subscription": {"told_until": "notified_until"},
    "suggestion_choice": {"wanted": "enabled"},
    "watched_account": {"asked_at": "requested_at"},
}
TABLES = {
    "standing_counter": "agreement_revision",
    "suggestion_letter": "suggestion_message",
}
INDEXES = {
    "ix_access_draft_tenant_id_begun_at": "ix_access_draft_tenant_id_started_at",
    "ix_application_tenant_id_state_asked_at": "ix_application_tenant_id_state_submitted_at",
    "ix_call_question_tenant_id_call_id_asked_at": "ix_call_question_tenant_id_call_id_submitted_at",
    "ix_data_request_tenant_id_state_asked_at": "ix_data_request_tenant_id_state_submitted_at",
    "ix_dataspace_process_tenant_id_project_id_begun_at": "ix_dataspace_process_tenant_id_project_id_started_at",
    "ix_link_told": "ix_link_producer_notified",
    "ix_link_unsaid": "ix_link_status_pending",
    "ix_suggestion_letter_tenant_id_interest_id_written_at": "ix_suggestion_message_tenant_id_interest_id_written_at",
    "ix_suggestion_letter_tenant_id_person_id": "ix_suggestion_message_tenant_id_person_id",
    "ix_suggestion_letter_tenant_id_to_id": "ix_suggestion_message_tenant_id_to_id",
}
CONSTRAINTS = (
    "pk_%s",
    "fk_%s_tenant_id_interest_id",
    "fk_%s_tenant_id_person_id",
    "fk_%s_tenant_id_to_id",
)
STATES = [
    ("application", "state", "asked", "submitted"),
    ("application", "state", "more_wanted", "information_requested"),
    ("data_request", "state", "asked", "submitted"),
    ("suggestion_mark", "mark", "told", "notified"),
]


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.alter_column(table, old, new_column_name=new, schema="app")
    for old, new in TABLES.items():
        op.rename_table(old, new, schema="app")
    for old, new in INDEXES.items():
        op.execute(f"ALTER INDEX app.{old} RENAME TO {new}")
    op.execute(
        "ALTER TABLE app.agreement_revision"
        " RENAME CONSTRAINT pk_standing_counter TO pk_agreement_revision"
    )
    for name in CONSTRAINTS:
        old, new = name % "suggestion_letter", name % "suggestion_message"
        op.execute(
            f"ALTER TABLE app.suggestion_message RENAME CONSTRAINT {old} TO {new}"
        )
    for table, column, old, new in STATES:
        op.execute(f"ALTER TABLE app.{table} NO FORCE ROW LEVEL SECURITY")
        op.execute(
            f"UPDATE app.{table} SET {column} = '{new}' WHERE {column} = '{old}'"
        )
        op.execute(f"ALTER TABLE app.{table} FORCE ROW LEVEL SECURITY")
