"""The only importer of suspect: convert its results to our types at once, in seconds and hertz.

Faults of suspect 0.6.2 handled here: ``MRSData`` loses its metadata when pickled; an unknown TE reads as
30 ms and an unknown TR as -1, so both are dropped and taken from the header by the caller; it warns with
header values in the text, so its warnings are silenced.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TypeVar

from fitting.acquisition import Acquisition, Recording
from fitting.errors import DamagedFile
from fitting.io.source import SourceFile
from fitting.io.values import checked_samples, positive

with warnings.catch_warnings():  # its sources hold invalid escape sequences, reported when first compiled
    warnings.simplefilter("ignore")
    from suspect.io.dicom import load_dicom
    from suspect.io.siemens import read_csa_header

_Read = TypeVar("_Read")


def mr_spectroscopy(file: SourceFile, reader: str, title: str) -> Recording:
    """Every spectrum of a DICOM MR Spectroscopy object; only frequency and dwell time are filled in.

    Returns
    -------
    Recording
        ``samples`` of shape (spectra, 1, points): frames, rows and columns in file order.

    Raises
    ------
    DamagedFile
        When suspect cannot read the object.
    """
    data = _guarded(lambda: load_dicom(BytesIO(file.content)), file, title)
    return Recording(
        samples=checked_samples(data, file).reshape(-1, 1, data.shape[-1]),
        acquisition=Acquisition(
            format=reader,
            spectrometer_frequency=positive(data.f0, 1e6),
            dwell_time=positive(data.dt),
            echo_time=None,
            repetition_time=None,
            sequence=None,
            sequence_name=None,
        ),
    )


def csa_header(content: bytes, file: SourceFile, title: str) -> Mapping[str, object]:
    """Fields of a Siemens CSA header (CSA1 or CSA2): numbers, text, or lists of them; absent ones are [].

    Raises
    ------
    DamagedFile
        When the header is cut off or inconsistent.
    """
    fields: Mapping[str, object] = _guarded(lambda: read_csa_header(content), file, title)
    return fields


def _guarded(read: Callable[[], _Read], file: SourceFile, title: str) -> _Read:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except MemoryError:
        raise
    except Exception:  # suspect raises arbitrary exceptions on malformed bytes
        problem = DamagedFile(
            f"'{file.name}' is recognised as {title}, but its header or data are incomplete; "
            "export the spectrum from the scanner again.",
            file=file.name,
            format=title,
        )
    raise problem
