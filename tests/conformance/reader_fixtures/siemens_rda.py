"""Siemens RDA files as syngo MR D13 and XA30 write them."""

from __future__ import annotations

import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from fitting.units import ComplexArray

from . import IDENTITY, Fixture, Refusal, brain_fid

FREQUENCY, DWELL_TIME, POINTS = 123.234655e6, 833e-6, 256
FID = brain_fid(POINTS, DWELL_TIME, FREQUENCY, scale=1e5)

HEADER = {
    "PatientName": IDENTITY["name"],
    "PatientID": IDENTITY["id"],
    "PatientSex": "O",
    "PatientBirthDate": IDENTITY["birth_date"],
    "PatientAge": "",
    "PatientWeight": "",
    "SeriesDescription": f"scan of {IDENTITY['name']}",
    "ModelName": "Skyra",
    "SoftwareVersion[0]": "syngo MR D13",
    "InstanceComments": IDENTITY["id"],
    "SequenceName": "*svs_se",
    "TR": "2000.000000",
    "TE": "30.000000",
    "TM": "0.000000",
    "TI": "0.000000",
    "DwellTime": "833",
    "NumberOfAverages": "64.000000",
    "MRFrequency": "123.234655",
    "Nucleus": "1H",
    "MagneticFieldStrength": "3.000000",
    "VectorSize": str(POINTS),
    "CSIMatrixSize[0]": "1",
    "CSIMatrixSize[1]": "1",
    "CSIMatrixSize[2]": "1",
    "TransmitRefAmplitude[1H]": "347.063049",
    "VOIThickness": "20.000000",
    "VOIPhaseFOV": "40.000000",
    "VOIReadoutFOV": "25.000000",
}

EXPECTED = {
    "spectrometer_frequency": FREQUENCY,
    "dwell_time": DWELL_TIME,
    "echo_time": 0.030,
    "repetition_time": 2.0,
    "sequence": "PRESS",
    "sequence_name": "*svs_se",
    "vendor": "Siemens",
    "scanner_model": "Skyra",
    "software": "syngo MR D13",
    "voi_size": (0.025, 0.040, 0.020),
    "averages": 64,
}


def rda(fid: ComplexArray = FID, *, end: str = "\r\n", without: tuple[str, ...] = (), **changes: str) -> Files:
    """An RDA file whose header is ``HEADER`` with ``changes``, without the fields named in ``without``."""
    fields = {key: value for key, value in (HEADER | changes).items() if key not in without}
    lines = [">>> Begin of header <<<", *(f"{key}: {value}" for key, value in fields.items())]
    header = end.join([*lines, ">>> End of header <<<", ""]).encode("latin-1")
    return (SourceFile("meas.rda", header + np.asarray(fid, dtype="<c16").tobytes()),)


def _xa() -> Files:
    slabs = {"SlabThickness[0]": "20.0", "SlabThickness[1]": "40.0", "SlabThickness[2]": "25.0"}
    return rda(
        without=("VOIThickness", "VOIPhaseFOV", "VOIReadoutFOV"), **slabs, **{"SoftwareVersion[0]": "syngo MR XA30"}
    )


FIXTURES = (
    Fixture("siemens_rda", "d13", rda, FID.reshape(1, 1, -1), EXPECTED, tolerance=1e-12),
    Fixture(
        "siemens_rda",
        "xa30",
        _xa,
        FID.reshape(1, 1, -1),
        {**EXPECTED, "software": "syngo MR XA30"},
        tolerance=1e-12,
    ),
    Fixture(
        "siemens_rda",
        "steam-with-unix-line-ends",
        lambda: rda(end="\n", SequenceName="*svs_st", TM="10.0"),
        FID.reshape(1, 1, -1),
        {**EXPECTED, "sequence": "STEAM", "sequence_name": "*svs_st", "mixing_time": 0.010},
        tolerance=1e-12,
    ),
    Fixture(
        "siemens_rda",
        "silent-header",
        lambda: rda(without=("TE", "ModelName", "VOIThickness"), TR="0.0", NumberOfAverages="", SequenceName=""),
        FID.reshape(1, 1, -1),
        {
            **EXPECTED,
            "echo_time": None,
            "repetition_time": None,
            "sequence": None,
            "sequence_name": None,
            "scanner_model": None,
            "voi_size": None,
            "averages": None,
        },
        tolerance=1e-12,
    ),
)

REFUSALS = (
    Refusal("siemens_rda", "mrsi", lambda: rda(np.tile(FID, 4), **{"CSIMatrixSize[1]": "4"}), "MRSI"),
    Refusal("siemens_rda", "phosphorus", lambda: rda(Nucleus="31P"), "31P"),
    Refusal("siemens_rda", "editing", lambda: rda(SequenceName="*svs_edit"), "edit"),
    Refusal("siemens_rda", "wrong-size", lambda: rda(VectorSize="1024"), "1024", DamagedFile),
    Refusal("siemens_rda", "not-finite", lambda: rda(np.full(POINTS, np.nan)), "not finite", DamagedFile),
)
