"""Controls and a published norm whose numbers all differ, so that an exchange of two shows in a test."""

from __future__ import annotations

from fitting.norms import Context, Control, Controls, Measured, Method, Norm
from fitting.norms.case import scan
from fitting.norms.norm import StudyControls
from fitting.request import Subject, TissueFractions
from fitting.statistics.pooling import RandomEffects

COHORTS = tuple(
    StudyControls(
        f"study {k}", "10.1/x", "t", 1.3 + 0.05 * k, 0.1, 20 + k, 40.0, k == 4, False, ("PRESS",), ("LCModel 6.3",)
    )
    for k in range(5)
)
NORM = Norm(
    id="acc.tcr.tnaa.3t",
    region="ACC",
    metabolite="tNAA",
    unit="tCr",
    field_t=3.0,
    grade="B",
    cohorts=COHORTS,
    n=110,
    mean=1.4,
    effects=RandomEffects(mean=1.4, se=0.03, tau=0.07, i2=0.5),
    sd_within=0.11,
    df_within=105.0,
    sd_borrowed=False,
    age_mean=41.0,
)


SUBJECT = Subject("ACC", "midline", 44.0, "female", TissueFractions(0.6, 0.3, 0.1))
CONTEXT = Context(SUBJECT, scan(3.0, 0.030, "PRESS"), "LCModel 6.3-1")
METHOD = Method(2.89, "press", 0.0305, "tCr", "LCModel 6.3-1")
PEOPLE = tuple(
    Control(
        f"c{k}",
        {"tNAA": Measured(1.3 + 0.017 * k + 0.05 * (k % 3), 0.04), "mI": Measured(0.7 + 0.01 * k * (k % 4), 0.03)},
        30.0 + k,
        "female" if k % 2 else "male",
        0.5 + 0.01 * (k * 11 % 20),
    )
    for k in range(20)
)
SITE = Controls("site.acc.v2", "site", METHOD, "ACC", None, "midline", PEOPLE)
