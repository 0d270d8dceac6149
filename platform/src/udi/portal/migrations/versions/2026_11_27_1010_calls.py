"""Add calls for projects, their submissions, juries and scores."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from udi.kit.rls import isolate

revision = "calls"
down_revision = "projects"
branch_labels = None
depends_on = None
phase = "expand"

EMPTY = sa.text("''")
OF_CALL = "EXISTS (SELECT 1 FROM app.call WHERE call.tenant_id = {table}.tenant_id AND call.id = {table}.call_id)"
CHOSEN = (
    "laureate AND EXISTS (SELECT 1 FROM app.call WHERE call.tenant_id = submission.tenant_id"
    " AND call.id = submission.call_id AND call.state = 'published')"
)
PUBLIC = {
    "call": "state <> 'draft'",
    "call_criterion": OF_CALL.format(table="call_criterion"),
    "call_dataset": OF_CALL.format(table="call_dataset"),
    "call_question": f"answered_at IS NOT NULL AND {OF_CALL.format(table='call_question')}",
    "submission": CHOSEN,
    "juror": None,
    "conflict": None,
    "score": None,
}


def upgrade() -> None:
    create(
        "call",
        uuid("organisation_id", nullable=True), *texts("title", "summary", "words", "language", "state"),
        *(instant(name, nullable=False) for name in ("closes_at", "results_at", "created_at", "changed_at")),
        instant("opened_at"), instant("published_at"), key("call", "organisation", None),
    )  # fmt: skip
    index("call", "opened_at", "id")
    create(
        "call_criterion",
        uuid("call_id"), number("position"), *texts("label"), number("points"), key("call_criterion", "call"),
    )  # fmt: skip
    index("call_criterion", "call_id", "position")
    link("call_dataset", ["call", "dataset"])
    index("call_dataset", "dataset_id")
    create(
        "call_question",
        uuid("call_id"), uuid("person_id", nullable=True), *texts("question"), instant("asked_at", nullable=False),
        *texts("answer", default=EMPTY), instant("answered_at"), key("call_question", "call"),
        person_key("call_question"),
    )  # fmt: skip
    index("call_question", "call_id", "asked_at")
    create_jury()
    for table, public in PUBLIC.items():
        for statement in isolate("portal", table, public=public):
            op.execute(statement)


def create_jury() -> None:
    create(
        "submission",
        uuid("call_id"), uuid("project_id"), uuid("person_id", nullable=True),
        *texts("title", "summary", "words", "answer"), instant("sent_at", nullable=False),
        sa.Column("laureate", sa.Boolean), *texts("reason", default=EMPTY), sa.Column("total", sa.Float),
        sa.UniqueConstraint("tenant_id", "call_id", "project_id", name="uq_submission_tenant_id_call_id_project_id"),
        key("submission", "call"), key("submission", "project"), person_key("submission"),
    )  # fmt: skip
    index("submission", "project_id")
    index("submission", "person_id")
    create(
        "juror",
        uuid("call_id"), *texts("email"), instant("named_at", nullable=False), instant("declared_at"),
        sa.UniqueConstraint("tenant_id", "call_id", "email", name="uq_juror_tenant_id_call_id_email"),
        key("juror", "call"),
    )  # fmt: skip
    index("juror", "email")
    link("conflict", ["juror", "submission"], *texts("words"))
    index("conflict", "submission_id")
    criterion = sa.ForeignKeyConstraint(
        ["tenant_id", "criterion_id"], ["app.call_criterion.tenant_id", "app.call_criterion.id"], ondelete="CASCADE",
        name="fk_score_tenant_id_criterion_id",
    )  # fmt: skip
    link(
        "score",
        ["juror", "submission"],
        number("points"),
        *texts("reason"),
        criterion,
        also="criterion_id",
    )
    index("score", "submission_id")
    index("score", "criterion_id")


def tenant() -> sa.Column[object]:
    return sa.Column(
        "tenant_id",
        UUID(as_uuid=True),
        server_default=sa.text("app.current_tenant()"),
        nullable=False,
    )


def create(table: str, *parts: sa.Column[object] | sa.Constraint) -> None:
    primary = sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}")
    op.create_table(table, tenant(), uuid("id"), *parts, primary, schema="app")


def link(
    table: str,
    targets: list[str],
    *parts: sa.Column[object] | sa.Constraint,
    also: str = "",
) -> None:
    names = [*(f"{target}_id" for target in targets), *([also] if also else [])]
    primary = sa.PrimaryKeyConstraint("tenant_id", *names, name=f"pk_{table}")
    keys = [key(table, target) for target in targets]
    op.create_table(
        table,
        tenant(),
        *(uuid(name) for name in names),
        *parts,
        *keys,
        primary,
        schema="app",
    )


def index(table: str, *columns: str) -> None:
    op.create_index(
        f"ix_{table}_tenant_id_{'_'.join(columns)}",
        table,
        ["tenant_id", *columns],
        schema="app",
    )


def uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), nullable=nullable)


def instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer, nullable=False)


def texts(*names: str, default: sa.TextClause | None = None) -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.Text, nullable=False, server_default=default)
        for name in names
    ]


def person_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "person_id"], ["app.person.tenant_id", "app.person.id"], ondelete="SET NULL (person_id)",
        name=f"fk_{table}_tenant_id_person_id",
    )  # fmt: skip


def key(
    table: str, target: str, ondelete: str | None = "CASCADE"
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", f"{target}_id"], [f"app.{target}.tenant_id", f"app.{target}.id"], ondelete=ondelete,
        name=f"fk_{table}_tenant_id_{target}_id",
    )  # fmt: skip
