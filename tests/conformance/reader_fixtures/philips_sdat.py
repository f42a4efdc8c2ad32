"""Philips SDAT/SPAR: the present dialect with two dynamics, and the old one with decimals everywhere."""

import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from fitting.units import ComplexArray
from tests.conformance.reader_fixtures import IDENTITY, Fixture, Refusal, brain_fid

_FREQUENCY, _DWELL, _POINTS = 127_786_142.0, 0.0005, 512

_SPAR = f"""!--------------------------------------------------------------------
!      GYROSCAN spectro parameter file.
!--------------------------------------------------------------------
examination_name : {IDENTITY["id"]}
scan_id : SV_PRESS_35
scan_date : 2009.06.16 10:32:45
patient_name : {IDENTITY["name"]}
patient_birth_date : {IDENTITY["birth_date"]}
patient_position : "head_first"
samples : {_POINTS}
rows : 2
synthesizer_frequency : 127786142
offset_frequency : 0
sample_frequency : 2000
mix_number : 1
nucleus : 1H
echo_time : 35
repetition_time : 2000
averages : 16
volume_selection_enable : "yes"
volumes : 1
ap_size : 20
lr_size : 25
cc_size : 30
phase_encoding_enable : "no"
t1_measurement_enable : "no"
t2_measurement_enable : "no"
spec_sample_extension :[V]
spec_num_col : {_POINTS}
spec_num_row : 2
equipment_sw_verions : 5.1.7 ; .1.7 ;
"""

_OLD_SPAR = f"""scan_id : STEAM  3 T
patient_name : {IDENTITY["name"]}
samples : {_POINTS}.000000
rows : 1.000000
synthesizer_frequency : 127786142.000000
sample_frequency : 2000.000000
echo_time : 0.000000
spectrum_echo_time : 20.000000
nucleus : "1H"
"""


def vax(samples: ComplexArray) -> bytes:
    """Complex samples as VAX F_floating pairs: IEEE bits of four times the value, words swapped."""
    pairs = np.stack([samples.real, samples.imag], axis=-1).astype(np.float32) * np.float32(4)
    words = pairs.view("<u2").reshape(-1, 2)[:, ::-1].copy()
    words[pairs.ravel() == 0] = 0
    return words.tobytes()


def _pair(spar: str, samples: ComplexArray) -> Files:
    return SourceFile("scan.SDAT", vax(samples.conj())), SourceFile("scan.SPAR", spar.encode())


def named(scan_id: str, **changes: str) -> Files:
    """A pair whose scan has another name, and other fields of the SPAR by ``changes``."""
    lines = [line for line in _SPAR.splitlines() if line.split(" :")[0] not in ("scan_id", *changes)]
    lines += [f"scan_id : {scan_id}", *(f"{key} : {value}" for key, value in changes.items())]
    return _pair("\n".join(lines) + "\n", _ROWS)


_ROWS = np.stack([brain_fid(_POINTS, _DWELL, _FREQUENCY, scale=scale) for scale in (1e-3, 1.1e-3)])[:, np.newaxis]
_KNOWN = {"spectrometer_frequency": _FREQUENCY, "dwell_time": _DWELL, "vendor": "Philips", "nucleus": "1H"}

FIXTURES = (
    Fixture(
        reader="philips_sdat",
        id="two dynamics",
        files=lambda: _pair(_SPAR, _ROWS),
        samples=_ROWS,
        acquisition={
            **_KNOWN,
            "echo_time": 0.035,
            "repetition_time": 2.0,
            "sequence": "PRESS",
            "sequence_name": "SV_PRESS_35",
            "software": "5.1.7",
            "voi_size": (0.020, 0.025, 0.030),
            "averages": 32,
        },
    ),
    Fixture(
        reader="philips_sdat",
        id="one phase-encoding profile",
        files=lambda: named(
            "Omega3 ACC PRESS 35",
            phase_encoding_enable='"yes"',
            nr_phase_encoding_profiles="1",
            nr_of_phase_encoding_profiles_ky="1",
        ),
        samples=_ROWS,
        acquisition={
            **_KNOWN,
            "echo_time": 0.035,
            "repetition_time": 2.0,
            "sequence": "PRESS",
            "sequence_name": "PRESS 35",
            "software": "5.1.7",
            "voi_size": (0.020, 0.025, 0.030),
            "averages": 32,
        },
    ),
    Fixture(
        reader="philips_sdat",
        id="old dialect",
        files=lambda: _pair(_OLD_SPAR, _ROWS[:1]),
        samples=_ROWS[:1],
        acquisition={**_KNOWN, "echo_time": 0.020, "sequence": "STEAM", "sequence_name": "STEAM  3 T"},
    ),
)


def _lone(spar: str | None = None) -> Files:
    return _pair(_SPAR, _ROWS)[:1] if spar is None else (SourceFile("scan.SPAR", spar.encode()),)


REFUSALS = (
    Refusal("philips_sdat", "SDAT without SPAR", _lone, "SPAR", DamagedFile),
    Refusal("philips_sdat", "SPAR without SDAT", lambda: _lone(_SPAR), "SDAT", DamagedFile),
    Refusal(
        "philips_sdat",
        "SPAR of another scan",
        lambda: _pair(_SPAR.replace("rows : 2", "rows : 3").replace("num_row : 2", "num_row : 3"), _ROWS),
        "belongs together",
        DamagedFile,
    ),
    Refusal(
        "philips_sdat",
        "spectroscopic imaging",
        lambda: _pair(_SPAR.replace('phase_encoding_enable : "no"', 'phase_encoding_enable : "yes"'), _ROWS),
        "MRSI",
    ),
    Refusal(
        "philips_sdat",
        "spectroscopic imaging of 8 x 8 profiles",
        lambda: named(
            "SV_PRESS_35",
            phase_encoding_enable='"yes"',
            nr_phase_encoding_profiles="8",
            nr_of_phase_encoding_profiles_ky="8",
        ),
        "MRSI",
    ),
    Refusal("philips_sdat", "edited", lambda: _pair(_SPAR.replace("SV_PRESS_35", "MEGA_PRESS_68"), _ROWS), "editing"),
    Refusal(
        "philips_sdat",
        "row count contradicts itself",
        lambda: _pair(_SPAR.replace("num_row : 2", "num_row : 4"), _ROWS),
        "contradicts",
        DamagedFile,
    ),
)
