"""Small faults that a test must notice: ``python -m tests.measure.mutations`` makes each and runs the tests it names.

A fault is a text that stands exactly once in the packages and what replaces it, so that files may move. Golden numbers
are not among the tests: they notice any change and say nothing about what is right.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
PACKAGES = ("fitting", "service")
ENDINGS = (".py", ".html", ".typ")
COPIED = ("fitting", "service", "tests", "examples", "docs", "pyproject.toml", "openapi.yaml", "CHANGELOG.md")
SECONDS = 300.0
"""Longest run of the tests for one fault."""

Kind = Literal["numerics", "assembly", "renderers", "policy"]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One small fault."""

    name: str
    kind: Kind
    breaks: str
    """What would be wrong, in words."""
    before: str
    """Text that stands exactly once in the packages."""
    after: str
    tests: str
    """Files of tests, and ``-k`` with an expression, that should notice."""


_CELLS = "tests/conformance/test_value_to_cell.py"
_MODEL = "tests/unit/test_model.py"
_FIELDS = "tests/unit/norms/test_z_score_fields.py"
_WATER = "tests/unit/quantification/test_water_scaling.py"
_COURSE = "tests/unit/follow_up/test_values_land.py"
_ASSEMBLY = "tests/unit/test_assembly.py"
_SIGN_OFFS = "tests/api/test_sign_offs.py"
_SCOPES = "tests/api/test_scopes.py"
_ACCESS = "tests/api/test_access.py"

