"""NIfTI-MRS: NIfTI-2 compressed with coils and dynamics, and NIfTI-1 plain in milliseconds."""

import gzip
import json
from collections.abc import Mapping

import nibabel as nib
import numpy as np
from nibabel.nifti1 import Nifti1Extension

from fitting.acquisition import VoiGeometry
from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from tests.conformance.reader_fixtures import IDENTITY, Fixture, Refusal, brain_fid

_FREQUENCY, _DWELL, _POINTS = 297_219_948.0, 0.00025, 256

_FIELDS = {
    "SpectrometerFrequency": [_FREQUENCY * 1e-6],
    "ResonantNucleus": ["1H"],
    "dim_5": "DIM_COIL",
    "dim_6": "DIM_DYN",
    "Manufacturer": "SIEMENS",
    "ManufacturersModelName": "Terra",
    "SoftwareVersions": "syngo MR E12",
    "SequenceName": "svs_st",
    "ProtocolName": "protocol",
    "PatientName": IDENTITY["name"],
    "PatientDoB": IDENTITY["birth_date"],
    "OriginalFile": [IDENTITY["id"] + ".dat"],
    "PatientID": {"Value": IDENTITY["id"], "Description": "a user-defined field"},
    "EchoTime": 0.011,
    "RepetitionTime": 5.0,
    "MixingTime": 0.032,
    "WaterSuppressed": True,
}
_BASIC = {"SpectrometerFrequency": [_FREQUENCY * 1e-6], "ResonantNucleus": ["1H"]}


def _samples() -> np.ndarray:
    """Shape (transients, coils, points)."""
    fid = brain_fid(_POINTS, _DWELL, _FREQUENCY)
    weights = np.array([[1.0, 0.5j, -0.25], [1.1, 0.4j, -0.3]])
    return weights[:, :, np.newaxis] * fid


_SAMPLES = _samples()
_ON_DISK = np.moveaxis(_SAMPLES, (0, 1, 2), (2, 1, 0))[np.newaxis, np.newaxis, np.newaxis]


def _file(
    data: np.ndarray,
    fields: Mapping[str, object] | None,
    *,
    kind: type[nib.Nifti1Image] = nib.Nifti2Image,
    units: tuple[str, str] = ("mm", "sec"),
    dwell: float = _DWELL,
    compress: bool = True,
) -> Files:
    image = kind(data, np.diag([20.0, 25.0, 30.0, 1.0]))
    image.header["pixdim"][4] = dwell
    image.header.set_xyzt_units(*units)
    if fields is not None:
        image.header.extensions.append(Nifti1Extension(44, json.dumps(fields).encode()))
    content = image.to_bytes()
    return (SourceFile("spectrum", gzip.compress(content, mtime=0) if compress else content),)


def with_fields(**fields: object) -> Files:
    """One transient of one coil, with these fields besides frequency and nucleus."""
    return _file(_ON_DISK[..., 0, 0], {**_BASIC, **fields})


_BOX = VoiGeometry((0.0, 0.0, 0.0), ((20.0, 0.0, 0.0), (0.0, 25.0, 0.0), (0.0, 0.0, 30.0)))
_EDITED = {**_BASIC, "dim_5": "DIM_EDIT"}
_SERIES = {**_BASIC, "dim_5": "DIM_DYN", "dim_5_header": {"EchoTime": [0.030, 0.144]}}

FIXTURES = (
    Fixture(
        reader="nifti_mrs",
        id="NIfTI-2, compressed, coils and dynamics",
        files=lambda: _file(_ON_DISK.astype(np.complex64), _FIELDS),
        samples=_SAMPLES,
        acquisition={
            "spectrometer_frequency": _FREQUENCY,
            "dwell_time": _DWELL,
            "echo_time": 0.011,
            "repetition_time": 5.0,
            "mixing_time": 0.032,
            "sequence": "STEAM",
            "sequence_name": "svs_st",
            "vendor": "SIEMENS",
            "scanner_model": "Terra",
            "software": "syngo MR E12",
            "voi_size": (0.020, 0.025, 0.030),
            "voi_geometry": _BOX,
            "water_suppressed": True,
        },
    ),
    Fixture(
        reader="nifti_mrs",
        id="NIfTI-1, plain, only what the standard demands, ms",
        files=lambda: _file(
            _ON_DISK[..., 0, 0],
            _BASIC,
            kind=nib.Nifti1Image,
            units=("mm", "msec"),
            dwell=_DWELL * 1e3,
            compress=False,
        ),
        samples=_SAMPLES[:1, :1],
        acquisition={
            "spectrometer_frequency": _FREQUENCY,
            "dwell_time": _DWELL,
            "voi_size": (0.020, 0.025, 0.030),
            "voi_geometry": _BOX,
        },
    ),
)

REFUSALS = (
    Refusal("nifti_mrs", "anatomical image", lambda: _file(np.zeros((8, 8, 8), np.int16), None), "image"),
    Refusal("nifti_mrs", "real numbers", lambda: _file(np.zeros((1, 1, 1, 64), np.float32), _BASIC), "real numbers"),
    Refusal("nifti_mrs", "MRSI", lambda: _file(np.zeros((4, 4, 1, 64), np.complex64), _BASIC), "MRSI"),
    Refusal("nifti_mrs", "edited", lambda: _file(np.zeros((1, 1, 1, 64, 2), np.complex64), _EDITED), "editing"),
    Refusal(
        "nifti_mrs",
        "edited by name",
        lambda: _file(_ON_DISK[..., 0, 0], {**_BASIC, "SequenceName": "svs_mega_press"}),
        "editing",
    ),
    Refusal("nifti_mrs", "echo times", lambda: _file(_ON_DISK[..., 0, :], _SERIES), "EchoTime"),
    Refusal("nifti_mrs", "untagged dimension", lambda: _file(_ON_DISK[..., 0], _BASIC), "dim_5", DamagedFile),
    Refusal(
        "nifti_mrs",
        "width contradicts dwell time",
        lambda: _file(_ON_DISK[..., 0, 0], {**_BASIC, "SpectralWidth": 2000.0}),
        "contradicts",
        DamagedFile,
    ),
)
