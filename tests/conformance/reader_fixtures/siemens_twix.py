"""Siemens TWIX files as syngo MR VB17, VE11 and XA30 write them, byte by byte.

The layout is that of the measurement data header: one per coil in VB, one per transient with a short one per
coil from VD on, where a table of measurements comes first.
"""

from __future__ import annotations

import struct

import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from fitting.units import ComplexArray

from . import IDENTITY, Fixture, Refusal, brain_fid, water_fid

FREQUENCY, DWELL_TIME, POINTS = 123.25e6, 1e-3 / 1.2, 256
STORED_DWELL_NS = round(DWELL_TIME / 2 * 1e9)
LEAD, TAIL = 6, 10

ACQUISITION_END, NOISE_ADJUSTMENT = 1 << 0, 1 << 25
LOOPS = ("Lin", "Ave", "Sli", "Par", "Eco", "Phs", "Rep", "Set", "Seg", "Ida", "Idb", "Idc", "Idd", "Ide")

COILS = np.array([1.0, 0.5j])
TRANSIENTS = np.array([1.0, 0.9, 1.1])

PROTOCOL = {
    "tSequenceFileName": '"%SiemensSeq%\\svs_se"',
    "tProtocolName": f'"{IDENTITY["name"]}"',
    "sTXSPEC.asNucleusInfo[0].tNucleus": '"1H"',
    "sTXSPEC.asNucleusInfo[0].lFrequency": str(round(FREQUENCY)),
    "sRXSPEC.alDwellTime.__attribute__.size": "128",
    "sRXSPEC.alDwellTime[0]": str(STORED_DWELL_NS),
    "alTR[0]": "2000000",
    "alTE[0]": "30000",
    "alTE[1]": "15000",
    "lContrasts": "1",
    "sSpecPara.lVectorSize": str(POINTS),
    "sSpecPara.ucRemoveOversampling": "0x1",
    "sSpecPara.lFinalMatrixSizeSlice": "1",
    "sSpecPara.sVoI.dThickness": "20.0",
    "sSpecPara.sVoI.dPhaseFOV": "40.0",
    "sSpecPara.sVoI.dReadoutFOV": "25.0",
}

EXPECTED = {
    "spectrometer_frequency": FREQUENCY,
    "dwell_time": 2 * STORED_DWELL_NS * 1e-9,
    "echo_time": 0.030,
    "repetition_time": 2.0,
    "sequence": "PRESS",
    "sequence_name": "svs_se",
    "vendor": "SIEMENS",
    "scanner_model": "Skyra",
    "software": "syngo MR E11",
    "voi_size": (0.025, 0.040, 0.020),
    "averages": 3,
}


def transients(fid: ComplexArray, weights: ComplexArray = TRANSIENTS) -> ComplexArray:
    """The FID as every coil sees it in every transient, shape (transients, coils, points)."""
    return np.einsum("t,c,p->tcp", weights, COILS, fid)


def stored(samples: ComplexArray) -> ComplexArray:
    """What the scanner stores: conjugated, with points before the FID and after the vector."""
    loud = np.full((*samples.shape[:2], LEAD), 7 * np.abs(samples).max())
    return np.conj(np.concatenate([loud, samples, loud[..., :1].repeat(TAIL, axis=-1)], axis=-1))


OVERSAMPLED = transients(brain_fid(2 * POINTS, STORED_DWELL_NS * 1e-9, FREQUENCY))
OVERSAMPLED_WATER = transients(water_fid(2 * POINTS, STORED_DWELL_NS * 1e-9), np.array([1.0]))
SAMPLES = transients(brain_fid(POINTS, 2 * STORED_DWELL_NS * 1e-9, FREQUENCY))
WATER = transients(water_fid(POINTS, 2 * STORED_DWELL_NS * 1e-9), np.array([1.0]))


