"""The id that binds the database to its data folder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "storage_id",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.CheckConstraint("number = 1", name="ck_storage_id_single"),
    )


def downgrade() -> None:
    op.drop_table("storage_id")
