"""Small BIDS datasets of simulated spectra, written by the tests."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.nifti1 import Nifti1Extension

from fitting.fid import time_axis

POINTS, DWELL_TIME, FREQUENCY = 1024, 4e-4, 123.2e6
LINES = ((2.01, 3.0), (3.03, 2.4), (3.21, 1.2), (3.56, 1.0), (3.92, 1.6), (2.35, 1.2))
"""Chemical shift and amplitude of singlets that look like a brain from afar."""


def spectrum(seed: int = 1, water: bool = False) -> np.ndarray:
    """One FID, shape (points,): singlets and noise, or unsuppressed water."""
    time = time_axis(POINTS, DWELL_TIME)
    if water:
        return np.asarray(3000.0 * np.exp((0.7j - 15.0) * time + 0.3j), dtype=np.complex64)
    rng = np.random.default_rng(seed)
    fid = sum(
        amplitude * np.exp((2j * np.pi * (4.65 - ppm) * FREQUENCY * 1e-6 - 15.0) * time) for ppm, amplitude in LINES
    )
    return np.asarray(fid + 0.02 * (rng.normal(size=(2, POINTS)).T @ np.array([1, 1j])), dtype=np.complex64)


def nifti(fid: np.ndarray, **fields: Any) -> bytes:
    """A compressed NIfTI-MRS file; a field that is None is left out of its header."""
    said = {
        "SpectrometerFrequency": [FREQUENCY * 1e-6],
        "ResonantNucleus": ["1H"],
        "EchoTime": 0.03,
        "RepetitionTime": 2.0,
        "SequenceName": "PRESS",
        **fields,
    }
    image = nib.Nifti2Image(fid.reshape(1, 1, 1, -1), np.diag([20.0, 25.0, 30.0, 1.0]))
    image.header["pixdim"][4] = DWELL_TIME
    image.header.set_xyzt_units("mm", "sec")
    kept = {name: value for name, value in said.items() if value is not None}
    image.header.extensions.append(Nifti1Extension(44, json.dumps(kept).encode()))
    return gzip.compress(image.to_bytes(), mtime=0)


def add(root: Path, stem: str, suffix: str = "svs", *, sidecar: dict[str, Any] | None = None, **fields: Any) -> Path:
    """Write one spectrum with its sidecar, in the folder that its name asks for."""
    entities = dict(part.split("-", 1) for part in stem.split("_"))
    folder = root / f"sub-{entities['sub']}"
    folder = (folder / f"ses-{entities['ses']}" if "ses" in entities else folder) / "mrs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}_{suffix}.nii.gz"
    path.write_bytes(nifti(spectrum(water=suffix == "mrsref"), WaterSuppressed=suffix != "mrsref", **fields))
    if sidecar is not None:
        (folder / f"{stem}_{suffix}.json").write_text(json.dumps(sidecar))
    return path


def dataset(root: Path, participants: str = "participant_id\tage\tsex\tgroup\nsub-01\t44\tF\tcontrol\n") -> Path:
    """The files of a dataset as a whole."""
    root.mkdir(parents=True, exist_ok=True)
    described = {"Name": "made by a test", "BIDSVersion": "1.10.0", "License": "CC0"}
    (root / "dataset_description.json").write_text(json.dumps(described))
    (root / "participants.tsv").write_text(participants)
    return root
