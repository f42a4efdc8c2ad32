"""The technical part of a report: quality with definitions, assumptions and provenance."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.analysis import Analysis, SiteUsed
from service.reports import numbers
from service.reports.analysis_document import AnalysisDocument
from service.reports.texts import text, text_or
from service.reports.values import BACKGROUND_PREFIXES


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value, with its definition where it needs one."""

    label: str
    value: str
    note: str = ""


def quality(analysis: Analysis) -> tuple[Fact, ...]:
    """Numbers behind the verdict, the three most important ones first."""
    measured, facts = analysis.quality, analysis.acquisition

    def fact(key: str, value: float | None, unit: str = "", digits: int = 2, note: str | None = None) -> Fact:
        known = numbers.finite(value)
        shown = text("missing.not_available") if known is None else f"{numbers.significant(known, digits)}{unit}"
        return Fact(text(f"quality.{key}"), shown, "" if known is None else note or text(f"quality.{key}_note"))

    def width(key: str, hz: float | None, ppm: float | None) -> Fact:
        extra = "" if ppm is None else f" ({numbers.significant(ppm, 2)} ppm)"
        return fact(key, hz, f" Hz{extra}")

    water_ppm = (
        None
        if measured.water_linewidth_hz is None
        else measured.water_linewidth_hz / facts.spectrometer_frequency * 1e6
    )
    rejected = facts.transients_rejected
    transients = text("quality.transients_cell", kept=facts.transients - rejected, rejected=rejected)
    return (
        fact("snr", measured.snr, digits=3, note=measured.snr_definition),
        width("linewidth", measured.linewidth_hz, measured.linewidth_ppm),
        fact("residual", measured.residual_rms_over_noise, digits=3),
        fact("snr_consensus", measured.snr_consensus, digits=3, note=measured.snr_consensus_definition),
        *_worst_region(analysis),
        Fact(text("quality.transients"), transients, text("quality.transients_note")),
        Fact(
            text("quality.averages"),
            text("missing.value") if facts.averages is None else str(facts.averages),
            text("quality.averages_note"),
        ),
        fact("drift", measured.frequency_drift_hz, " Hz"),
        fact("phase", measured.phase_spread_deg, "°"),
        fact("residual_water", measured.residual_water),
        fact("lipid", measured.lipid),
        fact("spurious_echo", measured.spurious_echo),
        *_clipped(analysis),
        width("water_linewidth", measured.water_linewidth_hz, water_ppm),
        fact("baseline", measured.baseline_effective_dimension),
        fact("shift", measured.shift_ppm, " ppm"),
    )


def _worst_region(analysis: Analysis) -> list[Fact]:
    """The part of the spectrum with the largest residual: a fit can be good overall and wrong locally."""
    regions = [part for part in analysis.quality.residual_by_region if numbers.finite(part.rms_over_noise) is not None]
    if not regions:
        return []
    worst = max(regions, key=lambda part: part.rms_over_noise)
    value = text(
        "quality.region_cell",
        value=numbers.significant(worst.rms_over_noise, 2),
        low=numbers.plain(worst.low_ppm),
        high=numbers.plain(worst.high_ppm),
    )
    return [Fact(text("quality.region"), value, text("quality.region_note"))]


def _clipped(analysis: Analysis) -> list[Fact]:
    """Named only where the receiver was overdriven."""
    counts = (analysis.quality.clipped_samples, analysis.quality.water_clipped_samples or 0)
    if not any(counts):
        return []
    return [
        Fact(
            text("quality.clipped"),
            text("quality.clipped_cell", spectrum=counts[0], water=counts[1]),
            text("quality.clipped_note"),
        )
    ]


