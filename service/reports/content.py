"""Content of a report: an AnalysisDocument as rounded numbers, words and sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from fitting.analysis import Analysis, MetaboliteResult
from fitting.norms.assessment import Finding, NormMatch, NormUsed, ZScore
from fitting.norms.control_model import habits
from service.reports import minimum_reporting, numbers, rows, technical
from service.reports.cautions import CautionLine, caution_lines
from service.reports.document import AnalysisDocument
from service.reports.printable import isolated
from service.reports.signature import Standing, moment, standing
from service.reports.technical import Fact
from service.reports.texts import text, text_or
from service.reports.volume import VolumeBox, volume_box

VOLUNTEERS = ("own-controls", "more-controls")
"""Improvements that are own controls."""
MATCHED_PROPERTIES = ("field", "sequence", "echo_time", "age", "unit", "software")


@dataclass(frozen=True, slots=True)
class VerdictBox:
    """Verdict on the spectrum."""

    usable: str
    word: str
    sentence: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlagLine:
    """One value outside its reference interval, with reasons for caution."""

    sentence: str
    caution: str


@dataclass(frozen=True, slots=True)
class Standout:
    """Values outside their reference intervals."""

    sentence: str
    flags: tuple[FlagLine, ...]
    chance: str
    mismatch: str
    """Differences between the norms and the spectrum; empty when they match."""
    sharper: str
    """What own controls would make visible; empty where that is not known."""


@dataclass(frozen=True, slots=True)
class NormLine:
    """Provenance of one norm and how it matches the spectrum."""

    metabolite: str
    source: str
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


@dataclass(frozen=True, slots=True)
class StudyLine:
    """Finding of one study about this region."""

    study: str
    findings: str
    doi: str
    note: str


@dataclass(frozen=True, slots=True)
class EvidenceGroup:
    """Studies of one state of verification."""

    heading: str
    studies: tuple[StudyLine, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Complete content of the HTML and PDF reports."""

    title: str
    status: Standing
    notice: str
    verdict: VerdictBox
    standout: Standout
    header: tuple[Fact, ...]
    groups: tuple[rows.Group, ...]
    reasons: tuple[rows.ReasonLine, ...]
    cautions: tuple[CautionLine, ...]
    """Numbered remarks on single values."""
    strips: tuple[rows.Strip, ...]
    norms: tuple[NormLine, ...]
    norm_version: str
    norms_not_used: tuple[str, ...]
    """Own norms that were not applied, each with the reason."""
    volume: VolumeBox
    quality: tuple[Fact, ...]
    key_quality: tuple[Fact, ...]
    """The three numbers that stand in the verdict's box."""
    assumptions: tuple[str, ...]
    evidence: tuple[EvidenceGroup, ...]
    minimum: tuple[minimum_reporting.Section, ...]
    minimum_summary: str
    provenance: tuple[Fact, ...]
    processing: tuple[Fact, ...]
    residual: str
    """Residual over noise, for the description of the spectrum."""


def build(document: AnalysisDocument) -> Report:
    """Convert an analysis to its display content; the only computation is rounding."""
    analysis = document.analysis
    reasons = rows.reason_lines(analysis)
    cautions = caution_lines(
        [result for _, results in rows.in_reading_order(analysis.metabolites) for result in results],
        analysis.verdict,
    )
    quality = technical.quality(analysis)
    minimum = minimum_reporting.sections(analysis)
    return Report(
        title=text("title.document", id=document.id or text("title.untitled")),
        status=standing(document),
        notice=analysis.notice,
        verdict=_verdict(analysis),
        standout=_standout(analysis, reasons),
        header=_header(document),
        groups=rows.groups(analysis, reasons, cautions),
        reasons=reasons,
        cautions=cautions,
        strips=rows.strips(analysis),
        norms=_norms(analysis),
        norm_version=text("norms.version", version=analysis.provenance.norm_version),
        norms_not_used=_not_used(analysis),
        volume=volume_box(analysis),
        quality=quality,
        key_quality=quality[:3],
        assumptions=technical.assumptions(analysis),
        evidence=_evidence(analysis.evidence),
        minimum=minimum,
        minimum_summary=minimum_reporting.summary(minimum),
        provenance=technical.provenance(document),
        processing=tuple(Fact(step.method, step.details) for step in analysis.provenance.processing),
        residual=numbers.significant(analysis.quality.residual_rms_over_noise),
    )


