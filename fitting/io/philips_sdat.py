"""Philips SDAT/SPAR: VAX floats in one file, their parameters as text in the other.

The SDAT has no header at all, so nothing can be read without its SPAR. Read naively the spectrum has higher
ppm at higher frequency (seen on in-vivo scans of four software releases); it is conjugated to our convention.
"""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod

import numpy as np
from scipy.spatial.transform import Rotation

from fitting.acquisition import Acquisition, Recording, VoiGeometry
from fitting.errors import DamagedFile, UnsupportedData
from fitting.io.free_text import free_text, named_by_scan
from fitting.io.limits import MOST_HEADER_BYTES
from fitting.io.source import Files, Reader, SourceFile
from fitting.io.values import complex_samples, edge_lengths, positive
from fitting.io.voi import in_patient_axes, numbers
from fitting.units import ComplexArray, FloatArray

_LINE = re.compile(rb"^([A-Za-z][\w. ]*?)[ \t]*:[ \t]*(.*?)[ \t]*$", re.M)
_MARKS = (b"samples", b"rows", b"synthesizer_frequency", b"sample_frequency")
_MARKED = {mark: re.compile(rb"^" + mark + rb"[ \t]*:", re.M) for mark in _MARKS}

_PROFILES = re.compile(r"nr_(?:of_)?phase_encoding_profiles(?:_k[xyz])?")
_REFUSED = (
    ("t1_measurement_enable", "a T1 measurement series"),
    ("t2_measurement_enable", "a T2 measurement series"),
)


def _is_spar(file: SourceFile) -> bool:
    if len(file.content) > MOST_HEADER_BYTES:  # the search for its lines would be long in a large binary file
        return False
    # The plain search is twenty times faster than that for a line, and nearly always enough.
    return sum(mark in file.content and line.search(file.content) is not None for mark, line in _MARKED.items()) >= 3


def _is_sdat_name(file: SourceFile) -> bool:
    return file.name.lower().endswith(".sdat")


def _recognises(files: Files) -> bool:
    # A lone SDAT is a row of numbers without a mark: only its name can say that its SPAR is missing.
    return len(files) <= 2 and (any(map(_is_spar, files)) or any(map(_is_sdat_name, files)))


def _read(files: Files) -> Recording:
    spar = next((file for file in files if _is_spar(file)), None)
    if spar is None:
        name = next((file.name for file in files if _is_sdat_name(file)), files[0].name)
        raise DamagedFile(
            f"'{name}' is a Philips SDAT without a readable SPAR; send the SPAR of the same scan with it.", file=name
        )
    others = tuple(file for file in files if file is not spar and file.content)
    if not others:
        raise DamagedFile(
            f"'{spar.name}' is a Philips SPAR, which holds no signal; send the SDAT of the same scan with it.",
            file=spar.name,
        )
    sdat = next((file for file in others if _is_sdat_name(file)), others[0])
    parameters = _parameters(spar)
    _refuse_other_kinds(parameters, spar)
    scan_name = parameters.get("scan_id")
    echo_time = positive(parameters.get("echo_time"), 1e-3) or positive(parameters.get("spectrum_echo_time"), 1e-3)
    sequence = named_by_scan(scan_name, echo_time)
    rows = _count(parameters, ("rows", "spec_num_row"), spar)
    points = _count(parameters, ("samples", "spec_num_col"), spar)
    width = positive(parameters.get("sample_frequency"))
    averages = positive(parameters.get("averages"))
    acquisition = Acquisition(
        format=READER.name,
        spectrometer_frequency=positive(parameters.get("synthesizer_frequency")),
        dwell_time=None if width is None else 1.0 / width,
        echo_time=echo_time,
        repetition_time=positive(parameters.get("repetition_time"), 1e-3),
        sequence=sequence,
        sequence_name=scan_name,
        vendor="Philips",
        software=_software(parameters),
        voi_size=edge_lengths((parameters.get(f"{axis}_size") for axis in ("ap", "lr", "cc")), 1e-3),
        voi_geometry=_voi_geometry(parameters),
        # The SPAR counts the averages of each stored row.
        averages=None if averages is None else rows * round(averages),
        nucleus=parameters.get("nucleus", "1H").upper().replace("NA", "Na"),
    )
    said = replace(free_text(scan_name), is_source=sequence is not None)
    return Recording(_samples(sdat, rows, points, spar), acquisition, free_text=said)


