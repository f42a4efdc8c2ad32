"""Analyses with their files and idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "analyses",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", time, nullable=False),
        sa.Column("started", time),
        sa.Column("finished", time),
        sa.Column("seconds", sa.Float()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(128)),
        sa.Column("heartbeat_at", time),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), unique=True),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("subject", sa.String(64)),
        sa.Column("region", sa.String(64)),
        sa.Column("verdict", sa.String(16)),
        sa.Column("result", sa.JSON()),
        sa.Column("problem", sa.JSON()),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="ck_analyses_state"
        ),
    )
    op.create_index("ix_analyses_state_id", "analyses", ["state", "id"])
    op.create_index("ix_analyses_subject", "analyses", ["subject"])
    op.create_index("ix_analyses_created", "analyses", ["created"])
    op.create_table(
        "files",
        sa.Column("analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("role", sa.String(16), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_files_sha256", "files", ["sha256"])
    op.create_table(
        "idempotency_keys",
        sa.Column("key_sha256", sa.String(64), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False),
    )
    op.create_index("ix_idempotency_keys_analysis_id", "idempotency_keys", ["analysis_id"])
