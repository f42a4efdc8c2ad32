"""The real scanner files, what each is, and what the product says of it.

``python -m tests.measure.real_files SHARED`` writes docs/real-files.md (see ``real_files_page``).
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fitting.analysis import Analysis, MetaboliteResult
from fitting.model.result import Traces
from fitting.run import analyse
from fitting.run.job import Job

SIX: tuple[str, ...] = ("tNAA", "Glu", "Gln", "mI", "tCho")


@dataclass(frozen=True, slots=True)
class Case:
    """One spectrum file, its water reference, what the request must add, and what its fit looks like."""

    name: str
    path: str
    water: str | None = None
    supplied: tuple[tuple[str, float | str], ...] = ()
    basis: str | None = None
    remark: str = ""

    def arguments(self, data: Path) -> list[str]:
        """What a person types after ``mrsquant analyse``."""
        options = [word for name, value in self.supplied for word in (f"--{name.replace('_', '-')}", str(value))]
        files = {"--water-reference": self.water, "--basis": self.basis}
        named = [word for name, path in files.items() if path for word in (name, str(data / path))]
        return [str(data / self.path), "--region", "ACC", *named, *options]


_OSPREY = "sub-01_ses-01_PRESS"
_LCMODEL: tuple[tuple[str, float | str], ...] = (
    ("dwell_time", 0.0005),
    ("spectrometer_frequency", 127.786e6),
    ("echo_time", 0.03),
    ("sequence", "PRESS"),
)

BRAINS = (
    Case(
        "siemens-rda",
        "siemens/rda/SVS_30.rda",
        remark="noise, but for a small feature at 2.6 ppm, among the multiplets of NAA and aspartate",
    ),
    Case("siemens-ima", "siemens/vd13/SVS_30.IMA", remark="as siemens-rda: the same scan"),
    Case(
        "siemens-ve11-ecc",
        "siemens/ve11_brain/svs_se_30_ECC.dcm",
        water="siemens/ve11_brain/svs_se_30_ref.dcm",
        remark="large above 3.9 ppm: water left over; else noise",
    ),
    Case(
        "siemens-ve11",
        "siemens/ve11_brain/svs_se_30_noECC.dcm",
        water="siemens/ve11_brain/svs_se_30_ref.dcm",
        remark="large above 3.9 ppm: water left over; else noise",
    ),
    Case(
        "philips-press35",
        "philips/press35/sub-01_press_act_noID.sdat",
        water="philips/press35/sub-01_press_ref_noID.sdat",
        remark="structured from 3.8 to 4.0 ppm beside water; an inverted broad line at 1.1 ppm (lipid from outside the "
        "volume) and an offset below zero from 2 to −2 ppm bend the baseline and hide the macromolecules; the line "
        "stands in the data before water is removed, and both are the same with 15, 25 and 40 components of HSVD",
    ),
    Case(
        "philips-press30",
        f"philips/press30_with_mm/{_OSPREY}_raw-act_noID.SDAT",
        water=f"philips/press30_with_mm/{_OSPREY}_raw-ref_noID.SDAT",
        remark="noise, but for small features from 2.5 to 2.7 ppm, among the multiplets of NAA and aspartate",
    ),
    Case(
        "philips-press30-low-snr",
        "philips/phan_buoy/philips_spar_sdat_WS.SDAT",
        water="philips/phan_buoy/philips_spar_sdat_W.SDAT",
        remark="noise; the same scan as lcmodel-raw",
    ),
    Case(
        "philips-dicom-1",
        "philips/dicom_two_rows/6696.2019020512414340628.dcm",
        supplied=(("sequence", "PRESS"),),
        remark="noise",
    ),
    Case(
        "philips-dicom-2", "philips/dicom_two_rows/IM-0001-0002.dcm", supplied=(("sequence", "PRESS"),), remark="noise"
    ),
    Case("lcmodel-raw", "lcmodel/test_lcm/data.raw", supplied=_LCMODEL, remark="noise"),
    Case(
        "lcmodel-raw-own-basis",
        "lcmodel/test_lcm/data.raw",
        supplied=_LCMODEL,
        basis="lcmodel/test_lcm/3t.basis",
        remark="noise",
    ),
    Case(
        "siemens-7t-steam",
        "nifti_mrs/steam_7T_brain/metab_raw.nii.gz",
        water="nifti_mrs/steam_7T_brain/wref_raw.nii.gz",
        remark="noise; above 3.4 ppm the bumps of the baseline are as high as the macromolecules",
    ),
)

OTHERS = (
    Case(
        "siemens-xa20-phantom-ecc",
        "siemens/xa20_te30_phantom/series_24.dcm",
        water="siemens/xa20_te30_phantom/series_23.dcm",
        remark="phantom at room temperature: lactate, NAA and 4.06 ppm multiplets stand elsewhere than in a brain",
    ),
    Case(
        "siemens-xa20-phantom",
        "siemens/xa20_te30_phantom/series_25.dcm",
        water="siemens/xa20_te30_phantom/series_23.dcm",
        remark="as siemens-xa20-phantom-ecc",
    ),
    *(
        Case(
            f"ge-phantom-{number}",
            f"ge/rev9_phantom/P{number}_1.5T_030_2000.7",
            remark="compartments of NAA, creatine and lactate: no brain pattern to find shift and phase by",
        )
        for number in (1751, 1806, 1827, 1904)
    ),
    Case(
        "philips-metabolite-nulled",
        f"philips/press_inverted/{_OSPREY}-Inverted_TI-600_raw-act_noID.SDAT",
        water=f"philips/press_inverted/{_OSPREY}-Inverted_TI-600_raw-ref_noID.SDAT",
        remark="macromolecule scan: no metabolite pattern to find the phase by, the baseline takes nearly all",
    ),
)


def job(case: Case, data: Path) -> Job:
    """A case as the command reads it."""
    return Job.from_files(
        data / case.path,
        water_reference=data / case.water if case.water else None,
        basis=data / case.basis if case.basis else None,
        region="ACC",
        **dict(case.supplied),
    )


@cache
def answer(case: Case, data: Path, cache_dir: Path | None) -> tuple[Analysis, Traces]:
    """Analyse a case as the command does."""
    return analyse(job(case, data), cache_dir=cache_dir)


def metabolites(analysis: Analysis) -> dict[str, MetaboliteResult]:
    """The results by name."""
    return {result.name: result for result in analysis.metabolites}


def ratio(analysis: Analysis, name: str) -> float:
    """Ratio to tCr."""
    found = metabolites(analysis)[name].ratio_tcr
    assert found is not None, name
    return found.value


def index(data: Path) -> dict[str, dict[str, str]]:
    """Rows of the index of real files, by path."""
    with (data / "index.csv").open(newline="", encoding="utf-8") as table:
        return {row["path"]: row for row in csv.DictReader(table)}


if __name__ == "__main__":
    from tests.measure.real_files_page import PAGE, page

    PAGE.write_text(page(Path(sys.argv[1])), encoding="utf-8")
