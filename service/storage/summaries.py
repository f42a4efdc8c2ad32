"""What the list of analyses shows of a result, kept beside it: flagged metabolites and facts of person and volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FACTS = ("sex", "age_years", "region", "hemisphere", "volume_ml", "gm")
"""What ``fitting.follow_up.plausibility`` compares between sessions."""


def summary_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """What the list shows of a result.

    ``flags``, metabolite to direction of each informative comparison outside its interval; ``uninformative``, the
    metabolites whose comparison could hardly have noticed anything; and ``facts``.
    """
    compared = {item["name"]: item["z"] for item in result["metabolites"] if item.get("z")}
    uninformative = [name for name, z in compared.items() if z.get("informative") is False]
    found = {name: z["flag"] for name, z in compared.items() if z["flag"] != "within" and name not in uninformative}
    acquisition = result["acquisition"]
    of = {**acquisition, "volume_ml": acquisition.get("voi_volume_ml")}
    return {"flags": found, "uninformative": uninformative, "facts": {name: of.get(name) for name in FACTS}}
