"""Input of the quality instruments, and their interface."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np

from fitting.model.result import Fit
from fitting.preprocessing import Preprocessed


@dataclass(frozen=True, slots=True)
class Evidence:
    """The FIDs and findings of preprocessing, and the fit."""

    preprocessed: Preprocessed
    fit: Fit

    @property
    def noise(self) -> float:
        """Standard deviation of the noise of one point of the traces; zero where neither noise nor residual is."""
        rms = float(np.sqrt(np.mean(self.fit.traces.residual**2)))
        return rms / self.fit.residual_rms_over_noise if self.fit.residual_rms_over_noise > 0 else 0.0

    @property
    def frequency(self) -> float:
        """Spectrometer frequency, Hz."""
        return self.preprocessed.clean.frequency

    @property
    def hz_per_ppm(self) -> float:
        """Hz that are one ppm."""
        return self.frequency * 1e-6


class Instrument:
    """Numbers that one module measures: a frozen dataclass whose fields are declared with ``number``."""

    @classmethod
    @abstractmethod
    def of(cls, evidence: Evidence) -> Self:
        """Measure them."""
