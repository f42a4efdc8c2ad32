"""Messages of MRD version 1 over a stream; every length is bounded before anything is allocated.

A message is an identifier of two bytes and its content (ismrmrd.h; python-ismrmrd-server, connection.py).
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from ismrmrd import Image
from ismrmrd.acquisition import AcquisitionHeader
from ismrmrd.waveform import WaveformHeader

CONFIG_FILE, CONFIG_TEXT, HEADER, CLOSE, TEXT = 1, 2, 3, 4, 5
ACQUISITION, IMAGE, WAVEFORM = 1008, 1022, 1026
CONFIG_FILE_BYTES = 1024
MOST_TEXT_BYTES = 4 * 1024**2
MOST_SAMPLE_BYTES = 64 * 1024**2
"""Of one acquisition."""

Grey = npt.NDArray[np.uint16]
Severity = Literal["DBG", "WRN", "ERR"]


class ProtocolError(Exception):
    """The peer sent what is no MRD, or more than is read; the message says what."""


@dataclass(frozen=True, slots=True)
class HostConfiguration:
    """What the scanner's host asks for; a name or a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Header:
    """The XML header."""

    xml: str


@dataclass(frozen=True, slots=True)
class Readout:
    """One acquisition: its header and samples, shape (channels, samples)."""

    head: AcquisitionHeader
    samples: npt.NDArray[np.complex64]


Message = HostConfiguration | Header | Readout


def messages(read: Callable[[int], bytes]) -> Iterator[Message]:
    """The messages of a stream until it is closed; texts and waveforms are read and left out.

    Parameters
    ----------
    read : callable
        Gives exactly so many bytes.

    Raises
    ------
    ProtocolError
        For an unknown message, or a length beyond what a single-voxel scan has.
    """
    while True:
        (kind,) = struct.unpack("<H", read(2))
        match kind:
            case 1:
                yield HostConfiguration(read(CONFIG_FILE_BYTES).split(b"\0", 1)[0].decode("utf-8", "replace"))
            case 2:
                yield HostConfiguration(_text(read))
            case 3:
                yield Header(_text(read))
            case 4:
                return
            case 5:
                _text(read)
            case 1008:
                yield _readout(read)
            case 1026:
                _skip_waveform(read)
            case _:
                raise ProtocolError(f"message {kind} is not understood; send raw data of one single-voxel scan")


def text_message(severity: Severity, sentence: str) -> bytes:
    """A line for the log of the scanner's host."""
    content = f"{severity} {sentence}".encode() + b"\0"
    return struct.pack("<HI", TEXT, len(content)) + content


def image_message(page: Grey, number: int, head: AcquisitionHeader | None, attributes: str) -> bytes:
    """A page as an image of unsigned 16-bit numbers, at the place of the measured volume."""
    image = Image.from_array(page)
    image.image_index = number
    image.image_series_index = 1
    image.attribute_string = attributes
    if head is not None:
        image.position, image.read_dir = tuple(head.position), tuple(head.read_dir)
        image.phase_dir, image.slice_dir = tuple(head.phase_dir), tuple(head.slice_dir)
        image.measurement_uid = head.measurement_uid
    image.field_of_view = (float(page.shape[1]), float(page.shape[0]), 1.0)
    return struct.pack("<H", IMAGE) + bytes(image.to_bytes())


def close_message() -> bytes:
    """The end of a connection."""
    return struct.pack("<H", CLOSE)


def exactly(connection: socket.socket) -> Callable[[int], bytes]:
    """A reader of a connection; ``recv`` may give less than was asked for.

    Raises
    ------
    ProtocolError
        When the stream ends before.
    """

    def read(count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = connection.recv(min(count - len(parts), 1 << 20))
            if not part:
                raise ProtocolError("the connection ended in the middle of a message")
            parts += part
        return bytes(parts)

    return read


def _text(read: Callable[[int], bytes]) -> str:
    (length,) = struct.unpack("<I", read(4))
    if length > MOST_TEXT_BYTES:
        raise ProtocolError(f"a text of {length} bytes is longer than the {MOST_TEXT_BYTES} that are read")
    return read(length).split(b"\0", 1)[0].decode("utf-8", "replace")


def _readout(read: Callable[[int], bytes]) -> Readout:
    head = AcquisitionHeader.from_buffer_copy(read(ctypes.sizeof(AcquisitionHeader)))
    channels, samples = int(head.active_channels), int(head.number_of_samples)
    trajectory = 4 * samples * int(head.trajectory_dimensions)
    size = 8 * channels * samples
    if not 0 < size <= MOST_SAMPLE_BYTES or trajectory > MOST_SAMPLE_BYTES:
        raise ProtocolError(f"an acquisition of {channels} channels and {samples} points is none of a single voxel")
    read(trajectory)
    return Readout(head, np.frombuffer(read(size), "<c8").reshape(channels, samples))


def _skip_waveform(read: Callable[[int], bytes]) -> None:
    head = WaveformHeader.from_buffer_copy(read(ctypes.sizeof(WaveformHeader)))
    size = 4 * int(head.channels) * int(head.number_of_samples)
    if size > MOST_SAMPLE_BYTES:
        raise ProtocolError(f"a waveform of {size} bytes is longer than what is read")
    read(size)
