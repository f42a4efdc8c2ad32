"""Property: what editors, languages, systems and archives do to a file changes nothing of what is read from it."""

from __future__ import annotations

import codecs
import gzip
import json
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import h5py
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitting.acquisition import Recording
from fitting.io import READERS, Files, SourceFile, read
from tests.conformance.reader_fixtures import Fixture, fixtures

Noise = Callable[[bytes, random.Random], bytes]
"""A change of one file that its meaning survives."""

each_fixture = pytest.mark.parametrize("fixture", fixtures(), ids=lambda item: f"{item.reader}-{item.id}")
some = settings(max_examples=12, deadline=None, derandomize=True)

_RDA_END = b">>> End of header <<<"
_NUMBER = re.compile(rb"(?<![\w.])([+-]?\d+)\.(\d+)(?![\w.])")
_NUMBER_WITH_EXPONENT = re.compile(rb"(?<![\w.])([+-]?\d+)\.(\d+(?:[EeDd][+-]?\d+)?)")


def _crlf(content: bytes, chance: random.Random) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", chance.choice((b"\r\n", b"\n")))


def _bom(content: bytes, _: random.Random) -> bytes:
    return codecs.BOM_UTF8 + content


def _control_z(content: bytes, chance: random.Random) -> bytes:
    return content + b"\x1a" * chance.choice((1, 3)) if content.endswith((b"\n", b"}")) else content


def _utf16(content: bytes, chance: random.Random) -> bytes:
    text = content.decode("ascii")
    little = codecs.BOM_UTF16_LE + text.encode("utf-16-le")
    return chance.choice((little, codecs.BOM_UTF16_BE + text.encode("utf-16-be")))


TEXT: tuple[Noise, ...] = (_crlf, _control_z, lambda content, chance: chance.choice((_bom, _utf16))(content, chance))
"""Last the marks in front of the text: nothing else can be done to it afterwards."""


def _of_rda(change: Noise) -> Noise:
    """A change of an RDA file's header alone."""

    def changed(content: bytes, chance: random.Random) -> bytes:
        header, end, data = content.partition(_RDA_END)
        return change(header, chance) + end + data

    return changed


