"""Bruker ParaVision 5 to 360, single voxel: samples (fid, rawdata.job0) with the parameter files acqp and method.

Samples are pairs of numbers in the format that acqp names, each FID led by the points of the digital filter
(PVM_DigShift), which are cut off. Their sign is opposite to ours. From wtclarke/spec2nii (bruker.py and its
bruker_fid_override.json), spant (read_mrs paravis, rawdata.job0 with PVM_DigNp points of PVM_EncNReceivers coils) and
FID-A (io_loadspec_bruk.m). A reference scan in a file of its own (fid.refscan) has its own receiver gain and count of
added transients, so it corrects eddy currents and scales nothing. One that stands in the method as text is not read.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fitting.acquisition import Acquisition, Recording
from fitting.errors import DamagedFile, UnsupportedData
from fitting.io._jcamp import Parameters, has_label, is_parameter_file
from fitting.io.free_text import free_text
from fitting.io.header_values import complex_samples, edge_lengths, positive
from fitting.io.limits import MOST_POINTS
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.water_among import with_water_apart
from fitting.units import ComplexArray

NAME = "bruker"
TITLE = "Bruker ParaVision"

_FORMATS = {"GO_32BIT_SGN_INT": "i4", "GO_16BIT_SGN_INT": "i2", "GO_32BIT_FLOAT": "f4"}
_WORDS = {"_32_BIT": "i4", "_16_BIT": "i2"}
"""Of ParaVision 360, which names the size of a word only."""
_NOT_SINGLE_VOXEL = {
    "CSI": "spectroscopic imaging (MRSI)",
    "EPSI": "spectroscopic imaging (MRSI)",
    "ISIS": "ISIS localisation, whose steps must be added by its own scheme",
}
_RAW, _REFERENCE = ".job0", ".refscan"


def _recognises(files: Files) -> bool:
    parameters = [file for file in files if is_parameter_file(file)]
    others = [file for file in files if file not in parameters]
    own = [file for file in others if not _is_reference(file)]
    if not parameters or len(parameters) > 2 or len(own) > 1 or len(others) - len(own) > 1:
        return False
    return all(_is_acqp(file) != _is_method(file) for file in parameters)


def _is_acqp(file: SourceFile) -> bool:
    return has_label(file, "BYTORDA") or has_label(file, "ACQ_sw_version")


def _is_method(file: SourceFile) -> bool:
    return b"\n##$PVM_" in file.content and not _is_acqp(file)


def _is_reference(file: SourceFile) -> bool:
    return file.name.lower().endswith(_REFERENCE)


def _read(files: Files) -> Recording:
    acqp = next((file for file in files if is_parameter_file(file) and _is_acqp(file)), None)
    method = next((file for file in files if is_parameter_file(file) and _is_method(file)), None)
    others = sorted((file for file in files if not is_parameter_file(file)), key=_is_reference)
    samples = others[0] if others and others[0].content else None
    if acqp is None or method is None or samples is None:
        parts = (("fid or rawdata.job0", samples), ("acqp", acqp), ("method", method))
        missing = ", ".join(name for name, file in parts if file is None)
        raise DamagedFile(
            f"'{files[0].name}' is of a Bruker ParaVision scan, of which {missing} is missing; send the folder of the "
            "scan, or fid (or rawdata.job0), acqp and method together.",
            file=files[0].name,
        )
    parameters = Parameters(acqp, method)
    name = _method_name(parameters)
    _refuse_other_kinds(samples, parameters, name)
    fids = _reference(samples, parameters) if _is_reference(samples) else _samples(samples, parameters)
    sequence = localisation(name)
    acquisition = Acquisition(
        format=NAME,
        spectrometer_frequency=positive(parameters.first("PVM_FrqWork", "PVM_FrqRef", "BF1"), 1e6),
        dwell_time=_dwell_time(parameters),
        echo_time=positive(parameters.first("PVM_EchoTime", "StTE"), 1e-3),
        repetition_time=positive(parameters.first("PVM_RepetitionTime"), 1e-3),
        sequence=sequence,
        sequence_name=name,
        mixing_time=positive(parameters.first("StTM"), 1e-3) if sequence == "STEAM" else None,
        vendor="Bruker",
        software=parameters.text("ACQ_sw_version"),
        voi_size=edge_lengths(parameters.numbers("PVM_VoxArrSize")[:3], 1e-3),
        averages=_averages(parameters),
        nucleus=parameters.first("PVM_Nucleus1", "NUCLEUS") or "1H",
        water_suppressed={"On": True, "Off": False}.get(parameters.text("PVM_WsOnOff") or ""),
    )
    of_water = replace(acquisition, averages=_count(parameters, "PVM_RefScanNA"), water_suppressed=False)
    said = free_text(name)
    if _is_reference(samples):
        return Recording(fids, of_water, free_text=said)
    recording = with_water_apart(Recording(fids, acquisition, free_text=said))
    if recording.water is not None or len(others) < 2:
        return recording
    return replace(recording, water=Recording(_reference(others[1], parameters), of_water), one_scale=False)


def _method_name(parameters: Parameters) -> str | None:
    """The method without the name space before it: ``Bruker:PRESS``, ``User:mt_sLASER``."""
    return (parameters.text("Method") or "").rpartition(":")[2].strip() or None


def _refuse_other_kinds(file: SourceFile, parameters: Parameters, name: str | None) -> None:
    nucleus = (parameters.first("PVM_Nucleus1", "NUCLEUS") or "1H").strip("<>")
    kind = _NOT_SINGLE_VOXEL.get((name or "").upper())
    if nucleus != "1H":
        kind = f"a {nucleus} scan; only 1H spectra can be analysed"
    described = parameters.text("ACQ_dim_desc")
    if described is not None and "spectroscopic" not in described.lower():
        kind = "an imaging scan"
    if (_count(parameters, "ACQ_dim") or 1) > 1:
        kind = "a scan of more than one dimension (MRSI or a two-dimensional spectrum)"
    if kind is not None:
        raise UnsupportedData(f"'{file.name}' is {kind}; send a single-voxel spectrum.", file=file.name)


def _count(parameters: Parameters, label: str) -> int | None:
    value = positive(parameters.first(label))
    return None if value is None else round(value)


def _dwell_time(parameters: Parameters) -> float | None:
    width = positive(parameters.first("PVM_DigSw", "PVM_SpecSWH"))
    return None if width is None else 1.0 / width


def _averages(parameters: Parameters) -> int | None:
    averages, repetitions = _count(parameters, "PVM_NAverages"), _count(parameters, "PVM_NRepetitions")
    return None if averages is None else averages * (repetitions or 1)


def _type(file: SourceFile, parameters: Parameters) -> npt.DTypeLike:
    """Type of a stored number.

    Raises
    ------
    UnsupportedData
        When acqp does not name a known one.
    """
    kind = _FORMATS.get(parameters.text("GO_raw_data_format") or "") or _WORDS.get(
        parameters.text("ACQ_word_size") or ""
    )
    if kind is None:
        raise _unknown_numbers(file)
    return np.dtype(_order(file, parameters) + kind)


def _order(file: SourceFile, parameters: Parameters) -> str:
    order = {"little": "<", "big": ">"}.get(parameters.text("BYTORDA") or "")
    if order is None:
        raise _unknown_numbers(file)
    return order


def _unknown_numbers(file: SourceFile) -> UnsupportedData:
    return UnsupportedData(
        f"The acqp of '{file.name}' names no known number format (GO_raw_data_format, BYTORDA); export the scan as "
        "NIfTI-MRS.",
        file=file.name,
    )


def _samples(file: SourceFile, parameters: Parameters) -> ComplexArray:
    """FIDs as (transients, coils, points), in our sign, without the points of the digital filter.

    Raises
    ------
    DamagedFile
        When the file has not as many numbers as the parameters say.
    """
    kind = np.dtype(_type(file, parameters))
    points = _points(file, parameters)
    stored, rest = divmod(len(file.content), 2 * points * kind.itemsize)
    coils = max(1, _count(parameters, "PVM_EncNReceivers") or 1)
    repetitions = _count(parameters, "PVM_NRepetitions") or 1
    averages = _count(parameters, "PVM_NAverages") or 1
    is_raw = file.name.lower().endswith(_RAW)
    shapes = [(repetitions * averages, coils)] if is_raw else [(repetitions, 1), (repetitions, coils)]
    shape = next((shape for shape in shapes if shape[0] * shape[1] == stored), None)
    if rest or shape is None:
        expected = " or ".join(f"{transients} x {receivers}" for transients, receivers in dict.fromkeys(shapes))
        raise _damaged(
            file, f"it holds {len(file.content)} bytes where {expected} FIDs of {points} points are announced"
        )
    return _fids(file, parameters, kind, shape)


def _reference(file: SourceFile, parameters: Parameters) -> ComplexArray:
    """The one FID, or that of every coil, of a reference scan; always of whole numbers of four bytes (FID-A).

    Raises
    ------
    DamagedFile
        When the file has not as many numbers.
    """
    points = _points(file, parameters)
    coils = max(1, _count(parameters, "PVM_EncNReceivers") or 1)
    stored, rest = divmod(len(file.content), 2 * points * 4)
    if rest or stored not in (1, coils):
        raise _damaged(
            file, f"it holds {len(file.content)} bytes, which are no reference of FIDs of {points} points; leave it out"
        )
    return _fids(file, parameters, np.dtype(_order(file, parameters) + "i4"), (1, stored))


def _points(file: SourceFile, parameters: Parameters) -> int:
    points = _count(parameters, "PVM_DigNp") or _count(parameters, "PVM_SpecMatrix")
    if points is None or not 16 <= points <= MOST_POINTS:
        raise _damaged(file, "its method does not say how many points an FID has (PVM_DigNp)")
    return points


def _fids(file: SourceFile, parameters: Parameters, kind: npt.DTypeLike, shape: tuple[int, int]) -> ComplexArray:
    """The stored pairs as FIDs (transients, coils, points)."""
    points = _points(file, parameters)
    with np.errstate(invalid="ignore"):  # numbers that are none are refused below
        pairs = np.frombuffer(file.content, kind).reshape(*shape, points, 2).astype(np.float64)
    shift = round(positive(parameters.first("PVM_DigShiftDbl", "PVM_DigShift")) or 0.0)
    if shift > points // 2:
        raise _damaged(file, f"its FIDs of {points} points begin at point {shift}")
    return complex_samples(pairs[..., shift:, 0], -pairs[..., shift:, 1], file)


def _damaged(file: SourceFile, what: str) -> DamagedFile:
    return DamagedFile(
        f"'{file.name}' is recognised as {TITLE}, but {what}; copy the scan's folder again.", file=file.name
    )


READER = Reader(name=NAME, title=TITLE, recognises=_recognises, read=_read)
