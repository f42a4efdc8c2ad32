"""NIfTI-MRS: complex samples in NIfTI-1 or NIfTI-2, their meaning in a JSON header extension (code 44).

Standard: Clarke et al. 2022, doi:10.1002/mrm.29418. Its sign is ours, and nibabel gives the numbers as they stand on
disk. SpectrometerFrequency is in MHz, all times are in s, the dwell time is the fourth pixel dimension.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from nibabel.nifti1 import Nifti1Header

from fitting.acquisition import Acquisition, Recording, VoiGeometry
from fitting.errors import UnsupportedData
from fitting.io._bids import is_sidecar, with_sidecar
from fitting.io._nifti import METRES, Opened, affine_mm, damaged, is_nifti, open_nifti
from fitting.io.free_text import free_text
from fitting.io.header_values import checked_samples, edge_lengths, positive
from fitting.io.limits import refuse_crowded_json, refuse_unpacking
from fitting.io.sequence_names import localisation
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.voi import box
from fitting.units import ComplexArray
from fitting.version import PROGRAM

_EXTENSION_CODE = 44
_ONE_OF_TWO = ([True, False], [False, True])
_SECONDS = {0: 1.0, 8: 1.0, 16: 1e-3, 24: 1e-6}
"""xyzt_units; files that leave it 0 hold the standard's units, mm and s."""
_COILS = "DIM_COIL"
_TRANSIENTS = ("DIM_DYN", "DIM_MEAS")
_REFUSED_DIMENSIONS = {
    "DIM_EDIT": "spectral editing",
    "DIM_ISIS": "ISIS localisation, whose steps must be added by its own scheme",
    "DIM_INDIRECT_0": "a two-dimensional spectrum",
    "DIM_INDIRECT_1": "a multi-dimensional spectrum",
    "DIM_INDIRECT_2": "a multi-dimensional spectrum",
    "DIM_PHASE_CYCLE": "an unfinished phase cycle",
    "DIM_METCYCLE": "metabolite cycling",
}
_FREE_TEXTS = ("ProtocolName", "SeriesDescription")
_FIXED = ("EchoTime", "RepetitionTime", "MixingTime", "InversionTime", "WaterSuppressed")
"""Must not change from transient to transient; a dimension header that lists one of them is a series."""


@dataclass(frozen=True, slots=True)
class _Image:
    """A NIfTI file taken apart, with the JSON of its header extension."""

    nifti: Opened
    fields: Mapping[str, Any]

    @property
    def file(self) -> SourceFile:
        return self.nifti.file

    @property
    def header(self) -> Nifti1Header:
        return self.nifti.header

    @property
    def shape(self) -> tuple[int, ...]:
        return self.nifti.shape


def _recognises(files: Files) -> bool:
    if len(files) == 2:
        return [is_nifti(file.content) for file in files] in _ONE_OF_TWO and any(map(is_sidecar, files))
    return len(files) == 1 and is_nifti(files[0].content)


def _read(files: Files) -> Recording:
    file, *others = sorted(files, key=is_sidecar)
    nifti = open_nifti(file)
    fields = _fields(nifti.extensions, nifti.header.endianness, file)
    completed, said = with_sidecar(fields, others[0]) if others else (fields, None)
    image = _Image(nifti, completed)
    tags = _dimension_tags(image)
    name, typed = _text(image, "SequenceName"), [_text(image, key) for key in _FREE_TEXTS]
    sequence = localisation(name)
    if "EditPulse" in image.fields:
        raise UnsupportedData(
            f"'{file.name}' is a spectral editing scan (EditPulse); only unedited spectra can be analysed.",
            file=file.name,
        )
    suppressed = image.fields.get("WaterSuppressed")
    frequency = _number(image, "SpectrometerFrequency")
    acquisition = Acquisition(
        format=READER.name,
        spectrometer_frequency=positive(frequency, 1e6),
        dwell_time=_dwell_time(image),
        echo_time=positive(_number(image, "EchoTime")),
        repetition_time=positive(_number(image, "RepetitionTime")),
        sequence=sequence,
        sequence_name=name or typed[0],
        mixing_time=positive(_number(image, "MixingTime")),
        vendor=_text(image, "Manufacturer"),
        scanner_model=_text(image, "ManufacturersModelName"),
        software=_text(image, "SoftwareVersions"),
        voi_size=_voi_size(image),
        voi_geometry=_voi_geometry(image),
        nucleus=_text(image, "ResonantNucleus") or "1H",
        water_suppressed=suppressed if isinstance(suppressed, bool) else None,
    )
    return Recording(
        _samples(image, tags),
        acquisition,
        free_text=free_text(name, *typed),
        applied=_applied(image),
        beside=() if said is None else (said,),
    )


