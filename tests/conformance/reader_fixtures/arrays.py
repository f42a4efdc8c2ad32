"""Plain JSON arrays: SI with transients, coils and water, and units spelled in the names."""

import json

import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from tests.conformance.reader_fixtures import IDENTITY, Fixture, Refusal, brain_fid, water_fid

_FREQUENCY, _DWELL, _POINTS = 123_250_000.0, 0.0005, 128
_FID = brain_fid(_POINTS, _DWELL, _FREQUENCY)
_WEIGHTS = np.array([[1.0, 0.5j], [0.9, 0.6j], [1.1, 0.4j]])[:, :, np.newaxis]
_SAMPLES = _WEIGHTS * _FID
_WATER = np.stack([water_fid(_POINTS, _DWELL)] * 2)[:, np.newaxis]


def _file(fields: dict[str, object] | str) -> Files:
    text = fields if isinstance(fields, str) else json.dumps(fields)
    return (SourceFile("spectrum.json", text.encode()),)


_SI: dict[str, object] = {
    "subject": {"name": IDENTITY["name"], "birth_date": IDENTITY["birth_date"], "id": IDENTITY["id"]},
    "fid_real": _SAMPLES.real.tolist(),
    "fid_imag": _SAMPLES.imag.tolist(),
    "water_real": _WATER[:, 0].real.tolist(),
    "water_imag": _WATER[:, 0].imag.tolist(),
    "dwell_time": _DWELL,
    "spectrometer_frequency": _FREQUENCY,
    "echo_time": 0.02,
    "repetition_time": 2,
    "mixing_time": 0.010,
    "sequence": "STEAM",
}
_SPELLED: dict[str, object] = {
    "fid_real": _FID.real.tolist(),
    "fid_imag": _FID.imag.tolist(),
    "dwell_time_s": _DWELL,
    "spectrometer_frequency_mhz": 123.25,
    "echo_time_ms": 35.0,
    "repetition_time_ms": None,
}

FIXTURES = (
    Fixture(
        reader="arrays",
        id="SI, transients and coils, water",
        files=lambda: _file(_SI),
        samples=_SAMPLES,
        acquisition={
            "spectrometer_frequency": _FREQUENCY,
            "dwell_time": _DWELL,
            "echo_time": 0.02,
            "repetition_time": 2.0,
            "mixing_time": 0.010,
            "sequence": "STEAM",
            "sequence_name": "STEAM",
        },
        water=_WATER,
    ),
    Fixture(
        reader="arrays",
        id="units in the names",
        files=lambda: _file(_SPELLED),
        samples=_FID[np.newaxis, np.newaxis],
        acquisition={"spectrometer_frequency": _FREQUENCY, "dwell_time": _DWELL, "echo_time": 0.035},
    ),
)


def _refusal(name: str, says: str, **changes: object) -> Refusal:
    return Refusal("arrays", name, lambda: _file({**_SPELLED, **changes}), says, DamagedFile)


REFUSALS = (
    _refusal("different lengths", "fid_imag", fid_imag=[0.0] * 5),
    _refusal("ragged", "fid_real", fid_real=[[1.0, 2.0], [3.0]]),
    _refusal("strings", "fid_real", fid_real=["1.0"] * _POINTS),
    _refusal("hole", "fid_real", fid_real=[None] + [0.0] * (_POINTS - 1)),
    _refusal("infinite", "fid_real", fid_real=[10**400] + [0.0] * (_POINTS - 1)),
    _refusal("echo time as text", "echo_time_ms", echo_time_ms="35"),
    _refusal("echo time twice", "echo_time", echo_time=0.03),
    _refusal("misspelt", "dwell_time_us", dwell_time_us=500.0),
    _refusal("imaginary part missing", "water_imag", water_real=[1.0]),
    Refusal("arrays", "NaN", lambda: _file('{"fid_real": [NaN], "fid_imag": [0]}'), "NaN", DamagedFile),
    Refusal("arrays", "truncated", lambda: _file('{"fid_real": [1.0, 2'), "complete", DamagedFile),
    Refusal("arrays", "edited", lambda: _file({**_SPELLED, "sequence": "MEGA-PRESS"}), "editing"),
)
