"""What the list of analyses shows and is narrowed by: flags, groups and tags; and the reviewer's impression."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_GROUP = "ix_analyses_list_group"
_FLAGGED = "ix_analyses_list_flagged"
_AT_ONCE = 500
"""Rows read and changed at once: a result is a large document."""


def upgrade() -> None:
    op.add_column("sign_offs", sa.Column("impression", sa.Text(), nullable=True))
    op.add_column("analyses", sa.Column("study_group", sa.String(64), nullable=True))
    op.add_column("analyses", sa.Column("compared", sa.Integer(), nullable=True))
    op.add_column("analyses", sa.Column("flagged", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "analysis_tags",
        sa.Column("analysis_id", sa.String(36), sa.ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tag", sa.String(64), primary_key=True),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    _fill(op.get_bind())
    op.create_index("ix_analysis_tags_list", "analysis_tags", ["project", "tag", "created", "analysis_id"])
    op.create_index(_GROUP, "analyses", ["project", "study_group", "created", "id", "region", "state", "verdict"])
    op.create_index(_FLAGGED, "analyses", ["project", "flagged", "created", "id"])


def downgrade() -> None:
    op.drop_index(_GROUP, "analyses")
    op.drop_index(_FLAGGED, "analyses")
    op.drop_table("analysis_tags")
    for name in ("study_group", "compared", "flagged"):
        op.drop_column("analyses", name)
    op.drop_column("sign_offs", "impression")


def _fill(connection: sa.Connection) -> None:
    """Take from the stored documents what the new columns hold."""
    json_text = sa.Text()
    analyses = sa.table(
        "analyses",
        *(sa.column(name) for name in ("id", "project", "study_group", "compared", "flagged")),
        sa.column("created", sa.DateTime(timezone=True)),
        sa.column("request", json_text),
        sa.column("result", json_text),
    )
    tags = sa.table("analysis_tags", *(sa.column(name) for name in ("analysis_id", "tag", "project", "created")))
    document = {name: sa.cast(analyses.c[name], sa.Text()).label(name) for name in ("request", "result")}
    last = ""
    while True:
        query = sa.select(analyses.c.id, analyses.c.project, analyses.c.created, *document.values())
        rows = connection.execute(query.where(analyses.c.id > last).order_by(analyses.c.id).limit(_AT_ONCE)).all()
        if not rows:
            return
        last = rows[-1].id
        for row in rows:
            request, found = _read(row.request), _read(row.result).get("multiplicity") or {}
            values = {"study_group": request.get("group"), "compared": found.get("tests")}
            values["flagged"] = found.get("flagged") or 0
            connection.execute(sa.update(analyses).where(analyses.c.id == row.id).values(**values))
            for tag in dict.fromkeys(request.get("tags") or ()):
                of = {"analysis_id": row.id, "tag": tag, "project": row.project, "created": row.created}
                connection.execute(sa.insert(tags).values(**of))


def _read(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
