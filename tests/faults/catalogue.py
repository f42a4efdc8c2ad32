"""The faults, each a function from a clean scan to a damaged one, with the outcomes that are acceptable."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fitting.units import FloatArray
from tests.faults.scan import Samples, Scan, clean_scan, uncombined_scan

NO_WATER: Samples = np.zeros(0, dtype=np.complex128)

Damage = Callable[[Scan], Scan]


def good() -> Scan:
    return clean_scan("good")


def typical() -> Scan:
    return clean_scan("typical")


@dataclass(frozen=True)
class Fault:
    """One way a scan goes wrong, and what may come of it: ``right``, ``flagged``, ``refused``."""

    name: str
    damage: Damage
    may_end: tuple[str, ...]
    scan: Callable[[], Scan] = good


def header(**changes: object) -> Damage:
    return lambda scan: scan.with_header(**changes)


def metabolite(change: Callable[[Scan], Samples]) -> Damage:
    return lambda scan: replace(scan, metabolite=change(scan))


def both(change: Callable[[Samples], Samples]) -> Damage:
    return lambda scan: replace(scan, metabolite=change(scan.metabolite), water=change(scan.water))


def water(change: Callable[[Scan], Samples]) -> Damage:
    return lambda scan: replace(scan, water=change(scan))


def without_water(damage: Damage) -> Damage:
    return lambda scan: replace(damage(scan), water=NO_WATER)


def turning(hz: float) -> Callable[[Samples], Samples]:
    """Move every line by ``hz`` of the true grid."""
    return lambda x: x * np.exp(2j * np.pi * hz * np.arange(x.size) * 5e-4)


def only(change: Callable[[Samples], Samples]) -> Damage:
    """Change the spectrum and send no reference."""
    return without_water(metabolite(lambda scan: change(scan.metabolite)))


def echo(scan: Scan, size: float, ppm: float, centre: float) -> Samples:
    """A wave packet that comes late: signal from outside the voxel that a gradient refocuses."""
    packet = np.exp(-(((scan.time - centre) / 0.025) ** 2))
    return np.asarray(size * scan.peak * scan.line(ppm, 4.0) * packet)


def water_alone(scan: Scan) -> Samples:
    return np.asarray(scan.peak * 10 * scan.line(4.65, 6.0) + scan.noise(0.05 * scan.peak))


def lipids(scan: Scan) -> Samples:
    fat = 8 * scan.line(1.3, 25.0, 0.8) + 4 * scan.line(0.9, 25.0, 0.8)
    return np.asarray(scan.metabolite + scan.peak * fat)


def edited(scan: Scan) -> Samples:
    """A J-difference spectrum: GABA and Glx upright, NAA upside down."""
    lines = 0.3 * scan.line(3.0, 20.0) + 0.5 * scan.line(3.75, 20.0) - 2 * scan.line(2.01, 6.0)
    return np.asarray(scan.noise(0.02 * scan.peak) + scan.peak * lines)


def sidebands(samples: Samples) -> Samples:
    """Vibration of the gradients at 50 Hz turns the phase."""
    return np.asarray(samples * np.exp(0.2j * np.sin(0.05 * np.pi * np.arange(samples.size))))


def eddy(samples: Samples, size: float) -> Samples:
    """The phase (rad) of eddy currents that decay in 50 ms."""
    return np.asarray(np.exp(1j * size * np.exp(-np.arange(samples.size) / 100)))


def spike(scan: Scan, size: float, at: int) -> Samples:
    fid = scan.metabolite.copy()
    fid[..., at] += size * scan.peak
    return fid


def clipped(samples: Samples, share: float) -> Samples:
    limit = share * max(np.abs(samples.real).max(), np.abs(samples.imag).max())
    return np.asarray(np.clip(samples.real, -limit, limit) + 1j * np.clip(samples.imag, -limit, limit))


def sphere(*lines: tuple[float, float]) -> Damage:
    def build(scan: Scan) -> Samples:
        sd = float(np.std(scan.metabolite[-256:].real))
        return 5 * scan.peak * sum(a * scan.line(ppm, 2.0) for ppm, a in lines) + scan.noise(sd)

    return metabolite(build)


def changed_transients(change: Callable[[Samples, Scan], None]) -> Damage:
    def build(scan: Scan) -> Samples:
        samples = scan.metabolite.copy()
        change(samples, scan)
        return samples

    return metabolite(build)


def turned(samples: Samples, scan: Scan) -> None:
    samples[::2] *= -1


def moved(hz: float) -> Callable[[Samples, Scan], None]:
    def change(samples: Samples, scan: Scan) -> None:
        samples[3:5] *= np.exp(2j * np.pi * hz * scan.time)

    return change


def lost(samples: Samples, scan: Scan) -> None:
    samples[2] = 0


def loud(samples: Samples, scan: Scan) -> None:
    samples[5] += scan.noise(20 * scan.peak)[5]


def dead_coil(samples: Samples, scan: Scan) -> None:
    samples[:, 1] = 0


def noisy_coil(samples: Samples, scan: Scan) -> None:
    samples[:, 2] += scan.noise(30 * scan.peak)[:, 2]


def one_nan(samples: Samples, scan: Scan) -> None:
    samples[4, 1, 100] = np.nan


def t(scan: Scan) -> FloatArray:
    return scan.time


BRAIN = ((2.01, 1.0), (3.03, 0.7), (3.21, 0.5), (3.92, 0.4), (3.55, 0.4))
UNEQUAL = json.dumps({"fid_real": [1.0, 2.0], "fid_imag": [1.0]}).encode()

RIGHT, FLAGGED, REFUSED = ("right",), ("flagged",), ("refused",)
NOT_SILENT = ("flagged", "refused")
ANY = ("right", "flagged", "refused")

FAULTS = (
    Fault("none", lambda scan: scan, RIGHT),
    Fault("none typical", lambda scan: scan, RIGHT, typical),
    Fault("none uncombined", lambda scan: scan, RIGHT, uncombined_scan),
    # sign and representation
    Fault("mirrored", both(np.conj), ANY),
    Fault("mirrored without water", without_water(metabolite(lambda s: s.metabolite.conj())), ANY),
    Fault("metabolite mirrored", metabolite(lambda s: s.metabolite.conj()), ANY),
    Fault("water mirrored", water(lambda s: s.water.conj()), ANY),
    Fault("real and imaginary swapped", both(lambda x: 1j * np.conj(x)), ANY),
    Fault("imaginary lost", both(lambda x: x.real + 0j), NOT_SILENT),
    Fault("imaginary lost without water", without_water(metabolite(lambda s: s.metabolite.real + 0j)), NOT_SILENT),
    Fault("magnitude", both(lambda x: np.abs(x) + 0j), NOT_SILENT),
    Fault("spectrum for FID", both(np.fft.fft), NOT_SILENT),
    Fault("shifted spectrum for FID", both(lambda x: np.fft.fftshift(np.fft.fft(x))), NOT_SILENT),
    Fault("time reversed", both(lambda x: x[::-1]), NOT_SILENT),
    Fault("inverted", metabolite(lambda s: -s.metabolite), RIGHT),
    Fault("turned by 100 degrees", metabolite(lambda s: s.metabolite * np.exp(1.745j)), RIGHT),
    Fault("quadrature ghost", both(lambda x: x + 0.05 * np.conj(x)), ANY),
    # units and axes
    Fault("frequency in MHz", header(spectrometer_frequency=123.25), REFUSED),
    Fault("frequency of 1.5 T", header(spectrometer_frequency=63.87e6), NOT_SILENT),
    Fault("frequency of 7 T", header(spectrometer_frequency=297.2e6), NOT_SILENT),
    Fault("frequency of another 3 T vendor", header(spectrometer_frequency=127.73e6), NOT_SILENT),
    Fault("frequency 2 % high", header(spectrometer_frequency=125.7e6), ANY),
    Fault("frequency 3 % low", header(spectrometer_frequency=119.5e6), NOT_SILENT),
    Fault("dwell time in ms", header(dwell_time=0.5), REFUSED),
    Fault("bandwidth for dwell time", header(dwell_time=2000.0), REFUSED),
    Fault("dwell time doubled", header(dwell_time=1e-3), NOT_SILENT),
    Fault("dwell time halved", header(dwell_time=2.5e-4), NOT_SILENT),
    Fault("dwell time 4 % long", header(dwell_time=5.2e-4), NOT_SILENT),
    Fault("dwell time 4 % short", header(dwell_time=4.8e-4), NOT_SILENT),
    Fault("dwell time 3 % long without water", without_water(header(dwell_time=5.15e-4)), NOT_SILENT),
    Fault("echo time in ms", header(echo_time=30.0), REFUSED),
    Fault("echo time ten times", header(echo_time=0.3), NOT_SILENT),
    Fault("echo time 144 ms", header(echo_time=0.144), NOT_SILENT),
    Fault("echo time 68 ms", header(echo_time=0.068), NOT_SILENT),
    Fault("echo time missing", header(echo_time=None), REFUSED),
    Fault("repetition time in ms", header(repetition_time=2000.0), REFUSED),
    Fault("echo and repetition time swapped", header(echo_time=2.0, repetition_time=0.03), REFUSED),
    Fault("sequence missing", header(sequence=None), REFUSED),
    Fault("sequence STEAM", header(sequence="STEAM", mixing_time=0.01), NOT_SILENT),
    Fault("not a number", header(dwell_time="fast"), REFUSED),
    Fault("negative dwell time", header(dwell_time=-5e-4), REFUSED),
    # position
    Fault("moved 0.3 ppm", both(turning(37)), ANY),
    Fault("moved 0.3 ppm no water", only(turning(37)), ANY),
    Fault("moved 1 ppm no water", only(turning(123)), NOT_SILENT),
    Fault("moved to the other side no water", only(turning(-250)), NOT_SILENT),
    # timing of the first point
    Fault("first point lost", both(lambda x: x[1:]), ANY),
    Fault("first point lost without water", without_water(metabolite(lambda s: s.metabolite[1:])), ANY),
    Fault("three points lost without water", without_water(metabolite(lambda s: s.metabolite[3:])), ANY),
    Fault("ten points lost", both(lambda x: x[10:]), ANY),
    Fault("forty points lost", both(lambda x: x[40:]), NOT_SILENT),
    Fault("two early points", both(lambda x: np.concatenate([np.zeros(2), x])), ANY),
    Fault("group delay of 70 points", both(lambda x: np.concatenate([np.zeros(70), x])), ANY),
    Fault("group delay of 70 noisy points", both(lambda x: np.concatenate([x[-70:], x])), ANY),
    # samples
    Fault("all zero", metabolite(lambda s: 0 * s.metabolite), REFUSED),
    Fault("constant", metabolite(lambda s: np.full_like(s.metabolite, 3 + 1j)), REFUSED),
    Fault("not a number in samples", metabolite(lambda s: np.where(t(s) == 0.1, np.nan, s.metabolite)), REFUSED),
    Fault("infinite sample", metabolite(lambda s: spike(s, np.inf, 9)), REFUSED),
    Fault("huge sample", metabolite(lambda s: spike(s, 1e200, 9)), NOT_SILENT),
    Fault("spike early", metabolite(lambda s: spike(s, 10, 150)), ANY),
    Fault("spike large", metabolite(lambda s: spike(s, 1000, 700)), ANY),
    Fault("spike first point", metabolite(lambda s: spike(s, 30, 0)), ANY),
    Fault("tail zeroed", metabolite(lambda s: np.where(t(s) > 0.5, 0, s.metabolite)), RIGHT),
    Fault("tail zeroed late", both(lambda x: np.where(np.arange(x.size) > 1500, 0, x)), RIGHT),
    Fault("middle zeroed", metabolite(lambda s: np.where(abs(t(s) - 0.065) < 0.015, 0, s.metabolite)), ANY),
    Fault("short", both(lambda x: x[:400]), ANY),
    Fault("very short", both(lambda x: x[:100]), NOT_SILENT),
    Fault("few points", both(lambda x: x[:40]), REFUSED),
    Fault("clipped", metabolite(lambda s: clipped(s.metabolite, 0.5)), ANY),
    Fault("clipped hard", metabolite(lambda s: clipped(s.metabolite, 0.2)), NOT_SILENT),
    Fault("clipped slightly", metabolite(lambda s: clipped(s.metabolite, 0.9)), ANY),
    Fault("coarse numbers", metabolite(lambda s: np.round(s.metabolite / s.peak * 3) * s.peak / 3), ANY),
    Fault("offset", metabolite(lambda s: s.metabolite + 0.3 * s.peak), ANY),
    Fault("gain 1e-30", both(lambda x: x * 1e-30), RIGHT),
    Fault("gain 1e12", both(lambda x: x * 1e12), RIGHT),
    # water reference
    Fault("no water", water(lambda s: NO_WATER), RIGHT),
    Fault("swapped", lambda s: replace(s, metabolite=s.water, water=s.metabolite), NOT_SILENT),
    Fault("water as spectrum", lambda s: replace(s, metabolite=s.water, water=NO_WATER), NOT_SILENT),
    Fault("spectrum as reference", water(lambda s: s.metabolite), NOT_SILENT),
    Fault("reference zero", water(lambda s: 0 * s.water), RIGHT),
    Fault("reference is noise", water(lambda s: s.noise(s.peak)), ANY),
    Fault("reference not finite", water(lambda s: np.where(t(s) == 0.1, np.nan, s.water)), REFUSED),
    Fault("reference half as long", water(lambda s: s.water[:1024]), RIGHT),
    Fault("reference longer", water(lambda s: np.concatenate([s.water, np.zeros(2048)])), RIGHT),
    Fault("reference very short", water(lambda s: s.water[:100]), ANY),
    Fault("reference of another gain", water(lambda s: s.water * 1000), NOT_SILENT),
    Fault("reference of smaller gain", water(lambda s: s.water / 30), NOT_SILENT),
    Fault("reference clipped", lambda s: replace(s, water=clipped(s.water, 0.4)), ANY),
    Fault("reference of another place", water(lambda s: s.water * np.exp(-2j * np.pi * 60 * t(s) - t(s) * 80)), ANY),
    # content
    Fault("residual water 100 times", metabolite(lambda s: s.metabolite + 100 * s.peak * s.line(4.68, 8.0, 2.0)), ANY),
    Fault("water not suppressed at all", metabolite(lambda s: s.metabolite + s.water), ANY),
    Fault("noise only", metabolite(lambda s: s.noise(s.peak)), NOT_SILENT),
    Fault(
        "water and noise only",
        metabolite(lambda s: s.peak * 10 * s.line(4.65, 6.0) + s.noise(0.05 * s.peak)),
        NOT_SILENT,
    ),
    Fault("noise tenfold", metabolite(lambda s: s.metabolite + s.noise(0.7 * s.peak)), NOT_SILENT),
    Fault("lines of 25 Hz", both(lambda x: x * np.exp(-np.pi * 20 * np.arange(x.size) * 5e-4)), NOT_SILENT),
    Fault(
        "lipids",
        metabolite(lambda s: s.metabolite + s.peak * (8 * s.line(1.3, 25.0, 0.8) + 4 * s.line(0.9, 25.0, 0.8))),
        ANY,
    ),
    Fault(
        "spurious echo",
        metabolite(lambda s: s.metabolite + echo(s, 20.0, 3.4, 0.15)),
        NOT_SILENT,
    ),
    Fault(
        "spurious echo under mI",
        metabolite(lambda s: s.metabolite + echo(s, 1.0, 3.6, 0.1)),
        NOT_SILENT,
    ),
    Fault("interference", metabolite(lambda s: s.metabolite + 0.5 * s.peak * s.line(2.75, 0.0)), NOT_SILENT),
    Fault("sidebands of 50 Hz", both(sidebands), ANY),
    Fault("eddy currents", both(lambda x: x * eddy(x, 3.0)), RIGHT),
    Fault(
        "eddy currents without water",
        only(lambda x: x * eddy(x, 0.7)),
        ANY,
    ),
    Fault("acetate sphere", sphere((1.92, 1.0)), NOT_SILENT),
    Fault("lactate sphere", sphere((1.31, 1.0), (4.1, 0.3)), NOT_SILENT),
    Fault("NAA sphere", sphere((2.01, 1.0), (2.6, 0.4)), NOT_SILENT),
    Fault("cold brain phantom", sphere(*((ppm - 0.1, a) for ppm, a in BRAIN)), NOT_SILENT),
    Fault(
        "edited difference",
        metabolite(lambda s: s.noise(0.02 * s.peak) + s.peak * (0.5 * s.line(3.75, 20.0) - 2 * s.line(2.01, 6.0))),
        NOT_SILENT,
    ),
    # transients and coils
    Fault("every other transient inverted", changed_transients(turned), ANY, uncombined_scan),
    Fault("two transients moved by 12 Hz", changed_transients(moved(12.0)), ("right", "flagged"), uncombined_scan),
    Fault("two transients moved by 60 Hz", changed_transients(moved(60.0)), ("right", "flagged"), uncombined_scan),
    Fault("a transient lost", changed_transients(lost), ("right", "flagged"), uncombined_scan),
    Fault("a loud transient", changed_transients(loud), ("right", "flagged"), uncombined_scan),
    Fault("a dead coil", changed_transients(dead_coil), RIGHT, uncombined_scan),
    Fault("a noisy coil", changed_transients(noisy_coil), RIGHT, uncombined_scan),
    Fault("not a number in one transient", changed_transients(one_nan), REFUSED, uncombined_scan),
    Fault("coils and transients swapped", both(lambda x: x.swapaxes(0, 1)), ANY, uncombined_scan),
    # not a scan
    Fault("not JSON", lambda s: replace(s, sent=b'{"fid_real": [1, 2'), REFUSED),
    Fault(
        "unequal parts",
        lambda s: replace(s, sent=json.dumps({"fid_real": [1.0, 2.0], "fid_imag": [1.0]}).encode()),
        REFUSED,
    ),
)