def assumptions(analysis: Analysis) -> tuple[str, ...]:
    """Assumptions behind the numbers, in sentences."""
    facts, origin = analysis.acquisition, analysis.provenance
    measured = [m.concentration for m in analysis.metabolites if m.concentration is not None]
    lines = [text("assumptions.ratio"), text("assumptions.sd"), text("assumptions.detected")]
    if measured:
        lines += [text_or(f"unit_meaning.{unit}", unit) for unit in sorted({c.unit for c in measured})]
        shared = [item for item in measured[0].corrections if all(item in c.corrections for c in measured)]
        if any(len(c.corrections) > len(shared) for c in measured):
            shared.append(text("assumptions.own_corrections"))
        if shared:
            lines.append(text("assumptions.corrections", list="; ".join(shared)))
        lines.append(text("assumptions.relaxation", table=origin.relaxation))
    if not facts.water_reference:
        lines.append(text("assumptions.no_water"))
    if facts.gm is None or facts.wm is None or facts.csf is None:
        lines.append(text("assumptions.no_tissue"))
    else:
        percent = {name: numbers.fixed(getattr(facts, name) * 100.0, 0) for name in ("gm", "wm", "csf")}
        lines.append(text("assumptions.tissue", **percent))
    lines.append(text("assumptions.macromolecules", model=origin.macromolecules))
    lines += _dependent_on_the_model(analysis)
    lines += _drawn_by_the_prior(analysis)
    lines.append(text("assumptions.basis", description=origin.basis_description, source=origin.basis_source))
    if facts.field_t <= 3.1:
        lines.append(text("assumptions.glu_gln"))
    if facts.supplied:
        lines.append(text("assumptions.supplied", list=", ".join(facts.supplied)))
    return tuple(lines)


def _site(site: SiteUsed | None) -> str:
    if site is None:
        return text("missing.not_applicable")
    key = "site_applied" if site.applied else "site_not_applied"
    return text(f"provenance.{key}", name=site.name, id=site.id)


def provenance(document: AnalysisDocument) -> tuple[Fact, ...]:
    """Provenance of the answer, with the hashes that identify its input."""
    origin = document.analysis.provenance
    options = "; ".join(
        f"{name} = {text('provenance.option_none') if value is None else value}"
        for name, value in sorted(origin.options.items())
    )
    libraries = ", ".join(f"{name} {version}" for name, version in (origin.libraries or {}).items())
    lines = [
        Fact(text("provenance.version"), f"{origin.software} {origin.version}"),
        Fact(text("provenance.schema"), str(origin.schema)),
        Fact(text("provenance.engine"), origin.engine or text("missing.not_available")),
        Fact(text("provenance.data"), origin.data or text("missing.not_available")),
        Fact(text("provenance.libraries"), libraries or text("missing.not_available")),
        Fact(text("provenance.input"), origin.input_sha256),
        Fact(text("provenance.water"), origin.water_sha256 or text("missing.not_applicable")),
        *_images(document.analysis),
        Fact(text("provenance.format"), document.analysis.acquisition.format),
        Fact(text("provenance.basis"), origin.basis_id),
        Fact(text("provenance.norms"), origin.norm_version),
        Fact(text("provenance.site"), _site(origin.site)),
        Fact(text("provenance.relaxation"), origin.relaxation),
        Fact(text("provenance.options"), options or text("missing.not_given")),
    ]
    if document.seconds is not None:
        value = text("provenance.seconds_value", seconds=numbers.significant(document.seconds, 2))
        lines.append(Fact(text("provenance.seconds"), value))
    return tuple(lines)


def _images(analysis: Analysis) -> list[Fact]:
    """Hashes of the images that came with the spectrum."""
    anatomy = analysis.anatomy
    if anatomy is None:
        return []
    facts = [Fact(text("provenance.image"), anatomy.image_sha256)] if anatomy.image_sha256 else []
    return facts + ([Fact(text("provenance.maps"), ", ".join(anatomy.maps_sha256))] if anatomy.maps_sha256 else [])


def _drawn_by_the_prior(analysis: Analysis) -> list[str]:
    """One sentence with the change of every value by the concentration prior."""
    moves = [
        text("assumptions.prior_move", name=result.name, sds=numbers.signed(result.prior_move, 1))
        for result in analysis.metabolites
        if result.prior_move is not None and not result.name.startswith(BACKGROUND_PREFIXES)
    ]
    name = analysis.provenance.options.get("concentration_prior")
    return [text("assumptions.prior", name=name, list=", ".join(moves))] if moves else []


def _dependent_on_the_model(analysis: Analysis) -> list[str]:
    """One sentence that names the metabolites another reasonable model moves by more than a standard deviation."""
    moves = [
        text(
            "assumptions.model_move",
            name=result.name,
            sds=numbers.signed(result.model_move.sds, 1),
            model=numbers.typeset(result.model_move.model),
        )
        for result in analysis.metabolites
        if result.model_move is not None
        and abs(result.model_move.sds) > 1.0
        and not result.name.startswith(BACKGROUND_PREFIXES)
    ]
    return [text("assumptions.model_moves", list="; ".join(moves))] if moves else []
