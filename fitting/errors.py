"""Every exception with which this library refuses an input; all can be pickled.

FittingError
├── UnreadableSpectrum            the input holds no readable spectrum
│   ├── InaccessibleFile          there is no such file, or it cannot be opened
│   ├── UnknownFormat             no reader recognises the content
│   ├── DamagedFile               recognised, but truncated or inconsistent
│   ├── OversizedFile             small on disk, too large once unpacked or parsed
│   └── UnsupportedData           recognised and refused by name (MRSI, editing, imaging, other nuclei)
├── MissingParameter              neither the header nor the request gives a needed quantity
├── ImplausibleParameter          a quantity outside what a brain 1H-MRS scan can have
├── UnusableSignal                the samples cannot be analysed (non-finite, constant, too short)
├── UnusableBasis                 a basis set does not fit the data or cannot be read
├── UnusableImage                 an image or tissue map that came with the spectrum cannot be used
├── UnusableTable                 a relaxation or norm table breaks its format
├── UnusableControls              a site's controls do not make a norm
└── UnusableSite                  the calibration of a scanner cannot be used
"""

from __future__ import annotations

from typing import ClassVar

Scalar = str | int | float | bool | None


class FittingError(Exception):
    """Base of all refusals: a constant ``code``, a sentence for a human and plain data.

    Parameters
    ----------
    detail : str
        What is wrong, where, and what to do about it. Never holds patient identity.
    **data : str, int, float, bool or None
        Machine-readable details of the sentence.
    """

    code: ClassVar[str] = "unusable-input"
    title: ClassVar[str] = "The input cannot be used"

    def __init__(self, detail: str, **data: Scalar) -> None:
        super().__init__(detail)
        self.detail = detail
        self.data = data

    def forget_causes(self) -> None:
        """Drop the errors this one came from: a decoder's holds the text of the file, and an executor may send it."""
        self.__cause__ = self.__context__ = None

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.detail, self.data))


def _rebuild(kind: type[FittingError], detail: str, data: dict[str, Scalar]) -> FittingError:
    return kind(detail, **data)


class UnreadableSpectrum(FittingError):
    """No spectrum can be read from the given files; always a subclass is raised."""

    code = "unreadable-spectrum"
    title = "The spectrum file cannot be read"


class InaccessibleFile(UnreadableSpectrum):
    """There is no such file on this machine, it is no regular file, it is too large, or it cannot be opened."""

    code = "inaccessible-file"
    title = "The file cannot be opened"


class UnknownFormat(UnreadableSpectrum):
    """No reader recognises the content."""

    code = "unknown-format"
    title = "The file format is not recognised"


class DamagedFile(UnreadableSpectrum):
    """The format is recognised, but the file is truncated or contradicts itself."""

    code = "damaged-file"
    title = "The file is damaged or incomplete"


class OversizedFile(UnreadableSpectrum):
    """Unpacked or parsed, the file would take more memory than any single-voxel spectrum needs; ``limit`` says how much
    is read.
    """

    code = "oversized-file"
    title = "The file becomes too large when it is read"


class UnsupportedData(UnreadableSpectrum):
    """The format is recognised, but holds an unsupported kind of data, which the message names."""

    code = "unsupported-data"
    title = "This kind of data is not supported"


class MissingParameter(FittingError):
    """Neither the file header nor the request gives a quantity the analysis needs."""

    code = "missing-parameter"
    title = "A needed acquisition parameter is missing"


class ImplausibleParameter(FittingError):
    """A quantity is outside the possible range of a brain 1H-MRS acquisition."""

    code = "implausible-parameter"
    title = "A parameter has an implausible value"


class UnusableSignal(FittingError):
    """The samples cannot be analysed: non-finite, constant, too short or without noise."""

    code = "unusable-signal"
    title = "The signal cannot be analysed"


class UnusableBasis(FittingError):
    """A basis set cannot be read, or does not belong to the data."""

    code = "unusable-basis"
    title = "The basis set cannot be used"


class UnusableImage(FittingError):
    """An image or tissue map that came with the spectrum cannot be read, or does not belong to it."""

    code = "unusable-image"
    title = "The image cannot be used"


class UnusableTable(FittingError):
    """A relaxation or norm table breaks its format."""

    code = "unusable-table"
    title = "The table cannot be used"


class UnusableControls(FittingError):
    """A site's own controls do not make a norm: too few, counted twice, or not measured alike."""

    code = "unusable-controls"
    title = "The controls do not make a norm"


class UnusableSite(FittingError):
    """The calibration of a scanner (``SITE.json``) is damaged, was altered, or is of another version of the file."""

    code = "unusable-site"
    title = "The calibration of the scanner cannot be used"


PROBLEMS: tuple[type[FittingError], ...] = (
    InaccessibleFile,
    UnknownFormat,
    DamagedFile,
    OversizedFile,
    UnsupportedData,
    MissingParameter,
    ImplausibleParameter,
    UnusableSignal,
    UnusableBasis,
    UnusableImage,
    UnusableTable,
    UnusableControls,
    UnusableSite,
)
"""Every kind that is raised; the others are bases to catch several at once."""
