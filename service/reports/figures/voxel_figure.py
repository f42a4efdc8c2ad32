"""The measured volume on three planes of the image that came with the spectrum, as one figure for screen and paper."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from html import escape
from itertools import combinations

import numpy as np

from fitting.acquisition import VoiGeometry
from fitting.model.result import Traces
from fitting.units import ByteArray, FloatArray
from service.reports.texts import text
from service.reports.volume import place_in_words, size_in_words

SIDE, GAP, TOP = 256, 12, 30
WIDTH = 3 * SIDE + 2 * GAP
PLANES = ("sagittal", "coronal", "axial")
FONT_SCREEN, FONT_PAPER = 15, 22
"""The figure is a column wide on paper, and so needs larger letters."""
_AXES = ((1, 2), (0, 2), (0, 1))
"""World axes along the columns and rows of each plane; both decrease."""
_ENDS = (("A", "P"), ("R", "L"), ("R", "L"))


def voxel_svg(traces: Traces, geometry: VoiGeometry | None, *, paper: bool = False) -> str:
    """Three planes with the outline of the volume where they cut it; empty without an image or a place."""
    if traces.planes is None or traces.planes_middle_mm is None or geometry is None:
        return ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="voxel" viewBox="0 0 {WIDTH} {SIDE + TOP}" role="img" '
        f'aria-labelledby="voxel-title voxel-desc" font-size="{FONT_PAPER if paper else FONT_SCREEN}">',
        f'<title id="voxel-title">{escape(text("voxel.title"))}</title>'
        f'<desc id="voxel-desc">{escape(description(geometry))}</desc>',
    ]
    for axis, name in enumerate(PLANES):
        left = axis * (SIDE + GAP)
        outline = _outline(geometry, axis, traces.planes_middle_mm)
        start, end = _ENDS[axis]
        parts.append(
            f'<g transform="translate({left} {TOP})">'
            f'<text x="0" y="-9">{escape(text(f"voxel.{name}"))}</text>'
            f'<image width="{SIDE}" height="{SIDE}" href="{_png(traces.planes[axis])}"/>'
            f'<path d="{outline}" fill="none" stroke="#000" stroke-width="6" stroke-linejoin="round"/>'
            f'<path d="{outline}" fill="none" stroke="#fff" stroke-width="2.6" stroke-linejoin="round"/>'
            f'<g fill="#fff" stroke="#000" stroke-width="3" paint-order="stroke" font-weight="700">'
            f'<text x="5" y="{SIDE / 2 + 8}">{start}</text>'
            f'<text x="{SIDE - 5}" y="{SIDE / 2 + 8}" text-anchor="end">{end}</text></g></g>'
        )
    return "".join([*parts, "</svg>"])


def description(geometry: VoiGeometry) -> str:
    """Text alternative of the figure."""
    return text("voxel.description", size=size_in_words(geometry), place=place_in_words(geometry))


def _outline(geometry: VoiGeometry, axis: int, middle: FloatArray) -> str:
    """Intersection of the box with the plane through its centre: at most a hexagon."""
    center, edges = np.asarray(geometry.center_mm), np.asarray(geometry.edges_mm)
    corners = {signs: center + np.asarray(signs) @ edges / 2.0 for signs in _SIGNS}
    cuts = []
    for a, b in combinations(_SIGNS, 2):
        if sum(p != q for p, q in zip(a, b, strict=True)) != 1:
            continue
        before, after = corners[a][axis] - center[axis], corners[b][axis] - center[axis]
        if before * after < 0 or (before == 0) != (after == 0):
            share = before / (before - after)
            cuts.append(corners[a] + share * (corners[b] - corners[a]))
    along, down = _AXES[axis]
    points = np.array([(middle[along] - cut[along], middle[down] - cut[down]) for cut in cuts]) + SIDE / 2.0
    around = points - points.mean(axis=0)
    ordered = points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in ordered) + "Z"


_SIGNS = tuple((x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1))


def _png(grey: ByteArray) -> str:
    """A picture of shades of grey as a data URI (PNG, ISO/IEC 15948: colour type 0, depth 8, no filter)."""
    rows = np.hstack([np.zeros((grey.shape[0], 1), dtype=np.uint8), grey]).tobytes()
    head = struct.pack(">2I5B", grey.shape[1], grey.shape[0], 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return f"data:image/png;base64,{b64encode(content).decode()}"
