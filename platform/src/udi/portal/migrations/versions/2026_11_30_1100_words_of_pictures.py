"""Keep what pictures of projects show in each language; the words that are there are in the main one of their project."""

from alembic import op

from udi.kit.foundation import change_rows

revision = "words_of_pictures"
down_revision = "texts_by_language"
branch_labels = None
depends_on = None
phase = "expand"
compatible_because = "each new column has a default of the server"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE app.project_picture"
        " ADD COLUMN language text NOT NULL DEFAULT '',"
        " ADD COLUMN translations jsonb NOT NULL DEFAULT '{}'"
    )
    change_rows(
        "UPDATE app.project_picture AS picture SET language = project.language FROM app.project AS project"
        " WHERE project.tenant_id = picture.tenant_id AND project.id = picture.project_id",
        "project_picture",
        "project",
    )