def _verdict(analysis: Analysis) -> VerdictBox:
    usable = analysis.verdict.usable
    reasons = [numbers.typeset(reason.sentence) for reason in analysis.verdict.reasons]
    if analysis.outcome.code != "converged" and analysis.outcome.sentence not in reasons:
        reasons.insert(0, f"{text(f'verdict.fit_{analysis.outcome.code}')} {analysis.outcome.sentence}")
    return VerdictBox(usable, text(f"verdict.{usable}"), text(f"verdict.{usable}_sentence"), tuple(reasons))


def _standout(analysis: Analysis, reasons: tuple[rows.ReasonLine, ...]) -> Standout:
    tests, flagged = analysis.multiplicity.tests, analysis.multiplicity.flagged
    compared = [
        (result, result.z)
        for _, results in rows.in_reading_order(analysis.metabolites)
        for result in results
        if result.z is not None
    ]
    uninformative = tuple(result.name for result, z in compared if z.informative is False)
    if tests == 0 and uninformative:
        sentence = text("standout.only_uninformative")
        return Standout(sentence, (), _uninformative(uninformative), _mismatch(analysis.norms), _sharper(compared))
    if tests == 0:
        if len(reasons) == 1:
            return Standout(text("standout.not_compared_because", reason=reasons[0].sentence), (), "", "", "")
        return Standout(text("standout.not_compared"), (), "", "", "")
    chance = text(
        "standout.chance_one" if tests == 1 else "standout.chance",
        tests=tests,
        expected=numbers.plain(analysis.multiplicity.expected_by_chance, 2),
    )
    if flagged:
        remaining = analysis.multiplicity.flagged_q
        key = "false_discovery" if remaining == 1 else "false_discovery_many"
        chance += " " + text(f"standout.{key}", flagged=remaining, all=flagged)
    if uninformative:
        chance += " " + _uninformative(uninformative)
    key = {0: "none_flagged", 1: "one_flagged"}.get(flagged, "some_flagged")
    flags = [
        _flag_line(result, z, analysis.norms)
        for result, z in compared
        if z.flag != "within" and z.informative is not False
    ]
    return Standout(
        text(f"standout.{key}", tests=tests, flagged=flagged),
        tuple(flags),
        chance,
        _mismatch(analysis.norms),
        _sharper(compared),
    )


def _uninformative(names: tuple[str, ...]) -> str:
    """Names the comparisons that could hardly have seen anything."""
    limit = numbers.significant(habits().largest_detectable_percent, 2)
    return text("standout.not_informative", names=", ".join(names), limit=limit)


def _sharper(compared: list[tuple[MetaboliteResult, ZScore]]) -> str:
    """What the fewest own controls that are worth it would make visible; empty where none are."""
    found = []
    for result, z in compared:
        more = next((item for item in z.improvements if item.code in VOLUNTEERS and item.detectable_percent), None)
        if more is not None and more.detectable_percent is not None and z.detectable_percent is not None:
            found.append((more.sentence.partition(" ")[0], result.name, more.detectable_percent, z.detectable_percent))
    numbered = [item for item in found if item[0].isdecimal()]
    if not numbered:
        return ""
    number = min((item[0] for item in numbered), key=int)
    details = [
        text("standout.sharper_item", name=name, percent=f"{percent:.0f}", now=f"{now:.0f}")
        for count, name, percent, now in numbered
        if count == number
    ]
    return text("standout.sharper", number=number, details=", ".join(details))


def _mismatch(norms: tuple[NormUsed, ...]) -> str:
    """Names the properties in which a norm behind a z-score differs from the spectrum, or may."""
    named: dict[str, list[str]] = {"no": [], "unknown": []}
    for name in MATCHED_PROPERTIES:
        codes = {getattr(norm.matched, name) for norm in norms}
        worst = next((code for code in named if code in codes), None)
        if worst is not None:
            named[worst].append(text(f"norms.{'age_match' if name == 'age' else name}").lower())
    return " ".join(
        text(f"standout.match_{code}", properties=", ".join(names)) for code, names in named.items() if names
    )


