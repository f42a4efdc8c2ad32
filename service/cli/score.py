"""``mrsquant score``: a z-score for a value of another program, without a spectrum."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from service.cli.exit_codes import CommandFailure, ExitCode, refusing
from service.cli.own_norms import other_laboratories, own_norms
from service.cli.own_sites import own_sites, site_at

if TYPE_CHECKING:
    from fitting.sites import Site
    from service.schemas.scores import ScoreOut

_VALUE = "Value"
_MATCH = "What decides which controls match"
_CONTROLS = "Controls of the laboratory that measured the value (instead of its norms and published ones)"


def score(
    *,
    metabolite: Annotated[str, typer.Option(help="Metabolite or sum, such as tNAA.", rich_help_panel=_VALUE)],
    ratio_tcr: Annotated[
        float | None, typer.Option(help="Ratio of concentrations to total creatine.", rich_help_panel=_VALUE)
    ] = None,
    value: Annotated[float | None, typer.Option(help="A value in --unit instead.", rich_help_panel=_VALUE)] = None,
    unit: Annotated[
        Literal["tCr", "mmol/kg", "iu", "mM"], typer.Option(help="Unit of --value.", rich_help_panel=_VALUE)
    ] = "tCr",
    sd: Annotated[
        float | None, typer.Option(help="Standard deviation of the measurement.", rich_help_panel=_VALUE)
    ] = None,
    tcr: Annotated[
        float | None, typer.Option(help="tCr in --unit: the ratio to it is scored.", rich_help_panel=_VALUE)
    ] = None,
    tcr_sd: Annotated[float, typer.Option(help="Standard deviation of --tcr.", rich_help_panel=_VALUE)] = 0.0,
    correlation: Annotated[
        float, typer.Option(help="Correlation of the errors of --value and --tcr.", rich_help_panel=_VALUE)
    ] = 0.0,
    region: Annotated[str | None, typer.Option(help="Region measured, such as ACC.", rich_help_panel=_MATCH)] = None,
    hemisphere: Annotated[
        Literal["left", "right", "midline"] | None, typer.Option(help="Side of the brain.", rich_help_panel=_MATCH)
    ] = None,
    field: Annotated[float | None, typer.Option(help="Static field, T.", rich_help_panel=_MATCH)] = None,
    echo_time: Annotated[float | None, typer.Option(help="Echo time TE, s.", rich_help_panel=_MATCH)] = None,
    sequence: Annotated[
        str | None, typer.Option(help="Localisation: PRESS, STEAM, sLASER or SPECIAL.", rich_help_panel=_MATCH)
    ] = None,
    software: Annotated[
        str | None, typer.Option(help="Program with version, such as 'LCModel 6.3'.", rich_help_panel=_MATCH)
    ] = None,
    age: Annotated[float | None, typer.Option(help="Age in years.", rich_help_panel=_MATCH)] = None,
    sex: Annotated[Literal["female", "male", "other"] | None, typer.Option(help="Sex.", rich_help_panel=_MATCH)] = None,
    gm: Annotated[
        float | None, typer.Option(help="Volume fraction of grey matter, 0 to 1.", rich_help_panel=_MATCH)
    ] = None,
    verdict: Annotated[
        Literal["yes", "limited", "no"] | None,
        typer.Option(help="May the spectrum be interpreted?", rich_help_panel=_MATCH),
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="SITE.json",
            help="Calibration of the scanner by mrsquant calibrate; it states the acquisition unless options do.",
            rich_help_panel=_CONTROLS,
        ),
    ] = None,
    controls: Annotated[
        Path | None,
        typer.Option(
            metavar="VALUES.csv",
            help="One row for each control: value, and optionally sd, age_years, sex, gm. "
            "With the columns mean, sd, n: one row for each study to be pooled.",
            rich_help_panel=_CONTROLS,
        ),
    ] = None,
    control_mean: Annotated[float | None, typer.Option(help="Mean of the controls.", rich_help_panel=_CONTROLS)] = None,
    control_sd: Annotated[float | None, typer.Option(help="SD of the controls.", rich_help_panel=_CONTROLS)] = None,
    control_n: Annotated[int | None, typer.Option(help="Number of controls.", rich_help_panel=_CONTROLS)] = None,
    offset: Annotated[
        float | None,
        typer.Option(
            help="Measured ratio of the value's program to that of the given controls, on the same spectra.",
            rich_help_panel=_CONTROLS,
        ),
    ] = None,
    offset_sd: Annotated[
        float | None, typer.Option(help="Standard deviation of --offset.", rich_help_panel=_CONTROLS)
    ] = None,
    format: Annotated[Literal["table", "json"], typer.Option(help="Format of the output.")] = "table",
) -> int:
    """Compare a value of any program with controls: its position, uncertainty and possible improvements."""
    from fitting import norms
    from service.cli.control_values import read_controls
    from service.schemas.scores import ScoreRequest, score_out

    if (ratio_tcr is None) == (value is None):
        raise CommandFailure(ExitCode.FAILURE, "usage", "score", "give either --ratio-tcr or --value.")
    summary = {"mean": control_mean, "sd": control_sd, "n": control_n}
    given = {name: item for name, item in summary.items() if item is not None}
    if controls is not None and given:
        raise CommandFailure(
            ExitCode.FAILURE, "usage", "score", "give --controls or --control-mean, -sd and -n, not both."
        )
    if (offset is None) != (offset_sd is None) or (offset is not None and controls is None and not given):
        raise CommandFailure(
            ExitCode.FAILURE, "usage", "score", "--offset needs --offset-sd and the controls it belongs to."
        )
    calibrated = None if site is None else site_at(site)
    with refusing(controls or Path("score")):
        known = read_controls(controls) if controls is not None else given or None
        if known is not None and offset is not None:
            known = {**known, "offset": {"ratio": offset, "sd": offset_sd}}
        request = _request(
            ScoreRequest,
            {
                "metabolite": metabolite,
                "value": ratio_tcr if value is None else value,
                "unit": "tCr" if value is None else unit,
                "sd": sd,
                "tcr": None if tcr is None else {"value": tcr, "sd": tcr_sd, "correlation": correlation},
                "region": region,
                "hemisphere": hemisphere,
                **_measured(field, echo_time, sequence, software, calibrated),
                "verdict": verdict,
                "age_years": age,
                "sex": sex,
                "gm": gm,
                "controls": known,
            },
        )
        case = request.case(other_laboratories())
        sites = own_sites() if calibrated is None else (calibrated,)
        own = (*(item for one in sites for item in one.controls), *own_norms())
        answer = score_out(request, case, norms.score(case, request.supplied() or own))
    text = answer.model_dump_json(indent=2) if format == "json" else "\n".join(_lines(answer))
    sys.stdout.write(text + "\n")
    return ExitCode.ANALYSED


def _measured(
    field: float | None, echo_time: float | None, sequence: str | None, software: str | None, site: Site | None
) -> dict[str, Any]:
    """How the value was measured: by the options, else as the people of the named site."""
    facts = None if site is None else site.acquisition
    return {
        "field_t": field if facts is None or field is not None else facts.field_t,
        "echo_time": echo_time if facts is None or echo_time is not None else facts.echo_time,
        "sequence": sequence if facts is None or sequence is not None else facts.sequence,
        "software": software if site is None or software is not None else site.processing.software,
    }


def _request(kind: Any, given: dict[str, Any]) -> Any:
    """The request, or a refusal that names the option and its allowed values."""
    from pydantic import ValidationError

    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the options"
        message = first["msg"].removeprefix("Value error, ")
        raise CommandFailure(ExitCode.FAILURE, "usage", place, f"{message}.") from error


def _lines(answer: ScoreOut) -> Iterator[str]:
    value = answer.value
    shown = f"{value.value:.4g}" + (f" ± {value.sd:.2g}" if value.sd is not None else "")
    unit = "/tCr" if value.unit == "tCr" else value.unit
    yield f"{answer.metabolite:<12}{shown} {unit}  {answer.region or ''}".rstrip()
    z, norm = answer.z, answer.norm
    if z is None or norm is None:
        yield f"no z-score  {answer.z_absent.sentence if answer.z_absent else ''}"
    else:
        p = "" if z.p is None else f", p = {z.p:.3g}"
        yield f"{'z':<12}{z.value:.2f}  (95 % interval {z.low:.2f} to {z.high:.2f}{p})"
        yield f"{'percentile':<12}{z.percentile:.1f}  ({z.percentile_low:.1f} to {z.percentile_high:.1f})"
        yield f"{'position':<12}{z.flag} the reference interval {z.reference_low:.4g} to {z.reference_high:.4g}"
        if z.p_outside is not None:
            yield f"{'outside':<12}with probability {100 * z.p_outside:.0f} % among the outer 5 % of the controls"
        if z.t is not None and z.df is not None:
            effect = "" if z.z_cc is None else f", effect size z_cc = {z.z_cc:.2f}"
            yield f"{'t test':<12}t = {z.t:.3g} on {z.df:.3g} degrees of freedom{effect}"
        if z.detectable_percent is not None:
            hardly = "; not informative" if z.informative is False else ""
            yield f"{'detectable':<12}a decrease of {z.detectable_percent:.0f} %, in four of five people{hardly}"
        if z.shares is not None:
            shares = ", ".join(f"{name} {100 * share:.0f} %" for name, share in asdict(z.shares).items())
            yield f"{'uncertainty':<12}{shares}"
        yield f"{'controls':<12}{norm.mean:.4g} ± {norm.sd_within:.3g} (n = {norm.n}): {norm.source} ({norm.id})"
        yield f"{'matched':<12}" + ", ".join(
            f"{name.replace('_', ' ')} {getattr(norm.matched, name)}" for name in _MATCHES
        )
        for change in z.improvements:
            yield f"{'sharper':<12}{change.sentence}"
    yield from (f"{'note':<12}{warning}" for warning in answer.warnings)
    yield answer.notice


_MATCHES = ("field", "sequence", "echo_time", "age", "unit", "software")