MUTATIONS = (
    Mutation(
        "chi-square",
        "numerics",
        "Errors are not inflated where the residual exceeds the noise.",
        "inflation = max(1.0, float(np.mean(state.residual**2)))\n    return Covariance",
        "inflation = max(1.0, 0.0)\n    return Covariance",
        f"{_MODEL} -k inflated",
    ),
    Mutation(
        "deflated-errors",
        "numerics",
        "Errors shrink where the residual is below the noise.",
        "inflation = max(1.0, float(np.mean(state.residual**2)))\n    return Covariance",
        "inflation = max(0.0, float(np.mean(state.residual**2)))\n    return Covariance",
        f"{_MODEL} -k inflated",
    ),
    Mutation(
        "snr-factor",
        "numerics",
        "The signal-to-noise ratio is twice as large.",
        "float(np.max(traces.fit - traces.baseline)) / (2 * rms)",
        "float(np.max(traces.fit - traces.baseline)) / rms",
        "tests/unit/test_quality_numbers.py -k both_definitions",
    ),
    Mutation(
        "trace-shift",
        "numerics",
        "Traces stand twice the fitted shift from their places.",
        "ppm=model.domain.ppm[order] - shift_ppm,",
        "ppm=model.domain.ppm[order] + shift_ppm,",
        f"{_MODEL} -k fitted_shift",
    ),
    Mutation(
        "z-df",
        "numerics",
        "The degrees of freedom of another variance stand beside t.",
        "df=reference.df_predictive,\n        p=p if reference.supports_p",
        "df=reference.df,\n        p=p if reference.supports_p",
        _FIELDS,
    ),
    Mutation(
        "z-percentiles",
        "numerics",
        "The lower percentile is that of the upper end.",
        "percentile_low=min(_percent(low), percentile),",
        "percentile_low=min(_percent(high), percentile),",
        _FIELDS,
    ),
    Mutation(
        "flag-side",
        "numerics",
        "A value below its reference interval is called above.",
        '"below" if z < -NORMAL_LIMIT else "above" if z > NORMAL_LIMIT else "within"',
        '"above" if z < -NORMAL_LIMIT else "below" if z > NORMAL_LIMIT else "within"',
        _FIELDS,
    ),
    Mutation(
        "error-shares",
        "numerics",
        "Shares of measurement and of sampling change places.",
        "measurement=reference.measurement / reference.interval_variance,",
        "measurement=reference.sampling / reference.interval_variance,",
        _FIELDS,
    ),
    Mutation(
        "csf-correction",
        "numerics",
        "Water of the cerebrospinal fluid raises the divisor instead of lowering it.",
        '((1.0 - shares["CSF"]) * attenuation)',
        '((1.0 + shares["CSF"]) * attenuation)',
        f"{_WATER} -k 'worked or own_timing'",
    ),
    Mutation(
        "relaxation",
        "numerics",
        "Saturation by T1 is corrected with T2.",
        "-math.expm1(-repetition_time / self.t1)",
        "-math.expm1(-repetition_time / self.t2)",
        f"{_WATER} -k 'worked or own_timing'",
    ),
    Mutation(
        "ratio-covariance",
        "numerics",
        "The covariance of a ratio's two parts widens its error.",
        "- 2.0 * values * errors[reference]",
        "+ 2.0 * values * errors[reference]",
        f"{_WATER} -k 'worked or monte_carlo'",
    ),
    Mutation(
        "upper-bound",
        "numerics",
        "The bound of what is not detected is its error alone.",
        "float(max(amplitudes[index], 0.0) + DETECTION_LIMIT * sds[index])",
        "float(DETECTION_LIMIT * sds[index])",
        f"{_WATER} -k undetected",
    ),
    Mutation(
        "q-values",
        "numerics",
        "Adjusted p values are not adjusted for their rank.",
        "* len(p_values) / np.arange(1, len(p_values) + 1)",
        "* len(p_values) / np.arange(len(p_values), 0, -1)",
        f"{_COURSE} -k judged",
    ),
    Mutation(
        "change-interval",
        "numerics",
        "The ends of a change's interval change places.",
        "low=change - reach,",
        "low=change + reach,",
        f"{_COURSE} -k change",
    ),
    Mutation(
        "amplitude-error",
        "assembly",
        "The amplitude stands in the place of its error.",
        "amplitude_sd=quantity.amplitude_sd,",
        "amplitude_sd=quantity.amplitude,",
        _ASSEMBLY,
    ),
    Mutation(
        "water-scale",
        "assembly",
        "Concentrations are given although their water reference cannot belong to the spectrum.",
        "concentration=quantity.concentration if judgement.water_scale is None else None,",
        "concentration=quantity.concentration,",
        _ASSEMBLY,
    ),
    Mutation(
        "flags-kept",
        "assembly",
        "All flags count as keeping the false discovery rate.",
        "flagged_q=assessment.flagged_q,",
        "flagged_q=assessment.flagged,",
        _ASSEMBLY,
    ),
    Mutation(
        "coils-transients",
        "assembly",
        "The number of transients is given as that of coils.",
        "coils=recording.coils,",
        "coils=recording.transients,",
        _ASSEMBLY,
    ),
    Mutation(
        "tissue",
        "assembly",
        "White matter is reported as grey matter.",
        "gm=None if tissue is None else tissue.gm,",
        "gm=None if tissue is None else tissue.wm,",
        _ASSEMBLY,
    ),
    Mutation(
        "linewidth-ppm",
        "assembly",
        "The width in ppm is multiplied by the frequency.",
        "linewidth_ppm=fit.linewidth_hz / to_hz,",
        "linewidth_ppm=fit.linewidth_hz * to_hz,",
        _ASSEMBLY,
    ),
    Mutation(
        "tcr-linewidth",
        "assembly",
        "The width of tNAA is given as that of tCr.",
        "tcr_linewidth_hz=None if creatine is None else creatine * to_hz,",
        "tcr_linewidth_hz=None if creatine is None else naa * to_hz,",
        _ASSEMBLY,
    ),
    Mutation(
        "snr-consensus",
        "assembly",
        "The second signal-to-noise ratio is the first.",
        "snr_consensus=peak_over_noise(traces, evidence.noise),",
        "snr_consensus=signal_to_noise(traces),",
        _ASSEMBLY,
    ),
    Mutation(
        "csv-z-interval",
        "renderers",
        "RESULTS.csv has the ends of the z interval in the other order.",
        '"z_low": _number(z.low),\n            "z_high": _number(z.high)',
        '"z_low": _number(z.high),\n            "z_high": _number(z.low)',
        f"{_CELLS} -k results_csv",
    ),
    Mutation(
        "csv-concentration-error",
        "renderers",
        "RESULTS.csv has the ratio's error beside the concentration.",
        '"concentration_sd": _number(concentration.sd),',
        '"concentration_sd": _number(ratio.sd if ratio else None),',
        f"{_CELLS} -k results_csv",
    ),
    Mutation(
        "table-z-interval",
        "renderers",
        "The report has the ends of the z interval in the other order.",
        "interval_text(numbers.fixed(z.low, 2), numbers.fixed(z.high, 2))",
        "interval_text(numbers.fixed(z.high, 2), numbers.fixed(z.low, 2))",
        f"{_CELLS} -k 'html_report and table'",
    ),
    Mutation(
        "table-percentiles",
        "renderers",
        "The report has the ends of the percentile's interval in the other order.",
        "interval_text(numbers.percentile(z.percentile_low), numbers.percentile(z.percentile_high))",
        "interval_text(numbers.percentile(z.percentile_high), numbers.percentile(z.percentile_low))",
        f"{_CELLS} -k 'html_report and table'",
    ),
    Mutation(
        "table-crlb",
        "renderers",
        "The report has the standard deviation under the heading of the Cramér-Rao bound.",
        "crlb = numbers.finite(result.crlb_percent)",
        "crlb = numbers.finite(100.0 * result.amplitude_sd / result.amplitude)",
        f"{_CELLS} -k 'html_report and table'",
    ),
    Mutation(
        "bound-scale",
        "renderers",
        "An upper bound of a concentration is scaled like its error.",
        "scale = quantity.value / result.amplitude",
        "scale = quantity.sd / result.amplitude",
        f"{_CELLS} -k 'html_report and table'",
    ),
    Mutation(
        "strip-value",
        "renderers",
        "The strip of a value has the ends of its interval in the other order.",
        "low=z.low,\n        high=z.high,\n        band=",
        "low=z.high,\n        high=z.low,\n        band=",
        f"{_CELLS} -k strips",
    ),
    Mutation(
        "strip-drawing",
        "renderers",
        "The strip is drawn from the estimate instead of the lower end.",
        "low, high, at = _x(strip.low), _x(strip.high), _x(strip.z)",
        "low, high, at = _x(strip.z), _x(strip.high), _x(strip.low)",
        f"{_CELLS} -k strips",
    ),
    Mutation(
        "norm-spread",
        "renderers",
        "Spread between laboratories is shown as spread between people.",
        "{numbers.significant(norm.sd_within, 2)} / {numbers.significant(norm.sd_between, 2)}",
        "{numbers.significant(norm.sd_between, 2)} / {numbers.significant(norm.sd_within, 2)}",
        f"{_CELLS} -k 'norms_of_the_html'",
    ),
    Mutation(
        "norm-q",
        "renderers",
        "p is shown as q.",
        "t=t, df=df, p=p, q=numbers.significant(z.q, 2)",
        "t=t, df=df, p=p, q=numbers.significant(z.p, 2)",
        f"{_CELLS} -k 'norms_of_the_html'",
    ),
    Mutation(
        "fact-snr-consensus",
        "renderers",
        "The report shows the first signal-to-noise ratio under the name of the second.",
        'fact("snr_consensus", measured.snr_consensus,',
        'fact("snr_consensus", measured.snr,',
        f"{_CELLS} -k 'labelled'",
    ),
    Mutation(
        "fact-transients",
        "renderers",
        "Rejected transients are counted as kept.",
        "kept=facts.transients - rejected",
        "kept=facts.transients",
        f"{_CELLS} -k 'labelled'",
    ),
    Mutation(
        "minimum-timing",
        "renderers",
        "The reporting standard has the echo time as the repetition time.",
        "tr=_milliseconds(facts.repetition_time),",
        "tr=_milliseconds(facts.echo_time),",
        f"{_CELLS} -k 'labelled'",
    ),
    Mutation(
        "spectrum-axis",
        "renderers",
        "The spectrum is drawn with high ppm on the right.",
        "return LEFT + (HIGH_PPM - ppm) / (HIGH_PPM - LOW_PPM) * (RIGHT - LEFT)",
        "return LEFT + (ppm - LOW_PPM) / (HIGH_PPM - LOW_PPM) * (RIGHT - LEFT)",
        f"{_CELLS} -k each_curve",
    ),
    Mutation(
        "timeline-interval",
        "renderers",
        "The intervals of a timeline are one standard deviation.",
        "value - HALF_WIDTH_95 * sd, value + HALF_WIDTH_95 * sd",
        "value - sd, value + sd",
        f"{_CELLS} -k panels",
    ),
    Mutation(
        "comparison-order",
        "renderers",
        "The later session stands in the place of the earlier one.",
        "return (one, other) if one.day < other.day else (other, one)",
        "return (other, one) if one.day < other.day else (one, other)",
        f"{_CELLS} -k comparison",
    ),
    Mutation(
        "pdf-columns",
        "renderers",
        "The PDF has ratio and concentration in each other's columns.",
        'row.meaning), row.ratio, row.concentration, row.crlb,\n    ..compared',
        'row.meaning), row.concentration, row.ratio, row.crlb,\n    ..compared',
        f"{_CELLS} -k 'table_of_the_pdf'",
    ),
    Mutation(
        "sign-off-position",
        "policy",
        "A step is taken although the report has changed since it was read.",
        "if step.position != current.position:",
        "if step.position > current.position:",
        f"{_SIGN_OFFS} -k stale_sign_off",
    ),
    Mutation(
        "sign-off-unreviewed",
        "policy",
        "A draft can be signed without a review.",
        '"draft": {"review": "reviewed"},',
        '"draft": {"review": "reviewed", "sign": "signed"},',
        f"{_SIGN_OFFS} -k not_possible",
    ),
    Mutation(
        "signed-kept",
        "policy",
        "A signed analysis can be deleted.",
        "if not even_signed:\n            refuse_when_signed(session, row.id)",
        "if even_signed:\n            refuse_when_signed(session, row.id)",
        f"{_SIGN_OFFS} -k 'storage_itself or not_removed'",
    ),
    Mutation(
        "retention",
        "policy",
        "Retention does not stop at its date.",
        "_A.finished < before, _A.state.not_in(UNFINISHED)",
        "_A.finished > before, _A.state.not_in(UNFINISHED)",
        f"{_SIGN_OFFS} tests/conformance/test_databases.py -k 'retention or expired'",
    ),
    Mutation(
        "scope",
        "policy",
        "Any scope is enough for any call.",
        "not in principal.scopes:",
        "not in principal.scopes | {need}:",
        f"{_SCOPES} -k other",
    ),
    Mutation(
        "expired-key",
        "policy",
        "An expired key still opens.",
        "return now < self.expires",
        "return self.created <= now",
        f"{_ACCESS} -k read_again",
    ),
    Mutation(
        "other-project",
        "policy",
        "An analysis of another project can be deleted.",
        "if row is None or self._project not in (None, row.project):",
        "if row is None:",
        f"{_ACCESS} -k 'projects_share_nothing'",
    ),
    Mutation(
        "cross-site",
        "policy",
        "A page of a neighbouring site can submit.",
        'return site not in {"same-origin", "none"}',
        'return site not in {"same-origin", "same-site", "none"}',
        f"{_ACCESS} -k other_sites",
    ),
    Mutation(
        "unrecorded-list",
        "policy",
        "Looks at several analyses leave no entry for each.",
        'return [entry._replace(analysis_id=one) for one in state.get("shown", ())] or [entry]',
        "return [entry]",
        "tests/api/test_route_access.py -k several_analyses",
    ),
    Mutation(
        "private-callback",
        "policy",
        "The service calls addresses inside of the network.",
        "return private or address.is_global",
        "return private or not address.is_global",
        "tests/unit/webhooks/test_addresses.py",
    ),
    Mutation(
        "formula",
        "policy",
        "A spreadsheet runs what a header says.",
        "return MARK + cell if _RUN.match(cell) and not _NUMBER.fullmatch(cell) else cell",
        "return MARK + cell if _RUN.match(cell) and _NUMBER.fullmatch(cell) else cell",
        "tests/unit/reports/test_spreadsheet.py",
    ),
)  # fmt: skip


