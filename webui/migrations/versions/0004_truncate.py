"""What is evidence cannot be emptied either: PostgreSQL has a command for it that no row's trigger sees."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Guard the tables of evidence against TRUNCATE, which SQLite does not know."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for table in ("journal", "runs", "sign_offs"):
        name = f"{table}_is_never_changed"
        op.execute(
            f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
