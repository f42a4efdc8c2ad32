"""What the command line may say of the person and the scan: one list of options for every command that takes it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Literal, get_type_hints

import typer

from fitting.errors import ImplausibleParameter
from fitting.subject import Overrides, Subject, TissueFractions

_PERSON = "Person and region"
_SCAN = "Scan (fills in or replaces what the header says)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The options as they were typed; each field is one ``--option``."""

    region: Annotated[str | None, typer.Option(help="Region measured, such as ACC.", rich_help_panel=_PERSON)] = None
    hemisphere: Annotated[
        Literal["left", "right", "midline"] | None,
        typer.Option(help="Side of the measured region.", rich_help_panel=_PERSON),
    ] = None
    age: Annotated[float | None, typer.Option(help="Age in years.", rich_help_panel=_PERSON)] = None
    sex: Annotated[Literal["female", "male", "other"] | None, typer.Option(help="Sex.", rich_help_panel=_PERSON)] = None
    tissue: Annotated[
        str | None,
        typer.Option(
            metavar="gm=0.6,wm=0.3,csf=0.1",
            help="Volume fractions of the measured region; they add up to 1.",
            rich_help_panel=_PERSON,
        ),
    ] = None
    echo_time: Annotated[float | None, typer.Option(help="Echo time TE, s.", rich_help_panel=_SCAN)] = None
    repetition_time: Annotated[float | None, typer.Option(help="Repetition time TR, s.", rich_help_panel=_SCAN)] = None
    mixing_time: Annotated[float | None, typer.Option(help="Mixing time TM of STEAM, s.", rich_help_panel=_SCAN)] = None
    spectrometer_frequency: Annotated[
        float | None, typer.Option(help="Spectrometer frequency, Hz, such as 123.25e6.", rich_help_panel=_SCAN)
    ] = None
    dwell_time: Annotated[float | None, typer.Option(help="Time between complex points, s.", rich_help_panel=_SCAN)] = (
        None
    )
    sequence: Annotated[
        str | None, typer.Option(help="Localisation: PRESS, STEAM, sLASER or SPECIAL.", rich_help_panel=_SCAN)
    ] = None

    def subject(self) -> Subject:
        """The person and region.

        Raises
        ------
        ImplausibleParameter
            When ``--tissue`` does not name the three fractions.
        """
        return Subject(
            region=self.region,
            hemisphere=self.hemisphere,
            age_years=self.age,
            sex=self.sex,
            tissue=None if self.tissue is None else tissue_fractions(self.tissue),
        )

    def overrides(self) -> Overrides:
        """The acquisition quantities that fill in or replace the header's."""
        return Overrides(**{item.name: getattr(self, item.name) for item in fields(Overrides)})


def tissue_fractions(text: str) -> TissueFractions:
    """Read ``gm=0.6,wm=0.3,csf=0.1``.

    Raises
    ------
    ImplausibleParameter
        When a fraction is missing, unknown, given twice or no number.
    """
    pairs = [part.partition("=") for part in text.split(",")]
    try:
        given = {name.strip().lower(): float(value) for name, _, value in pairs}
    except ValueError:
        given = {}
    if given.keys() != {"gm", "wm", "csf"} or len(pairs) != len(given):
        raise ImplausibleParameter(
            f"--tissue '{text}' is not of the form gm=0.6,wm=0.3,csf=0.1; give the three volume fractions.",
            parameter="tissue",
        )
    return TissueFractions(**given)


def takes_metadata(command: Callable[..., int]) -> Callable[..., int]:
    """Replace a command's parameter ``metadata: Metadata`` by one option for each of its fields."""
    hints = get_type_hints(Metadata, include_extras=True)
    options = [
        inspect.Parameter(item.name, inspect.Parameter.KEYWORD_ONLY, default=item.default, annotation=hints[item.name])
        for item in fields(Metadata)
    ]
    signature = inspect.signature(command, eval_str=True)
    own = [parameter for name, parameter in signature.parameters.items() if name != "metadata"]

    @functools.wraps(command)
    def flat(**arguments: object) -> int:
        given = {option.name: arguments.pop(option.name) for option in options}
        return command(metadata=Metadata(**given), **arguments)  # type: ignore[arg-type]  # typer checked the types

    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own] + options
    flat.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    flat.__annotations__ = {}
    return flat
