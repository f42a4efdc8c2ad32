"""Read the bytes of any supported format into one Recording.

``READERS`` is the whole list, in the order in which they are asked. Adding a format is one module and
one entry here.
"""

from __future__ import annotations

from dataclasses import replace

from fitting.acquisition import Recording
from fitting.errors import DamagedFile, UnknownFormat, UnreadableSpectrum
from fitting.io import (
    arrays,
    dicom_mrs,
    ge_pfile,
    jmrui,
    lcmodel_raw,
    nifti_mrs,
    philips_sdat,
    siemens_dicom,
    siemens_rda,
    siemens_twix,
)
from fitting.io.not_spectra import refuse_known
from fitting.io.sequence_names import public_name
from fitting.io.source import Files, Reader, SourceFile

READERS: tuple[Reader, ...] = (
    siemens_rda.READER,
    siemens_dicom.READER,
    dicom_mrs.READER,
    siemens_twix.READER,
    nifti_mrs.READER,
    ge_pfile.READER,
    philips_sdat.READER,
    lcmodel_raw.READER,
    jmrui.READER,
    arrays.READER,
)

__all__ = ["READERS", "Files", "Reader", "SourceFile", "read"]


def read(files: Files) -> Recording:
    """Read one spectrum: a file, or a file with its companions.

    Raises
    ------
    UnknownFormat
        When no reader recognises the content.
    DamagedFile, UnsupportedData
        When the format is recognised but the file cannot be used.
    """
    if not files or all(not file.content for file in files):
        name = files[0].name if files else "input"
        raise DamagedFile(f"'{name}' is empty; send the spectrum file itself.", file=name)
    for reader in READERS:
        if reader.recognises(files):
            try:
                return _without_free_text(reader.read(files))
            except UnreadableSpectrum as error:
                error.forget_causes()
                raise
    refuse_known(files)
    titles = ", ".join(reader.title for reader in READERS)
    raise UnknownFormat(
        f"The content of '{files[0].name}' is no format this program reads ({titles}).", file=files[0].name
    )


def _without_free_text(recording: Recording) -> Recording:
    """Drop typed free text here: of a protocol name only words that name sequences are kept."""
    acquisition = recording.acquisition
    return replace(recording, acquisition=replace(acquisition, sequence_name=public_name(acquisition.sequence_name)))
