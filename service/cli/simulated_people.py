"""Simulated people of a demonstration: healthy ones, and patients with less N-acetylaspartate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from service.cli.simulated_scan import (
    CONTENT,
    DWELL_TIME,
    ECHO_TIME,
    REPETITION_TIME,
    SPECTROMETER_FREQUENCY,
    TISSUE,
    make,
)

SPREAD = 0.08
"""Coefficient of variation between people."""
LESS = {"NAA": 0.75, "NAAG": 0.75}
"""Concentrations of a patient over those of the healthy."""
PATIENTS = 2
"""Every so many people one is a patient."""
_SEED = 20261130


def group_of(subject: str) -> str:
    """Group of a person, by the number in the pseudonym."""
    return "patient" if int(subject.rpartition("-")[2]) % PATIENTS == 0 else "control"


def simulated_people(count: int, cache_dir: Path) -> Iterator[dict[str, Any]]:
    """Bodies of ``POST /v1/analyses``: a scan with its water reference and what is known of the person."""
    for number in range(1, count + 1):
        subject = f"demo-{number:02}"
        rng = np.random.default_rng((_SEED, number))
        factors = LESS if group_of(subject) == "patient" else {}
        content = {
            name: mean * factors.get(name, 1.0) * float(np.exp(SPREAD * rng.normal())) for name, mean in CONTENT.items()
        }
        fid, water = make(content, _SEED + number, cache_dir)
        yield {
            "fid_real": fid.real.tolist(),
            "fid_imag": fid.imag.tolist(),
            "water_real": water.real.tolist(),
            "water_imag": water.imag.tolist(),
            "dwell_time": DWELL_TIME,
            "spectrometer_frequency": SPECTROMETER_FREQUENCY,
            "echo_time": ECHO_TIME,
            "repetition_time": REPETITION_TIME,
            "sequence": "PRESS",
            "subject": subject,
            "group": group_of(subject),
            "region": "ACC",
            "hemisphere": "midline",
            "age_years": 22.0 + 37 * number % 43,
            "sex": "female" if number % 2 else "male",
            "tissue": TISSUE,
        }
