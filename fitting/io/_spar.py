"""Philips SPAR: the parameters of a scan as text, beside its samples in an SDAT or raw data file."""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod

from scipy.spatial.transform import Rotation

from fitting.acquisition import Acquisition, FreeText, VoiGeometry
from fitting.errors import DamagedFile, UnsupportedData
from fitting.io.free_text import free_text, named_by_scan
from fitting.io.header_values import edge_lengths, positive
from fitting.io.limits import MOST_HEADER_BYTES
from fitting.io.source import SourceFile
from fitting.io.voi import in_patient_axes, numbers

_LINE = re.compile(rb"^([A-Za-z][\w. ]*?)[ \t]*:[ \t]*(.*?)[ \t]*$", re.M)
_MARKS = (b"samples", b"rows", b"synthesizer_frequency", b"sample_frequency")
_MARKED = {mark: re.compile(rb"^" + mark + rb"[ \t]*:", re.M) for mark in _MARKS}

_LIST_TITLE = b"# === DATA DESCRIPTION FILE"
_PROFILES = re.compile(r"nr_(?:of_)?phase_encoding_profiles(?:_k[xyz])?")
_REFUSED = (
    ("t1_measurement_enable", "a T1 measurement series"),
    ("t2_measurement_enable", "a T2 measurement series"),
)


def is_list(file: SourceFile) -> bool:
    """Whether the file is the list of the vectors of raw data, which a SPAR goes with too. Never raises."""
    return file.content[:256].lstrip().startswith(_LIST_TITLE)


def is_spar(file: SourceFile) -> bool:
    """Whether the file is a SPAR, by its lines. Never raises."""
    if len(file.content) > MOST_HEADER_BYTES:  # the search for its lines would be long in a large binary file
        return False
    # The plain search is twenty times faster than that for a line, and nearly always enough.
    return sum(mark in file.content and line.search(file.content) is not None for mark, line in _MARKED.items()) >= 3


def acquisition_of(parameters: dict[str, str], reader: str, rows: int) -> tuple[Acquisition, FreeText]:
    """The acquisition of ``rows`` stored spectra, and what free text says of its sequence."""
    scan_name = parameters.get("scan_id")
    echo_time = positive(parameters.get("echo_time"), 1e-3) or positive(parameters.get("spectrum_echo_time"), 1e-3)
    sequence = named_by_scan(scan_name, echo_time)
    width = positive(parameters.get("sample_frequency"))
    averages = positive(parameters.get("averages"))
    acquisition = Acquisition(
        format=reader,
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
    return acquisition, replace(free_text(scan_name), is_source=sequence is not None)


def parameters_of(spar: SourceFile) -> dict[str, str]:
    """The fields that have a value, by name."""
    # A last line without its break may have been cut off within a number.
    text = spar.content.replace(b"\r", b"").rpartition(b"\n")[0]
    found = ((key.decode("ascii"), value.decode("latin-1").strip('" ')) for key, value in _LINE.findall(text))
    return {key: value for key, value in found if value}


def refuse_other_kinds(parameters: dict[str, str], spar: SourceFile) -> None:
    """Refuse imaging, relaxation series and several volumes.

    Raises
    ------
    UnsupportedData
    """
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


def count_of(parameters: dict[str, str], keys: tuple[str, str], spar: SourceFile) -> int:
    """A count that goes by two names, which agree.

    Raises
    ------
    DamagedFile
    """
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
