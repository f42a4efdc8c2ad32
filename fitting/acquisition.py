"""Content of a scan file: acquisition parameters, geometry of the measured volume, and recorded samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitting.fid import Fid
from fitting.units import ComplexArray, field_from_frequency, nominal_field

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class VoiGeometry:
    """Where the measured box lies, in NIfTI world coordinates: x to the right, y to the front, z to the head; mm."""

    center_mm: Vector
    """The middle of the box."""
    edges_mm: tuple[Vector, Vector, Vector]
    """The three edges as vectors; they stand at right angles."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Acquisition parameters from the header or the request; None means *missing*, never a default.

    Field meanings follow NIfTI-MRS (SpectrometerFrequency, EchoTime, ...). There is no slot for a
    name, birth date or ID, so identity cannot leave a reader.
    """

    format: str
    """Name of the reader that produced it, such as ``siemens_rda``."""
    spectrometer_frequency: float | None
    """Hz."""
    dwell_time: float | None
    """Time between complex points, s."""
    echo_time: float | None
    """s."""
    repetition_time: float | None
    """s."""
    sequence: str | None
    """Localisation family: one of ``fitting.basis.sequences.SEQUENCES``, or None when unknown."""
    sequence_name: str | None
    """Sequence name in the header."""
    mixing_time: float | None = None
    """STEAM mixing time, s."""
    vendor: str | None = None
    scanner_model: str | None = None
    software: str | None = None
    """Scanner software version."""
    voi_size: tuple[float, float, float] | None = None
    """Edge lengths of the measured volume, m."""
    voi_geometry: VoiGeometry | None = None
    """Place and orientation of the measured volume."""
    averages: int | None = None
    """Transients the scanner acquired (also when it stored only their mean)."""
    nucleus: str = "1H"
    water_suppressed: bool | None = None

    @property
    def field_t(self) -> float | None:
        """Actual static field, tesla."""
        return None if self.spectrometer_frequency is None else field_from_frequency(self.spectrometer_frequency)

    @property
    def nominal_field_t(self) -> float | None:
        """Nominal field class (3 for a 2.89 T magnet), tesla."""
        return None if self.spectrometer_frequency is None else nominal_field(self.spectrometer_frequency)

    @property
    def voi_volume_ml(self) -> float | None:
        """Volume of the measured region, ml."""
        return None if self.voi_size is None else float(np.prod(self.voi_size)) * 1e6


@dataclass(frozen=True, slots=True)
class FreeText:
    """Sequence words in a header's free text (scan, protocol or series name), matched as whole words.

    Free text is typed by hand, so it never selects or refuses a sequence; it only raises a question (decision 0016).
    """

    families: tuple[str, ...] = ()
    """Localisation families it names."""
    editing: str | None = None
    """The word that names spectral editing, as the tables have it."""
    is_source: bool = False
    """Whether the sequence was taken from it, because the format has no field for one."""


NO_FREE_TEXT = FreeText()


@dataclass(frozen=True, slots=True)
class ScanPosition:
    """Where in its scan a file belongs when scanners write one file for each transient or coil."""

    scan: str
    """Digest of what the header calls the scan: equal in all its files, and telling nothing about a person."""
    number: int | None
    """Position in the scan, as the header counts it."""
    coil: str | None = None
    """Receive coil, when the file holds that of one."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Content of one file: uncombined samples, their acquisition and, if present, the water reference.

    ``samples`` has shape (transients, coils, points). Transients and coils are 1 when the scanner
    already averaged or combined. ``water`` is a Recording of its own (its TE and TR may differ).
    """

    samples: ComplexArray
    acquisition: Acquisition
    water: Recording | None = None
    free_text: FreeText = NO_FREE_TEXT
    may_be_cut: str | None = None
    """Reason to suspect a truncated file, as a sentence; None when the file is complete."""
    place: ScanPosition | None = None
    """Place of the file in a scan of several; None when its format has one for each scan, or once joined."""
    one_scale: bool = True
    """Whether the water reference is on the receiver scale of the spectrum; two files of some formats are not."""
    applied: tuple[str, ...] = ()
    """Methods of the preprocessing steps that this program applied before it exported the samples."""
    beside: tuple[str, ...] = ()
    """What was taken from other files than that of the signal, as sentences."""

    @property
    def transients(self) -> int:
        """Number of stored transients."""
        return int(self.samples.shape[0])

    @property
    def coils(self) -> int:
        """Number of stored receive coils."""
        return int(self.samples.shape[1])

    @property
    def points(self) -> int:
        """Number of complex points per transient."""
        return int(self.samples.shape[2])

    @property
    def fid(self) -> Fid:
        """The samples with their axes, shape (transients, coils, points).

        Raises
        ------
        ValueError
            When dwell time or spectrometer frequency is missing; callers check them first.
        """
        dwell_time, frequency = self.acquisition.dwell_time, self.acquisition.spectrometer_frequency
        if dwell_time is None or frequency is None:
            raise ValueError("an FID needs a dwell time and a spectrometer frequency")
        return Fid(self.samples, dwell_time, frequency)
