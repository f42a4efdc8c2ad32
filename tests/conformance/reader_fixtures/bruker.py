"""Bruker ParaVision scans: the averaged FID of ParaVision 6, and raw data of ParaVision 360 with coils and averages."""

from __future__ import annotations

import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from fitting.units import ComplexArray

from . import IDENTITY, Fixture, Refusal, brain_fid, water_fid

FREQUENCY, WIDTH, POINTS, SHIFT = 400.323e6, 4000.0, 320, 64
FID = brain_fid(POINTS - SHIFT, 1 / WIDTH, FREQUENCY, scale=1e6)
FID = np.round(FID.real) + 1j * np.round(FID.imag)

ACQP = {
    "ACQ_sw_version": "( 65 )\n<PV 6.0.1>",
    "ACQ_dim": "1",
    "ACQ_dim_desc": "( 1 )\nSpectroscopic",
    "BYTORDA": "little",
    "GO_raw_data_format": "GO_32BIT_SGN_INT",
    "NUCLEUS": "( 8 )\n<1H>",
    "BF1": "400.32",
    "ACQ_scan_name": f"( 64 )\n<{IDENTITY['name']}>",
}
METHOD = {
    "Method": "<Bruker:PRESS>",
    "PVM_EchoTime": "16.5",
    "PVM_RepetitionTime": "2500",
    "PVM_NAverages": "4",
    "PVM_NRepetitions": "2",
    "PVM_DigNp": str(POINTS),
    "PVM_DigSw": "4000",
    "PVM_DigShift": str(SHIFT),
    "PVM_FrqWork": "( 8 )\n400.323 400.32 0 0 0 0 0 0",
    "PVM_EncNReceivers": "1",
    "PVM_VoxArrSize": "( 1, 3 )\n3 2 2.5",
    "PVM_WsOnOff": "On",
    "PVM_Nucleus1Enum": "1H",
}
EXPECTED = {
    "spectrometer_frequency": FREQUENCY,
    "dwell_time": 1 / WIDTH,
    "echo_time": 0.0165,
    "repetition_time": 2.5,
    "sequence": "PRESS",
    "sequence_name": "PRESS",
    "vendor": "Bruker",
    "software": "PV 6.0.1",
    "voi_size": (0.003, 0.002, 0.0025),
    "averages": 8,
    "water_suppressed": True,
}
WATER = np.round(water_fid(POINTS - SHIFT, 1 / WIDTH, scale=1e8))[np.newaxis, np.newaxis]
TWO = np.stack([FID, 1.1 * FID])[:, np.newaxis]
TWO = np.round(TWO.real) + 1j * np.round(TWO.imag)
PARTS = np.array([1.0, 0.5j, -0.25])
RAW = np.round(np.array([1.0, 2.0, 3.0, 4.0])[:, None, None] * PARTS[None, :, None] * FID)


def parameter_file(name: str, fields: dict[str, str], changes: dict[str, str | None]) -> SourceFile:
    """A JCAMP-DX file as ParaVision writes it, with its owner."""
    lines = ["##TITLE=Parameter List, ParaVision 6.0.1", "##JCAMPDX=4.24", f"##OWNER={IDENTITY['name']}"]
    lines += [f"$$ {IDENTITY['birth_date']} {IDENTITY['id']}"]
    lines += [f"##${label}={value}" for label, value in (fields | changes).items() if value is not None]
    return SourceFile(name, ("\n".join([*lines, "##END="]) + "\n").encode())


def scan(samples: ComplexArray = TWO, *, name: str = "fid", kind: str = "<i4", **changes: str | None) -> Files:
    """The files of one scan; FIDs (transients, coils, points) are led by the points of the digital filter."""
    lead = np.full((*samples.shape[:2], SHIFT), 7 + 3j)
    stored = np.conj(np.concatenate([lead, samples], axis=-1))
    pairs = np.stack([stored.real, stored.imag], axis=-1).astype(kind)
    of_acqp = {label: value for label, value in changes.items() if label in (*ACQP, "ACQ_word_size")}
    of_method = {label: value for label, value in changes.items() if label not in of_acqp}
    acqp, method = parameter_file("acqp", ACQP, of_acqp), parameter_file("method", METHOD, of_method)
    return SourceFile(name, pairs.tobytes()), acqp, method


