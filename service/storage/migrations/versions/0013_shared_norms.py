"""What other laboratories shared of their healthy people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "shared_norms",
        sa.Column("project", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("created", time, nullable=False),
        sa.Column("withdrawn", time),
        sa.Column("content", sa.Text(), nullable=True),
    )


def downgrade() -> None:
    op.drop_table("shared_norms")
