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
├── UnusableSite                  the calibration of a scanner cannot be used
└── UnusableCohort                tables or plan of a cohort cannot be used; always a subclass is raised
    ├── MissingColumn             a column that is needed is in no table
    ├── UnreadableNumber          a cell that must hold a number holds something else
    ├── DuplicateMeasurement      one value of one spectrum stands in the table twice
    ├── UnknownParticipant        a measurement names a person who is not among the participants
    ├── MixedUnits                one metabolite in one region has two units
    ├── IdentityInPseudonym       a pseudonym looks like a person's identity
    ├── SingleGroup               only one of the groups has people
    ├── UnknownGroup              a person is in a group that the plan does not name
    ├── SeveralSessions           people were measured repeatedly and the plan names no session
    ├── UnusablePlan              the plan cannot be read, or asks for something that does not exist
    └── FilterDependsOnValue      an exclusion rule depends on the values that are compared
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


class UnusableCohort(FittingError):
    """Tables or plan of a cohort cannot be used; always a subclass is raised."""

    code = "unusable-cohort"
    title = "The cohort cannot be used"


class MissingColumn(UnusableCohort):
    """A column that is needed is in no table."""

    code = "missing-column"
    title = "A column is missing"


class UnreadableNumber(UnusableCohort):
    """A cell that must hold a number holds something else."""

    code = "unreadable-number"
    title = "A number cannot be read"


class DuplicateMeasurement(UnusableCohort):
    """One value of one spectrum stands in the table twice."""

    code = "duplicate-measurement"
    title = "A measurement stands in the table twice"


class UnknownParticipant(UnusableCohort):
    """A measurement names a person who is not among the participants."""

    code = "unknown-participant"
    title = "A participant is unknown"


class MixedUnits(UnusableCohort):
    """One metabolite in one region has two units."""

    code = "mixed-units"
    title = "Units are mixed"


class IdentityInPseudonym(UnusableCohort):
    """A pseudonym looks like a person's identity; the message does not repeat it."""

    code = "identity-in-pseudonym"
    title = "A pseudonym looks like an identity"


class SingleGroup(UnusableCohort):
    """Only one of the groups of the plan has people."""

    code = "single-group"
    title = "There is only one group"


class UnknownGroup(UnusableCohort):
    """A person is in a group that the plan does not name: a typing error is not a third group."""

    code = "unknown-group"
    title = "A group is unknown"


class SeveralSessions(UnusableCohort):
    """People were measured repeatedly and the plan names no session."""

    code = "several-sessions"
    title = "People have several sessions"


class UnusablePlan(UnusableCohort):
    """The plan of a cohort cannot be read, or asks for something that does not exist."""

    code = "unusable-plan"
    title = "The plan cannot be used"


class FilterDependsOnValue(UnusableCohort):
    """An exclusion rule depends on the values that are compared, which would bias them."""

    code = "filter-depends-on-value"
    title = "A filter depends on the values"


class UnusableShare(FittingError):
    """A file of shared norms is damaged, was altered or holds single people, or too few people are to be shared."""

    code = "unusable-share"
    title = "The shared norms cannot be used"


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
    UnusableShare,
    MissingColumn,
    UnreadableNumber,
    DuplicateMeasurement,
    UnknownParticipant,
    MixedUnits,
    IdentityInPseudonym,
    SingleGroup,
    UnknownGroup,
    SeveralSessions,
    UnusablePlan,
    FilterDependsOnValue,
)
"""Every kind that is raised; the others are bases to catch several at once."""
