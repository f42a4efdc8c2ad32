"""The report names the values that another reasonable model moves by more than their error, and only those."""

from __future__ import annotations

from dataclasses import replace

from service.reports.technical import assumptions
from tests.data.analysis_factory import make_analysis


def test_values_that_depend_on_the_model_are_named():
    """The factory's Glu moves by 1.4 sd and everything else by 0.3: one name in one sentence, none without it."""
    analysis = make_analysis()
    steady = replace(analysis, metabolites=tuple(m for m in analysis.metabolites if m.name != "Glu"))

    (sentence,) = [line for line in assumptions(analysis) if "more than their standard deviation" in line]

    assert sentence.endswith("Glu +1.4 SD with a ten times freer baseline.")
    assert not [line for line in assumptions(steady) if "more than their standard deviation" in line]
