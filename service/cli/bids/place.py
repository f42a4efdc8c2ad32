"""Region and side of a voxel as a BIDS dataset says them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fitting.norms.regions import find_region
from service.cli.bids.bids_names import BidsName

_SIDE = re.compile(r"\s*(left|right)\b", re.I)


def place_of(name: BidsName, sidecar: Mapping[str, Any], given: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
    """Region and hemisphere of the request, and the sentence that names a region which is not known.

    Parameters
    ----------
    name : BidsName
    sidecar : mapping
    given : mapping
        Regions that the user gave, by the label of ``voi``.
    """
    voi = name.get("voi")
    texts = (given.get(voi or ""), sidecar.get("BodyPartDetails"), voi)
    said = [text for text in texts if isinstance(text, str) and text.strip()]
    for text in said:
        place = find_region(text)
        if place is not None:
            region = place.region.name if place.subregion is None else place.subregion.name
            side = _SIDE.match(text)
            return {"region": region, **({"hemisphere": side[1].lower()} if side else {})}, None
    if not said:
        return {}, "The dataset does not say which region was measured: give --region voi=region, or entity voi."
    return {}, f"'{said[0]}' is no region that is known here, so nothing is compared: give --region {voi or 'voi'}=…"
