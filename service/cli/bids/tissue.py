"""Tissue maps of a person in a derivative dataset, as fMRIPrep and SMRIPrep write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.cli.bids.bids_names import BidsName, bids_name

TISSUES = ("gray_matter", "white_matter", "csf")
"""Parts of a request, in the order of ``LABELS``."""
LABELS = ("GM", "WM", "CSF")
_OWN_SPACES = (None, "T1w", "individual")
"""Spaces that are those of the person's own image; any other is that of a template."""


def tissue_maps_of(
    name: BidsName, sidecar: Mapping[str, Any], derivatives: Path
) -> tuple[tuple[Path, Path, Path] | None, str | None]:
    """Maps of grey matter, white matter and cerebrospinal fluid, or a sentence on why there are none.

    They are in the space of the T1-weighted image that ``AnatomicalImage`` names.
    """
    subject, session = f"sub-{name.get('sub')}", name.get("ses")
    folders = [derivatives / subject / f"ses-{session}" / "anat"] if session else []
    folders.append(derivatives / subject / "anat")
    image = bids_name(Path(str(sidecar.get("AnatomicalImage") or "")).name)
    for folder in folders:
        found = [_maps(folder, label, image) for label in LABELS]
        if any(len(items) > 1 for items in found):
            return None, f"No tissue maps were used, because several may belong to this scan in {folder.name}."
        if all(found):
            gm, wm, csf = (items[0] for items in found)
            return (gm, wm, csf), None
    return None, "No tissue maps were found: concentrations are not corrected for tissue and CSF."


def _maps(folder: Path, label: str, image: BidsName | None) -> list[Path]:
    found = []
    for path in sorted(folder.glob(f"*label-{label}*_probseg.nii*")):
        name = bids_name(path.name)
        if name is None or name.get("label") != label or name.get("space") not in _OWN_SPACES:
            continue
        shared = dict(name.entities)
        if image is None or all(shared.get(key, value) == value for key, value in image.entities):
            found.append(path)
    return found
