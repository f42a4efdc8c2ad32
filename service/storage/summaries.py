"""What the list of analyses shows of a result, kept beside it: flagged metabolites and facts of person and volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FACTS = ("sex", "age_years", "region", "hemisphere", "volume_ml", "gm")
"""What ``fitting.follow_up.plausibility`` compares between sessions."""


def summary_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """``flags``, metabolite to direction of each informative comparison outside its interval, and ``facts``."""
    found = {
        item["name"]: item["z"]["flag"]
        for item in result["metabolites"]
        if item.get("z") and item["z"]["flag"] != "within" and item["z"].get("informative", True)
    }
    acquisition = result["acquisition"]
    of = {**acquisition, "volume_ml": acquisition.get("voi_volume_ml")}
    return {"flags": found, "facts": {name: of.get(name) for name in FACTS}}
