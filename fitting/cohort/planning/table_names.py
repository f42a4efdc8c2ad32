"""Names of the tables that a plan asks for: plain names of files, so that a table lies beside its plan everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fitting.errors import UnusablePlan

_PLAIN = re.compile(r"(?![. ])[^\x00-\x1f\x7f/\\:*?\"<>|]{1,80}(?<![. ])")
"""A file name on every common system: no folder, no drive, no leading dot."""


def check_table_names(names: Iterable[str], taken: Iterable[str] = ()) -> None:
    """Check that tables of these names can lie in one folder, beside files of the names that are ``taken``.

    Raises
    ------
    UnusablePlan
        When a name is no plain name of a file, is taken, or differs from another in capitals only.
    """
    known = {name.casefold(): name for name in taken}
    for name in dict.fromkeys(names):
        if _PLAIN.fullmatch(name) is None:
            raise UnusablePlan(
                f"The table name {name[:40]!r} is not the plain name of a file; put the table beside the plan and name "
                "it without a folder."
            )
        if name.casefold() in known:
            raise UnusablePlan(
                f"The table name '{name}' is taken: the study has a file '{known[name.casefold()]}'; give the table "
                "another name."
            )
        known[name.casefold()] = name
