"""Siemens TWIX (meas.dat of syngo MR VB, VD, VE and XA): uncombined coils and transients of one measurement.

This module identifies signal, reference and the start of the FID; `_twix` parses the bytes:

* of a file with several measurements (VD and later) the last is the scan, the others are adjustments;
* the samples are conjugated to our sign convention, as suspect 0.6 and spec2nii 0.8 do;
* points before the FID begins and after the protocol's vector are cut off;
* readout oversampling is removed (`oversampling`);
* product sequences of syngo MR XA store water reference transients as element 0 of the phase loop; sequences that store
  them in the loop of the averages are told by their amplitudes (`water_among`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fitting.acquisition import Acquisition, FreeText, Recording, VoiGeometry
from fitting.errors import DamagedFile, UnsupportedData
from fitting.io._twix import RawMeasurement, is_raw_data, last_measurement
from fitting.io.free_text import free_text
from fitting.io.header_values import checked_samples, edge_lengths, positive
from fitting.io.oversampling import without_oversampling
from fitting.io.sequence_names import localisation, without_folder
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.voi import from_normal
from fitting.io.water_among import with_water_apart
from fitting.units import ComplexArray

NAME = "siemens_twix"
TITLE = "Siemens TWIX"

_VOI = "sSpecPara.sVoI"
_VOI_EDGES = ("dReadoutFOV", "dPhaseFOV", "dThickness")

_VOXEL_LOOPS = ("Lin", "Par", "Sli", "Seg")
_UNKNOWN_LOOPS = ("Eco", "Ida", "Idb", "Idc", "Idd", "Ide")
_REFERENCE_LOOP = "Phs"
_LOUDER = 3.0
"""Amplitude over that of the scan below which a transient is no water reference; suppression gives 10 to 1000."""
_REFERENCE_SEQUENCES = frozenset({"svs_se", "svs_st", "svs_slaser"})

_ICE_PARAMETER_OF_FID_START = 4
_MOST_ECHO_TIMES = 128
"""Entries of alTE, the protocol's array of echo times."""

_Mask = npt.NDArray[np.bool_]


def _recognises(files: Files) -> bool:
    return len(files) == 1 and is_raw_data(files[0].content)


def _read(files: Files) -> Recording:
    file = files[0]
    try:
        measurement = last_measurement(file.content)
    except ValueError:
        raise _damaged(file, "its measurement is incomplete or inconsistent") from None
    protocol = _Protocol.of(measurement)
    _refuse_other_protocols(file, protocol)
    if measurement.samples is None:
        raise _damaged(file, "it holds no measured signal")
    _refuse_other_loops(file, measurement)
    stored = checked_samples(measurement.samples, file).conj()
    samples, oversampling = _fid(file, stored, _points_before_fid(measurement), protocol)
    acquisition = _acquisition(protocol, oversampling)
    reference = _reference(file, measurement.loop(_REFERENCE_LOOP), samples, protocol)
    if reference is None:
        averaged = replace(acquisition, averages=len(samples))
        return with_water_apart(Recording(samples=samples, acquisition=averaged, free_text=protocol.free_text))
    water = samples[reference]
    return Recording(
        samples=samples[~reference],
        acquisition=replace(acquisition, averages=len(samples) - len(water)),
        water=Recording(water, replace(acquisition, averages=len(water), water_suppressed=False)),
        free_text=protocol.free_text,
    )


