"""The minimum reporting standard MRSinMRS (Lin et al. 2021, doi:10.1002/nbm.4484), with missing items marked."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.analysis import Analysis
from service.reports import numbers
from service.reports.texts import text, text_or


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the standard."""

    label: str
    value: str
    complete: bool


@dataclass(frozen=True, slots=True)
class ReportingPart:
    """One of the four parts of the standard."""

    heading: str
    items: tuple[Item, ...]


def sections(analysis: Analysis) -> tuple[ReportingPart, ...]:
    """All items of the standard for a single-voxel examination."""
    return tuple(
        ReportingPart(text(f"minimum.{name}"), tuple(_item(key, value) for key, value in items(analysis).items()))
        for name, items in (
            ("hardware", _hardware),
            ("acquisition", _acquisition),
            ("analysis", _analysis),
            ("quality", _quality),
        )
    )


def summary(parts: tuple[ReportingPart, ...]) -> str:
    """Number of items that are missing or incomplete."""
    items = [item for part in parts for item in part.items]
    return text("minimum.count", missing=sum(not item.complete for item in items), all=len(items))


def _item(key: str, value: str | None) -> Item:
    missing = text("missing.value")
    return Item(text(f"minimum.{key}"), value or missing, value is not None and missing not in value)


def _hardware(analysis: Analysis) -> dict[str, str | None]:
    facts = analysis.acquisition
    model = ", ".join(part or text("missing.value") for part in (facts.scanner_model, facts.software))
    return {
        "field": text(
            "minimum.field_value",
            nominal=numbers.significant(facts.field_t),
            frequency=numbers.fixed(facts.spectrometer_frequency / 1e6, 3),
        ),
        "manufacturer": facts.vendor,
        "model": model if facts.scanner_model or facts.software else None,
        "coil": text("minimum.coil_value", coils=facts.coils),
        "extra": None,
    }


def _acquisition(analysis: Analysis) -> dict[str, str | None]:
    facts = analysis.acquisition
    missing = text("missing.value")
    region = ", ".join(part for part in (facts.region, _hemisphere(facts.hemisphere)) if part)
    sampling = "sampling_steam" if facts.sequence == "STEAM" else "sampling_value"
    return {
        "sequence": text(
            "minimum.sequence_value", family=facts.sequence or missing, name=facts.sequence_name or missing
        )
        if facts.sequence or facts.sequence_name
        else None,
        "location": region or None,
        "size": None
        if facts.voi_volume_ml is None
        else text("minimum.size_value", volume=numbers.plain(facts.voi_volume_ml)),
        "timing": text(
            "minimum.timing_value",
            tr=_milliseconds(facts.repetition_time),
            te=_milliseconds(facts.echo_time),
        )
        + ("" if facts.mixing_time is None else text("minimum.timing_mixing", tm=_milliseconds(facts.mixing_time))),
        "averages": text("minimum.averages_stored", stored=facts.transients)
        if facts.averages is None
        else text("minimum.averages_value", averages=facts.averages, stored=facts.transients),
        "sampling": text(f"minimum.{sampling}", width=numbers.plain(1.0 / facts.dwell_time), points=facts.points),
        "suppression": None,
        "shimming": None,
        "motion": None,
    }


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return text("missing.value")
    return text("minimum.timing_ms", time=numbers.plain(seconds * 1e3))


def _analysis(analysis: Analysis) -> dict[str, str | None]:
    provenance = analysis.provenance
    units = sorted({m.concentration.unit for m in analysis.metabolites if m.concentration is not None})
    named = ", ".join(text_or(f"unit.{unit}", unit) for unit in units)
    return {
        "software": f"{provenance.software} {provenance.version}",
        "processing": "; ".join(step.method for step in provenance.processing) or text("minimum.processing_none"),
        "output": text("minimum.output_both", unit=named) if units else text("minimum.output_ratio"),
        "assumptions": text(
            "minimum.assumptions_value",
            source=provenance.basis_source,
            baseline=provenance.options.get("baseline", text("missing.value")),
        ),
    }


def _quality(analysis: Analysis) -> dict[str, str | None]:
    quality, provenance = analysis.quality, analysis.provenance
    return {
        "snr": text(
            "minimum.snr_value",
            snr=numbers.significant(quality.snr),
            hz=numbers.significant(quality.linewidth_hz, 2),
            ppm=numbers.significant(quality.linewidth_ppm, 2),
        ),
        "exclusion": text(
            "minimum.exclusion_value",
            software=provenance.software,
            version=provenance.version,
            verdict=text(f"verdict.{analysis.verdict.usable}").lower(),
        ),
        "fit": text("minimum.fit_value", residual=numbers.significant(quality.residual_rms_over_noise)),
        "sample": text("minimum.sample_value"),
    }


def _hemisphere(value: str | None) -> str | None:
    return None if value is None else text_or(f"hemisphere.{value}", value)
