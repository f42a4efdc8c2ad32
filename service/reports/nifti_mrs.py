"""NIfTI-MRS of the complex signals of an analysis: processed, fit, baseline, residual, water (Clarke et al. 2022,
doi:10.1002/mrm.29418).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.nifti1 import Nifti1Extension

from fitting.analysis import AcquisitionFacts
from fitting.io.sequence_names import localisation
from fitting.model.result import Traces
from fitting.model.signals import Signals, SingleArray
from fitting.units import FloatArray
from service.reports.analysis_document import AnalysisDocument, FormatUnavailable, Rendered

MEDIA_TYPE = "application/gzip"
VERSION = "mrs_v0_9"
"""Intent name: the version of the standard whose fields are written."""
_EXTENSION_CODE = 44
_IMAGE: Any = nib.nifti2.Nifti2Image  # nibabel states no types of it
_UNKNOWN_EDGE_MM = 10_000.0
"""Edge of a voxel of unknown size, as spec2nii writes it."""
CONTENT: dict[str, tuple[Callable[[Signals], SingleArray | None], str]] = {
    "preproc": (lambda signals: signals.processed, "The processed spectrum, which was fitted."),
    "fit": (lambda signals: signals.fit, "The fitted spectrum: all components and the baseline."),
    "baseline": (lambda signals: signals.baseline, "The fitted baseline."),
    "residual": (lambda signals: signals.residual, "The processed spectrum less the fitted one."),
    "water": (lambda signals: signals.water, "The processed water reference, on the scale of the spectrum."),
}
"""Each part with its signal and what it is."""


def render(document: AnalysisDocument, traces: Traces) -> dict[str, Rendered]:
    """A file for each signal by its name, such as ``preproc.nii.gz``; equal analyses give equal bytes.

    There is no ``water`` without a reference that scales the spectrum.

    Raises
    ------
    FormatUnavailable
        When the analysis was made before complex signals were kept.
    """
    signals = traces.signals
    if signals is None:
        raise FormatUnavailable(
            "This analysis has no complex signals, because an earlier version made it; analyse the spectrum again."
        )
    found = {part: (choose(signals), meaning) for part, (choose, meaning) in CONTENT.items()}
    return {
        f"{part}.nii.gz": _image(document, traces.voxel_mm, samples, header_fields(document, meaning, part != "water"))
        for part, (samples, meaning) in found.items()
        if samples is not None
    }


def _image(
    document: AnalysisDocument, voxel_mm: FloatArray | None, samples: SingleArray, fields: dict[str, Any]
) -> Rendered:
    image: Any = _IMAGE(samples.reshape(1, 1, 1, -1), _affine(voxel_mm))
    header, code = image.header, 0 if voxel_mm is None else 1
    header.set_qform(image.affine, code=code)
    header.set_sform(image.affine, code=code)
    header.set_xyzt_units("mm", "sec")
    header["pixdim"][4] = document.analysis.acquisition.dwell_time
    header["intent_name"] = VERSION.encode()
    content = json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()
    header.extensions.append(Nifti1Extension(_EXTENSION_CODE, content))
    return Rendered(MEDIA_TYPE, gzip.compress(image.to_bytes(), mtime=0))


def header_fields(document: AnalysisDocument, meaning: str, suppressed: bool) -> dict[str, Any]:
    """The header extension: facts of the acquisition and the steps of processing; nothing about the person."""
    facts, made = document.analysis.acquisition, document.analysis.provenance
    known = {
        "EchoTime": facts.echo_time,
        "RepetitionTime": facts.repetition_time,
        "MixingTime": facts.mixing_time,
        "SequenceName": _sequence_name(facts),
        "Manufacturer": facts.vendor,
        "ManufacturersModelName": facts.scanner_model,
        "SoftwareVersions": facts.software,
    }
    return {
        "SpectrometerFrequency": [facts.spectrometer_frequency * 1e-6],
        "ResonantNucleus": ["1H"],
        "SpectralWidth": 1.0 / facts.dwell_time,
        **{name: value for name, value in known.items() if value is not None},
        "WaterSuppressed": suppressed,
        "ConversionMethod": f"{made.software} {made.version}",
        "ProcessingApplied": [
            {
                **({} if document.finished is None else {"Time": document.finished}),
                "Program": step.program,
                "Version": step.version,
                "Method": step.method,
                "Details": step.details,
            }
            for step in made.processing
        ],
        "SpectrumContent": {
            "Value": meaning,
            "Description": f"Part of the analysis in this file. {document.analysis.notice}",
        },
    }


def _sequence_name(facts: AcquisitionFacts) -> str | None:
    """What the header calls the sequence, unless it does not lead readers to the localisation that was used."""
    if facts.sequence is None or localisation(facts.sequence_name) == facts.sequence:
        return facts.sequence_name
    return facts.sequence


def _affine(voxel_mm: FloatArray | None) -> FloatArray:
    affine = np.diag([_UNKNOWN_EDGE_MM, _UNKNOWN_EDGE_MM, _UNKNOWN_EDGE_MM, 1.0])
    if voxel_mm is not None:
        affine[:3, :3], affine[:3, 3] = voxel_mm[1:].T, voxel_mm[0]
    return affine
