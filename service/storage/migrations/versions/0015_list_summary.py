"""What the list shows of a result, beside it; the order by flags is made of the newest rows and needs no index."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_FLAGGED = "ix_analyses_list_flagged"
_FACTS = {
    "sex": "sex",
    "age_years": "age_years",
    "region": "region",
    "hemisphere": "hemisphere",
    "volume_ml": "voi_volume_ml",
    "gm": "gm",
}
_AT_ONCE = 500
"""Rows read and changed at once: a result is a large document."""


def upgrade() -> None:
    op.add_column("analyses", sa.Column("summary", sa.JSON(none_as_null=True), nullable=True))
    _fill(op.get_bind())
    op.drop_index(_FLAGGED, "analyses")


def downgrade() -> None:
    op.create_index(_FLAGGED, "analyses", ["project", "flagged", "created", "id"])
    op.drop_column("analyses", "summary")


def _fill(connection: sa.Connection) -> None:
    analyses = sa.table(
        "analyses", sa.column("id"), sa.column("result", sa.JSON()), sa.column("summary", sa.JSON(none_as_null=True))
    )
    text = sa.cast(analyses.c.result, sa.Text()).label("result")
    last = ""
    while True:
        query = sa.select(analyses.c.id, text).where(analyses.c.id > last, text.is_not(None), text != "null")
        rows = connection.execute(query.order_by(analyses.c.id).limit(_AT_ONCE)).all()
        if not rows:
            return
        last = rows[-1].id
        for row in rows:
            values = {"summary": _summary(json.loads(row.result))}
            connection.execute(sa.update(analyses).where(analyses.c.id == row.id).values(**values))


def _summary(result: dict[str, Any]) -> dict[str, Any]:
    compared = {item["name"]: item["z"] for item in result.get("metabolites") or () if item.get("z")}
    uninformative = [name for name, z in compared.items() if z.get("informative") is False]
    flags = {
        name: z["flag"]
        for name, z in compared.items()
        if z.get("flag") in ("below", "above") and name not in uninformative
    }
    acquisition = result.get("acquisition") or {}
    facts = {name: acquisition.get(key) for name, key in _FACTS.items()}
    return {"flags": flags, "uninformative": uninformative, "facts": facts}
