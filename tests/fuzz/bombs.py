"""Bombs: files that are small as they arrive and would be huge as they are read, of every container format.

``bomb(number)`` is the same each time; the numbers go through the kinds, with another size each round.
"""

from __future__ import annotations

import gzip
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np

from fitting.io import Files, SourceFile
from fitting.io._dicom_file import _meta
from fitting.request import Options, Overrides
from fitting.run.job import Job
from fitting.run.placement import Images
from tests.conformance.reader_fixtures import (
    arrays,
    brain_fid,
    bruker,
    dicom_mrs,
    ge_pfile,
    ismrmrd,
    jmrui,
    lcmodel_raw,
    nifti_mrs,
    philips_data_list,
    philips_sdat,
    siemens_dicom,
    siemens_rda,
    siemens_twix,
    varian,
)

MEGABYTE = 2**20
_DEFLATED, _EXPLICIT = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.1"
_MRS, _CSA = "1.2.840.10008.5.1.4.1.1.4.2", "1.3.12.2.1107.5.9.1"
_UNDEFINED = 0xFFFFFFFF
_ITEM = struct.pack("<2HI", 0xFFFE, 0xE000, 0)


@dataclass(frozen=True)
class Bomb:
    """What is sent, and what it is."""

    kind: str
    job: Job

    @property
    def files(self) -> Files:
        """Everything that is sent."""
        job = self.job
        images = tuple(job.images.files.values())
        return (*job.metabolite, *job.water_reference, *job.macromolecules, *job.basis, *images)

    @property
    def size(self) -> int:
        """Bytes sent."""
        return sum(len(file.content) for file in self.files)


def _spectrum() -> Files:
    """A small spectrum that can be analysed."""
    frequency, dwell = 123.25e6, 5e-4
    fid = brain_fid(1024, dwell, frequency)
    fields = {"dwell_time": dwell, "spectrometer_frequency": frequency, "echo_time": 0.03, "sequence": "PRESS"}
    return arrays._file({"fid_real": fid.real.tolist(), "fid_imag": fid.imag.tolist(), **fields})


def _as_spectrum(content: bytes, name: str = "metabolite") -> Job:
    return Job((SourceFile(name, content),))


def _element(tag: tuple[int, int], vr: str, value: bytes, length: int | None = None) -> bytes:
    size = len(value) if length is None else length
    if vr in {"OB", "SQ", "UN"}:
        return struct.pack("<2H2sHI", *tag, vr.encode(), 0, size) + value
    return struct.pack("<2H2sH", *tag, vr.encode(), size) + value


def _dicom(sop_class: str, syntax: str, body: bytes) -> bytes:
    uids = [uid.encode() + b"\0" * (len(uid) % 2) for uid in (sop_class, syntax)]
    meta = _element((2, 2), "UI", uids[0]) + _element((2, 0x10), "UI", uids[1])
    if syntax == _DEFLATED:
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        body = packer.compress(body) + packer.flush()
    return bytes(128) + b"DICM" + _element((2, 0), "UL", struct.pack("<I", len(meta))) + meta + body


def _body(files: Files) -> bytes:
    content = files[0].content
    return content[_meta(content)[1] :]


def _deflated_zeros(size: float) -> Job:
    """A private element of zeros."""
    zeros = _element((0x7FE3, 0x1010), "OB", bytes(int(300 * size) * MEGABYTE))
    return _as_spectrum(_dicom(_MRS, _DEFLATED, _body(dicom_mrs.siemens()) + zeros))


def _deflated_samples(size: float) -> Job:
    """Samples as many as the header says, all of them zero."""
    points = int(30 * size) * MEGABYTE
    files = dicom_mrs.siemens(np.zeros((1, 256)), DataPointColumns=points)
    body = _body(files).replace(struct.pack("<2H2sHI", 0x5600, 0x20, b"OF", 0, 2048) + bytes(2048), b"")
    data = struct.pack("<2H2sHI", 0x5600, 0x20, b"OF", 0, points * 8) + bytes(points * 8)
    return _as_spectrum(_dicom(_MRS, _DEFLATED, body + data))


