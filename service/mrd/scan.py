"""One scan as it arrives: acquisitions with signal, and of the header what the analysis needs and no identity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

import ismrmrd

from fitting.io.free_text import free_text
from service.mrd.protocol import ProtocolError, Readout

MOST_READOUTS = 4096
MOST_BYTES = 512 * 1024**2
_NO_SIGNAL = (19, 20, 23, 24, 26, 27, 28, 29, 30, 31)
"""Flags of noise, calibration, navigator, phase correction, feedback, dummy and stabilisation read-outs (ismrmrd.h)."""
_COMPRESSED = (53, 54, 55, 56)


@dataclass(slots=True)
class IncomingScan:
    """What has arrived of a scan."""

    xml: str = ""
    readouts: list[Readout] = field(default_factory=list)
    waters: list[Readout] = field(default_factory=list)
    size: int = 0

    def add(self, readout: Readout, water_flag: int | None) -> None:
        """Keep an acquisition with signal; those with the flag ``water_flag`` are the water reference.

        Raises
        ------
        ProtocolError
            When there are more than a scan has, or they are compressed.
        """
        flags = int(readout.head.flags)
        if any(flags & 1 << (bit - 1) for bit in _COMPRESSED):
            raise ProtocolError("acquisitions are compressed; switch compression off at the scanner")
        if any(flags & 1 << (bit - 1) for bit in _NO_SIGNAL):
            return
        self.size += readout.samples.nbytes
        if len(self.readouts) + len(self.waters) >= MOST_READOUTS or self.size > MOST_BYTES:
            raise ProtocolError("there are more acquisitions than a single-voxel scan has")
        is_water = water_flag is not None and flags & 1 << (water_flag - 1)
        (self.waters if is_water else self.readouts).append(readout)

    @property
    def protocol_name(self) -> str:
        """Name of the protocol as typed at the scanner, for region rules only."""
        return _tag(self.xml, "protocolName") or ""

    def file(self, readouts: Sequence[Readout]) -> bytes:
        """Acquisitions as an ISMRMRD file with the part of the header that holds no identity."""
        with TemporaryDirectory(prefix="mrsquant-") as folder:
            path = Path(folder) / "scan.h5"
            dataset = ismrmrd.Dataset(str(path), "dataset", True)
            dataset.write_xml_header(header_without_identity(self.xml).encode())
            for readout in readouts:
                acquisition = ismrmrd.Acquisition(readout.head)
                acquisition.resize(readout.samples.shape[1], readout.samples.shape[0])
                acquisition.data[:] = readout.samples
                dataset.append_acquisition(acquisition)
            dataset.close()
            return path.read_bytes()


def header_without_identity(xml: str) -> str:
    """A new header of what readers use; of free text the words of sequences that are known."""
    words = free_text(_tag(xml, "protocolName"))
    name = " ".join([*words.families, *([words.editing] if words.editing else [])])
    size = re.search(r"<matrixSize>\s*<x>(\d{1,9})</x>\s*<y>(\d{1,9})</y>\s*<z>(\d{1,9})</z>", xml)
    x, y, z = size.groups() if size else ("1", "1", "1")
    vector = re.search(r"<name>SpecVectorSize</name>\s*<value>(\d{1,9})</value>", xml)
    parts = [
        _element("measurementInformation", _element("protocolName", escape(name))) if name else "",
        _element("acquisitionSystemInformation", _kept(xml, "systemVendor", "systemModel")),
        _element("experimentalConditions", _kept(xml, "H1resonanceFrequency_Hz")),
        _element("encoding", f"<encodedSpace><matrixSize><x>{x}</x><y>{y}</y><z>{z}</z></matrixSize></encodedSpace>"),
        _element("sequenceParameters", _kept(xml, "TR", "TE", "sequence_type")),
    ]
    if vector:
        value = f"<name>SpecVectorSize</name><value>{vector[1]}</value>"
        parts.append(_element("userParameters", _element("userParameterLong", value)))
    return f'<ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD">{"".join(parts)}</ismrmrdHeader>'


def _kept(xml: str, *tags: str) -> str:
    return "".join(_element(tag, escape(value)) for tag in tags if (value := _tag(xml, tag)))


def _element(tag: str, content: str) -> str:
    return f"<{tag}>{content}</{tag}>"


def _tag(xml: str, tag: str) -> str | None:
    found = re.search(rf"<(?:\w{{1,32}}:)?{tag}>([^<>&]*)</", xml)
    return found[1].strip() or None if found else None