@dataclass(frozen=True, slots=True)
class _Protocol:
    """Parameters of the measurement protocol, in SI units; None where absent. Holds no identity."""

    sequence_name: str | None
    sequence: str | None
    free_text: FreeText
    nucleus: str
    vector_size: int | None
    matrix: tuple[int, int, int]
    oversampling: float | None
    spectrometer_frequency: float | None
    dwell_time: float | None
    """Time between stored (oversampled) points, s."""
    echo_time: float | None
    repetition_time: float | None
    voi_size: tuple[float, float, float] | None
    voi_geometry: VoiGeometry | None
    vendor: str | None
    scanner_model: str | None
    software: str | None

    @classmethod
    def of(cls, measurement: RawMeasurement) -> _Protocol:
        """Take the known keys of the protocol and of the DICOM block."""
        ascconv, dicom = measurement.protocol(), measurement.dicom()

        def number(key: str, to_si: float = 1.0) -> float | None:
            return positive(ascconv.get(key), to_si)

        sequence_name = without_folder(ascconv.get("tSequenceFileName", "")) or None
        sequence = localisation(sequence_name)
        columns, lines, slices = (
            round(number(f"sSpecPara.lFinalMatrixSize{axis}") or 1) for axis in ("Read", "Phase", "Slice")
        )
        vector_size = number("sSpecPara.lVectorSize")
        edges = [ascconv.get(f"{_VOI}.{edge}") for edge in _VOI_EDGES]
        return cls(
            sequence_name=sequence_name,
            sequence=sequence,
            free_text=free_text(sequence_name, ascconv.get("tProtocolName")),
            nucleus=ascconv.get("sTXSPEC.asNucleusInfo[0].tNucleus", "").strip('"') or "1H",
            vector_size=None if vector_size is None else round(vector_size),
            matrix=(columns, lines, slices),
            oversampling=positive(dicom.get("flReadoutOSFactor")),
            spectrometer_frequency=number("sTXSPEC.asNucleusInfo[0].lFrequency"),
            dwell_time=number("sRXSPEC.alDwellTime[0]", 1e-9),
            echo_time=_echo_time(ascconv, sequence),
            repetition_time=number("alTR[0]", 1e-6),
            voi_size=edge_lengths(edges, 1e-3),
            voi_geometry=_voi_geometry(ascconv),
            vendor=dicom.get("Manufacturer") or None,
            scanner_model=dicom.get("ManufacturersModelName") or None,
            software=dicom.get("SoftwareVersions") or None,
        )


def _echo_time(ascconv: Mapping[str, str], sequence: str | None) -> float | None:
    """The echo time, s: sLASER sequences may list its parts, which are added (wtclarke/spec2nii#47).

    Of a sequence that is not known, several entries may be parts or contrasts: the echo time is missing then.
    """
    entries = [positive(ascconv.get(f"alTE[{number}]"), 1e-6) for number in range(_MOST_ECHO_TIMES)]
    if sequence == "sLASER":
        parts = [entry for entry in entries if entry is not None]
        return sum(parts) if parts else None
    return None if sequence is None and any(entries[1:]) else entries[0]


def _voi_geometry(ascconv: Mapping[str, str]) -> VoiGeometry | None:
    """The box from its centre, slice normal and rotation in plane; the protocol leaves out what is zero."""

    def vector(name: str) -> list[str]:
        return [ascconv.get(f"{_VOI}.{name}.d{axis}", "0") for axis in ("Sag", "Cor", "Tra")]

    if not any(key.startswith(f"{_VOI}.sNormal") for key in ascconv):
        return None
    edges = [ascconv.get(f"{_VOI}.{edge}") for edge in _VOI_EDGES]
    return from_normal(vector("sPosition"), vector("sNormal"), ascconv.get(f"{_VOI}.dInPlaneRot", "0"), edges)


def _acquisition(protocol: _Protocol, oversampling: int) -> Acquisition:
    """The header's facts; the STEAM mixing time is not among the protocol's known keys and stays missing."""
    return Acquisition(
        format=NAME,
        spectrometer_frequency=protocol.spectrometer_frequency,
        dwell_time=None if protocol.dwell_time is None else protocol.dwell_time * oversampling,
        echo_time=protocol.echo_time,
        repetition_time=protocol.repetition_time,
        sequence=protocol.sequence,
        sequence_name=protocol.sequence_name,
        vendor=protocol.vendor,
        scanner_model=protocol.scanner_model,
        software=protocol.software,
        voi_size=protocol.voi_size,
        voi_geometry=protocol.voi_geometry,
        nucleus=protocol.nucleus,
    )


def _refuse_other_protocols(file: SourceFile, protocol: _Protocol) -> None:
    kind = None
    if protocol.vector_size is None:
        kind = "an imaging measurement: its protocol has no spectroscopy vector"
    elif protocol.nucleus != "1H":
        kind = f"a {protocol.nucleus} measurement; only 1H spectra can be analysed"
    elif max(protocol.matrix) > 1:
        voxels = " x ".join(str(size) for size in protocol.matrix)
        kind = f"spectroscopic imaging (MRSI, {voxels} voxels)"
    elif protocol.sequence == "SPECIAL":
        kind = "a SPECIAL measurement, whose pairs of inversion on and off must be subtracted first"
    if kind is not None:
        raise UnsupportedData(
            f"'{file.name}' is {kind}; send a single-voxel measurement, or the scanner's combined RDA or DICOM.",
            file=file.name,
        )


