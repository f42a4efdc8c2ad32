"""ISMRMRD files: an oversampled scan with noise read-outs, and one that is not oversampled."""

from __future__ import annotations

from io import BytesIO

import h5py
import numpy as np

from fitting.errors import DamagedFile
from fitting.io import Files, SourceFile
from fitting.units import ComplexArray

from . import IDENTITY, Fixture, Refusal, brain_fid, water_fid
from .siemens_twix import COILS, TRANSIENTS

FREQUENCY, DWELL, POINTS, LEAD = 123.25e6, 4e-4, 256, 8
OVERSAMPLED = np.einsum("t,c,p->tcp", TRANSIENTS, COILS, brain_fid(2 * POINTS, DWELL, FREQUENCY))
SAMPLES = np.einsum("t,c,p->tcp", TRANSIENTS, COILS, brain_fid(POINTS, 2 * DWELL, FREQUENCY))
WATER = np.einsum("t,c,p->tcp", np.array([1.0]), COILS, water_fid(POINTS, DWELL))
PLAIN = np.einsum("t,c,p->tcp", TRANSIENTS, COILS, brain_fid(POINTS, DWELL, FREQUENCY))

_INDEX = np.dtype(
    [
        (name, "<u2")
        for name in (
            "kspace_encode_step_1", "kspace_encode_step_2", "average", "slice", "contrast", "phase", "repetition",
            "set", "segment",
        )
    ]
    + [("user", "<u2", (8,))]
)  # fmt: skip
_HEAD = np.dtype(
    [
        ("version", "<u2"),
        ("flags", "<u8"),
        ("measurement_uid", "<u4"),
        ("scan_counter", "<u4"),
        ("acquisition_time_stamp", "<u4"),
        ("physiology_time_stamp", "<u4", (3,)),
        ("number_of_samples", "<u2"),
        ("available_channels", "<u2"),
        ("active_channels", "<u2"),
        ("channel_mask", "<u8", (16,)),
        ("discard_pre", "<u2"),
        ("discard_post", "<u2"),
        ("center_sample", "<u2"),
        ("encoding_space_ref", "<u2"),
        ("trajectory_dimensions", "<u2"),
        ("sample_time_us", "<f4"),
        ("position", "<f4", (3,)),
        ("read_dir", "<f4", (3,)),
        ("phase_dir", "<f4", (3,)),
        ("slice_dir", "<f4", (3,)),
        ("patient_table_position", "<f4", (3,)),
        ("idx", _INDEX),
        ("user_int", "<i4", (8,)),
        ("user_float", "<f4", (8,)),
    ]
)
_ROW = np.dtype([("head", _HEAD), ("traj", h5py.vlen_dtype(np.float32)), ("data", h5py.vlen_dtype(np.float32))])

EXPECTED = {
    "spectrometer_frequency": FREQUENCY,
    "dwell_time": 2 * DWELL,
    "echo_time": 0.030,
    "repetition_time": 2.0,
    "sequence": "PRESS",
    "sequence_name": "svs_se",
    "vendor": "SIEMENS",
    "scanner_model": "Skyra",
    "averages": 3,
}


def header(vector: int | None, rows: int = 1, sequence: str | None = "svs_se", *, times: bool = True) -> str:
    """The XML header with the planted identity."""
    name = "" if sequence is None else f"<sequence_type>{sequence}</sequence_type>"
    spoken = "<TR>2000</TR><TE>30</TE>" if times else ""
    size = "" if vector is None else (
        f"<userParameterLong><name>SpecVectorSize</name><value>{vector}</value></userParameterLong>"
    )  # fmt: skip
    return (
        '<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD">'
        f"<subjectInformation><patientName>{IDENTITY['name']}</patientName><patientID>{IDENTITY['id']}</patientID>"
        f"<patientBirthdate>{IDENTITY['birth_date']}</patientBirthdate></subjectInformation>"
        f"<measurementInformation><protocolName>{IDENTITY['name']}</protocolName></measurementInformation>"
        "<acquisitionSystemInformation><systemVendor>SIEMENS</systemVendor><systemModel>Skyra</systemModel>"
        "</acquisitionSystemInformation><experimentalConditions>"
        f"<H1resonanceFrequency_Hz>{round(FREQUENCY)}</H1resonanceFrequency_Hz></experimentalConditions>"
        f"<encoding><encodedSpace><matrixSize><x>512</x><y>{rows}</y><z>1</z></matrixSize></encodedSpace></encoding>"
        f"<sequenceParameters>{spoken}{name}</sequenceParameters><userParameters>{size}</userParameters></ismrmrdHeader>"
    )


def row(data: ComplexArray, *, flags: int = 0, lead: int = 0, **loops: int) -> np.void:
    """One acquisition of shape (coils, points) as stored."""
    stored = np.conj(np.concatenate([np.full((len(data), lead), 9.0), data], axis=-1)).astype("<c8")
    head = np.zeros((), _HEAD)
    head["flags"], head["discard_pre"], head["sample_time_us"] = flags, lead, DWELL * 1e6
    head["active_channels"], head["number_of_samples"] = stored.shape
    for name, value in loops.items():
        head["idx"][name] = value
    return np.array((head, np.zeros(0, np.float32), np.ascontiguousarray(stored).view(np.float32).ravel()), _ROW)


