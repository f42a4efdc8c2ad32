"""GE P-file (``P12345.7``): the raw frames of a single-voxel scan with their header, header revisions 9 to 31.

A P-file is a header (``rdb_hdr_rec``, exam, series, image), then per coil one baseline frame and ``nframes`` frames
of interleaved integers: first the reference frames without water suppression, then the suppressed ones. Nothing in
it is self-describing; the byte positions are facts gathered from readers of the field: Gannet ``GERead.m``
(receiver and image fields, reference frames, revisions 14.3 to 30; Mikkelsen, Noeske), spec2nii and VESPA
``ge_hdr_fields`` (all fields by revision; from UCSF's SIVIC), pfile-tools (Vack); revision 9 was checked on files of a
GE LX 11 scanner against SAGE's own headers. Samples already have our sign (checked on the same files).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fitting.acquisition import Acquisition, Recording, VoiGeometry
from fitting.errors import UnsupportedData
from fitting.io._ge_header import LAST_REVISION, LAYOUTS, PfileHeader, damaged, revision_of
from fitting.io.free_text import free_text
from fitting.io.header_values import complex_samples, edge_lengths, positive
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader
from fitting.io.voi import from_corners
from fitting.units import ComplexArray, field_from_frequency

_PROTON_FIELDS = (0.5, 1.0, 1.5, 3.0, 4.0, 7.0)
"""Field strengths (T) of GE magnets used for brain spectroscopy; no other nucleus resonates within 5 % of them."""


_BELOW_WATER_PPM, _ON_WATER_PPM = 2.0, 0.6
"""Carrier of GE's sLASER below water, and how far from its place a line of water may be."""


class _Frames(NamedTuple):
    reference: int
    suppressed: int
    uncombined: bool
    """The scanner stored each excitation (``no_add``) instead of the sums over its phase cycle."""


def _recognises(files: Files) -> bool:
    return len(files) == 1 and revision_of(files[0].content) is not None