def _flag_line(result: MetaboliteResult, z: ZScore, norms: tuple[NormUsed, ...]) -> FlagLine:
    norm = rows.norm_of(result, norms)
    low, high = rows.reference_ends(z)
    sentence = text(
        f"standout.{z.flag}",
        name=result.name,
        measure=rows.measure(norm),
        value=rows.compared_value(result, norm),
        low=low,
        high=high,
        percentile=numbers.percentile(z.percentile),
    )
    band = rows.band(z)
    reaches = z.high > -band if z.flag == "below" else z.low < band
    return FlagLine(sentence, text("standout.reaches_in") if reaches else "")


def _header(document: AnalysisDocument) -> tuple[Fact, ...]:
    facts, provenance = document.analysis.acquisition, document.analysis.provenance
    not_given = text("missing.not_given")
    side = None if facts.hemisphere is None else text_or(f"hemisphere.{facts.hemisphere}", facts.hemisphere)
    sex = None if facts.sex is None else text_or(f"sex.{facts.sex}", facts.sex)
    person = [part for part in (_age_band(facts.age_years), sex) if part]
    place = [part for part in (facts.region, side) if part]
    versions = text(
        "header.versions_value",
        software=provenance.software,
        version=provenance.version,
        norms=provenance.norm_version,
        basis=provenance.basis_description,
    )
    return (
        Fact(text("header.subject"), isolated(document.subject or not_given)),
        Fact(text("header.session"), isolated(document.session or not_given)),
        Fact(text("header.region"), ", ".join(place) or not_given),
        Fact(text("header.person"), ", ".join(person) or not_given),
        Fact(text("header.analysed"), moment(document.finished) if document.finished else not_given),
        Fact(text("header.report"), document.id or not_given),
        Fact(text("header.versions"), versions),
    )


def _age_band(age: float | None) -> str | None:
    """Five-year bands keep the person less identifiable; from 90 on there is one band."""
    if age is None:
        return None
    low = int(age // 5) * 5
    return text("header.years_oldest") if low >= 90 else text("header.years", low=low, high=low + 4)


def _not_used(analysis: Analysis) -> tuple[str, ...]:
    """The calibration of the scanner and the site's norms that were not applied, each with the reason."""
    site = analysis.provenance.site
    reasons = () if site is None or site.reason is None else (site.reason.sentence,)
    return (
        *reasons,
        *(
            text("norms.not_used", metabolite=norm.metabolite, id=norm.id, reason=norm.sentence)
            for norm in analysis.norms_not_used
        ),
    )


def _norms(analysis: Analysis) -> tuple[NormLine, ...]:
    lines = []
    for norm in analysis.norms:
        behind = [m.z for m in analysis.metabolites if m.z is not None and rows.norm_of(m, analysis.norms) == norm]
        unit = "" if rows.is_ratio(norm) else f" {rows.measure(norm)}"
        lines.append(
            NormLine(
                metabolite=f"{norm.metabolite}, {rows.measure(norm)}, {norm.region}",
                source=f"{text_or(f'norms.kind_{norm.kind}', '')}{norm.source} ({norm.id})",
                people=text("norms.people_cell", n=norm.n, studies=rows.studies(norm)),
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


def _matched(match: NormMatch) -> tuple[tuple[str, str], ...]:
    return tuple((str(getattr(match, name)), text(f"match.{getattr(match, name)}")) for name in MATCHED_PROPERTIES)


def _test(z: ZScore) -> str:
    if z.t is None or z.df is None:
        return _test_of_model(z)
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


def _evidence(findings: tuple[Finding, ...]) -> tuple[EvidenceGroup, ...]:
    """Accepted findings first and apart from the others, one line per study."""
    found: dict[str, dict[tuple[str, str, str], list[str]]] = {"accepted": {}, "unverified": {}, "rejected": {}}
    for finding in findings:
        study = (finding.study, finding.doi, finding.note)
        found.get(finding.status, found["unverified"]).setdefault(study, []).append(
            f"{finding.metabolite}: {finding.direction}"
        )
    return tuple(
        EvidenceGroup(
            text(f"evidence.{status}"),
            tuple(StudyLine(study, "; ".join(said), doi, note) for (study, doi, note), said in studies.items()),
        )
        for status, studies in found.items()
        if studies
    )
