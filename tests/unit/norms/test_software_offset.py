"""A measured offset between two programs makes controls of one comparable with values of the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fitting.errors import ImplausibleParameter
from fitting.norms import Absence, Case, Context, Control, Controls, Measured, Method, Scored, ZScore, score
from fitting.norms.case import scan
from fitting.norms.controls import SoftwareOffset, digest
from fitting.norms.software_offset import scaled
from fitting.quantification.concentrations import Ratio
from fitting.request import Subject

METHOD = Method(3.0, "PRESS", 0.030, "tCr", "LCModel 6.3")
OTHER = "Osprey 2.4"
FACTOR = 1.2


def controls(factor: float = 1.0, software: str = "LCModel 6.3", people: int = 24) -> Controls:
    """People of a site whose tNAA differs by about 8 %."""
    values = [1.4 * (0.86 + 0.28 * number / (people - 1)) for number in range(people)]
    return Controls(
        "site.acc.v1",
        "site",
        replace(METHOD, software=software),
        "ACC",
        people=tuple(Control(f"c{n}", {"tNAA": Measured(factor * v, 0.03 * factor)}) for n, v in enumerate(values)),
    )


def offset(sd: float) -> tuple[SoftwareOffset, ...]:
    return (SoftwareOffset(OTHER, {"tNAA": Measured(FACTOR, sd)}),)


def case(value: float, software: str) -> Case:
    context = Context(Subject("ACC"), scan(3.0, 0.030, "PRESS"), software)
    return Case("tNAA", Ratio(value, 0.04), context, "yes")


def position(scored: Scored) -> ZScore:
    assert isinstance(scored.position, ZScore), scored.position
    return scored.position


def test_an_exact_offset_gives_the_answer_of_controls_by_that_program() -> None:
    """Controls multiplied by the ratio, with next to no error of it, are those that the other program would give."""
    by_offset = score(case(1.5, OTHER), [replace(controls(), offsets=offset(1e-9))])
    directly = score(case(1.5, OTHER), [controls(FACTOR, OTHER)])

    assert position(by_offset).value == pytest.approx(position(directly).value, abs=1e-6)
    assert position(by_offset).t == pytest.approx(position(directly).t)
    assert by_offset.norm is not None
    assert by_offset.norm.kind == "site"


def test_without_an_offset_of_this_program_and_metabolite_the_controls_do_not_apply() -> None:
    """Another program than those that were measured, and a metabolite without ratio, get the published norm."""
    own = replace(controls(), offsets=offset(0.02))
    third = score(case(1.5, "jMRUI 7.0 (QUEST)"), [own])
    glu = score(replace(case(1.3, OTHER), metabolite="Glu"), [own])

    assert third.norm is None or third.norm.kind == "literature"
    assert isinstance(third.position, Absence) or third.not_used
    assert glu.norm is not None
    assert glu.norm.kind == "literature"
    assert position(score(case(1.4, "LCModel 6.3"), [own])) == position(score(case(1.4, "LCModel 6.3"), [controls()]))


def test_the_error_of_the_offset_widens_the_comparison() -> None:
    """(sd / ratio)² is added to the variance of the mean, of the model and of the t test."""
    exact, rough = (
        position(score(case(1.5, OTHER), [replace(controls(), offsets=offset(sd))])) for sd in (1e-9, 0.12 * FACTOR)
    )

    assert rough.sd_predictive**2 - exact.sd_predictive**2 == pytest.approx((0.12 * FACTOR * 1.4) ** 2, rel=0.15)
    assert exact.t is not None
    assert rough.t is not None
    assert abs(rough.t) < abs(exact.t)
    assert rough.detectable_percent > exact.detectable_percent  # type: ignore[operator]


@pytest.mark.parametrize(
    "ratio", [Measured(4.0, 0.1), Measured(0.1, 0.01), Measured(1.1, None), Measured(1.1, 0.0), Measured(1.1, 1.2)]
)
def test_an_impossible_offset_is_refused(ratio: Measured) -> None:
    """Programs that differ threefold do not measure one quantity; an offset without its error is none."""
    with pytest.raises(ImplausibleParameter, match="offset"):
        scaled(controls(), "tNAA", ratio)


def test_digest_of_controls_without_offsets_stays_equal() -> None:
    """Stored norms keep their versions; an offset makes another one."""
    assert digest(controls()) == digest(replace(controls(), offsets=()))
    assert digest(controls()) != digest(replace(controls(), offsets=offset(0.02)))