def header(protocol: dict[str, str], software: str, oversampling: float | None) -> bytes:
    """The named buffers in front of the data, with the planted identity in each of them."""
    person = (
        f'<ParamString."PatientName">  {{ "{IDENTITY["name"]}"  }}\n'
        f'<ParamString."PatientID">  {{ "{IDENTITY["id"]}"  }}\n'
        f'<ParamString."PatientBirthDay">  {{ "{IDENTITY["birth_date"]}"  }}\n'
    )
    factor = (
        "" if oversampling is None else f'<ParamDouble."flReadoutOSFactor">  {{ <Precision> 6  {oversampling:f}  }}\n'
    )
    scanner = (
        '<ParamString."Manufacturer">  { "SIEMENS"  }\n<ParamString."ManufacturersModelName">  { "Skyra"  }\n'
        f'<ParamString."SoftwareVersions">  {{ "{software}"  }}\n{factor}'
    )
    lines = "".join(f"{key}\t = \t{value}\n" for key, value in protocol.items())
    ascconv = f"### ASCCONV BEGIN object=MrProtDataImpl@MrProtocolData ###\n{lines}\n### ASCCONV END ###"
    xprotocol = f'<XProtocol> \n{{\n  <ParamMap.""> \n  {{\n{person}{{}}\n  }}\n}}\n'
    buffers = {
        "Config": xprotocol.replace("{}\n", ""),
        "Dicom": xprotocol.replace("{}\n", scanner),
        "Meas": xprotocol.replace("{}\n", ""),
        "MeasYaps": ascconv,
        "Phoenix": xprotocol.replace("{}\n", "") + ascconv,
        "Spice": xprotocol.replace("{}\n", ""),
    }
    content = b""
    for name, text in buffers.items():
        encoded = text.encode("latin-1") + b"\x00"
        content += name.encode() + b"\x00" + struct.pack("<I", len(encoded)) + encoded
    length = max(10_240, -(-(8 + len(content)) // 32) * 32)  # real headers are long; 10 000 tells VB from later
    return (struct.pack("<2I", length, len(buffers)) + content).ljust(length, b"\x00")


def transient(
    data: ComplexArray, *, new: bool, flags: int = 0, lead: int = LEAD, cut_off: int = 0, **loops: int
) -> bytes:
    """One transient of shape (coils, points) with its headers; ``new`` is the layout from VD on."""
    coils, points = data.shape
    counters = struct.pack("<14H", *(loops.get(loop, 0) for loop in LOOPS))
    length = (192 + coils * (32 + 8 * points)) if new else coils * (128 + 8 * points)
    begin = struct.pack("<I4i", length, 1, 1, 0, 0)
    what = struct.pack("<Q2H", flags, points, coils) + counters + struct.pack("<2H", cut_off, 0)
    where = struct.pack("<2HfI2H", points // 2, 0, 0.0, 0, 0, 0)
    samples = np.asarray(data, dtype="<c8")
    if new:
        ice = [0] * 24
        ice[4] = lead
        scan = begin + bytes(20) + what + where + bytes(28) + struct.pack("<24H", *ice) + bytes(16)
        return scan + b"".join(bytes(32) + coil.tobytes() for coil in samples)
    shared = begin + what + where + bytes(8) + struct.pack("<4H", lead, 0, 0, 0) + bytes(28)
    return b"".join(shared + struct.pack("<2H", coil, 0) + row.tobytes() for coil, row in enumerate(samples))


def end(*, new: bool) -> bytes:
    """The mark of the last transient."""
    mark = transient(np.zeros((0, 0)), new=new, flags=ACQUISITION_END, lead=0) if new else bytes(0)
    if not new:
        mark = transient(np.zeros((1, 0)), new=False, flags=ACQUISITION_END, lead=0)
    return mark + bytes(-len(mark) % 512)


def measurement(data: bytes, *, new: bool, software: str, oversampling: float | None, **changes: str) -> bytes:
    """Header, transients and end mark of one measurement."""
    protocol = PROTOCOL | {key.replace("__", "."): value for key, value in changes.items()}
    protocol = {key: value for key, value in protocol.items() if value}
    return header(protocol, software, oversampling) + data + end(new=new)


NOISE = transient(np.ones((2, 64)), new=True, flags=NOISE_ADJUSTMENT, lead=0)


def vb(samples: ComplexArray = OVERSAMPLED, **changes: str) -> Files:
    """A VB17 file: one measurement, FID start in free parameter 0, transients counted by loop Set."""
    data = b"".join(transient(scan, new=False, Set=index) for index, scan in enumerate(stored(samples)))
    content = measurement(data, new=False, software="syngo MR B17", oversampling=None, **changes)
    return (SourceFile("meas.dat", content),)


def vd(data: bytes, *, software: str = "syngo MR E11", oversampling: float | None = 2.0, **changes: str) -> Files:
    """A VD, VE or XA file of two measurements: an adjustment, then the scan whose transients are ``data``."""
    adjustment = measurement(NOISE, new=True, software=software, oversampling=2.0, tSequenceFileName='"AdjCoilSens"')
    scan = measurement(data, new=True, software=software, oversampling=oversampling, **changes)
    table, begin, content = struct.pack("<2I", 0, 2), 10240, b""
    for number, part in enumerate((adjustment, scan)):
        name, protocol = (IDENTITY["name"].encode(), IDENTITY["id"].encode())
        table += struct.pack("<2I2Q64s64s", number, number, begin + len(content), len(part), name, protocol)
        content += part + bytes(-len(part) % 512)
    return (SourceFile("meas.dat", table.ljust(begin, b"\x00") + content),)


def ve(samples: ComplexArray = OVERSAMPLED, **changes: str) -> Files:
    """A VE11 file: FID start in ICE parameter 4, transients counted by loop Ave."""
    return vd(b"".join(transient(scan, new=True, Ave=i) for i, scan in enumerate(stored(samples))), **changes)


def _xa(samples: ComplexArray = OVERSAMPLED, water: ComplexArray = OVERSAMPLED_WATER, **changes: str) -> Files:
    """An XA30 file: the water reference is element 0 of loop Phs, the scan is element 1."""
    reference = b"".join(transient(scan, new=True, Ave=i, Phs=0) for i, scan in enumerate(stored(water)))
    scan = b"".join(transient(scan, new=True, Ave=i, Phs=1) for i, scan in enumerate(stored(samples)))
    return vd(reference + scan, software="syngo MR XA30", **changes)


def _not_oversampled() -> Files:
    data = b"".join(transient(scan, new=True, lead=0, cut_off=LEAD, Rep=i) for i, scan in enumerate(stored(SAMPLES)))
    stored_dwell = {"sRXSPEC__alDwellTime[0]": str(2 * STORED_DWELL_NS)}
    return vd(data, oversampling=1.0, tSequenceFileName='"%CustomerSeq%\\eja_svs_slaser"', **stored_dwell)


def _loop(name: str) -> Files:
    data = (transient(scan, new=True, **{name: i}) for i, scan in enumerate(stored(OVERSAMPLED)))
    return vd(b"".join(data))


def _mixed_sizes() -> Files:
    first, second, _ = stored(OVERSAMPLED)
    return vd(transient(first, new=True) + transient(second[:, :-8], new=True, Ave=1))


def _silent() -> Files:
    silent = ("alTE[0]", "alTR[0]", "sSpecPara.sVoI.dThickness", "tSequenceFileName")
    return ve(**dict.fromkeys(silent, ""))


OVERSAMPLING_ERROR = 0.005
"""What removing the oversampling of a sharply beginning FID leaves in its first point."""

FIXTURES = (
    Fixture(
        "siemens_twix",
        "vb17",
        vb,
        SAMPLES,
        {**EXPECTED, "software": "syngo MR B17"},
        tolerance=OVERSAMPLING_ERROR,
    ),
    Fixture("siemens_twix", "ve11", ve, SAMPLES, EXPECTED, tolerance=OVERSAMPLING_ERROR),
    Fixture(
        "siemens_twix",
        "xa30-with-water",
        _xa,
        SAMPLES,
        {**EXPECTED, "software": "syngo MR XA30"},
        water=WATER,
        tolerance=OVERSAMPLING_ERROR,
    ),
    Fixture(
        "siemens_twix",
        "not-oversampled",
        _not_oversampled,
        SAMPLES,
        {**EXPECTED, "sequence": "sLASER", "sequence_name": "eja_svs_slaser", "echo_time": 0.045},
    ),
    Fixture(
        "siemens_twix",
        "unknown-sequence-with-several-echo-times",
        lambda: ve(tSequenceFileName='"%CustomerSeq%\\own_svs"'),
        SAMPLES,
        {**EXPECTED, "sequence": None, "sequence_name": "svs", "echo_time": None},
        tolerance=OVERSAMPLING_ERROR,
    ),
    Fixture(
        "siemens_twix",
        "silent-header",
        _silent,
        SAMPLES,
        {
            **EXPECTED,
            "echo_time": None,
            "repetition_time": None,
            "voi_size": None,
            "sequence": None,
            "sequence_name": None,
        },
        tolerance=OVERSAMPLING_ERROR,
    ),
)

REFUSALS = (
    Refusal("siemens_twix", "imaging", lambda: ve(sSpecPara__lVectorSize=""), "imaging"),
    Refusal("siemens_twix", "mrsi-matrix", lambda: ve(sSpecPara__lFinalMatrixSizeRead="16"), "MRSI"),
    Refusal("siemens_twix", "mrsi-lines", lambda: _loop("Lin"), "MRSI"),
    Refusal("siemens_twix", "echoes", lambda: _loop("Eco"), "Eco"),
    Refusal("siemens_twix", "phases", lambda: _loop("Phs"), "Phs"),
    Refusal("siemens_twix", "quiet-reference", lambda: _xa(water=OVERSAMPLED[:1] / 10), "Phs"),
    Refusal(
        "siemens_twix",
        "phosphorus",
        lambda: ve(**{"sTXSPEC__asNucleusInfo[0]__tNucleus": '"31P"'}),
        "31P",
    ),
    Refusal("siemens_twix", "editing", lambda: ve(tSequenceFileName='"%CustomerSeq%\\mgs_svs_ed"'), "editing"),
    Refusal("siemens_twix", "special", lambda: ve(tSequenceFileName='"%CustomerSeq%\\jn_svs_special"'), "SPECIAL"),
    Refusal("siemens_twix", "no-transient", lambda: vd(b""), "no measured signal", DamagedFile),
    Refusal("siemens_twix", "noise-only", lambda: vd(NOISE), "no measured signal", DamagedFile),
    Refusal("siemens_twix", "mixed-sizes", _mixed_sizes, "inconsistent", DamagedFile),
    Refusal("siemens_twix", "no-end", lambda: (SourceFile("meas.dat", ve()[0].content[:-1024]),), "", DamagedFile),
)
