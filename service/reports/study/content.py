"""Content of a study's page: counts of verdicts, rows sorted by trouble, protocols and distributions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from service.reports import numbers
from service.reports.study.distribution_figure import PlaceValues, distribution_svg
from service.reports.study.spectrum import MEASURED, QUALITY, StudySpectrum, StudyValue
from service.reports.texts import text, text_or

ORDER = (None, "no", "limited", "yes")
"""Verdicts from most trouble to least; None is not analysed."""
_PLACE_UNKNOWN = "region not given"


@dataclass(frozen=True, slots=True)
class SpectrumRow:
    """One spectrum as it stands in the table and under its small figure."""

    spectrum: StudySpectrum
    verdict: str
    """The icon's name."""
    word: str
    place: str
    cells: tuple[str, ...]
    """Quality numbers in the order of ``QUALITY``, then transients."""
    alternative: str
    """Text alternative of the small figure."""


@dataclass(frozen=True, slots=True)
class TitledDistribution:
    """One distribution with its title."""

    title: str
    svg: str


@dataclass(frozen=True, slots=True)
class StudyPage:
    """Everything that the page shows."""

    title: str
    counted: str
    rows: tuple[SpectrumRow, ...]
    reasons: tuple[tuple[str, int], ...]
    """Kinds of reasons in words with the number of spectra, most frequent first."""
    protocols: tuple[tuple[str, int], ...]
    quality: tuple[TitledDistribution, ...]
    ratios: tuple[TitledDistribution, ...]
    concentrations: tuple[TitledDistribution, ...]


def counted(verdicts: Iterable[str | None]) -> str:
    """How many spectra have which verdict, as the last line of a batch says it; None is not analysed."""
    found = Counter(verdicts)
    refused = found.pop(None, 0)
    key = "study.counted_all" if refused == 0 else "study.counted"
    total = found.total()
    return text(key, total=total, yes=found["yes"], limited=found["limited"], no=found["no"], refused=refused)


def content(title: str, spectra: Sequence[StudySpectrum]) -> StudyPage:
    """The page's words and figures."""
    ordered = sorted(spectra, key=_trouble)
    codes = Counter(code for item in spectra for code in {reason.code for reason in item.reasons})
    return StudyPage(
        title=title,
        counted=counted(item.verdict for item in spectra),
        rows=tuple(_row(item) for item in ordered),
        reasons=tuple((code.replace("-", " "), number) for code, number in codes.most_common()),
        protocols=tuple(Counter(item.protocol for item in spectra if item.protocol).most_common()),
        quality=tuple(_quality(spectra)),
        ratios=tuple(_metabolites(spectra, _ratio, text("measure.ratio"))),
        concentrations=tuple(_concentrations(spectra)),
    )


def _trouble(item: StudySpectrum) -> tuple[int, int, float]:
    """Worst verdict first, then most reasons, then lowest signal-to-noise ratio."""
    snr = item.quality.get("snr")
    return ORDER.index(item.verdict), -len(item.reasons), 0.0 if snr is None else snr


def place(item: StudySpectrum) -> str:
    """Hemisphere, region and group in words."""
    side = item.hemisphere if item.hemisphere in ("left", "right") else None
    name = " ".join(part for part in (side, item.region) if part) or _PLACE_UNKNOWN
    return f"{name}, {item.group}" if item.group else name


def _row(item: StudySpectrum) -> SpectrumRow:
    word = text("study.not_analysed") if item.verdict is None else text(f"verdict.{item.verdict}")
    cells = tuple(_number(item.quality.get(name)) for name in QUALITY)
    kept = (
        ""
        if item.transients is None
        else text("quality.transients_cell", kept=item.transients[0], rejected=item.transients[1])
    )
    snr, width = cells[0] or text("missing.not_available"), cells[1] or text("missing.not_available")
    alternative = text("study.curves", id=item.id, verdict=word, snr=snr, linewidth=width)
    return SpectrumRow(item, item.verdict or "no", word, place(item), (*cells, kept), alternative)


def _number(value: float | None) -> str:
    return "" if value is None else numbers.significant(value, 3)


def _quality(spectra: Sequence[StudySpectrum]) -> Iterator[TitledDistribution]:
    for name in QUALITY:
        title = text(f"study.{name}")
        yield from _figure(_groups(spectra, partial(_quality_number, name=name)), title, title)


def _quality_number(item: StudySpectrum, name: str) -> float | None:
    return item.quality.get(name)


def _concentrations(spectra: Sequence[StudySpectrum]) -> Iterator[TitledDistribution]:
    for unit in dict.fromkeys(value.unit for item in spectra for value in item.values if value.unit):
        yield from _metabolites(spectra, partial(_concentration, unit=unit), text_or(f"unit.{unit}", unit))


def _ratio(value: StudyValue) -> float | None:
    return value.ratio


def _concentration(value: StudyValue, unit: str) -> float | None:
    return value.concentration if value.unit == unit else None


def _metabolites(
    spectra: Sequence[StudySpectrum], measure: Callable[[StudyValue], float | None], label: str
) -> Iterator[TitledDistribution]:
    for name in MEASURED:
        groups = _groups(spectra, partial(_counting, name=name, measure=measure))
        if {value for group in groups for value in group.values} != {1.0}:  # total creatine over itself
            yield from _figure(groups, name, f"{name}, {label}")


def _counting(item: StudySpectrum, name: str, measure: Callable[[StudyValue], float | None]) -> float | None:
    return next((measure(value) for value in item.values if value.metabolite == name and value.counts), None)


def _groups(spectra: Sequence[StudySpectrum], measure: Callable[[StudySpectrum], float | None]) -> list[PlaceValues]:
    """The values of analysed spectra by place, places in alphabetical order."""
    places: dict[str, list[float | None]] = {}
    for item in (item for item in spectra if item.verdict is not None):
        places.setdefault(place(item), []).append(measure(item))
    return [
        PlaceValues(name, tuple(value for value in found if value is not None), sum(value is None for value in found))
        for name, found in sorted(places.items())
    ]


def _figure(groups: Sequence[PlaceValues], title: str, label: str) -> Iterator[TitledDistribution]:
    svg = distribution_svg(groups, label, title)
    if svg:
        yield TitledDistribution(title, svg)