def _read(files: Files) -> Recording:
    file = files[0]
    found = revision_of(file.content)
    if found is None:
        raise damaged(file, "has no readable header")
    order, revision = found
    layouts = [layout for layout in LAYOUTS if layout.first_revision <= revision < LAST_REVISION]
    if not layouts:
        raise UnsupportedData(
            f"'{file.name}' is a GE P-file of header revision {revision:g}; revisions 9 to 31 are read. "
            "Convert it to NIfTI-MRS.",
            file=file.name,
            revision=revision,
        )
    header = PfileHeader(file, order, layouts[-1])
    name = header.psd_name()
    sequence = localisation(name)
    width = _spectral_width(header)
    frequency = _proton_frequency(header)
    frames = _frames(header)
    samples = _samples(header, frames)
    layout = header.layout
    excitations = max(header.count(72), 1)
    metabolites = Acquisition(
        format=READER.name,
        spectrometer_frequency=frequency,
        dwell_time=1.0 / width,
        echo_time=positive(header.image("i", layout.te), 1e-6),
        repetition_time=positive(header.image("i", layout.tr), 1e-6),
        sequence=sequence,
        sequence_name=name,
        vendor="GE",
        voi_size=edge_lengths(header.three(layout.user8), 1e-3),
        voi_geometry=_voi_geometry(header),
        averages=frames.suppressed * (1 if frames.uncombined else excitations),
        water_suppressed=True,
    )
    water = None
    if frames.reference:
        stored = frames.reference * (1 if frames.uncombined else excitations)
        unsuppressed = replace(metabolites, water_suppressed=False, averages=stored)
        references = _on_one_carrier(samples[: frames.reference], 1.0 / width, frequency)
        water = Recording(references, replace(unsuppressed, averages=stored * len(references) // frames.reference))
    return Recording(samples[frames.reference :], metabolites, water, free_text(name))


def _voi_geometry(header: PfileHeader) -> VoiGeometry | None:
    first, user8 = header.layout.corners, header.layout.user8
    if first is None:
        return None
    corners = [header.three(first + 12 * corner) for corner in range(3)]
    return from_corners(header.three(user8 + 12), corners, header.three(user8))


def _spectral_width(header: PfileHeader) -> float:
    file = header.file
    width = positive(header.field("f", 368 + header.layout.receiver))
    if width is None:
        raise UnsupportedData(
            f"'{file.name}' is a GE P-file of an imaging scan (no spectral width); send that of the spectroscopy scan.",
            file=file.name,
        )
    grid = [int(header.field("h", place + header.layout.receiver)) for place in (374, 376, 378)]
    if max(grid) > 1:
        raise UnsupportedData(
            f"'{file.name}' is spectroscopic imaging (MRSI) of {' x '.join(str(max(n, 1)) for n in grid)} voxels; "
            "only single-voxel spectra can be analysed.",
            file=file.name,
        )
    echoes = header.count(70)
    if echoes > 1:
        raise UnsupportedData(
            f"'{file.name}' stores {echoes} echoes per frame (spectral editing or an echo series); "
            "only unedited spectra with one echo time can be analysed.",
            file=file.name,
        )
    return width


def _proton_frequency(header: PfileHeader) -> float | None:
    frequency = positive(header.field("I", 424 + header.layout.receiver), 0.1)
    if frequency is None:
        return None
    field = field_from_frequency(frequency)
    if all(abs(field - magnet) > 0.05 * magnet for magnet in _PROTON_FIELDS):
        raise UnsupportedData(
            f"'{header.file.name}' was acquired at {frequency * 1e-6:.2f} MHz, where 1H resonates in no GE magnet: "
            "another nucleus. Only 1H spectra can be analysed.",
            file=header.file.name,
            spectrometer_frequency=frequency,
        )
    return frequency


def _frames(header: PfileHeader) -> _Frames:
    """Number of stored frames that are reference frames.

    ``rhuser4`` counts the suppressed excitations and ``rhuser19`` the reference frames; the second is not always
    filled in, least with ``no_add``. Then all frames that are not suppressed ones are reference frames.
    """
    stored, excitations = header.count(74), max(header.count(72), 1)
    counts = (header.user(4), header.user(19))
    if not all(0 <= count < 65536 for count in counts):
        raise damaged(header.file, "counts its frames with numbers out of range")
    suppressed, reference = (round(count) for count in counts)
    combined, rest = divmod(suppressed, excitations)
    if rest == 0 and (combined + reference == stored or suppressed > stored):
        frames = _Frames(stored - combined, combined, uncombined=excitations == 1)
    else:
        frames = _Frames(stored - suppressed, suppressed, uncombined=True)
    if frames.suppressed < 1 or frames.reference < 0:
        raise damaged(header.file, f"announces {suppressed} averages in {stored} frames, which cannot be")
    return frames


def _coils(header: PfileHeader) -> int:
    pairs = [
        [int(header.field("h", 200 + 4 * board + 2 * end + header.layout.receiver)) for end in (0, 1)]
        for board in range(4)
    ]
    # An unused board has (0, 0); so has the first one when it has one receiver.
    return max(1, sum(stop - start + 1 for start, stop in pairs if (start, stop) != (0, 0)))


def _samples(header: PfileHeader, frames: _Frames) -> ComplexArray:
    """Reference frames, then suppressed frames: shape (frames, coils, points)."""
    file = header.file
    points, rows, stored, point_size = header.count(102), header.count(104), header.count(74), header.count(82)
    if point_size not in (2, 4):
        raise damaged(file, f"has points of {point_size} bytes instead of 2 or 4")
    if rows not in (stored, stored + 1) or points < 1:
        raise damaged(file, f"announces {rows} rows of {points} points for {stored} frames, which cannot be")
    coils, start = _coils(header), header.start(header.layout.data)
    numbers = coils * rows * points * 2
    if start + numbers * point_size > len(file.content):
        raise damaged(file, f"ends early: {coils} coils x {rows} frames x {points} points are announced")
    stored_numbers = np.frombuffer(file.content, f"{header.order}i{point_size}", numbers, start)
    pairs = stored_numbers.reshape(coils, rows, points, 2)[:, rows - stored :].astype(np.float64)  # no baseline frame
    frames_first = np.swapaxes(pairs, 0, 1)
    samples = complex_samples(frames_first[..., 0], frames_first[..., 1], file)
    return _without_phase_cycle(samples, frames.reference) if frames.uncombined else samples


def _without_phase_cycle(samples: ComplexArray, reference: int) -> ComplexArray:
    """Excitations stored one by one may alternate in sign (two-step phase cycle): turn every second one back.

    Some sequences alternate and some do not, and no header field tells them apart; the water of the reference
    frames does.
    """
    water = samples[:reference]
    if reference < 2:
        return samples
    overlap = np.real(np.sum(water[1:] * np.conj(water[:1]), axis=(1, 2)))
    if not (np.all(overlap[0::2] < 0) and np.all(overlap[1::2] > 0)):
        return samples
    index = np.concatenate([np.arange(reference), np.arange(len(samples) - reference)])
    sign = np.where(index % 2 == 1, -1.0, 1.0)
    return samples * sign[:, np.newaxis, np.newaxis]


def _on_one_carrier(water: ComplexArray, dwell_time: float, frequency: float | None) -> ComplexArray:
    """Reference frames (frames, coils, points) with their water where it is at the carrier of the metabolites.

    GE's sLASER records metabolites and some reference frames 2 ppm below water, and reference frames for quantification
    on it (wtclarke/spec2nii, ge_pfile.py, slaser and probe-sl). Of such a mixture the latter are kept and moved to the
    others' carrier; frames of one carrier are left as they are.
    """
    if frequency is None:
        return water
    power = np.sum(np.abs(np.fft.fft(water, axis=-1)) ** 2, axis=1)
    peaks = np.fft.fftfreq(water.shape[-1], dwell_time)[np.argmax(power, axis=-1)]
    ppm = peaks / frequency * 1e6
    on_water, below = np.abs(ppm) <= _ON_WATER_PPM, np.abs(ppm + _BELOW_WATER_PPM) <= _ON_WATER_PPM
    if not (on_water.any() and below.any() and np.all(on_water | below)):
        return water
    shift = float(np.median(peaks[below]) - np.median(peaks[on_water]))
    time = np.arange(water.shape[-1]) * dwell_time
    return np.asarray(water[on_water] * np.exp(2j * np.pi * shift * time))


READER = Reader("ge_pfile", "GE P-file", _recognises, _read)
