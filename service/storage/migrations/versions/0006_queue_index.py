"""The next analysis, and whether one waits for another attempt, are found however long the queue is."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_analyses_state_attempts_id", "analyses", ["state", "attempts", "id"])


def downgrade() -> None:
    op.drop_index("ix_analyses_state_attempts_id", "analyses")
