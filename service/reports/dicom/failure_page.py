"""The picture of a page that says why a scan has no result, for archives that shall show it (Secondary Capture)."""

from __future__ import annotations

import textwrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fitting import __version__
from fitting.analysis import NOTICE
from fitting.run.pins import engine_digest
from service.reports.dicom.header import Made, measured_at
from service.reports.dicom.referenced_instance import Source
from service.reports.dicom.secondary_capture import picture_object
from service.reports.dicom.uids import uid

WIDTH, LEAST_HEIGHT = 1024, 640
_MARGIN, _LINE, _LETTERS = 64, 34, 78
_SIZE = 24
"""Pixels; so many letters of this size fill a line."""


def failure_page(code: str, detail: str, source: Source) -> bytes:
    """One object with the problem's sentence; the same scan with the same problem gives the same object.

    Parameters
    ----------
    code, detail : str
        The problem.
    source : Source
        The scan that was not analysed.
    """
    engine = engine_digest()
    of = (str(source.header.SOPInstanceUID), engine)
    made = Made(
        kind="sc",
        instance=uid("instance", "failure", *of, code, detail),
        series=uid("series", "failure", *of),
        engine=engine,
        at=measured_at(source),
    )
    return picture_object(_drawn(code, detail), made, source)


def _drawn(code: str, detail: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    wrapped = [*textwrap.wrap(detail, _LETTERS), "", f"Code: {code}", f"mrsquant {__version__}", ""]
    lines = ["MR spectroscopy: this scan was not analysed", "", *wrapped, *textwrap.wrap(NOTICE, _LETTERS)]
    page = Image.new("RGB", (WIDTH, max(LEAST_HEIGHT, 2 * _MARGIN + len(lines) * _LINE)), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(_SIZE)
    for number, line in enumerate(lines):
        pen.text((_MARGIN, _MARGIN + number * _LINE), line, fill="black", font=font)
    return np.asarray(page, dtype=np.uint8)
