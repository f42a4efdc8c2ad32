"""What a fault is, and the kinds of damage: to the header, the spectrum, the reference, the transients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tests.faults.scan import Samples, Scan, clean_scan

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


def only(change: Callable[[Samples], Samples]) -> Damage:
    """Change the spectrum and send no reference."""
    return without_water(metabolite(lambda scan: change(scan.metabolite)))


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
