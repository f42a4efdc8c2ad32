"""Every list finds its rows in its order by an index, whatever it is narrowed to and however many there are."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0006"
branch_labels = None
depends_on = None

_BEFORE = {
    "ix_analyses_subject": ["subject"],
    "ix_analyses_created": ["created"],
    "ix_analyses_project_id": ["project", "id"],
    "ix_analyses_finished": ["finished"],
}
_AFTER = {
    "ix_analyses_finished_id": ["finished", "id"],
    "ix_analyses_list": ["project", "created", "id"],
    "ix_analyses_list_region": ["project", "region", "created", "id"],
    "ix_analyses_list_state": ["project", "state", "created", "id"],
    "ix_analyses_list_verdict": ["project", "verdict", "created", "id"],
    "ix_analyses_list_region_state": ["project", "region", "state", "created", "id"],
    "ix_analyses_list_region_verdict": ["project", "region", "verdict", "created", "id"],
    "ix_analyses_list_subject": ["project", "subject", "created", "id", "region", "state", "verdict"],
}


def upgrade() -> None:
    _replace(_BEFORE, _AFTER)


def downgrade() -> None:
    _replace(_AFTER, _BEFORE)


def _replace(old: dict[str, list[str]], new: dict[str, list[str]]) -> None:
    for name in old:
        op.drop_index(name, "analyses")
    for name, columns in new.items():
        op.create_index(name, "analyses", columns)
