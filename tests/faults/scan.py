"""A clean simulated scan that faults can damage, as the plain arrays a client sends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fitting.io import SourceFile
from fitting.request import Subject, TissueFractions
from fitting.run import Job
from fitting.units import WATER_PPM, ComplexArray, FloatArray
from tests.measure.benchmarks.simulated import simulated_sets

Samples = npt.NDArray[Any]

REGION = "posterior_cingulate"
TRANSIENTS, COILS = 8, 4


@dataclass(frozen=True)
class Scan:
    """Samples (points,) or (transients, coils, points), its water reference alike, and what the header says.

    A water reference without samples is none.
    """

    metabolite: Samples
    water: Samples
    header: dict[str, object]
    tissue: TissueFractions | None
    relaxation: bytes | None = None
    sent: bytes | None = None
    macromolecules: tuple[SourceFile, ...] = ()
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    @property
    def time(self) -> FloatArray:
        """s, of the true grid."""
        return np.asarray(np.arange(self.metabolite.shape[-1]) * 5e-4, dtype=np.float64)

    @property
    def peak(self) -> float:
        """Typical size of the first metabolite samples beside water."""
        return float(np.abs(self.metabolite[..., 20:40]).mean())

    def line(self, ppm: float, width_hz: float, phase: float = 0.0) -> ComplexArray:
        """A Lorentzian line (points,) of unit first sample on the true axis."""
        offset = (WATER_PPM - ppm) * 123.25
        return np.asarray(np.exp(1j * phase + (2j * np.pi * offset - np.pi * width_hz) * self.time))

    def noise(self, sd: float) -> ComplexArray:
        """White noise like the samples."""
        parts = self.rng.normal(scale=sd, size=(2, *self.metabolite.shape))
        return np.asarray(parts[0] + 1j * parts[1])

    def with_header(self, **changes: object) -> Scan:
        """The same samples under another header; a None removes the entry."""
        header = {key: value for key, value in {**self.header, **changes}.items() if value is not None}
        return replace(self, header=header)

    def job(self) -> Job:
        """What a client posts."""
        return Job(
            metabolite=(SourceFile("scan.json", self.sent or self._document()),),
            subject=Subject(region=REGION, age_years=40.0, sex="female", tissue=self.tissue),
            relaxation=self.relaxation,
            macromolecules=self.macromolecules,
        )

    def _document(self) -> bytes:
        document: dict[str, object] = {
            "fid_real": self.metabolite.real.tolist(),
            "fid_imag": self.metabolite.imag.tolist(),
            **self.header,
        }
        if self.water.size:
            document |= {"water_real": self.water.real.tolist(), "water_imag": self.water.imag.tolist()}
        return json.dumps(document).encode()


@cache
def clean_scan(quality: str) -> Scan:
    """The first spectrum of the benchmark's set of this ``quality``: ``good``, ``typical`` or ``poor``."""
    known = next(known for known in simulated_sets(1) if known.name == quality)
    job = next(iter(known.jobs["simulated basis"].values()))
    document = json.loads(job.metabolite[0].content)
    part = {name: np.array(document.pop(name)) for name in ("fid_real", "fid_imag", "water_real", "water_imag")}
    return Scan(
        metabolite=part["fid_real"] + 1j * part["fid_imag"],
        water=part["water_real"] + 1j * part["water_imag"],
        header=document,
        tissue=job.subject.tissue,
        relaxation=job.relaxation,
    )


@cache
def uncombined_scan() -> Scan:
    """A good scan before averaging and coil combination, with small drift from transient to transient."""
    scan = clean_scan("good")
    rng = np.random.default_rng(11)
    sensitivity = rng.uniform(0.4, 1.0, COILS) * np.exp(2j * np.pi * rng.uniform(size=COILS))
    drift = np.exp(2j * np.pi * np.linspace(-1.0, 1.0, TRANSIENTS)[:, None] * scan.time)[:, None]
    size = (2, TRANSIENTS, COILS, scan.metabolite.size)
    sd = float(np.std(scan.metabolite[-256:].real)) * np.sqrt(TRANSIENTS)
    noise = np.array([1, 1j]) @ rng.normal(scale=sd, size=size).reshape(2, -1)
    return replace(
        scan,
        metabolite=scan.metabolite * sensitivity[None, :, None] * drift + noise.reshape(size[1:]),
        water=scan.water * sensitivity[None, :, None],
    )