def _lines(content: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return b"\n".join(change(content.replace(b"\r\n", b"\n").split(b"\n")))


def _rda_order(header: bytes, chance: random.Random) -> bytes:
    def shuffled(lines: list[bytes]) -> list[bytes]:
        fields = lines[1:-1]
        chance.shuffle(fields)
        return [lines[0], b"SomethingNew: 7", *fields, lines[-1]]

    return _lines(header, shuffled)


def _rda_spaces(header: bytes, _: random.Random) -> bytes:
    return re.sub(rb"(?m)^([\w\[\]]+): *", rb"\1:    ", header)


def _rda_commas(header: bytes, _: random.Random) -> bytes:
    return _NUMBER.sub(rb"\1,\2", header)


def _spar_order(content: bytes, chance: random.Random) -> bytes:
    def shuffled(lines: list[bytes]) -> list[bytes]:
        fields = [line for line in lines if b":" in line and not line.startswith(b"!")]
        chance.shuffle(fields)
        return [b"!--- exported", b"something_new : 7", *fields, b""]

    return _lines(content, shuffled)


def _spar_spaces(content: bytes, _: random.Random) -> bytes:
    return re.sub(rb"(?m)^(\w+) *: *", rb"\1   :\t ", content)


def _spar_commas(content: bytes, _: random.Random) -> bytes:
    return re.sub(rb"(?m)^(\w*(?:size|echo_time|frequency|samples|rows) *: *\d+)\.(\d+)", rb"\1,\2", content)


def _raw_case(content: bytes, chance: random.Random) -> bytes:
    words = (b"ECHOT", b"HZPPPM", b"HZPPM", b"SEQ", b"FMTDAT", b"VOLUME", b"TRAMP", b"BRUKER", b"SEQPAR", b"NMID")
    change = chance.choice((bytes.lower, bytes.upper))
    for word in words:
        content = re.sub(rb"(?i)\b" + word + rb"\b", change(word), content)
    return content


def _raw_unknown(content: bytes, _: random.Random) -> bytes:
    return re.sub(rb"(?i)(\$NMID)", rb"\1 something = 'new'\n", content, count=1)


def _raw_commas(content: bytes, _: random.Random) -> bytes:
    numbers_begin = content.upper().rindex(b"$END")
    header, numbers = content[:numbers_begin], content[numbers_begin:]
    header = re.sub(rb"(?i)(ECHOT|HZPPPM|HZPPM)( *= *\d+)\.(\d+)", rb"\1\2,\3", header)
    return header + numbers.replace(b".", b",")


def _jmrui_commas(content: bytes, _: random.Random) -> bytes:
    return _NUMBER_WITH_EXPONENT.sub(rb"\1,\2", content)


def _jmrui_unknown(content: bytes, _: random.Random) -> bytes:
    return content.replace(b"ZeroOrderPhase", b"SomethingNew: 7\nZeroOrderPhase", 1)


def _jmrui_spaces(content: bytes, _: random.Random) -> bytes:
    return re.sub(rb"(?m)^(PointsInDataset|SamplingInterval|TransmitterFrequency): *", rb"\1 :   ", content)


def _json(content: bytes, chance: random.Random) -> bytes:
    fields = list(json.loads(content).items())
    chance.shuffle(fields)
    return json.dumps(dict([("note", "new"), *fields]), indent=chance.choice((None, 2))).encode() + b"\n"


def _dicom_unknown(content: bytes, _: random.Random) -> bytes:
    data = pydicom.dcmread(BytesIO(content))
    data.private_block(0x0099, "SOMETHING NEW", create=True).add_new(0x01, "LO", "new")
    written = BytesIO()
    data.save_as(written)
    return written.getvalue()


def _without_preamble(content: bytes, chance: random.Random) -> bytes:
    data = pydicom.dcmread(BytesIO(content))
    plain = BytesIO()
    syntax = data.file_meta.TransferSyntaxUID
    if syntax.is_deflated:
        return content[132:]
    begin = 132 + 12 + data.file_meta.FileMetaInformationGroupLength
    plain.write(content[chance.choice((132, begin)) :])
    return plain.getvalue()


def _list_spaces(content: bytes, _: random.Random) -> bytes:
    return re.sub(rb"(?m)^ *(STD|NOI) +", rb"\t\1   ", content)


def _list_order(content: bytes, chance: random.Random) -> bytes:
    def shuffled(lines: list[bytes]) -> list[bytes]:
        rows = [line for line in lines if line.lstrip().startswith((b"STD", b"NOI"))]
        others = [line for line in lines if not line.lstrip().startswith((b"STD", b"NOI"))]
        chance.shuffle(rows)
        return [*others[:-3], *rows, *others[-3:]]

    return _lines(content, shuffled) if content.startswith(b"# === DATA") else content


def _jcamp_order(content: bytes, chance: random.Random) -> bytes:
    head, *labels = re.split(rb"(?m)^(?=##\$)", content.replace(b"\r\n", b"\n"))
    last, end = labels.pop().split(b"##END=")
    labels += [last, b"##$SomethingNew=( 2 )\n1 2\n"]
    chance.shuffle(labels)
    return head + b"".join(labels) + b"##END=" + end


def _jcamp_comments(content: bytes, _: random.Random) -> bytes:
    return re.sub(rb"(?m)^(##\$PVM_EchoTime)", rb"$$ a comment\n\1", content)


def _procpar_order(content: bytes, chance: random.Random) -> bytes:
    lines = content.decode().splitlines()
    entries = [lines[at : at + 3] for at in range(0, len(lines), 3)]
    entries.append(["somethingnew 1 1 1e+18 -1e+18 0 2 1 0 1 64", "2 1 2 ", "0 "])
    chance.shuffle(entries)
    return "".join(f"{line}\n" for entry in entries for line in entry).encode()


def _mrd_header(content: bytes, _: random.Random) -> bytes:
    """Indentation, a name space and unknown elements of the XML header."""
    stored = BytesIO(content)
    with h5py.File(stored, "r+") as root:
        (group,) = root.values()
        xml = group["xml"][0].decode().replace("><", ">\n\t<").replace("<TE>30</TE>", "<TI>0</TI>\n<TE> 30.0 </TE>")
        group["xml"][0] = xml.replace("<userParameters>", "<somethingNew/><userParameters>")
    return stored.getvalue()


def _mrd_members(content: bytes, _: random.Random) -> bytes:
    """Further members of the group, such as waveforms, and a group of something else."""
    stored = BytesIO(content)
    with h5py.File(stored, "r+") as root:
        (group,) = root.values()
        group.create_dataset("waveforms", data=np.zeros(7, "<i4"))
        group.attrs["something new"] = "7"
        root.create_group("somethingNew").create_dataset("data", data=[1.0])
    return stored.getvalue()


def _gzipped(content: bytes, _: random.Random) -> bytes:
    return content if content.startswith(b"\x1f\x8b") else gzip.compress(content, mtime=0)


DIALECTS: dict[str, tuple[Noise, ...]] = {
    "siemens_rda": (*map(_of_rda, (_rda_order, _rda_spaces, _rda_commas, _crlf)), _bom),
    "siemens_dicom": (_dicom_unknown, _without_preamble),
    "dicom_mrs": (_dicom_unknown, _without_preamble),
    "philips_dicom": (_dicom_unknown, _without_preamble),
    "siemens_twix": (_gzipped,),
    "nifti_mrs": (_gzipped,),
    "ismrmrd": (_mrd_header, _mrd_members, _gzipped),
    "ge_pfile": (_gzipped,),
    "philips_data_list": (_list_spaces, _list_order, *TEXT),
    "bruker": (_jcamp_order, _jcamp_comments, *TEXT),
    "varian": (_procpar_order, *TEXT),
    "philips_sdat": (_spar_order, _spar_spaces, _spar_commas, *TEXT),
    "lcmodel_raw": (_raw_case, _raw_unknown, _raw_commas, *TEXT),
    "jmrui": (_jmrui_commas, _jmrui_unknown, _jmrui_spaces, *TEXT),
    "arrays": (_json, *TEXT),
}
"""Changes of each format, in the order in which several of them can follow each other."""

IS_BINARY = re.compile(r"\.(sdat|mrui|data|job0|refscan)$|^fid$", re.I)


def same(one: Recording, other: Recording, tolerance: float = 0.0) -> bool:
    """Whether two recordings are equal; decimal commas move no digit."""
    waters = (one.water is None) == (other.water is None)
    equal = np.allclose(one.samples, other.samples, rtol=tolerance, atol=0.0)
    if one.water is not None and other.water is not None:
        waters = waters and np.allclose(one.water.samples, other.water.samples, rtol=tolerance, atol=0.0)
    return bool(equal and waters and one.acquisition == other.acquisition and one.may_be_cut == other.may_be_cut)


def noisy(fixture: Fixture, seed: int) -> Files:
    """The files of a fixture after some of the changes of its format."""
    chance = random.Random(seed)
    noises = [noise for noise in DIALECTS[fixture.reader] if chance.random() < 0.6]
    changed = []
    for file in fixture.files():
        content = file.content
        for noise in noises if not IS_BINARY.search(file.name) else ():
            content = noise(content, chance)
        changed.append(replace(file, content=content))
    return tuple(changed)


def test_every_reader_has_dialects() -> None:
    """A reader without an entry would pass by absence."""
    assert set(DIALECTS) == {reader.name for reader in READERS}


@each_fixture
@some
@given(seed=st.integers(0, 10**6))
def test_noise_of_the_dialect_changes_nothing(fixture: Fixture, seed: int) -> None:
    """Marks, line ends, decimal commas, order, spaces, case and unknown fields: the same recording."""
    assert same(read(noisy(fixture, seed)), read(fixture.files()))


@each_fixture
def test_an_archive_holds_the_same_scan(fixture: Fixture) -> None:
    """A ZIP of the files, with hidden and foreign files among them, is read as the files are."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export/.DS_Store", b"\0\0")
        archive.writestr("export/README.md", b"# How this was exported\n")
        for file in fixture.files():
            archive.writestr(f"export/{file.name}", file.content)

    assert same(read((SourceFile("scan.zip", packed.getvalue()),)), read(fixture.files()))
