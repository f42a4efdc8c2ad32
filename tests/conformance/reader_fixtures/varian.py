"""Varian scans: fid with its procpar, of one coil in float and of two coils in integers."""

from __future__ import annotations

import struct

import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from fitting.units import ComplexArray

from . import IDENTITY, Fixture, Refusal, brain_fid

FREQUENCY, WIDTH, POINTS = 400.151e6, 4006.41, 256
FID = brain_fid(POINTS, 1 / WIDTH, FREQUENCY, scale=1e5)
ONE = np.array([1.0, 1.1])[:, None, None] * FID
COILS = np.array([1.0, -0.5 + 0.5j])
TWO = np.array([1.0, 1.1, 0.9])[:, None, None] * COILS[None, :, None] * FID
TWO = np.round(TWO.real) + 1j * np.round(TWO.imag)

PARAMETERS: dict[str, str | float] = {
    "username": IDENTITY["name"],
    "sw": WIDTH,
    "sfrq": FREQUENCY * 1e-6,
    "tn": "H1",
    "te": 0.02,
    "tr": 2.5,
    "nt": 16,
    "seqfil": "press",
    "rcvrs": "y",
    "array": "",
    "comment": f"{IDENTITY['id']} {IDENTITY['birth_date']}",
}
EXPECTED = {
    "spectrometer_frequency": FREQUENCY,
    "dwell_time": 1 / WIDTH,
    "echo_time": 0.02,
    "repetition_time": 2.5,
    "sequence": "PRESS",
    "sequence_name": "press",
    "vendor": "Varian",
    "averages": 32,
}


def procpar(changes: dict[str, str | float | None]) -> SourceFile:
    """Three lines for each parameter, as VnmrJ writes them."""
    lines = []
    for name, value in (PARAMETERS | changes).items():
        if value is None:
            continue
        is_text = isinstance(value, str)
        lines.append(f"{name} {2 if is_text else 1} {2 if is_text else 1} 1e+18 -1e+18 0 2 1 0 1 64")
        lines.append(f'1 "{value}" ' if is_text else f"1 {value:.10g} ")
        lines.append("0 ")
    return SourceFile("procpar", ("\n".join(lines) + "\n").encode())


def scan(
    samples: ComplexArray = ONE,
    *,
    kind: str = ">f4",
    status: int = 0x1 | 0x8,
    outer: bool = False,
    traces: int = 1,
    **changes: str | float | None,
) -> Files:
    """A fid of FIDs (transients, coils, points), coils inside transients or ``outer``, and its procpar."""
    ordered = np.swapaxes(samples, 0, 1) if outer else samples
    blocks = ordered.reshape(-1, samples.shape[-1])
    pairs = np.stack([blocks.real, blocks.imag], axis=-1).reshape(len(blocks), -1).astype(kind)
    size = pairs[0].nbytes
    counts = (len(blocks), traces, pairs.shape[1], pairs.itemsize, size, traces * size + 28)
    content = struct.pack(">6i2hi", *counts, 0, status, 1)
    for number, block in enumerate(pairs):
        content += struct.pack(">4hi4f", 0, 0x9, number + 1, 0, 16, 0, 0, 0, 0) + block.tobytes() * traces
    return SourceFile("fid", content), procpar(changes)


FIXTURES = (
    Fixture("varian", "float", scan, ONE, EXPECTED),
    Fixture(
        "varian",
        "integers of two coils",
        lambda: scan(TWO, kind=">i4", status=0x1 | 0x4, rcvrs="yy", seqfil="steam", tm=0.02),
        TWO,
        {**EXPECTED, "sequence": "STEAM", "sequence_name": "steam", "mixing_time": 0.02, "averages": 48},
    ),
    Fixture(
        "varian",
        "coils outside transients",
        lambda: scan(TWO, kind=">i4", status=0x1 | 0x4, outer=True, rcvrs="yy"),
        TWO,
        {**EXPECTED, "averages": 48},
    ),
    Fixture(
        "varian",
        "silent",
        lambda: scan(te=None, tr=None, nt=None, seqfil=None, rcvrs=None, array=None),
        ONE,
        {
            **EXPECTED,
            "echo_time": None,
            "repetition_time": None,
            "averages": None,
            "sequence": None,
            "sequence_name": None,
        },
    ),
)


def _odd() -> Files:
    fid, parameters = scan(rcvrs="yyy")
    return fid, parameters


REFUSALS = (
    Refusal("varian", "fid alone", lambda: scan()[:1], "procpar", DamagedFile),
    Refusal("varian", "procpar alone", lambda: scan()[1:], "its fid", DamagedFile),
    Refusal("varian", "spectrum", lambda: scan(status=0x1 | 0x2 | 0x8), "transformed"),
    Refusal("varian", "traces", lambda: scan(traces=2), "traces"),
    Refusal("varian", "series", lambda: scan(array="te"), "series"),
    Refusal("varian", "imaging", lambda: scan(nv=64), "dimension"),
    Refusal("varian", "editing", lambda: scan(seqfil="mega_press"), "editing"),
    Refusal("varian", "coils", _odd, "blocks of 3 coils", DamagedFile),
    Refusal(
        "varian",
        "order of coils",
        lambda: scan(np.ones((3, 2, 1)) * FID, rcvrs="yy"),
        "order",
    ),
)
