"""Position of one ratio in a pooled norm: z, percentile and their intervals."""

from __future__ import annotations

import math

from scipy import special

from fitting.norms.assessment import Flag, ZScore
from fitting.norms.literature import Norm
from fitting.norms.pooling import predictive
from fitting.quantification.concentrations import Ratio

LEVEL = 0.95
COHORT_NOISE_SHARE = 0.25
"""Share of the variance within studies that is their own measurement noise: repeated scans vary by 3 to 6 %
(14 people, 3 T, TE 35 ms; PMC9244865, Table 3), half of the 8 to 15 % between people of these norms."""


def z_score(norm: Norm, ratio: Ratio) -> ZScore:
    """Compare one person's ratio with a norm that supports it.

    z = (x − μ) / sd_pred, sd_pred² = τ² + SE² + s_w² + excess, referred to Student's t with
    Satterthwaite's degrees of freedom (a new person in a new laboratory, see
    :func:`fitting.norms.pooling.predictive`). ``excess`` = max(0, sd_x² − s_w²/4): the norm's spread already
    holds the ordinary measurement noise of its studies, and only a spectrum noisier than theirs
    widens it; so a noisy spectrum is not flagged for its noise, and a good one pays nothing twice.

    The 95 % interval of z carries the measurement error of x, the standard error of μ and the
    uncertainty of sd_pred: var z = (sd_x² + SE²) / sd_pred² + z² / (2 df) (delta method). Percentile limits
    are the t distribution at its ends. The flag says whether x is outside μ ± t₀.₉₇₅ sd_pred, which is the
    same as p < 0.05. ``p`` is None unless the norm has five studies and grade A or B.

    Parameters
    ----------
    norm : Norm
        With ``supports_z``.
    ratio : Ratio

    Raises
    ------
    ValueError
        When the norm does not support a z-score.
    """
    if not norm.supports_z or norm.effects is None or norm.sd_within is None:
        raise ValueError(f"norm {norm.id} does not support a z-score")
    excess = max(0.0, ratio.sd**2 - COHORT_NOISE_SHARE * norm.sd_within**2)
    spread = predictive(norm.effects, norm.studies, norm.sd_within, norm.df_within, excess)
    z = (ratio.value - norm.mean) / spread.sd
    variance = (ratio.sd**2 + norm.effects.se**2) / spread.sd**2 + z**2 / (2.0 * spread.df)
    half = float(special.ndtri(0.5 + LEVEL / 2.0)) * math.sqrt(variance)
    reach = float(special.stdtrit(spread.df, 0.5 + LEVEL / 2.0)) * spread.sd
    low, high = norm.mean - reach, norm.mean + reach
    flag: Flag = "below" if ratio.value < low else "above" if ratio.value > high else "within"
    return ZScore(
        value=z,
        low=z - half,
        high=z + half,
        percentile=_percentile(z, spread.df),
        percentile_low=_percentile(z - half, spread.df),
        percentile_high=_percentile(z + half, spread.df),
        t=z,
        df=spread.df,
        p=2.0 * float(special.stdtr(spread.df, -abs(z))) if norm.supports_p else None,
        sd_predictive=spread.sd,
        norm_id=norm.id,
        flag=flag,
        reference_low=low,
        reference_high=high,
    )


def _percentile(z: float, df: float) -> float:
    return 100.0 * float(special.stdtr(df, z))