def _refuse_other_loops(file: SourceFile, measurement: RawMeasurement) -> None:
    """Refuse data that vary in loops other than transients (Ave, Rep and Set) and reference."""
    varying = {loop for loop in (*_VOXEL_LOOPS, *_UNKNOWN_LOOPS) if np.ptp(measurement.loop(loop)) > 0}
    if varying & set(_VOXEL_LOOPS):
        raise UnsupportedData(
            f"'{file.name}' is spectroscopic imaging (MRSI) or localised by several acquisitions (loops "
            f"{', '.join(sorted(varying))}); send a single-voxel measurement.",
            file=file.name,
        )
    if varying:
        raise UnsupportedData(
            f"'{file.name}' holds several kinds of transients (loops {', '.join(sorted(varying))}), as edited or "
            "multi-echo measurements do; send an unedited single-voxel measurement.",
            file=file.name,
        )


def _reference(
    file: SourceFile, phase_loop: npt.NDArray[np.int64], samples: ComplexArray, protocol: _Protocol
) -> _Mask | None:
    """Mask of the transients that are the water reference; None when the phase loop does not vary.

    Two elements of the phase loop are a reference (0) and the scan (1) only if a product sequence wrote them, the
    reference is the smaller part, and it is much louder, as unsuppressed water is.
    """
    if np.ptp(phase_loop) == 0:
        return None
    first: _Mask = phase_loop == 0
    loudness = np.sqrt(np.mean(np.abs(samples) ** 2, axis=(1, 2)))
    is_reference = (
        protocol.sequence_name in _REFERENCE_SEQUENCES
        and set(phase_loop) == {0, 1}
        and first.sum() < (~first).sum()
        and loudness[first].min() > _LOUDER * np.median(loudness[~first])
    )
    if not is_reference:
        raise UnsupportedData(
            f"'{file.name}' holds several kinds of transients (loop {_REFERENCE_LOOP}) that are not a scan with its "
            "water reference; send an unedited single-voxel measurement.",
            file=file.name,
        )
    return first


def _points_before_fid(measurement: RawMeasurement) -> int:
    """Points acquired before the FID begins.

    VD and later give the start in ICE parameter 4 plus dummy points in free parameter 0 (as suspect reads them),
    VB in free parameter 0; sequences that use neither give it as the cut-off before the signal (FID-A,
    Simpson et al. 2017, doi:10.1002/mrm.26091).
    """
    first = measurement.headers[0]
    ice = first["ice"]
    start = int(ice[_ICE_PARAMETER_OF_FID_START]) if len(ice) > _ICE_PARAMETER_OF_FID_START else 0
    return start + int(first["free"][0]) or int(first["cut_off"][0])


def _fid(file: SourceFile, stored: ComplexArray, begin: int, protocol: _Protocol) -> tuple[ComplexArray, int]:
    """The points of the protocol's vector, and the factor by which they were oversampled and no longer are.

    Stored points are oversampled when there are at least two for each point of the vector, unless the header
    denies it; other factors than 2 do not occur in spectroscopy and are left as they are.
    """
    available = stored.shape[2] - begin
    if available < stored.shape[2] // 2:
        raise _damaged(file, f"its FID begins at point {begin} of {stored.shape[2]}")
    vector_size = protocol.vector_size or available
    oversampled = protocol.oversampling in (None, 2.0) and available >= 2 * vector_size
    factor = 2 if oversampled else 1
    points = stored[:, :, begin : begin + factor * vector_size]
    return (without_oversampling(points), factor) if oversampled else (points, factor)


def _damaged(file: SourceFile, what: str) -> DamagedFile:
    return DamagedFile(
        f"'{file.name}' is recognised as {TITLE}, but {what}; copy it from the scanner again.",
        file=file.name,
        format=TITLE,
    )


READER = Reader(name=NAME, title=TITLE, recognises=_recognises, read=_read)
