"""Cohorts, their queue, and the analyses that their values come from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "cohorts",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("step", sa.String(32)),
        sa.Column("created", time, nullable=False),
        sa.Column("started", time),
        sa.Column("finished", time),
        sa.Column("seconds", sa.Float()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(128)),
        sa.Column("heartbeat_at", time),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), unique=True),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON()),
        sa.Column("problem", sa.JSON()),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="ck_cohorts_state"
        ),
    )
    op.create_index("ix_cohorts_list", "cohorts", ["project", "created", "id"])
    op.create_index("ix_cohorts_state_id", "cohorts", ["state", "id"])
    op.create_index("ix_cohorts_finished_id", "cohorts", ["finished", "id"])
    op.create_table(
        "cohort_sources",
        sa.Column("cohort_id", sa.String(36), sa.ForeignKey("cohorts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("analysis_id", sa.String(36), primary_key=True),
    )
    op.create_index("ix_cohort_sources_analysis_id", "cohort_sources", ["analysis_id"])


def downgrade() -> None:
    op.drop_table("cohort_sources")
    op.drop_table("cohorts")