def _parameters(spar: SourceFile) -> dict[str, str]:
    # A last line without its break may have been cut off within a number.
    text = spar.content.replace(b"\r", b"").rpartition(b"\n")[0]
    found = ((key.decode("ascii"), value.decode("latin-1").strip('" ')) for key, value in _LINE.findall(text))
    return {key: value for key, value in found if value}


def _refuse_other_kinds(parameters: dict[str, str], spar: SourceFile) -> None:
    kinds = [kind for key, kind in _REFUSED if _enabled(parameters, key)]
    if _enabled(parameters, "phase_encoding_enable") and _profiles(parameters) != 1:
        kinds.insert(0, "spectroscopic imaging (MRSI)")
    if (positive(parameters.get("volumes")) or 1.0) > 1:
        kinds.append("a multi-volume scan")
    if kinds:
        raise UnsupportedData(
            f"'{spar.name}' is {kinds[0]}; only single-voxel spectra can be analysed.", file=spar.name, kind=kinds[0]
        )


def _enabled(parameters: dict[str, str], key: str) -> bool:
    return parameters.get(key, "no").lower() == "yes"


def _profiles(parameters: dict[str, str]) -> float | None:
    """Phase-encoding profiles of all axes; some releases switch phase encoding on for a single voxel, of one profile.

    None when the SPAR does not count them.
    """
    counts = [positive(value) for key, value in parameters.items() if _PROFILES.fullmatch(key)]
    known = [count for count in counts if count is not None]
    return prod(known) if known and len(known) == len(counts) else None


def _count(parameters: dict[str, str], keys: tuple[str, str], spar: SourceFile) -> int:
    counts = {round(number) for key in keys if (number := positive(parameters.get(key))) is not None}
    if len(counts) != 1:
        said = "contradicts itself about" if counts else "does not say"
        raise DamagedFile(f"The SPAR '{spar.name}' {said} '{keys[0]}'; export the scan again.", file=spar.name)
    return counts.pop()


def _voi_geometry(parameters: dict[str, str]) -> VoiGeometry | None:
    """The box: centre and edges by patient axis, turned about left-right, then the new front-back, then the new axis.

    The order of the turns is that of Philips DICOM objects, which state both the angles and the resulting axes.
    """
    axes = ("lr", "ap", "cc")
    angles = numbers([parameters.get(f"{axis}_angulation") for axis in axes])
    if angles is None:
        return None
    turned = Rotation.from_euler("XYZ", angles, degrees=True).as_matrix()
    return in_patient_axes(
        [parameters.get(f"{axis}_off_center") for axis in axes],
        [[float(part) for part in turned[:, axis]] for axis in range(3)],
        [parameters.get(f"{axis}_size") for axis in axes],
    )


def _software(parameters: dict[str, str]) -> str | None:
    """First release number: the field repeats it, cut short, after a semicolon (and misspells its own name)."""
    release = parameters.get("equipment_sw_verions", "").split(";")[0].strip()
    return release or None


def _samples(sdat: SourceFile, rows: int, points: int, spar: SourceFile) -> ComplexArray:
    expected = rows * points * 8
    if len(sdat.content) != expected:
        raise DamagedFile(
            f"The SDAT '{sdat.name}' has {len(sdat.content)} bytes where its SPAR '{spar.name}' announces {expected} "
            f"({rows} x {points} complex points); send the pair that belongs together.",
            file=sdat.name,
        )
    pairs = _from_vax(sdat).reshape(rows, 1, points, 2)
    return complex_samples(pairs[..., 0], -pairs[..., 1], sdat)


def _from_vax(sdat: SourceFile) -> FloatArray:
    """VAX F_floating numbers as float64.

    Two little-endian 16-bit words, high word first: sign, 8-bit exponent in excess 128, and a fraction
    0.1f (VAX Architecture Reference Manual). A zero exponent is 0; with the sign set it is no number at all.
    """
    words = np.frombuffer(sdat.content, dtype="<u2").reshape(-1, 2).astype(np.uint32)
    bits = (words[:, 0] << 16) | words[:, 1]
    sign, exponent, fraction = bits >> 31, (bits >> 23) & 0xFF, bits & 0x7FFFFF
    if np.any((exponent == 0) & (sign == 1)):
        raise DamagedFile(f"The SDAT '{sdat.name}' holds bytes that are no VAX floats.", file=sdat.name)
    magnitude = np.ldexp((fraction | 0x800000).astype(np.float64), exponent.astype(np.int32) - 152)
    return np.where(exponent == 0, 0.0, np.where(sign == 1, -magnitude, magnitude))


READER = Reader("philips_sdat", "Philips SDAT/SPAR", _recognises, _read)