def _applied(image: _Image) -> tuple[str, ...]:
    """Steps of ``ProcessingApplied`` that this program records; other programs mean other things by the same names."""
    steps = image.fields.get("ProcessingApplied")
    records = [item for item in steps if isinstance(item, dict)] if isinstance(steps, list) else []
    return tuple(str(item.get("Method")) for item in records if item.get("Program") == PROGRAM)


def _fields(extensions: bytes, endianness: str, file: SourceFile) -> Mapping[str, Any]:
    """The JSON object in the extension with code 44."""
    order = "<i4" if endianness == "<" else ">i4"
    at = 4  # the first four bytes flag extensions, but the extensions themselves are more reliable
    while at + 8 <= len(extensions):
        size, code = (int(number) for number in np.frombuffer(extensions, order, 2, at))
        if size < 8 or at + size > len(extensions):
            break
        if code == _EXTENSION_CODE:
            content = extensions[at + 8 : at + size].rstrip(b"\0 \n")
            refuse_crowded_json(file, content)
            try:
                fields = json.loads(content.decode("utf-8"))
            except (ValueError, RecursionError):
                raise damaged(file, "has a header extension that is not JSON") from None
            if not isinstance(fields, dict):
                raise damaged(file, "has a header extension that is not a JSON object")
            return fields
        at += size
    raise UnsupportedData(
        f"'{file.name}' is a NIfTI image without spectroscopy (no NIfTI-MRS header extension); send the spectrum.",
        file=file.name,
    )


def _first(image: _Image, key: str) -> object:
    """A field's value; SpectrometerFrequency and ResonantNucleus are lists with one entry per channel."""
    value = image.fields.get(key)
    if isinstance(value, list):
        if len(value) > 1 and any(item != value[0] for item in value):
            raise UnsupportedData(
                f"'{image.file.name}' holds several values of {key}; only one channel can be analysed.",
                file=image.file.name,
                field=key,
            )
        return value[0] if value else None
    return value


