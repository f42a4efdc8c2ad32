"""What happened to each analysis in order, and the calls that tell others about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    analysis = sa.ForeignKey("analyses.id", ondelete="CASCADE")
    op.create_table(
        "analysis_events",
        sa.Column("analysis_id", sa.String(36), analysis, primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("at", time, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("step", sa.String(32)),
        sa.Column("attempt", sa.Integer(), nullable=False),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("due", time),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("delivered", time),
        sa.Column("failure", sa.String(64)),
    )
    op.create_index("ix_webhook_deliveries_due", "webhook_deliveries", ["due"])
    op.create_index("ix_webhook_deliveries_analysis_id", "webhook_deliveries", ["analysis_id"])
    op.create_index("ix_analyses_finished", "analyses", ["finished"])
