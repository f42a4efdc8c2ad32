"""GE P-files: revision 9 as an LX 11 scanner writes it, and revision 26.002 with coils and a phase cycle."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from fitting.units import ComplexArray
from tests.conformance.reader_fixtures import IDENTITY, Fixture, Refusal, brain_fid, water_fid

_FREQUENCY, _DWELL = 63_872_622.0, 0.0004


@dataclass
class _Header:
    """A header under construction: numbers and texts at byte positions."""

    size: int
    order: str = "<"
    content: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.content = bytearray(self.size)

    def put(self, kind: str, place: int, *values: float) -> None:
        struct.pack_into(f"{self.order}{len(values)}{kind}", self.content, place, *values)

    def text(self, place: int, text: str) -> None:
        self.content[place : place + len(text)] = text.encode()


def _identify(header: _Header, place: int) -> None:
    header.text(place, " ".join(IDENTITY.values()))


def _frames(header: _Header, samples: ComplexArray, kind: str) -> bytes:
    """Frames (frames, coils, points) as integers, each coil led by its baseline frame."""
    baseline = np.full_like(samples[:1], 1 + 1j)
    by_coil = np.swapaxes(np.concatenate([baseline, samples]), 0, 1)
    pairs = np.stack([by_coil.real, by_coil.imag], axis=-1)
    return np.round(pairs).astype(f"{header.order}{kind}").tobytes()


def _revision_9(
    samples: ComplexArray,
    *,
    order: str = "<",
    psd: str = "probe-p",
    width: float = 2500.0,
    grid: int = 1,
    frequency: float = _FREQUENCY,
    echoes: int = 1,
    counted: float = 2.0,
    averages: float = 6.0,
    edges: Sequence[float] = (40.0, 20.0, 15.0),
    center: Sequence[float] = (),
    corners: Sequence[float] = (),
) -> Files:
    header = _Header(61464, order)
    header.put("f", 0, 9.0)
    header.text(34, "GE_MED_NMR")
    frames, _, points = samples.shape
    header.put("h", 70, echoes, 2, frames)  # echoes, excitations per frame, frames
    header.put("h", 80, points, 4)
    header.put("h", 102, points, frames + 1)
    header.put("f", 216 + 4 * 4, averages)  # rhuser4: suppressed excitations
    header.put("f", 216 + 4 * 19, counted)  # rhuser19: reference frames
    header.put("f", 368, width)
    header.put("h", 374, grid, 1, 1)
    header.put("I", 424, round(frequency * 10))
    _identify(header, 57352 + 88)
    image = 59928
    header.put("i", image + 200, 2_000_000)
    header.put("i", image + 208, 30_000)
    header.text(image + 320, psd)
    header.put("f", image + 456, *edges, *center)
    header.put("f", image + 160, *corners)
    return (SourceFile("P12345.7", bytes(header.content) + _frames(header, samples, "i4")),)


def _revision_26(samples: ComplexArray, *, revision: float = 26.002) -> Files:
    header = _Header(4096)
    header.put("f", 0, revision)
    header.put("i", 4, 4096)
    header.put("i", 40, 2048)
    header.text(110, "GE_MED_NMR")
    frames, coils, points = samples.shape
    header.put("h", 146, 1, 2, frames)
    header.put("h", 156, points, 2)
    header.put("h", 178, points, frames + 1)
    header.put("h", 264, 0, coils - 1)
    header.put("f", 280 + 4 * 4, frames - 2)  # every excitation is a frame (no_add)
    header.put("f", 280 + 4 * 19, 1.0)
    header.put("f", 432, 2500.0)
    header.put("h", 438, 1, 1, 1)
    header.put("I", 488, round(_FREQUENCY * 10))
    _identify(header, 1000)
    header.put("i", 2048 + 1056, 1_500_000)
    header.put("i", 2048 + 1064, 35_000)
    header.text(2048 + 1632, "/usr/g/research/oslaser")
    header.put("f", 2048 + 388, 25.0, 25.0, 25.0)
    alternating = np.array([1, -1] * (frames // 2))[:, np.newaxis, np.newaxis]
    return (SourceFile("P54321.7", bytes(header.content) + _frames(header, samples * alternating, "i2")),)


def _recorded(points: int, suppressed: int, coils: int, scale: float) -> ComplexArray:
    """Two water frames, then suppressed frames: shape (frames, coils, points), whole numbers."""
    weights = np.exp(1j * np.arange(coils))[:, np.newaxis] / (1 + np.arange(coils))[:, np.newaxis]
    water = weights * water_fid(points, _DWELL, scale=scale)
    brain = weights * brain_fid(points, _DWELL, _FREQUENCY, scale=scale / 3)
    samples = np.stack([water, water] + [brain] * suppressed)
    return np.round(samples.real) + 1j * np.round(samples.imag)


_FRAMES_9 = _recorded(512, 3, 1, 1e8)
_FRAMES_26 = _recorded(512, 4, 2, 2e4)

_BELOW = np.exp(-2j * np.pi * 26 / 512 * np.arange(512))
"""The carrier 26 bins, 2.0 ppm, below water: lines move to lower frequencies."""


def _of_two_carriers() -> ComplexArray:
    """sLASER: two reference frames below water, two on it, and the metabolites below it."""
    water, _, *brain = _FRAMES_9
    samples = np.stack([water * _BELOW, water * _BELOW, water, water, *(frame * _BELOW for frame in brain)])
    return np.round(samples.real) + 1j * np.round(samples.imag)


_FRAMES_SLASER = _of_two_carriers()

_KNOWN = {"spectrometer_frequency": _FREQUENCY, "dwell_time": _DWELL, "vendor": "GE", "water_suppressed": True}
_OLD = {
    **_KNOWN,
    "echo_time": 0.030,
    "repetition_time": 2.0,
    "sequence": "PRESS",
    "sequence_name": "probe-p",
    "voi_size": (0.040, 0.020, 0.015),
    "averages": 6,
}

FIXTURES = (
    Fixture("ge_pfile", "revision 9", lambda: _revision_9(_FRAMES_9), _FRAMES_9[2:], _OLD, _FRAMES_9[:2]),
    Fixture(
        "ge_pfile",
        "revision 9, big-endian",
        lambda: _revision_9(_FRAMES_9, order=">"),
        _FRAMES_9[2:],
        _OLD,
        _FRAMES_9[:2],
    ),
    Fixture(
        "ge_pfile",
        "revision 9, reference frames not counted",
        lambda: _revision_9(_FRAMES_9, counted=0.0),
        _FRAMES_9[2:],
        _OLD,
        _FRAMES_9[:2],
    ),
    Fixture(
        "ge_pfile",
        "revision 26.002, two coils, alternating signs",
        lambda: _revision_26(_FRAMES_26),
        _FRAMES_26[2:],
        {
            **_KNOWN,
            "echo_time": 0.035,
            "repetition_time": 1.5,
            "sequence": "sLASER",
            "sequence_name": "oslaser",
            "voi_size": (0.025, 0.025, 0.025),
            "averages": 4,
        },
        _FRAMES_26[:2],
    ),
    Fixture(
        "ge_pfile",
        "revision 31",
        lambda: _revision_26(_FRAMES_26, revision=31.0),
        _FRAMES_26[2:],
        {
            **_KNOWN,
            "echo_time": 0.035,
            "repetition_time": 1.5,
            "sequence": "sLASER",
            "sequence_name": "oslaser",
            "voi_size": (0.025, 0.025, 0.025),
            "averages": 4,
        },
        _FRAMES_26[:2],
    ),
    Fixture(
        "ge_pfile",
        "sLASER with reference frames of two carriers",
        lambda: _revision_9(_FRAMES_SLASER, psd="probe-sl", counted=4.0),
        _FRAMES_SLASER[4:],
        {**_OLD, "sequence": "sLASER", "sequence_name": "probe-sl"},
        _FRAMES_SLASER[2:4] * _BELOW,
    ),
)

REFUSALS = (
    Refusal("ge_pfile", "imaging", lambda: _revision_9(_FRAMES_9, psd="fgre", width=0.0), "imaging"),
    Refusal("ge_pfile", "MRSI", lambda: _revision_9(_FRAMES_9, grid=16), "MRSI"),
    Refusal("ge_pfile", "MRSI sequence", lambda: _revision_9(_FRAMES_9, psd="presscsi"), "MRSI"),
    Refusal("ge_pfile", "edited", lambda: _revision_9(_FRAMES_9, psd="gaba"), "editing"),
    Refusal("ge_pfile", "several echoes", lambda: _revision_9(_FRAMES_9, echoes=2), "echoes"),
    Refusal("ge_pfile", "31P", lambda: _revision_9(_FRAMES_9, frequency=51.73e6), "nucleus"),
    Refusal("ge_pfile", "unknown revision", lambda: _revision_26(_FRAMES_26, revision=45.0), "revision 45"),
    Refusal("ge_pfile", "no averages", lambda: _revision_9(_FRAMES_9, averages=0.0), "0 averages", DamagedFile),
    Refusal("ge_pfile", "too many averages", lambda: _revision_9(_FRAMES_9, averages=64.0), "64", DamagedFile),
    Refusal(
        "ge_pfile",
        "truncated",
        lambda: (SourceFile("P12345.7", _revision_9(_FRAMES_9)[0].content[:-4096]),),
        "ends early",
        DamagedFile,
    ),
)
