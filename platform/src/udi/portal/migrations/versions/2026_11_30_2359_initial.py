"""Create the tables of the first release; `initial/` has a file of SQL for each domain.

The revision has the name of the last of those that it replaces, so that a database which passed through all of them
stands here.
"""

from collections.abc import Iterator
from pathlib import Path

from alembic import op

from udi.kit.foundation import execute_script, lay
from udi.kit.rls import belong, isolate

revision = "source_reports"
down_revision = None
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "it makes every table: no earlier program knows one of them"

FOLDER = Path(__file__).with_name("initial")
DOMAINS = (
    "tenants",
    "installation",
    "identity",
    "audit",
    "organisations",
    "catalogue",
    "nodes",
    "sources",
    "notifications",
    "projects",
    "calls",
    "data_requests",
    "access",
    "suggestions",
    "dataspace",
    "selfdata",
    "consents",
)
"""In the order in which their tables refer to each other."""
APPEND_ONLY = ("audit_event", "territory_version")
PRIVATE = (
    "person",
    "web_session",
    "used_token",
    "membership",
    "api_token",
    "account_watch",
    "watched_account",
    "spent_budget",
    "application",
    "member_change",
    "entry",
    "node",
    "node_producer",
    "report",
    "node_invitation",
    "catalogue_source",
    "source_run",
    "source_fault",
    "source_action",
    "source_feed",
    "change",
    "following",
    "subscription",
    "digest",
    "webhook",
    "webhook_delivery",
    "project_member",
    "juror",
    "conflict",
    "score",
    "data_request_support",
    "access_draft",
    "access_request",
    "access_step",
    "access_document",
    "access_agreement",
    "project_credential",
    "agreement_revision",
    "project_key",
    "suggestion_choice",
    "declared_interest",
    "suggestion_mark",
    "suggestion_message",
    "connector",
    "dataspace_process",
    "dataspace_message",
    "territory_draft",
    "installation_figures",
    "operator_request",
    "installation_heartbeat",
    "inbox_claim",
    "provider_grant",
    "erased_account",
    "node_waiting",
    "node_use_day",
    "source_record_alias",
    "source_outline",
    "source_report",
    "dataset_match",
    "subject_request",
    "subject_request_count",
    "subject_request_figure",
    "late_producer",
    "data_change_notice",
    "consent",
    "consent_change",
)
"""Tables without a row for the public; the file of a domain has its exceptions."""
OF_DATASET = (
    "EXISTS (SELECT FROM app.dataset d WHERE d.tenant_id = {table}.tenant_id"
    " AND d.id = dataset_id{condition})"
)
OF_PROJECT = (
    "EXISTS (SELECT 1 FROM app.project WHERE project.tenant_id = {table}.tenant_id"
    " AND project.id = {table}.project_id)"
)
OF_CALL = (
    "EXISTS (SELECT 1 FROM app.call WHERE call.tenant_id = {table}.tenant_id"
    " AND call.id = {table}.call_id{condition})"
)
OF_REQUEST = (
    "EXISTS (SELECT 1 FROM app.data_request"
    " WHERE data_request.tenant_id = data_request_route.tenant_id"
    " AND data_request.id = data_request_route.request_id"
    " AND data_request.state NOT IN ('hidden', 'withdrawn'))"
)
ONLINE = (
    "EXISTS (SELECT 1 FROM app.published_file p"
    " WHERE p.tenant_id = territory_file.tenant_id AND p.sha256 = territory_file.sha256)"
)
PUBLIC = {
    "territory_file": ONLINE,
    "published_file": "true",
    "organisation": "true",
    "former_slug": "true",
    "dataset": "state = 'published'",
    "distribution": OF_DATASET.format(table="distribution", condition=""),
    "past_description": OF_DATASET.format(
        table="past_description", condition=" AND d.state = 'published'"
    ),
    "withdrawal": "true",
    "link": "true",
    "source_record": "NOT withdrawn",
    "project": "NOT confidential AND hidden_at IS NULL",
    "project_dataset": OF_PROJECT.format(table="project_dataset"),
    "project_picture": OF_PROJECT.format(table="project_picture"),
    "call": "state <> 'draft'",
    "call_criterion": OF_CALL.format(table="call_criterion", condition=""),
    "call_dataset": OF_CALL.format(table="call_dataset", condition=""),
    "call_question": "answered_at IS NOT NULL AND "
    + OF_CALL.format(table="call_question", condition=""),
    "submission": "laureate AND "
    + OF_CALL.format(table="submission", condition=" AND call.state = 'published'"),
    "data_request": "state NOT IN ('hidden', 'withdrawn')",
    "data_request_route": OF_REQUEST,
    "access_policy": "true",
    "public_agreement": "true",
    "source_publisher": "how <> 'person'",
    "processing_statement": "true",
    "processing_entry": "state = 'published'",
    "punctuality_figure": "true",
    "notice_version": "state IN ('accepted', 'replaced', 'invalidated')",
}
"""By table, the condition under which the public sees a row."""
OF_PERSON = ("following", "digest", "webhook", "webhook_delivery")
OF_PERSON_OR_UNNAMED = (
    "api_token",
    "source_feed",
    "subscription",
    "subject_request",
    "consent",
)
NARROWER = {
    "installation_figures": "INSERT, UPDATE, DELETE",
    "operator_request": "UPDATE, DELETE",
    "installation_heartbeat": "INSERT, UPDATE, DELETE",
    "subject_request_count": "SELECT, INSERT, UPDATE, DELETE",
    "punctuality_figure": "INSERT, UPDATE, DELETE",
    "subject_request_figure": "INSERT, UPDATE, DELETE",
    "late_producer": "INSERT, UPDATE, DELETE",
}
"""By table, what pages may not do in it: the worker and the units alone write it."""


def upgrade() -> None:
    lay("portal")
    for domain in DOMAINS:
        execute_script((FOLDER / f"{domain}.sql").read_text())
    execute_script(";\n".join(_isolation()))
    # A copy of the database that answers the public says itself whether it is ready.
    op.execute("GRANT SELECT ON public.alembic_version TO udi_portal_public")


def _isolation() -> Iterator[str]:
    for table in APPEND_ONLY:
        yield from isolate("portal", table, append_only=True)
    for table in PRIVATE:
        yield from isolate("portal", table)
    for table, condition in PUBLIC.items():
        yield from isolate("portal", table, public=condition)
    for table in OF_PERSON:
        yield belong("portal", table)
    for table in OF_PERSON_OR_UNNAMED:
        yield belong("portal", table, unnamed=True)
    for table, rights in NARROWER.items():
        yield f"REVOKE {rights} ON app.{table} FROM udi_portal_app"
