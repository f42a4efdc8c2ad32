"""Tables and plan of a cohort from files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fitting.errors import FittingError, InaccessibleFile, UnusableTable
from service.cli.exit_codes import CommandFailure, ExitCode

if TYPE_CHECKING:
    from fitting.cohort.inputs import CohortInputs

LARGEST_BYTES = 200_000_000
YEARS = ("year", "yr", "y", "a")
"""How descriptions of tables name years, without an s."""


@contextmanager
def refusing_cohort() -> Iterator[None]:
    """Turn a refusal into one line: ``mrsquant: CODE: sentence``."""
    try:
        yield
    except FittingError as error:
        raise CommandFailure(ExitCode.REFUSED, error.code, "", error.detail) from error


def read_text(path: Path) -> str:
    """Text of a file.

    Raises
    ------
    InaccessibleFile, UnusableTable
        When it cannot be opened, is too large or is not UTF-8.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InaccessibleFile(f"{path.name}: larger than {LARGEST_BYTES // 1_000_000} MB.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InaccessibleFile(f"{path.name}: {error.strerror or 'cannot be opened'}; check the path.") from error
    except UnicodeDecodeError as error:
        raise UnusableTable(f"{path.name}: not UTF-8 text; save the table as UTF-8.") from error


def read_inputs(
    measurements: Path | None,
    participants: Path | None,
    plan_path: Path | None,
    preset: str | None,
    *,
    manifest: Path | None = None,
    wide_unit: str | None = None,
    spectra: Path | None = None,
) -> CohortInputs:
    """Read everything that a plan needs; paths in the plan are relative to it.

    Raises
    ------
    FittingError
        When a file cannot be read or breaks its format.
    """
    from fitting.cohort.inputs import SPECTRA, CohortTexts

    def text(path: Path | None) -> tuple[str, str] | None:
        return None if path is None else (read_text(path), path.name)

    folder = plan_path.parent if plan_path is not None else (measurements or participants or Path()).parent

    def table_of(name: str) -> tuple[str, str] | None:
        if name != SPECTRA:
            return text(folder / name)
        return text(spectra if spectra is not None else folder / name if (folder / name).is_file() else None)

    if participants is not None:
        _check_age(participants)
    texts = CohortTexts(
        text(measurements),
        text(participants),
        None if plan_path is None else read_text(plan_path),
        preset,
        None if manifest is None else read_text(manifest),
        wide_unit,
    )
    return texts.read(table_of)


def _check_age(participants: Path) -> None:
    """Refuse ages that ``participants.json`` beside the table describes in another unit than years.

    Raises
    ------
    UnusableTable
        When there are such ages.
    """
    from service.cli.bids.people import age_unit

    description = participants.with_suffix(".json")
    unit = age_unit(description)
    columns = re.split("[\t,;]", read_text(participants).partition("\n")[0].strip())
    if unit not in YEARS and "age" in columns and "age_years" not in columns:
        raise UnusableTable(
            f"{participants.name}, column age: {description.name} says that it is in the unit '{unit[:20]}'; give the "
            "ages in years as age_years."
        )
