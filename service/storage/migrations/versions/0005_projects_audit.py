"""Whose an analysis is, what was done to it by whom, and which browser sessions ended early."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_REFUSAL = "audit_log is append-only"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.add_column("analyses", sa.Column("project", sa.String(64), nullable=False, server_default="default"))
    op.create_index("ix_analyses_project_id", "analyses", ["project", "id"])
    op.create_table(
        "audit_log",
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", time, nullable=False),
        sa.Column("actor", sa.String(160), nullable=False),
        sa.Column("project", sa.String(64)),
        sa.Column("action", sa.String(128), nullable=False),
        sa.Column("analysis_id", sa.String(36)),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(64)),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_audit_log_analysis_id", "audit_log", ["analysis_id"])
    op.create_table(
        "ended_sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("expires", time, nullable=False),
    )
    _forbid_changes()


def _forbid_changes() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{change.lower()} BEFORE {change} ON audit_log "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_log_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    for change, level in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER audit_log_no_{change.split(maxsplit=1)[0].lower()} BEFORE {change} ON audit_log "
            f"FOR EACH {level} EXECUTE FUNCTION refuse_audit_log_change()"
        )
