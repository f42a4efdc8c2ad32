"""Calibrated scanners, and the analyses that their controls come from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "sites",
        sa.Column("project", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("created", time, nullable=False),
        sa.Column("withdrawn", time),
        sa.Column("content", sa.Text(), nullable=True),
    )
    op.create_table(
        "site_sources",
        sa.Column("project", sa.String(64), primary_key=True),
        sa.Column("site_id", sa.String(64), primary_key=True),
        sa.Column("analysis_id", sa.String(36), primary_key=True),
        sa.Column("input_sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["project", "site_id"], ["sites.project", "sites.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_site_sources_analysis_id", "site_sources", ["analysis_id"])


def downgrade() -> None:
    op.drop_table("site_sources")
    op.drop_table("sites")
