"""The journal of reviews, signatures and amendments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_offs",
        sa.Column("analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reviewer", sa.String(128), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("amendment", sa.Text()),
        sa.Column("content_sha256", sa.String(64)),
        sa.Column("report_sha256", sa.String(64)),
        sa.CheckConstraint("state IN ('draft', 'reviewed', 'signed')", name="ck_sign_offs_state"),
        sa.CheckConstraint("action IN ('review', 'return', 'sign', 'amend')", name="ck_sign_offs_action"),
    )
