"""Create the tables of the first release; `initial/` has a file of SQL for each domain.

The revision has the name of the last of those that it replaces, so that a database which passed through all of them
stands here.
"""

from collections.abc import Iterator
from pathlib import Path

from alembic import op

from udi.kit.foundation import execute_script, lay
from udi.kit.rls import confine, isolate

revision = "recipient_notices"
down_revision = None
branch_labels = None
depends_on = None
phase = "expand"

FOLDER = Path(__file__).with_name("initial")
DOMAINS = (
    "identity",
    "audit",
    "spaces",
    "files",
    "datasets",
    "manager",
    "portals",
    "agreements",
    "subject_requests",
)
"""In the order in which their tables refer to each other."""
PRIVATE = (
    "person",
    "web_session",
    "used_token",
    "membership",
    "account_watch",
    "space",
    "script_key",
    "dataset_right",
    "use_count",
    "space_day",
    "upload",
    "upload_part",
    "space_key",
    "space_archive",
    "version",
    "delivery",
    "source",
    "preparation",
    "reminder",
    "catalogue_object",
    "further_portal",
    "further_delivery",
    "held_agreement",
    "held_credential",
    "agreement_use",
    "agreement_cursor",
    "dataset_part",
    "person_column",
    "held_consent",
    "consent_link",
    "subject_person",
    "subject_session",
    "subject_ticket",
    "subject_request",
    "subject_request_entry",
    "subject_file",
    "subject_request_settings",
    "lender",
    "recipient_notice",
)
"""Tables without a row for the public."""
APPEND_ONLY = ("audit_event", "dataset_event")
PUBLIC = {
    "dataset": "opened_at IS NOT NULL",
    "stored_file": "access <> 'draft'",
    "erased_dataset": "published",
    "removed_version": "published_at IS NOT NULL",
    "moved": "true",
}
"""By table, the condition under which the public sees a row."""
CONFINED = {
    "dataset": "space_id",
    "stored_file": "space_id",
    "erased_dataset": "space_id",
    "removed_version": "space_id",
    "use_count": "space_id",
    "space_day": "space_id",
    "upload": "space_id",
    "script_key": "space_id",
    "space_key": "space_id",
    "space_archive": "space_id",
    "catalogue_object": "space_id",
    "dataset_right": "dataset_id",
    "version": "dataset_id",
    "delivery": "dataset_id",
    "dataset_event": "dataset_id",
    "source": "dataset_id",
    "reminder": "dataset_id",
    "further_delivery": "dataset_id",
    "held_agreement": "dataset_id",
    "held_credential": "dataset_id",
    "agreement_use": "dataset_id",
    "preparation": "version_id",
    "upload_part": "upload_id",
    "dataset_part": "dataset_id",
    "person_column": "dataset_id",
    "held_consent": "dataset_id",
    "consent_link": "dataset_id",
    "subject_request": "space_id",
    "subject_request_entry": "space_id",
    "subject_file": "space_id",
    "recipient_notice": "space_id",
    "lender": "dataset_id",
}
"""By table that pages read for their person's spaces only, the column that says whose a row is."""
IS_OF_SUBJECT = "app.current_person() IS NULL OR subject_id = app.current_person()"
IN_A_SPACE = "app.own_spaces() IS NOT NULL"
OF_SUBJECT = {
    "subject_request": f"{IN_A_SPACE} OR {IS_OF_SUBJECT}",
    "subject_request_entry": f"{IN_A_SPACE} OR {IS_OF_SUBJECT}",
    "subject_file": f"{IN_A_SPACE} OR {IS_OF_SUBJECT}",
    "recipient_notice": f"{IN_A_SPACE} OR {IS_OF_SUBJECT}",
    "lender": IS_OF_SUBJECT,
}
"""By table, the rows that a page sees which is kept to no space but names a person: those of that person."""
OWN_SPACE = (
    "app.own_spaces() IS NULL"
    " OR id IN (SELECT space.id FROM app.space WHERE space.slug = ANY (app.own_spaces()))"
)


def upgrade() -> None:
    lay("node")
    for domain in DOMAINS:
        execute_script((FOLDER / f"{domain}.sql").read_text())
    execute_script(";\n".join(_isolation()))
    # A copy of the database that answers the public says itself whether it is ready.
    op.execute("GRANT SELECT ON public.alembic_version TO udi_node_public")


def _isolation() -> Iterator[str]:
    for table in APPEND_ONLY:
        yield from isolate("node", table, append_only=True)
    for table in PRIVATE:
        yield from isolate("node", table)
    for table, condition in PUBLIC.items():
        yield from isolate("node", table, public=condition)
    for table, column in CONFINED.items():
        yield from confine("node", table, by=column, unless=PUBLIC.get(table))
    for table, condition in OF_SUBJECT.items():
        yield _restrict("own_subject", table, condition)
    yield _restrict("own_space", "subject_request_settings", OWN_SPACE)


def _restrict(policy: str, table: str, condition: str) -> str:
    return (
        f"CREATE POLICY {policy} ON app.{table} AS RESTRICTIVE TO udi_node_app"
        f" USING (tenant_id = app.current_tenant() AND ({condition}))"
    )
