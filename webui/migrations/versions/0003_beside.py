"""Questions that compare settings keep which."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; questions so far compared nothing but their own setting."""
    with op.batch_alter_table("questions") as questions:
        questions.add_column(sa.Column("beside", sa.JSON(), nullable=False, server_default="{}"))