def places(text: str, root: Path = ROOT) -> list[Path]:
    """The file of each occurrence of a text in the packages."""
    return [path for path in _sources(root) for _ in range(path.read_text(encoding="utf-8").count(text))]


def _sources(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted(path for path in (root / package).rglob("*") if path.suffix in ENDINGS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the tests said of one fault."""

    mutation: Mutation
    caught_by: str | None
    """First test that failed; None when all passed or time was up."""
    note: str
    seconds: float


def try_out(mutation: Mutation, copy: Path) -> Outcome:
    """Make the fault in a copy of the repository, run its tests there, and mend it.

    Raises
    ------
    ValueError
        When its text does not stand exactly once, or its tests cannot be run.
    """
    found = places(mutation.before, copy)
    if len(found) != 1:
        raise ValueError(f"{mutation.name}: the text stands {len(found)} times")
    (path,) = found
    content = path.read_text(encoding="utf-8")
    start = time.monotonic()
    try:
        path.write_text(content.replace(mutation.before, mutation.after), encoding="utf-8")
        code, said = _tested(mutation.tests, copy)
    finally:
        path.write_text(content, encoding="utf-8")
    seconds = time.monotonic() - start
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
    if code is None:
        return Outcome(mutation, None, f"no answer in {SECONDS:.0f} s", seconds)
    if code not in {0, 1}:
        raise ValueError(f"{mutation.name}: its tests cannot be run\n{said[-2000:]}")
    return Outcome(mutation, failed[1] if code and failed else None, "" if code else "all tests passed", seconds)


def _tested(tests: str, copy: Path) -> tuple[int | None, str]:
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-x", "-p", "no:cacheprovider", *_split(tests)]
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    try:
        run = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return run.returncode, run.stdout + run.stderr


def _split(tests: str) -> list[str]:
    files, _, expression = tests.partition(" -k ")
    return [*files.split(), *(["-k", expression.strip("'")] if expression else [])]


def copied(folder: Path) -> Path:
    """A copy of what tests need."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    return folder


def row(outcome: Outcome) -> str:
    """One line of the table."""
    test = "**not caught**: " + outcome.note if outcome.caught_by is None else f"`{outcome.caught_by.split('/')[-1]}`"
    return f"| {outcome.mutation.name} | {outcome.mutation.kind} | {outcome.mutation.breaks} | {test} |"


HEAD = """# Mutation check

Small faults made in the code one at a time, and the first test that failed. Golden numbers were not among the tests.
Made by `python -m tests.measure.mutations --page docs/mutations.md`.

{summary}

| fault | kind | what would be wrong | noticed by |
|---|---|---|---|
"""


def main() -> int:
    """Try the faults that are asked for; 1 when one was not noticed."""
    parser = argparse.ArgumentParser(prog="tests.measure.mutations", description=__doc__)
    parser.add_argument("--only", action="append", help="name or kind of faults; may be given several times")
    parser.add_argument("--page", type=Path, help="Markdown file to write")
    asked = parser.parse_args()
    chosen = [one for one in MUTATIONS if not asked.only or one.name in asked.only or one.kind in asked.only]
    if not chosen:
        parser.error("there is no such fault; see MUTATIONS")
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = copied(Path(folder))
        for mutation in chosen:
            outcomes.append(try_out(mutation, copy))
            print(f"{outcomes[-1].seconds:4.0f} s {row(outcomes[-1])}", flush=True)  # noqa: T201
    caught = sum(outcome.caught_by is not None for outcome in outcomes)
    summary = f"{caught} of {len(outcomes)} faults were noticed."
    print(summary)  # noqa: T201
    if asked.page:
        asked.page.write_text(HEAD.format(summary=summary) + "\n".join(map(row, outcomes)) + "\n", encoding="utf-8")
    return caught < len(outcomes)


if __name__ == "__main__":
    sys.exit(main())
