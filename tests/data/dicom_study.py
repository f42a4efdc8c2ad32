"""MR Spectroscopy instances of invented patients, made of the shipped example (simulated: no person was measured)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from fitting.io.dicom_mrs import MR_SPECTROSCOPY_STORAGE

EXAMPLES = Path(__file__).parents[2] / "examples"


def uid(*parts: object) -> str:
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


@dataclass(frozen=True)
class Patient:
    name: str = "Planted^Petra"
    id: str = "PLANTED-0001"
    birth: str = "19820304"
    sex: str = "F"
    age: str = "044Y"
    issuer: str | None = "PLANTEDHOSPITAL"
    character_set: str | list[str] | None = "ISO_IR 192"


@dataclass(frozen=True)
class Scan:
    """One measurement of a study."""

    patient: Patient = field(default_factory=Patient)
    study: str = "planted study"
    series: int = 11
    water: bool = False
    description: str = "PRESS_30_ACC"
    center: tuple[float, float, float] = (0.0, 32.0, 22.0)
    minute: int = 31
    more: tuple[tuple[str, Any], ...] = ()

    @property
    def sop_instance_uid(self) -> str:
        return uid(self.study, self.series, "instance")

    @property
    def study_instance_uid(self) -> str:
        return uid(self.study)


@lru_cache
def example_fid(water: bool) -> tuple[np.ndarray, float, dict[str, Any]]:
    """Samples of the example in the sign of NIfTI-MRS, its dwell time and header extension."""
    image = nibabel.load(EXAMPLES / f"acc_press30{'_water' if water else ''}.nii.gz")
    fields = json.loads(image.header.extensions[0].get_content())
    return np.asanyarray(image.dataobj).astype(np.complex64).ravel(), float(image.header["pixdim"][4]), fields


def _item(**values: Any) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def instance(scan: Scan) -> FileDataset:
    """The scan as MR Spectroscopy Storage (DICOM PS3.3 A.36.3), in the sign of DICOM."""
    samples, dwell_time, fields = example_fid(scan.water)
    patient, at = scan.patient, f"10{scan.minute:02d}00"
    d = Dataset()
    d.SOPClassUID, d.SOPInstanceUID = MR_SPECTROSCOPY_STORAGE, scan.sop_instance_uid
    if patient.character_set is not None:
        d.SpecificCharacterSet = patient.character_set
    d.PatientName, d.PatientID = patient.name, patient.id
    d.PatientBirthDate, d.PatientSex, d.PatientAge = patient.birth, patient.sex, patient.age
    if patient.issuer:
        d.IssuerOfPatientID = patient.issuer
    d.StudyInstanceUID, d.StudyDate, d.StudyTime = scan.study_instance_uid, "20261101", "101500"
    d.StudyID, d.AccessionNumber, d.ReferringPhysicianName = "1", "PLANTEDACC7", "Planted^Referrer"
    d.StudyDescription, d.InstitutionName = "MR head", "Planted Hospital"
    d.Modality, d.SeriesInstanceUID, d.SeriesNumber = "MR", uid(scan.study, scan.series), scan.series
    d.InstanceNumber, d.SeriesDescription, d.ProtocolName = 1, scan.description, scan.description
    d.SeriesDate = d.ContentDate = "20261101"
    d.SeriesTime = d.ContentTime = at
    d.AcquisitionDateTime = f"20261101{at}"
    d.FrameOfReferenceUID = uid(scan.study, "frame")
    d.Manufacturer, d.ManufacturerModelName, d.SoftwareVersions = "Simulated", "mrsquant test", "1"
    d.MagneticFieldStrength, d.PulseSequenceName = "3", "PRESS"
    d.SpectrallySelectedSuppression = "NONE" if scan.water else "WATER"
    d.SpectralWidth, d.ChemicalShiftReference, d.VolumeLocalizationTechnique = 1 / dwell_time, 4.65, "PRESS"
    d.TransmitterFrequency, d.ResonantNucleus = fields["SpectrometerFrequency"][0], "1H"
    d.MRSpectroscopyAcquisitionType = "SINGLE_VOXEL"
    x, y, z = scan.center
    d.VolumeLocalizationSequence = [
        _item(SlabThickness=20.0, SlabOrientation=list(map(float, normal)), MidSlabPosition=[-x, -y, z])
        for normal in np.eye(3)
    ]
    d.NumberOfFrames = d.Rows = d.Columns = d.DataPointRows = 1
    d.DataPointColumns, d.SignalDomainColumns, d.DataRepresentation = samples.size, "TIME", "COMPLEX"
    d.SharedFunctionalGroupsSequence = [
        _item(
            MREchoSequence=[_item(EffectiveEchoTime=1e3 * fields["EchoTime"])],
            MRTimingAndRelatedParametersSequence=[_item(RepetitionTime=str(1e3 * fields["RepetitionTime"]))],
            MRAveragesSequence=[_item(NumberOfAverages="8" if scan.water else "64")],
            ReferencedImageSequence=[
                _item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.4", ReferencedSOPInstanceUID=uid("T1"))
            ],
        )
    ]
    d.PerFrameFunctionalGroupsSequence = [
        _item(FrameContentSequence=[_item(FrameAcquisitionDateTime=f"20261101{at}", FrameReferenceDateTime="20261101")])
    ]
    d.SpectroscopyData = np.conj(samples).astype("<c8").tobytes()
    for keyword, value in scan.more:
        setattr(d, keyword, value)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = d.SOPClassUID, d.SOPInstanceUID
    meta.TransferSyntaxUID, meta.ImplementationClassUID = ExplicitVRLittleEndian, uid("tests")
    return FileDataset(None, d, file_meta=meta, preamble=b"\0" * 128)


def content(scan: Scan) -> bytes:
    """The instance as a file."""
    buffer = BytesIO()
    instance(scan).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
