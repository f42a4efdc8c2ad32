"""The gallery: simulated spectra, good and damaged, as the product draws and judges them.

``make gallery`` analyses them, draws each with ``Traces.plot`` and writes docs/gallery.md between its markers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from fitting.analysis import Analysis
from fitting.errors import FittingError
from fitting.model.result import Traces
from fitting.run import analyse
from tests.faults.catalogue import FAULTS
from tests.faults.scan import Scan, clean_scan

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "gallery.md"
VERDICTS = {"yes": "Usable", "limited": "Usable with limits", "no": "Not interpretable"}
_BETWEEN = re.compile(r"(<!-- generated: (\S+) -->).*?(<!-- end: \2 -->)", re.DOTALL)


@dataclass(frozen=True)
class Case:
    """One spectrum of the gallery."""

    name: str
    scan: Callable[[], Scan]

    @property
    def image(self) -> Path:
        """Its figure."""
        return DOCS / "images" / f"gallery-{self.name}.png"

    def analysed(self, cache_dir: Path | None = None) -> tuple[Analysis, Traces] | FittingError:
        """What an analysis answers, or why it is refused."""
        try:
            return analyse(self.scan().job(), cache_dir)
        except FittingError as error:
            return error


def damaged(fault: str) -> Callable[[], Scan]:
    """The clean scan of a fault of the catalogue with its damage."""
    (found,) = (item for item in FAULTS if item.name == fault)
    return lambda: found.damage(reseeded(found.scan()))


def reseeded(scan: Scan) -> Scan:
    """The scan with noise that is the same each time."""
    return replace(scan, rng=np.random.default_rng(7))


def broader(hertz: float) -> Scan:
    """The good scan after a worse shim, its noise as it was."""
    scan = reseeded(clean_scan("good"))
    decay = np.exp(-np.pi * hertz * scan.time)
    noise = scan.noise(float(np.std(scan.metabolite[-256:].real)))
    return replace(scan, metabolite=scan.metabolite * decay + noise, water=scan.water * decay)


CASES = (
    Case("good", lambda: clean_scan("good")),
    Case("ordinary", damaged("none typical")),
    Case("eddy-corrected", damaged("eddy currents")),
    Case("broad", lambda: broader(6.0)),
    Case("eddy-currents", damaged("eddy currents without water")),
    Case("lipids", damaged("lipids")),
    Case("spurious-echo", damaged("spurious echo")),
    Case("alcohol", damaged("ethanol")),
    Case("clipped", damaged("clipped hard")),
    Case("very-broad", damaged("lines of 25 Hz")),
    Case("noise", damaged("noise tenfold")),
    Case("mirrored", damaged("mirrored")),
    Case("edited", damaged("edited difference")),
)


def words(answer: tuple[Analysis, Traces] | FittingError) -> str:
    """Verdict, its first reasons and what is compared; or the refusal."""
    if isinstance(answer, FittingError):
        return f"**Refused.** {answer}"
    analysis, _ = answer
    reasons = analysis.verdict.reasons
    compared = [item.name for item in analysis.metabolites if item.z is not None]
    more = len(reasons) - 2
    lines = [f"**{VERDICTS[analysis.verdict.usable]}.** " + " ".join(reason.sentence for reason in reasons[:2])]
    if more > 0:
        lines.append(f"{more} further reason{'s' * (more > 1)}.")
    names = f"Compared with controls: {', '.join(compared)}."
    lines.append(names if compared else "Nothing is compared with controls.")
    return " ".join(lines)


def draw(traces: Traces, path: Path) -> None:
    """The figure of ``Traces.plot``."""
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    traces.plot(axes=figure.subplots())
    figure.savefig(path, dpi=100)


def parts(page: str) -> Iterator[tuple[str, str]]:
    """Name and text of each generated part of a page."""
    for found in _BETWEEN.finditer(page):
        yield found[2], found[0].removeprefix(found[1]).removesuffix(found[3]).strip()


def main() -> None:
    """Analyse, draw, and write each verdict between its markers."""
    made: dict[str, str] = {}
    for case in CASES:
        answer = case.analysed()
        made[case.name] = words(answer)
        if not isinstance(answer, FittingError):
            draw(answer[1], case.image)

    def part(found: re.Match[str]) -> Any:
        return f"{found[1]}\n\n{made[found[2]]}\n\n{found[3]}"

    PAGE.write_text(_BETWEEN.sub(part, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
