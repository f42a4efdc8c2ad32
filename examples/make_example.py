"""Make the example: a simulated 3 T PRESS spectrum of the anterior cingulate cortex and its water reference.

``python examples/make_example.py [FOLDER]`` writes the two NIfTI-MRS files, the same each time. No person was measured:
what is in them, and from where its numbers are, is in service/cli/simulated_scan.py.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from fitting.units import ComplexArray
from service.cli.simulated_scan import DWELL_TIME, ECHO_TIME, REPETITION_TIME, SPECTROMETER_FREQUENCY, VOI_MM, make


def nifti_mrs(fid: ComplexArray, water_suppressed: bool) -> bytes:
    """A gzip-compressed NIfTI-MRS file (doi:10.1002/mrm.29418) of one FID."""
    fields: dict[str, Any] = {
        "SpectrometerFrequency": [SPECTROMETER_FREQUENCY * 1e-6],
        "ResonantNucleus": ["1H"],
        "EchoTime": ECHO_TIME,
        "RepetitionTime": REPETITION_TIME,
        "WaterSuppressed": water_suppressed,
        "SequenceName": "PRESS",
        "ProtocolName": "simulated, no person was measured",
        "ConversionMethod": "mrsquant examples/make_example.py",
    }
    affine = np.diag([*VOI_MM, 1.0])
    image = nib.Nifti2Image(fid.astype(np.complex64).reshape(1, 1, 1, -1), affine)
    image.header.set_xyzt_units("mm", "sec")
    image.header["pixdim"][4] = DWELL_TIME
    image.header["intent_name"] = b"mrs_v0_9"
    image.header["descrip"] = b"SIMULATED example of mrsquant"
    image.header.extensions.append(nib.nifti1.Nifti1Extension(44, json.dumps(fields).encode()))
    return gzip.compress(image.to_bytes(), mtime=0)


def main(folder: Path) -> None:
    """Write both files."""
    metabolite_fid, water_fid = make()
    (folder / "acc_press30.nii.gz").write_bytes(nifti_mrs(metabolite_fid, water_suppressed=True))
    (folder / "acc_press30_water.nii.gz").write_bytes(nifti_mrs(water_fid, water_suppressed=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
