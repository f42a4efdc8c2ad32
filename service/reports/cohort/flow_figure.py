"""From enrolled to analysed people, a column for each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from service.reports.figures.axis import INK, MUTED

WIDTH, BOX, TOP, STEP = 200, 44, 8, 70

Item = Mapping[str, Any]
STAGES = (("enrolled", "enrolled"), ("measured", "measured"), ("analysed", "analysed"))


def flow_svg(rows: Sequence[Item]) -> str:
    """The flow with a text alternative; empty without groups."""
    groups = [row for row in rows if row["group"] != "all"] or list(rows)
    if not groups:
        return ""
    height = TOP + STEP * len(STAGES)
    columns = "".join(_column(row, 10 + index * (WIDTH + 110)) for index, row in enumerate(groups))
    width = (WIDTH + 110) * len(groups)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flow" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(description(groups))}" font-size="13" fill="{INK}">{columns}</svg>'
    )


def description(rows: Sequence[Item]) -> str:
    """Text alternative."""
    return "; ".join(
        f"{row['group']}: {row['enrolled']} enrolled, {row['measured']} measured, {row['analysed']} "
        f"analysed{_excluded(row)}"
        for row in rows
    )


def _excluded(row: Item) -> str:
    reasons = [f"{count} {code.replace('-', ' ')}" for code, count in row["excluded"].items() if count]
    return f" ({', '.join(reasons)})" if reasons else ""


def _column(row: Item, left: float) -> str:
    parts = []
    for index, (key, word) in enumerate(STAGES):
        top = TOP + STEP * index
        parts.append(
            f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{BOX}" fill="none" stroke="{INK}"/>'
            f'<text x="{left + WIDTH / 2}" y="{top + 27}" text-anchor="middle">'
            f"{escape(str(row['group']))}: {row[key]} {word}</text>"
        )
        if index:
            parts.append(f'<path d="M{left + WIDTH / 2},{top - STEP + BOX}V{top}" stroke="{INK}"/>')
    lost = [(code, count) for code, count in row["excluded"].items() if count and code != "no-measurement"]
    for index, (code, count) in enumerate(lost):
        words = f"{count} {code.replace('-', ' ')}"
        y = TOP + STEP + BOX + 16 + 14 * index
        parts.append(f'<text x="{left + WIDTH / 2 + 8}" y="{y}" font-size="11" fill="{MUTED}">{escape(words)}</text>')
    return "".join(parts)
