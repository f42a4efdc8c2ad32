"""Values of one program as another would have given them, by a measured offset between both."""

from __future__ import annotations

from dataclasses import replace

from fitting.errors import ImplausibleParameter
from fitting.norms.case import Case
from fitting.norms.controls import Controls, Measured, Summary
from fitting.norms.software import same_software

LARGEST_FACTOR = 3.0
"""Programs that differ more do not measure the same quantity."""


def as_measured_by(controls: Controls, case: Case) -> Controls:
    """The controls as the program of the value would have measured them, where their offset from it was measured.

    Without a stated difference of programs, or without an offset of this program and metabolite, they stay as they are.
    """
    software = case.context.software
    if software is None or same_software(software, controls.method.software) != "no":
        return controls
    for offset in controls.offsets:
        if case.metabolite in offset.ratios and same_software(software, offset.software) == "yes":
            method = replace(controls.method, software=software)
            return scaled(replace(controls, method=method), case.metabolite, offset.ratios[case.metabolite])
    return controls


def scaled(controls: Controls, metabolite: str, ratio: Measured) -> Controls:
    """The controls with the values of one metabolite multiplied by a measured ratio.

    Its error is common to all of them, so it adds to what is not known of their mean: (sd / ratio)² on the log scale.

    Raises
    ------
    ImplausibleParameter
        When the ratio is not between 1/3 and 3, or its standard deviation is missing, zero or as large.
    """
    check_offset(ratio)
    people = tuple(
        replace(person, values={**person.values, metabolite: _times(person.values[metabolite], ratio.value)})
        if metabolite in person.values
        else person
        for person in controls.people
    )
    summary = controls.summary
    if summary is not None:
        summary = Summary(summary.mean * ratio.value, summary.sd * ratio.value, summary.n)
    variance = ((ratio.sd or 0.0) / ratio.value) ** 2
    return replace(controls, people=people, summary=summary, offset_variance=controls.offset_variance + variance)


def check_offset(ratio: Measured) -> None:
    """Refuse an offset that cannot be.

    Raises
    ------
    ImplausibleParameter
    """
    if not (1.0 / LARGEST_FACTOR <= ratio.value <= LARGEST_FACTOR and 0.0 < (ratio.sd or 0.0) < ratio.value):
        raise ImplausibleParameter(
            f"A measured offset between programs is a ratio of 1/{LARGEST_FACTOR:g} to {LARGEST_FACTOR:g} with the "
            "standard deviation of its mean, which is above zero; give both.",
            parameter="offset",
        )


def _times(measured: Measured, factor: float) -> Measured:
    sd, sd_scan = (None if item is None else item * factor for item in (measured.sd, measured.sd_scan))
    return Measured(measured.value * factor, sd, sd_scan)
