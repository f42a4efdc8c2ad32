"""jMRUI: text of two generations, and the binary form with free text behind the signals."""

import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from tests.conformance.reader_fixtures import IDENTITY, Fixture, Refusal, brain_fid

_FREQUENCY, _DWELL, _POINTS = 63_879_000.0, 0.0005, 256
_SIGNALS = np.stack([brain_fid(_POINTS, _DWELL, _FREQUENCY, scale=scale) for scale in (1.0, 1.2)])[:, np.newaxis]

_HEADER = f"""jMRUI Data Textfile

Filename: {IDENTITY["id"]}.txt

PointsInDataset: {_POINTS}
DatasetsInFile: 2
SamplingInterval: 5E-1
ZeroOrderPhase: 0E0
BeginTime: 0E0
TransmitterFrequency: 6.3879E7
MagneticField: 1.5E0
TypeOfNucleus: 1E0
NameOfPatient: {IDENTITY["name"]}
DateOfExperiment: {IDENTITY["birth_date"]}
Spectrometer: {IDENTITY["id"]}
AdditionalInfo: {IDENTITY["name"]}
SignalNames: {IDENTITY["id"]}


Signal and FFT
sig(real)\tsig(imag)\tfft(real)\tfft(imag)
"""


def _text(*, title: str = "Signal {} out of {} in file", header: str = _HEADER, columns: int = 4) -> Files:
    lines = [header]
    for number, signal in enumerate(_SIGNALS[:, 0].conj(), start=1):
        lines.append(title.format(number, len(_SIGNALS)) + "\n")
        spectrum = np.fft.fft(signal)
        for point, bin_ in zip(signal, spectrum, strict=True):
            row = (point.real, point.imag, bin_.real, bin_.imag)[:columns]
            lines.append("\t".join(f"{value:.7E}" for value in row) + "\n")
    return (SourceFile("spectrum.txt", "".join(lines).encode()),)


def _binary(nucleus: float = 1.0, tail_lines: int = 3) -> Files:
    header = np.zeros(64)
    header[1:8] = _POINTS, _DWELL * 1e3, 0.0, 0.0, _FREQUENCY, 1.5, nucleus
    pairs = np.stack([_SIGNALS.real, -_SIGNALS.imag], axis=-1)
    tail = "".join(f"{value}\n" for value in (*IDENTITY.values(),) * tail_lines).encode()
    content = header.astype(">f8").tobytes() + pairs.astype(">f8").tobytes() + tail
    return (SourceFile("spectrum.mrui", content),)


def _cut(points: int, *, silent: bool = False) -> Files:
    """Binary without its text and the last points; those may be zeros, of which no byte is above 127."""
    (file,) = _binary(tail_lines=0)
    signals = bytearray(file.content)
    if silent:
        signals[-200 * 16 :] = bytes(200 * 16)
    return (SourceFile(file.name, bytes(signals[: -points * 16])),)


_KNOWN = {"spectrometer_frequency": _FREQUENCY, "dwell_time": _DWELL}

FIXTURES = (
    Fixture("jmrui", "text, two signals", _text, _SIGNALS, _KNOWN),
    Fixture(
        "jmrui",
        "text of jMRUI 3, two columns",
        lambda: _text(title="Signal number: {} out of {} in file", columns=2),
        _SIGNALS,
        _KNOWN,
    ),
    Fixture("jmrui", "binary", _binary, _SIGNALS, _KNOWN),
    Fixture("jmrui", "binary, 31P", lambda: _binary(2.0), _SIGNALS, {**_KNOWN, "nucleus": "31P"}),
)

REFUSALS = (
    Refusal("jmrui", "signal missing", lambda: _text(title="Signal {} out of 3 in file"), "announces 3", DamagedFile),
    Refusal(
        "jmrui",
        "points missing",
        lambda: _text(header=_HEADER.replace(f"PointsInDataset: {_POINTS}", "PointsInDataset: 300")),
        "300 points",
        DamagedFile,
    ),
    Refusal("jmrui", "binary cut in its last signal", lambda: _cut(100), "within a signal", DamagedFile),
    Refusal(
        "jmrui", "binary cut in a zero-filled signal", lambda: _cut(100, silent=True), "within a signal", DamagedFile
    ),
    Refusal("jmrui", "header only", lambda: (SourceFile("spectrum.txt", _HEADER.encode()),), "signals", DamagedFile),
    Refusal(
        "jmrui", "edited", lambda: _text(header=_HEADER.replace("Spectrometer", "PulseSequence: mega\nX")), "editing"
    ),
)