def _number(image: _Image, key: str) -> float | None:
    value = _first(image, key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise damaged(image.file, f"has a header field {key} that is not a number")
    return float(value) if abs(value) < 1e300 else None


def _text(image: _Image, key: str) -> str | None:
    value = _first(image, key)
    return value.strip() or None if isinstance(value, str) else None


def _dimension_tags(image: _Image) -> tuple[str, ...]:
    """Meaning of each dimension from the fifth on; refuses data other than a single, unedited spectrum."""
    file, shape = image.file, image.shape
    if len(shape) < 4:
        raise damaged(file, f"has {len(shape)} dimensions where a spectrum has at least 4")
    if any(n < 1 for n in shape):
        raise damaged(file, "has an empty dimension")
    if max(shape[:3]) > 1:
        grid = " x ".join(str(n) for n in shape[:3])
        raise UnsupportedData(
            f"'{file.name}' is spectroscopic imaging (MRSI) of {grid} voxels; only single-voxel spectra can be "
            "analysed.",
            file=file.name,
        )
    tags = []
    for number, size in enumerate(shape[4:], start=5):
        tag = image.fields.get(f"dim_{number}")
        if size > 1 and tag != _COILS and tag not in _TRANSIENTS:
            _refuse_dimension(file, number, size, tag)
        _refuse_series(image, number)
        tags.append(str(tag))
    return tuple(tags)


def _refuse_dimension(file: SourceFile, number: int, size: int, tag: object) -> None:
    if not isinstance(tag, str):
        raise damaged(file, f"does not say what its dimension {number} of size {size} is (dim_{number})")
    kind = _REFUSED_DIMENSIONS.get(tag, f"a series along {tag}")
    raise UnsupportedData(
        f"'{file.name}' is {kind} ({tag} of size {size}); only coils, dynamics and measurements can be combined.",
        file=file.name,
        dimension=tag,
    )


def _refuse_series(image: _Image, number: int) -> None:
    varied = image.fields.get(f"dim_{number}_header")
    for key in _FIXED:
        if not isinstance(varied, dict) or key not in varied:
            continue
        values = varied[key]
        if not isinstance(values, list) or any(value != values[0] for value in values):
            raise UnsupportedData(
                f"'{image.file.name}' is a series: {key} changes along its dimension {number}. Send one part of it.",
                file=image.file.name,
                field=key,
            )


def _dwell_time(image: _Image) -> float | None:
    unit = _SECONDS.get(int(image.header["xyzt_units"]) & 0x38)
    dwell_time = None if unit is None else positive(float(image.header["pixdim"][4]), unit)
    width = positive(_number(image, "SpectralWidth"))
    if dwell_time is not None and width is not None and not math.isclose(dwell_time * width, 1.0, rel_tol=0.01):
        raise damaged(image.file, "contradicts itself about its dwell time (pixdim[4] and SpectralWidth)")
    return dwell_time


def _voi_size(image: _Image) -> tuple[float, float, float] | None:
    unit = METRES.get(int(image.header["xyzt_units"]) & 0x07)
    if unit is None:
        return None
    return edge_lengths((float(edge) for edge in image.header["pixdim"][1:4]), unit)


def _voi_geometry(image: _Image) -> VoiGeometry | None:
    """The one voxel of the image: its centre is where index (0, 0, 0) lies, its edges are one step of each index."""
    affine = affine_mm(image.header)
    return None if affine is None else box(affine[:3, 3], affine[:3, :3].T)


def _samples(image: _Image, tags: tuple[str, ...]) -> ComplexArray:
    """Samples as (transients, coils, points): dimensions of dynamics and measurements count together."""
    dtype = image.nifti.data_type()
    if dtype.kind != "c":
        raise UnsupportedData(
            f"'{image.file.name}' is a NIfTI image of real numbers, not complex NIfTI-MRS samples; send the spectrum.",
            file=image.file.name,
        )
    size = math.prod(image.shape) * dtype.itemsize
    if image.nifti.compressed:
        refuse_unpacking(image.file, size)
    raw = np.frombuffer(image.nifti.samples(size), dtype).reshape(image.shape, order="F")
    by_axis = _scaled(image, raw).reshape(raw.shape[3:], order="F")
    coil_axes = [axis for axis, tag in enumerate(tags, start=1) if tag == _COILS]
    if len(coil_axes) > 1:
        raise damaged(image.file, "has two coil dimensions")
    others = [axis for axis in range(1, by_axis.ndim) if axis not in coil_axes]
    ordered = by_axis.transpose(*others, *coil_axes, 0)
    coils = by_axis.shape[coil_axes[0]] if coil_axes else 1
    return checked_samples(ordered.reshape(-1, coils, image.shape[3]), image.file)


def _scaled(image: _Image, raw: npt.NDArray[np.complexfloating[Any, Any]]) -> ComplexArray:
    """Stored numbers times scl_slope, as NIfTI has it; 0 and NaN mean none (an offset means nothing in an FID)."""
    slope = float(image.header["scl_slope"])
    with np.errstate(over="ignore", invalid="ignore"):  # non-finite values are refused afterwards
        return raw.astype(np.complex128) * (slope if math.isfinite(slope) and slope != 0 else 1.0)


READER = Reader("nifti_mrs", "NIfTI-MRS", _recognises, _read)
