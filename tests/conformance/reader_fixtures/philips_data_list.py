"""Philips raw data: noise, two mixes (a scan of coils and averages, its water reference), and the SPAR beside them."""

from __future__ import annotations

import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from fitting.units import ComplexArray

from . import IDENTITY, Fixture, Refusal, brain_fid, water_fid
from .philips_sdat import _SPAR

FREQUENCY, DWELL, POINTS = 127_786_142.0, 0.0005, 256
COILS = np.array([1.0, 0.5j])
SCAN = np.array([1.0, 0.9, 1.1])[:, None, None] * COILS[None, :, None] * brain_fid(POINTS, DWELL, FREQUENCY)
WATER = np.array([1.0])[:, None, None] * COILS[None, :, None] * water_fid(POINTS, DWELL)

EXPECTED = {
    "spectrometer_frequency": FREQUENCY,
    "dwell_time": DWELL,
    "echo_time": 0.035,
    "repetition_time": 2.0,
    "sequence": "PRESS",
    "sequence_name": "SV_PRESS_35",
    "vendor": "Philips",
    "software": "5.1.7",
    "voi_size": (0.020, 0.025, 0.030),
    "averages": 3,
}

HEAD = f"""# === DATA DESCRIPTION FILE ======================================================
#
# Scan name   : {IDENTITY["name"]}
# Patient     : {IDENTITY["id"]} {IDENTITY["birth_date"]}
#
# typ mix dyn card echo loca chan extr1 extr2 kx ky kz aver sign rf grad enc rtop rr size offset
#
.    0    0    0  number_of_mixes                    :     2
.    0    0    0  F-resolution                       :   256
"""
END = "#\n# === END OF DATA DESCRIPTION FILE ===============================================\n"
COLUMNS = (
    "mix", "dyn", "card", "echo", "loca", "chan", "extr1", "extr2", "kx", "ky", "kz", "aver", "sign", "rf", "grad",
    "enc", "rtop", "rr",
)  # fmt: skip


def line(kind: str, size: int, offset: int, **counters: int) -> str:
    """One vector's line."""
    numbers = [counters.get(name, 1 if name == "sign" else 0) for name in COLUMNS]
    return f"  {kind}" + "".join(f" {number:5d}" for number in (*numbers, size, offset)) + "\n"


def raw(
    mixes: tuple[ComplexArray, ...] = (SCAN, WATER), *, loop: str = "aver", end: str = END, spar: str = _SPAR
) -> Files:
    """The three files; vectors of noise stand before the signal's."""
    lines, content = [], b""
    noise = np.full(POINTS, 0.5 + 0.5j)
    for coil in range(2):
        lines.append(line("NOI", noise.size * 8, len(content), chan=coil))
        content += noise.astype("<c8").tobytes()
    for mix, samples in enumerate(mixes):
        for number, transient in enumerate(samples):
            for coil, fid in enumerate(transient):
                lines.append(line("STD", fid.size * 8, len(content), mix=mix, chan=coil, **{loop: number}))
                content += np.conj(fid).astype("<c8").tobytes()
    listed = HEAD + "".join(lines) + end
    return (
        SourceFile("raw_001.list", listed.encode()),
        SourceFile("raw_001.data", content),
        SourceFile("raw_001.SPAR", spar.encode()),
    )


def _changed(old: str, new: str, *, every: bool = False) -> Files:
    listed, *others = raw()
    text = listed.content.decode()
    return (SourceFile(listed.name, text.replace(old, new, -1 if every else 1).encode()), *others)


def _lacking() -> Files:
    """Without one coil's line."""
    listed, *others = raw()
    lines = listed.content.decode().splitlines(keepends=True)
    return (SourceFile(listed.name, "".join([*lines[:12], *lines[13:]]).encode()), *others)


FIXTURES = (
    Fixture("philips_data_list", "scan and water", raw, SCAN, {**EXPECTED, "water_suppressed": True}, water=WATER),
    Fixture("philips_data_list", "dynamics", lambda: raw((SCAN,), loop="dyn"), SCAN, EXPECTED),
)

REFUSALS = (
    Refusal("philips_data_list", "list alone", lambda: raw()[:1], "SPAR", DamagedFile),
    Refusal("philips_data_list", "without SPAR", lambda: raw()[:2], "SPAR", DamagedFile),
    Refusal("philips_data_list", "without data", lambda: (raw()[0], raw()[2]), "the .data", DamagedFile),
    Refusal("philips_data_list", "echoes", lambda: raw((SCAN,), loop="echo"), "echoes"),
    Refusal("philips_data_list", "imaging", lambda: raw((SCAN,), loop="ky"), "phase encodings"),
    Refusal("philips_data_list", "two equal mixes", lambda: raw((SCAN, SCAN)), "two mixes"),
    Refusal("philips_data_list", "three mixes", lambda: raw((SCAN, SCAN, WATER)), "3 mixes"),
    Refusal("philips_data_list", "noise only", lambda: raw(()), "no signal", DamagedFile),
    Refusal("philips_data_list", "a coil missing", _lacking, "lacks vectors", DamagedFile),
    Refusal("philips_data_list", "line not whole", lambda: _changed("  STD ", "  STD x"), "not whole", DamagedFile),
    Refusal(
        "philips_data_list",
        "editing",
        lambda: raw(spar=_SPAR.replace("SV_PRESS_35", "SV_MEGA_PRESS_68")),
        "editing",
    ),
)