def with_reference(samples: ComplexArray = WATER, **changes: str | None) -> Files:
    """A scan with the reference scan that ParaVision 5 and 6 keep in the same folder."""
    lead = np.full((*samples.shape[:2], SHIFT), 7 + 3j)
    stored = np.conj(np.concatenate([lead, samples], axis=-1))
    pairs = np.stack([stored.real, stored.imag], axis=-1).astype("<i4")
    return (*scan(PVM_RefScanNA="8", **changes), SourceFile("fid.refscan", pairs.tobytes()))


def raw() -> Files:
    """Raw data of ParaVision 360: every average of every coil."""
    changes = {"PVM_EncNReceivers": "3", "PVM_NRepetitions": None, "Method": "<User:mt_sLASER>", "PVM_WsOnOff": None}
    words = {"GO_raw_data_format": None, "ACQ_word_size": "_32_BIT", "ACQ_sw_version": "<PV-360.3.5>"}
    return scan(RAW, name="rawdata.job0", **changes, **words)


FIXTURES = (
    Fixture("bruker", "paravision 6", scan, TWO, EXPECTED),
    Fixture("bruker", "repeated members", lambda: scan(PVM_FrqWork="( 8 )\n@8*(400.323)"), TWO, EXPECTED),
    Fixture("bruker", "big-endian", lambda: scan(kind=">i4", BYTORDA="big"), TWO, EXPECTED),
    Fixture("bruker", "with a reference scan", with_reference, TWO, EXPECTED, water=WATER),
    Fixture(
        "bruker",
        "the reference scan alone",
        lambda: with_reference()[1:],
        WATER,
        {**EXPECTED, "averages": 8, "water_suppressed": False},
    ),
    Fixture(
        "bruker",
        "raw data of paravision 360",
        raw,
        RAW,
        {
            **EXPECTED,
            "sequence": "sLASER",
            "sequence_name": "sLASER",
            "software": "PV-360.3.5",
            "averages": 4,
            "water_suppressed": None,
        },
    ),
    Fixture(
        "bruker",
        "silent",
        lambda: scan(
            PVM_EchoTime=None, PVM_RepetitionTime=None, PVM_VoxArrSize=None, PVM_NAverages=None, Method=None,
            PVM_NRepetitions="2",
        ),
        TWO,
        {
            **EXPECTED,
            "echo_time": None,
            "repetition_time": None,
            "voi_size": None,
            "averages": None,
            "sequence": None,
            "sequence_name": None,
        },
    ),
)  # fmt: skip


def _refusal(name: str, says: str, error: type = DamagedFile, **changes: str | None) -> Refusal:
    return Refusal("bruker", name, lambda: scan(**changes), says, error)


REFUSALS = (
    Refusal("bruker", "method alone", lambda: scan()[2:], "fid or rawdata.job0, acqp", DamagedFile),
    Refusal("bruker", "acqp missing", lambda: (scan()[0], scan()[2]), "acqp is missing", DamagedFile),
    Refusal("bruker", "mrsi", lambda: scan(Method="<Bruker:CSI>"), "MRSI"),
    Refusal("bruker", "isis", lambda: scan(Method="<Bruker:ISIS>"), "ISIS"),
    Refusal("bruker", "editing", lambda: scan(Method="<User:mt_MEGA_sLASER>"), "editing"),
    Refusal("bruker", "phosphorus", lambda: scan(NUCLEUS="( 8 )\n<31P>"), "31P"),
    Refusal("bruker", "image", lambda: scan(ACQ_dim_desc="( 2 )\nSpatial Spatial"), "imaging"),
    Refusal("bruker", "two-dimensional", lambda: scan(ACQ_dim="2"), "dimension"),
    Refusal("bruker", "number format", lambda: scan(GO_raw_data_format="GO_8BIT"), "number format"),
    _refusal("other count of repetitions", "announced", PVM_NRepetitions="3"),
    _refusal("late begin", "begin at point", PVM_DigShift="200"),
    Refusal("bruker", "other reference", lambda: with_reference(WATER.repeat(3, axis=0)), "leave it out", DamagedFile),
    _refusal("no points", "PVM_DigNp", PVM_DigNp=None),
)