def _deflated_csa(size: float) -> Job:
    """A CSA object whose private block is zeros."""
    zeros = _element((0x7FE3, 0x1010), "OB", bytes(int(200 * size) * MEGABYTE))
    return _as_spectrum(_dicom(_CSA, _DEFLATED, _body(siemens_dicom.ima()) + zeros), "meas.IMA")


def _items(count: int) -> bytes:
    return _element((0x7FE3, 0x1020), "SQ", _ITEM * count + struct.pack("<2HI", 0xFFFE, 0xE0DD, 0), _UNDEFINED)


def _deflated_items(size: float) -> Job:
    """A sequence of empty items, each an object once parsed, within the allowance of bytes."""
    return _as_spectrum(_dicom(_MRS, _DEFLATED, _body(dicom_mrs.siemens()) + _items(int(2e6 * size))))


def _plain_items(size: float) -> Job:
    """The same without compression."""
    return _as_spectrum(_dicom(_MRS, _EXPLICIT, _body(dicom_mrs.siemens()) + _items(int(1e6 * size))))


def _many_elements(size: float) -> Job:
    """Empty elements, each an object once parsed."""
    tags = np.arange(int(1e6 * size), dtype=np.uint32) + 0x7FE40000
    kind = np.dtype([("group", "<u2"), ("element", "<u2"), ("vr", "S2"), ("length", "<u2")])
    elements = np.zeros(len(tags), kind)
    elements["group"], elements["element"], elements["vr"] = tags >> 16, tags & 0xFFFF, b"LO"
    return _as_spectrum(_dicom(_MRS, _DEFLATED, _body(dicom_mrs.siemens()) + elements.tobytes()))


def _items_at_the_door(size: float) -> Job:
    """Before the element that says what kind of object it is, so that it is parsed to recognise the file."""
    sequence = struct.pack("<2H2sHI", 8, 6, b"SQ", 0, _UNDEFINED) + _ITEM * int(2e6 * size)
    end = struct.pack("<2HI", 0xFFFE, 0xE0DD, 0)
    return _as_spectrum(_dicom(_MRS, _DEFLATED, sequence + end + _body(dicom_mrs.siemens())))


def _nifti(points: int, padding: int, fields: object = None) -> bytes:
    basic = nifti_mrs._BASIC if fields is None else fields
    (plain,) = nifti_mrs._file(np.ones((1, 1, 1, 1), np.complex64), basic, compress=False)
    content = bytearray(plain.content)
    content[16 + 8 * 4 : 16 + 8 * 5] = points.to_bytes(8, "little")  # NIfTI-2 dim[4]
    return bytes(content) + bytes(padding)