def mrd(
    samples: ComplexArray,
    xml: str,
    *,
    lead: int = LEAD,
    loop: str = "average",
    noise: bool = True,
    group: str = "dataset",
    libver: str | None = None,
    **storage: object,
) -> Files:
    """A file of transients (transients, coils, points), a noise read-out before them; ``storage`` is h5py's."""
    rows = [row(np.ones((2, 64)), flags=1 << 18)] if noise else []
    rows += [row(transient, lead=lead, **{loop: number}) for number, transient in enumerate(samples)]
    written = BytesIO()
    with h5py.File(written, "w", libver=libver) as root:
        members = root.create_group(group)
        members.create_dataset("xml", data=[xml], dtype=h5py.string_dtype())
        table = members.create_dataset("data", (len(rows),), _ROW, **storage)
        for number, item in enumerate(rows):
            table[number] = item
    return (SourceFile("meas.h5", written.getvalue()),)


def two_scans() -> Files:
    """A file with the groups of two scans."""
    written = BytesIO()
    with h5py.File(BytesIO(mrd(PLAIN, header(None))[0].content), "r") as one, h5py.File(written, "w") as root:
        for name in ("first", "second"):
            one.copy("dataset", root, name=name)
    return (SourceFile("meas.h5", written.getvalue()),)


def elsewhere(name: str) -> Files:
    """A file whose table of acquisitions is a link to another file, whose samples are in one, or which unpacks."""
    written = BytesIO()
    with h5py.File(written, "w") as root:
        group = root.create_group("dataset")
        group.create_dataset("xml", data=[header(None)], dtype=h5py.string_dtype())
        if name == "link":
            group["data"] = h5py.ExternalLink("/etc/hostname", "/dataset/data")
        elif name == "storage":
            group.create_dataset("data", (512,), "<f4", external=[("/etc/hostname", 0, 2048)])
        else:
            layout = h5py.VirtualLayout((4,), "<f4")
            layout[:] = h5py.VirtualSource("/etc/hostname", "data", (4,))
            group.create_virtual_dataset("data", layout)
    return (SourceFile("meas.h5", written.getvalue()),)


def announcing(rows: int, text: int) -> Files:
    """A file of some thousand bytes with as many acquisitions that were never written, and as long a header."""
    written = BytesIO()
    with h5py.File(written, "w") as root:
        group = root.create_group("dataset")
        group.attrs["kind"] = "ismrmrd"
        group.create_dataset("xml", (1,), f"S{text}")
        group.create_dataset("data", (rows,), _ROW)
    return (SourceFile("meas.h5", written.getvalue()),)


def branching(levels: int) -> Files:
    """A file whose tree of group members is the child of itself, as often as a node has entries, level after level."""
    content = bytearray(mrd(PLAIN, header(None))[0].content)
    at = content.index(b"TREE\0")
    content[at + 5 : at + 8] = bytes((levels,)) + (8).to_bytes(2, "little")
    for entry in range(8):
        content[at + 32 + 16 * entry : at + 40 + 16 * entry] = at.to_bytes(8, "little")
    return (SourceFile("meas.h5", bytes(content)),)


FIXTURES = (
    Fixture(
        "ismrmrd",
        "oversampled",
        lambda: mrd(OVERSAMPLED, header(POINTS)),
        SAMPLES,
        EXPECTED,
        tolerance=0.02,
    ),
    Fixture(
        "ismrmrd",
        "with water, not oversampled",
        lambda: mrd(np.concatenate([PLAIN, WATER]), header(None), lead=0, chunks=(1,), maxshape=(None,)),
        PLAIN,
        {**EXPECTED, "dwell_time": DWELL, "water_suppressed": True},
        water=WATER,
    ),
    Fixture(
        "ismrmrd",
        "silent",
        lambda: mrd(
            PLAIN,
            header(None, sequence=None, times=False),
            lead=0,
            loop="repetition",
            group="2026-11-30 10:00:00",
            libver="latest",
        ),
        PLAIN,
        {
            **EXPECTED,
            "dwell_time": DWELL,
            "echo_time": None,
            "repetition_time": None,
            "sequence": None,
            "sequence_name": None,
        },
    ),
)

REFUSALS = (
    Refusal("ismrmrd", "imaging loop", lambda: mrd(PLAIN, header(None), loop="kspace_encode_step_1"), "imaging"),
    Refusal("ismrmrd", "imaging matrix", lambda: mrd(PLAIN, header(None, rows=64)), "imaging"),
    Refusal("ismrmrd", "contrasts", lambda: mrd(PLAIN, header(None), loop="contrast"), "contrasts"),
    Refusal("ismrmrd", "editing", lambda: mrd(PLAIN, header(None, sequence="svs_edit")), "editing"),
    Refusal("ismrmrd", "other vendor", lambda: mrd(PLAIN, header(None).replace("SIEMENS", "GE")), "not by Siemens"),
    Refusal("ismrmrd", "two scans", two_scans, "2 scans"),
    Refusal("ismrmrd", "compressed", lambda: mrd(PLAIN, header(None), compression="gzip"), "compressed", DamagedFile),
    Refusal("ismrmrd", "link to another file", lambda: elsewhere("link"), "no raw data"),
    Refusal("ismrmrd", "samples in another file", lambda: elsewhere("storage"), "damaged", DamagedFile),
    Refusal("ismrmrd", "virtual samples", lambda: elsewhere("virtual"), "damaged", DamagedFile),
    Refusal("ismrmrd", "acquisitions never written", lambda: announcing(60_000, 100), "damaged", DamagedFile),
    Refusal("ismrmrd", "header never written", lambda: announcing(4, 2**28), "damaged", DamagedFile),
    Refusal("ismrmrd", "members without end", lambda: branching(200), "damaged", DamagedFile),
    Refusal("ismrmrd", "noise only", lambda: mrd(PLAIN[:0], header(None)), "no measured signal", DamagedFile),
    Refusal("ismrmrd", "vector too long", lambda: mrd(PLAIN, header(4096), lead=0), "vector", DamagedFile),
)
