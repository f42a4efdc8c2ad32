"""The files that come with a request, each declared once, whether they are uploaded or named by a path."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One file, or the files that together are one scan, image or table."""

    name: str
    """Part of an upload, option of the command line and argument of ``Job.from_files``."""
    text: str
    """Description."""
    metavar: str = "FILE"
    is_image: bool = False
    """A NIfTI image of the same examination, always one file."""
    is_uploaded: bool = True
    """Whether it may be uploaded. The others are files on the analysing machine."""
    column: str = ""
    """Column of a manifest, if that is not the name."""


METABOLITE = Part("metabolite", "Spectrum in any supported format.")
PARTS = (
    METABOLITE,
    Part("water_reference", "Scan without water suppression, if it is another file."),
    Part("macromolecules", "Macromolecules instead of the published: a scan with metabolites nulled, or a SITE.json."),
    Part("anatomy", "T1-weighted image: the report shows the volume in it.", is_image=True),
    Part("gray_matter", "Probability map of grey matter.", is_image=True),
    Part("white_matter", "Probability map of white matter.", is_image=True),
    Part("csf", "Probability map of cerebrospinal fluid.", is_image=True, column="csf_map"),
    Part("basis", "LCModel .BASIS file or folder of FSL-MRS JSON files.", "PATH", is_uploaded=False),
    Part("relaxation", "CSV of relaxation times that replace the shipped ones.", is_uploaded=False),
    Part("site", "Calibration of the scanner, made by mrsquant calibrate.", "SITE.json", is_uploaded=False),
)
"""All parts, in the order in which they are shown."""

TISSUE_MAPS = ("gray_matter", "white_matter", "csf")
"""Parts that give the tissue fractions, all three together."""
