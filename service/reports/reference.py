"""Where the reference of each compared value comes from."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from fitting.analysis import Analysis
from fitting.norms.assessment import NormMatch, ZScore
from service.reports import numbers, values
from service.reports.headline import MATCHED_PROPERTIES
from service.reports.texts import text, text_or


@dataclass(frozen=True, slots=True)
class NormLine:
    """Provenance of one norm and how it matches the spectrum."""

    id: str
    """For programs; stands in no sentence."""
    metabolite: str
    of: tuple[str, ...]
    """Metabolites that were compared with it."""
    source: str
    is_published: bool
    """Studies of this region and field are behind it."""
    people: str
    grade: str
    mean: str
    spread: str
    age: str
    test: str
    shares: str
    """Shares of the variance of a new healthy person's value, per cent."""
    matched: tuple[tuple[str, str], ...]
    """Code and word per property, in the order of ``MATCHED_PROPERTIES``."""


def norm_lines(analysis: Analysis) -> tuple[NormLine, ...]:
    """One line for each norm behind a comparison."""
    lines = []
    for norm in analysis.norms:
        compared = [m for m in analysis.metabolites if m.z is not None and values.norm_of(m, analysis.norms) == norm]
        behind = [m.z for m in compared if m.z is not None]
        unit = "" if values.is_ratio(norm) else f" {values.measure(norm)}"
        lines.append(
            NormLine(
                id=norm.id,
                metabolite=f"{norm.metabolite}, {values.measure(norm)}, {norm.region}",
                of=tuple(m.name for m in compared),
                is_published=norm.kind == "literature" and norm.studies > 0,
                source=f"{text_or(f'norms.kind_{norm.kind}', '')}{norm.source}",
                people=values.people(norm),
                grade=norm.grade,
                mean=numbers.with_sd(norm.mean, norm.sd_within) + unit,
                spread=f"{numbers.significant(norm.sd_within, 2)} / {numbers.significant(norm.sd_between, 2)}",
                age=text("missing.value")
                if norm.age_mean is None
                else text("norms.age_cell", age=numbers.significant(norm.age_mean, 3)),
                test="; ".join(part for part in map(_test, behind) if part),
                shares="; ".join(part for part in map(_shares, behind) if part),
                matched=_matched(norm.matched),
            )
        )
    return tuple(lines)


def not_used(analysis: Analysis) -> tuple[str, ...]:
    """The calibration of the scanner and the site's norms that were not applied, each with the reason."""
    site = analysis.provenance.site
    reasons = () if site is None or site.reason is None else (site.reason.sentence,)
    named: dict[str, list[str]] = {}
    for norm in analysis.norms_not_used:
        named.setdefault(norm.sentence, []).append(norm.metabolite)
    return (*reasons, *(_unused(names, reason) for reason, names in named.items()))


def _unused(names: list[str], reason: str) -> str:
    if len(names) == 1:
        return text("norms.not_used", metabolite=names[0], reason=reason)
    return text("norms.not_used_several", metabolites=", ".join(names), reason=reason)


def _matched(match: NormMatch) -> tuple[tuple[str, str], ...]:
    return tuple((str(getattr(match, name)), text(f"match.{getattr(match, name)}")) for name in MATCHED_PROPERTIES)


def _test(z: ZScore) -> str:
    """The p value of the position, and the t test by the own controls alone where there is one."""
    if z.t is None or z.df is None:
        return _test_of_model(z)
    if z.p_t is not None and z.p_t != z.p:
        p_t = text("norms.p_small") if z.p_t < 0.001 else text("norms.p_value", p=numbers.significant(z.p_t, 2))
        alone = text("norms.test_cell", t=numbers.fixed(z.t, 2), df=numbers.significant(z.df, 3), p=p_t)
        return "; ".join(part for part in (_test_of_model(z), alone) if part)
    t, df = numbers.fixed(z.t, 2), numbers.significant(z.df, 3)
    if z.p is None:
        return text("norms.test_no_p", t=t, df=df)
    p = text("norms.p_small") if z.p < 0.001 else text("norms.p_value", p=numbers.significant(z.p, 2))
    if z.q is None:
        return text("norms.test_cell", t=t, df=df, p=p)
    return text("norms.test_q", t=t, df=df, p=p, q=numbers.significant(z.q, 2))


def _test_of_model(z: ZScore) -> str:
    """The p value of a position in the control model, which is no t test."""
    if z.p is None:
        return ""
    p = text("norms.p_small") if z.p < 0.001 else text("norms.p_value", p=numbers.significant(z.p, 2))
    if z.q is None:
        return text("norms.model_cell", p=p)
    return text("norms.model_q", p=p, q=numbers.significant(z.q, 2))


def _shares(z: ZScore) -> str:
    """Shares of the variance of a new healthy person's value; empty in analyses made before they were computed."""
    if z.shares is None:
        return ""
    percent = {name: f"{100.0 * share:.0f}" for name, share in asdict(z.shares).items()}
    return text("norms.shares_cell", **percent)


def summary(lines: tuple[NormLine, ...]) -> str:
    """How many norms there are, and in which properties some of them do not match."""
    if not lines:
        return text("norms.none")
    differ = [
        text(f"norms.{'age_match' if name == 'age' else name}").lower()
        for name, codes in zip(MATCHED_PROPERTIES, zip(*(line.matched for line in lines), strict=True), strict=True)
        if any(code == "no" for code, _ in codes)
    ]
    count = text("norms.count_one" if len(lines) == 1 else "norms.count", n=len(lines))
    return f"{count} {text('norms.differ', properties=', '.join(differ)) if differ else text('norms.all_match')}"