def _gzip_zeros(size: float) -> Job:
    """As many zeros as announced."""
    count = int(500 * size) * MEGABYTE
    return _as_spectrum(gzip.compress(_nifti(count // 8, count), 1), "scan.nii.gz")


def _gzip_announced(size: float) -> Job:
    """Dimensions without the samples."""
    return _as_spectrum(gzip.compress(_nifti(int(2 ** (60 * size)), 100)), "scan.nii.gz")


def _nifti_announced(size: float) -> Job:
    """The same without compression."""
    return _as_spectrum(_nifti(int(2 ** (60 * size)), 100), "scan.nii")


def _gzip_in_gzip(size: float) -> Job:
    """Twice compressed, a thousandfold each time."""
    return _as_spectrum(gzip.compress(gzip.compress(_nifti(1, int(200 * size) * MEGABYTE))), "scan.nii.gz")


def _gzip_extension(size: float) -> Job:
    """A header extension of lists."""
    fields = {**nifti_mrs._BASIC, "dim_5": [[]] * int(4e6 * size)}
    return _as_spectrum(gzip.compress(_nifti(1, 0, fields), 1), "scan.nii.gz")


def _gzip_offset(size: float) -> Job:
    """Samples that begin after hundreds of megabytes of nothing."""
    content = bytearray(_nifti(1, 0))
    offset = int(400 * size) * MEGABYTE
    content[168:176] = struct.pack("<q", offset)  # NIfTI-2 vox_offset
    return _as_spectrum(gzip.compress(bytes(content) + bytes(offset), 1), "scan.nii.gz")


def _twix_counts(size: float) -> Job:
    """A transient of 65535 points from as many coils, and no samples."""
    scan = bytearray(siemens_twix.transient(np.zeros((1, 1)), new=True, Ave=0))
    scan[48:52] = struct.pack("<2H", 65535, int(65535 * size))
    return Job(siemens_twix.vd(bytes(scan)))


def _twix_transients(size: float) -> Job:
    """Transients of no points."""
    return Job(siemens_twix.vd(siemens_twix.transient(np.zeros((0, 0)), new=True) * int(80_000 * size)))


def _twix_header(size: float) -> Job:
    """A protocol of millions of short lines."""
    lines = "".join(f"a{number}=1\n" for number in range(int(2e6 * size)))
    return Job(siemens_twix.ve(tSequenceFileName=f'"svs_se"\n{lines}'))


def _pfile_counts(size: float) -> Job:
    """All the coils, frames and points that a header can count."""
    (file,) = ge_pfile._revision_9(np.ones((3, 1, 64), complex))
    content = bytearray(file.content)
    struct.pack_into("<H", content, 74, 65534)
    struct.pack_into("<2H", content, 102, int(65535 * size), 65535)
    struct.pack_into("<2h", content, 200, -32768, 32767)
    struct.pack_into("<f", content, 216 + 4 * 4, 131068.0 / 2)
    return Job((replace(file, content=bytes(content)),))


def _sdat(rows: float, points: float, samples: int) -> Job:
    sdat, spar = philips_sdat._pair(philips_sdat._SPAR, np.zeros((samples, 1, 1), complex))
    lines = [line for line in spar.content.splitlines() if line.partition(b":")[0].strip() not in _COUNTS]
    counts = f"rows : {rows:.0f}\nsamples : {points:.0f}\n".encode()
    return Job((sdat, replace(spar, content=b"\n".join([*lines, counts]))))


_COUNTS = (b"rows", b"samples", b"spec_num_row", b"spec_num_col")


def _sdat_rows(size: float) -> Job:
    """Rows beyond all counting."""
    return _sdat(10 ** (300 * size), 2048, 64)


def _sdat_zeros(size: float) -> Job:
    """A pair that agrees: a million rows of two points, numbers that take ten times their bytes when converted."""
    rows = int(1e6 * size)
    return _sdat(rows, 2, 2 * rows)


def _rda_points(size: float) -> Job:
    """A vector beyond all counting."""
    return Job(siemens_rda.rda(VectorSize=f"{10 ** (300 * size):.0f}"))


def _rda_header(size: float) -> Job:
    """A header of millions of short lines."""
    (file,) = siemens_rda.rda()
    lines = b"".join(b"a%d:\n" % number for number in range(int(2e6 * size)))
    return Job((replace(file, content=file.content.replace(b"header <<<", b"header <<<\n" + lines, 1)),))


def _raw_numbers(size: float) -> Job:
    """Numbers of one digit."""
    (file,) = lcmodel_raw._file(lcmodel_raw._START + "1 2\n" * int(5e6 * size))
    return Job((file,))


def _raw_header(size: float) -> Job:
    """A namelist of millions of entries."""
    entries = " a=1" * int(4e6 * size)
    return Job(lcmodel_raw._file(lcmodel_raw._START.replace("ECHOT", entries + "\n ECHOT")))


def _jmrui_rows(size: float) -> Job:
    """Signals of rows of two digits."""
    header = jmrui._HEADER.replace(str(jmrui._POINTS), "1000000")
    signal = "1\t2\n" * 1_000_000
    count = max(1, int(7 * size))
    text = header + "".join(f"Signal {number + 1} out of {count} in file\n{signal}" for number in range(count))
    return _as_spectrum(text.encode(), "scan.txt")


def _jmrui_binary(size: float) -> Job:
    """A million points announced, and none there."""
    (file,) = jmrui._binary()
    content = bytearray(file.content)
    content[8:16] = struct.pack(">d", float(int(2**20 * size)))
    return Job((replace(file, content=bytes(content)),))


def _json_numbers(size: float) -> Job:
    """Numbers of one digit, more than any scan has."""
    numbers = "0," * int(12e6 * size) + "0"
    return _as_spectrum(f'{{"fid_real": [{numbers}], "fid_imag": [{numbers}]}}'.encode(), "scan.json")


def _json_lists(size: float) -> Job:
    """Empty lists, a hundred bytes each."""
    return _as_spectrum(b'{"fid_real": [' + b"[]," * int(6e6 * size) + b"[]]}", "scan.json")


def _json_depth(size: float) -> Job:
    """Lists in lists."""
    depth = int(200_000 * size)
    return _as_spectrum(b'{"fid_real": ' + b"[" * depth + b"]" * depth + b"}", "scan.json")


def _json_digits(size: float) -> Job:
    """One number of millions of digits."""
    return _as_spectrum(b'{"fid_real": [' + b"9" * int(8e6 * size) + b'], "fid_imag": [0]}', "scan.json")


def _image(shape: tuple[int, ...], kind: type[np.generic], voxels: int) -> bytes:
    header = nifti_mrs._file(np.zeros((1, 1, 1), kind), None, kind=nifti_mrs.nib.Nifti1Image, compress=False)
    content = bytearray(header[0].content[:352])
    content[40:56] = struct.pack("<8h", len(shape), *shape, *(1,) * (7 - len(shape)))
    return gzip.compress(bytes(content) + bytes(voxels * np.dtype(kind).itemsize), 1)


def _anatomy_zeros(size: float) -> Job:
    """More voxels than a head has, all of them there."""
    side = int(700 * size ** (1 / 3))
    content = _image((side, side, side), np.int16, side**3)
    return Job(_spectrum(), images=Images(anatomy=SourceFile("anatomy.nii.gz", content)))


def _anatomy_announced(size: float) -> Job:
    """As many voxels as a header can announce."""
    content = _image((32767, 32767, int(32767 * size)), np.float64, 100)
    return Job(_spectrum(), images=Images(anatomy=SourceFile("anatomy.nii.gz", content)))


def _maps_allowed(size: float) -> Job:
    """Three tissue maps of the largest size that is read, of 8 bytes a voxel."""
    side = int(406 * size ** (1 / 3))
    file = SourceFile("map.nii.gz", _image((side, side, side), np.float64, side**3))
    return Job(_spectrum(), images=Images(gray_matter=file, white_matter=file, csf=file))


def _reference(size: float) -> Job:
    """A deflated DICOM file as water reference."""
    return replace(_deflated_zeros(size), metabolite=_spectrum(), water_reference=_deflated_zeros(size).metabolite)


def _background(size: float) -> Job:
    """A deflated DICOM file as measured macromolecules."""
    return replace(_deflated_zeros(size), metabolite=_spectrum(), macromolecules=_deflated_zeros(size).metabolite)


def _basis_json(size: float) -> Job:
    """A basis of empty lists."""
    content = b'{"basis": {"basis_re": [' + b"[]," * int(6e6 * size) + b"[]]}}"
    return Job(_spectrum(), basis=(SourceFile("NAA.json", content),))


def _basis_depth(size: float) -> Job:
    """A basis of lists in lists."""
    depth = int(200_000 * size)
    content = b'{"basis": {"basis_re": ' + b"[" * depth + b"]" * depth + b"}}"
    return Job(_spectrum(), basis=(SourceFile("NAA.json", content),))


def _basis_numbers(size: float) -> Job:
    """An LCModel basis of numbers of one digit, as many as it announces."""
    points = int(3e6 * size)
    head = f" $SEQPAR HZPPPM=123.2 $END\n $BASIS1 BADELT=0.0005 NDATAB={points} $END\n $BASIS METABO='NAA' $END\n"
    return Job(_spectrum(), basis=(SourceFile("a.basis", head.encode() + b"1 2\n" * points),))


def _basis_namelists(size: float) -> Job:
    """Namelists that never end."""
    head = " $SEQPAR HZPPPM=123.2 $END\n $BASIS1 BADELT=0.0005 NDATAB=4 $END\n"
    return Job(_spectrum(), basis=(SourceFile("a.basis", head.encode() + b"$BASIS " * int(300_000 * size)),))


def _honest_arrays(size: float) -> Job:
    """No bomb but more than a small worker can hold: as many numbers as are read, all of them different."""
    numbers = np.random.default_rng(1).normal(size=int(6e6 * size)).round(3).tolist()
    content = json.dumps({"fid_real": [numbers], "fid_imag": [numbers]}).encode()
    overrides = Overrides(dwell_time=5e-4, spectrometer_frequency=123.25e6, echo_time=0.03, sequence="PRESS")
    return replace(_as_spectrum(content, "scan.json"), options=Options(overrides=overrides))


def _list_vectors(size: float) -> Job:
    """As many lines as one vector of samples has bytes."""
    listed, *others = philips_data_list.raw()
    line = philips_data_list.line("STD", 2048, 0).encode()
    return Job((replace(listed, content=listed.content + line * int(500_000 * size)), *others))


def _list_overlap(size: float) -> Job:
    """Vectors that are all the same samples."""
    listed, data, spar = philips_data_list.raw(())
    lines = "".join(philips_data_list.line("STD", 2**20, 0, aver=number) for number in range(int(100_000 * size)))
    return Job((replace(listed, content=listed.content + lines.encode()), replace(data, content=bytes(2**21)), spar))


def _mrd_rows(size: float) -> Job:
    """Acquisitions that were never written."""
    return Job(ismrmrd.announcing(int(1_000_000 * size), 100))


def _mrd_header(size: float) -> Job:
    """A header that was never written."""
    return Job(ismrmrd.announcing(4, int(400 * MEGABYTE * size)))


def _mrd_members(size: float) -> Job:
    """Members of a group that are the group itself, eight times at each level."""
    return Job(ismrmrd.branching(max(1, int(255 * size))))


def _bruker_arrays(size: float) -> Job:
    """Arrays of a billion members in ten characters."""
    return Job(bruker.scan(PVM_FrqWork=f"( 8 )\n{'@999999999*(400.3) ' * int(100_000 * size)}"))


def _bruker_points(size: float) -> Job:
    """Points and repetitions beyond all counting."""
    return Job(bruker.scan(PVM_DigNp="1000000", PVM_NRepetitions=f"{10 ** int(300 * size)}"))


def _varian_blocks(size: float) -> Job:
    """Blocks that are not there."""
    fid, parameters = varian.scan()
    return Job((replace(fid, content=struct.pack(">i", int((2**31 - 1) * size)) + fid.content[4:]), parameters))


def _varian_entries(size: float) -> Job:
    """A procpar of millions of entries."""
    fid, parameters = varian.scan()
    entry = b"a 1 1 1 1 0 2 1 0 1 64\n1 1 \n0 \n"
    return Job((fid, replace(parameters, content=parameters.content + entry * int(400_000 * size))))


def _gzip_pfile(size: float) -> Job:
    """A P-file with zeros behind it, packed."""
    (file,) = ge_pfile._revision_9(np.ones((3, 1, 64), complex))
    return _as_spectrum(gzip.compress(file.content + bytes(int(500 * size) * MEGABYTE), 1), "P1.7.gz")


def _zipped(members: dict[str, bytes]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _zip_zeros(size: float) -> Job:
    """One file of zeros."""
    return _as_spectrum(_zipped({"a.rda": bytes(int(500 * size) * MEGABYTE)}), "scan.zip")


def _zip_lies(size: float) -> Job:
    """The same, announced as ten bytes."""
    count = int(500 * size) * MEGABYTE
    content = _zipped({"a.rda": bytes(count)})
    return _as_spectrum(content.replace(struct.pack("<I", count), struct.pack("<I", 10)), "scan.zip")


def _zip_members(size: float) -> Job:
    """More files than any scan has."""
    return _as_spectrum(_zipped({f"{number}.dcm": b"" for number in range(int(40_000 * size))}), "scan.zip")


def _zip_directory(size: float) -> Job:
    """The same behind an end record that counts three."""
    content = bytearray(_zipped({f"{number}.dcm": b"" for number in range(int(40_000 * size))}))
    content[-14:-10] = struct.pack("<2H", 3, 3)
    return _as_spectrum(bytes(content), "scan.zip")


def _zip_in_zip(size: float) -> Job:
    """Archives in an archive."""
    inner = _zipped({"a.rda": bytes(int(30 * size) * MEGABYTE)})
    return _as_spectrum(_zipped({f"{number}.zip": inner for number in range(int(1000 * size))}), "scan.zip")


def _zip_of_gzip(size: float) -> Job:
    """Packed files in an archive, each small as it comes out of it."""
    inner = gzip.compress(bytes(int(30 * size) * MEGABYTE), 9)
    return _as_spectrum(_zipped({f"{number}.7.gz": inner for number in range(int(1000 * size))}), "scan.zip")


KINDS: dict[str, Callable[[float], Job]] = {
    "DICOM, deflated zeros": _deflated_zeros,
    "DICOM, deflated samples": _deflated_samples,
    "Siemens DICOM, deflated zeros": _deflated_csa,
    "DICOM, deflated items": _deflated_items,
    "DICOM, items": _plain_items,
    "DICOM, deflated elements": _many_elements,
    "DICOM, deflated items before its kind": _items_at_the_door,
    "NIfTI-MRS, gzip of zeros": _gzip_zeros,
    "NIfTI-MRS, gzip, announced only": _gzip_announced,
    "NIfTI-MRS, announced only": _nifti_announced,
    "NIfTI-MRS, gzip in gzip": _gzip_in_gzip,
    "NIfTI-MRS, gzip, extension of lists": _gzip_extension,
    "NIfTI-MRS, gzip, late samples": _gzip_offset,
    "Philips data/list, vectors": _list_vectors,
    "Philips data/list, vectors in one place": _list_overlap,
    "Bruker, repeated members": _bruker_arrays,
    "Bruker, counts": _bruker_points,
    "ISMRMRD, acquisitions": _mrd_rows,
    "ISMRMRD, header": _mrd_header,
    "ISMRMRD, members": _mrd_members,
    "Varian, blocks": _varian_blocks,
    "Varian, procpar entries": _varian_entries,
    "P-file, gzip of zeros": _gzip_pfile,
    "ZIP of zeros": _zip_zeros,
    "ZIP of zeros, announced as few": _zip_lies,
    "ZIP, many files": _zip_members,
    "ZIP, many files, counted as few": _zip_directory,
    "ZIP of ZIP": _zip_in_zip,
    "ZIP of gzip": _zip_of_gzip,
    "TWIX, counts": _twix_counts,
    "TWIX, empty transients": _twix_transients,
    "TWIX, protocol lines": _twix_header,
    "P-file, counts": _pfile_counts,
    "SDAT/SPAR, counts": _sdat_rows,
    "SDAT/SPAR, zeros": _sdat_zeros,
    "RDA, count": _rda_points,
    "RDA, header lines": _rda_header,
    "LCModel RAW, numbers": _raw_numbers,
    "LCModel RAW, header entries": _raw_header,
    "jMRUI text, rows": _jmrui_rows,
    "jMRUI binary, count": _jmrui_binary,
    "JSON arrays, numbers": _json_numbers,
    "JSON arrays, lists": _json_lists,
    "JSON arrays, depth": _json_depth,
    "JSON arrays, digits": _json_digits,
    "anatomy, gzip of zeros": _anatomy_zeros,
    "anatomy, gzip, announced only": _anatomy_announced,
    "tissue maps, gzip, largest allowed": _maps_allowed,
    "water reference, deflated DICOM": _reference,
    "macromolecules, deflated DICOM": _background,
    "basis JSON, lists": _basis_json,
    "basis JSON, depth": _basis_depth,
    "LCModel basis, numbers": _basis_numbers,
    "LCModel basis, namelists": _basis_namelists,
    "JSON arrays, more than a small worker holds": _honest_arrays,
}
"""Kinds of bombs, each by its size between 0 and 1."""


def bomb(number: int) -> Bomb:
    """The bomb of this number."""
    kinds = list(KINDS)
    kind = kinds[number % len(kinds)]
    return Bomb(kind, KINDS[kind](random.Random(number).uniform(0.7, 1.0)))
