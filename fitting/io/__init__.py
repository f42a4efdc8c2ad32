"""Read the bytes of any supported format into one Recording.

``READERS`` is the whole list, in the order in which they are asked. Adding a format is one module and
one entry here.
"""

from __future__ import annotations

from dataclasses import replace

from fitting.acquisition import Recording
from fitting.errors import DamagedFile, UnknownFormat, UnreadableSpectrum, UnsupportedData
from fitting.io import (
    arrays,
    bruker,
    dicom_mrs,
    ge_pfile,
    ismrmrd,
    jmrui,
    lcmodel_raw,
    nifti_mrs,
    philips_data_list,
    philips_dicom,
    philips_sdat,
    siemens_dicom,
    siemens_rda,
    siemens_twix,
    varian,
)
from fitting.io.containers import is_archive, unpacked
from fitting.io.dialects import plain
from fitting.io.not_spectra import refuse_known
from fitting.io.scan_files import Scans, alone, read_joined, reader_of, scans_of
from fitting.io.sequence_names import public_name
from fitting.io.source import Files, Reader, SourceFile

READERS: tuple[Reader, ...] = (
    siemens_rda.READER,
    siemens_dicom.READER,
    dicom_mrs.READER,
    philips_dicom.READER,
    siemens_twix.READER,
    nifti_mrs.READER,
    ge_pfile.READER,
    philips_data_list.READER,
    bruker.READER,
    varian.READER,
    ismrmrd.READER,
    philips_sdat.READER,
    lcmodel_raw.READER,
    jmrui.READER,
    arrays.READER,
)

__all__ = ["READERS", "Files", "Reader", "SourceFile", "is_one_scan", "read", "refuse_unrecognised", "spectra_among"]


def read(files: Files) -> Recording:
    """Read one scan: a file, a file with its companions, all files of a scan, or an archive of any of these.

    Raises
    ------
    UnknownFormat
        When no reader recognises the content.
    DamagedFile, OversizedFile, UnsupportedData
        When the format is recognised but the files cannot be used.
    """
    _refuse_empty(files)
    opened = unpacked(files)
    scans = _scans(tuple(map(plain, opened if opened == files else spectra_among(opened) or opened)))
    try:
        if len(scans.found) > 1:
            recording = read_joined(scans)
        else:
            reader, own = scans.found[0]
            recording = alone(reader.read(own))
        return _without_free_text(recording)
    except UnreadableSpectrum as error:
        error.forget_causes()
        raise


def refuse_unrecognised(files: Files) -> None:
    """Refuse what `read` will not read, by a look at the first bytes of each file; archives are not looked into.

    Raises
    ------
    UnknownFormat, UnsupportedData
        When no reader recognises the content; the second when it is known to be something else.
    DamagedFile
        When the files are empty.
    """
    _refuse_empty(files)
    if not any(is_archive(file.content) for file in files):
        _scans(tuple(map(plain, files)))


def is_one_scan(files: Files) -> bool:
    """Whether one reader takes all of these files together."""
    return reader_of(tuple(map(plain, files)), READERS) is not None


def spectra_among(files: Files) -> Files:
    """Of the files of a folder or archive those that belong to a spectrum, or are packed; the others are left out."""
    plain_files = tuple(map(plain, files))
    if reader_of(plain_files, READERS) is not None:
        return files
    scans = scans_of(plain_files, READERS)
    names = {file.name for _, own in scans.found for file in own}
    return tuple(file for file in files if file.name in names or is_archive(file.content))


def _refuse_empty(files: Files) -> None:
    if not files or all(not file.content for file in files):
        name = files[0].name if files else "input"
        raise DamagedFile(f"'{name}' is empty; send the spectrum file itself.", file=name)


def _scans(files: Files) -> Scans:
    """The files sorted into scans: all are used, or none.

    Raises
    ------
    UnknownFormat, UnsupportedData
    """
    whole = reader_of(files, READERS)
    scans = Scans(((whole, files),), ()) if whole is not None else scans_of(files, READERS)
    if scans.found and not scans.others:
        return scans
    refuse_known(scans.others)
    name = scans.others[0].name if scans.others else "archive"
    if scans.found:
        place = f"file {files.index(scans.others[0]) + 1} of {len(files)}"
        raise UnsupportedData(
            f"'{name}' ({place}) is no spectrum and does not belong to the one sent with it; leave it out.", file=name
        )
    titles = ", ".join(reader.title for reader in READERS)
    raise UnknownFormat(f"The content of '{name}' is no format this program reads ({titles}).", file=name)


def _without_free_text(recording: Recording) -> Recording:
    """Drop typed free text here: of a protocol name only words that name sequences are kept."""
    acquisition = recording.acquisition
    kept = replace(acquisition, sequence_name=public_name(acquisition.sequence_name))
    return replace(recording, acquisition=kept, place=None)
