"""DICOM MR Spectroscopy objects as Siemens VE11 and XA and Philips write them."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from fitting.errors import DamagedFile
from fitting.io import Files
from fitting.units import ComplexArray

from . import Fixture, Refusal, brain_fid, water_fid
from .siemens_dicom import part10, person

MR_SPECTROSCOPY = "1.2.840.10008.5.1.4.1.1.4.2"
FREQUENCY, SPECTRAL_WIDTH, POINTS = 127.75e6, 2000.0, 256
FID = brain_fid(POINTS, 1 / SPECTRAL_WIDTH, FREQUENCY, scale=100.0)
WATER = water_fid(POINTS, 1 / SPECTRAL_WIDTH, scale=1e5)

SIEMENS = {
    "spectrometer_frequency": FREQUENCY,
    "dwell_time": 1 / SPECTRAL_WIDTH,
    "echo_time": 0.030,
    "repetition_time": 2.0,
    "sequence": "PRESS",
    "sequence_name": "*svs_se",
    "vendor": "SIEMENS",
    "scanner_model": "Skyra",
    "software": "syngo MR E11",
    "voi_size": (0.015, 0.025, 0.020),
    "averages": 128,
}
PHILIPS = {
    **SIEMENS,
    "sequence": None,
    "sequence_name": "SPECTROSCOPY",
    "vendor": "Philips Medical Systems",
    "scanner_model": "Achieva",
    "software": "3.2.3, 3.2.3.2",
    "voi_size": None,
    "water_suppressed": True,
}


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _basic(fids: ComplexArray, **changes: object) -> Dataset:
    """What both vendors write at the top level; samples are stored with the opposite sign of ours."""
    dataset = _item(
        ImageType=["ORIGINAL", "PRIMARY", "SPECTROSCOPY", "NONE"],
        Modality="MR",
        SpectralWidth=SPECTRAL_WIDTH,
        ChemicalShiftReference=4.7,
        TransmitterFrequency=FREQUENCY * 1e-6,
        ResonantNucleus="1H",
        MRSpectroscopyAcquisitionType="SINGLE_VOXEL",
        NumberOfFrames=len(fids),
        Rows=1,
        Columns=1,
        DataPointRows=1,
        DataPointColumns=POINTS,
        DataRepresentation="COMPLEX",
        SignalDomainColumns="TIME",
        SpectroscopyData=np.conj(fids).astype("<c8").tobytes(),
    )
    person(dataset)
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return dataset


def siemens(fids: ComplexArray = FID[np.newaxis], *, mixing_time: float = 0.0, **changes: object) -> Files:
    """A Siemens VE11 object: TE, TR and averages in the shared functional groups."""
    dataset = _basic(
        fids,
        Manufacturer="SIEMENS",
        ManufacturerModelName="Skyra",
        SoftwareVersions="syngo MR E11",
        PulseSequenceName="*svs_se",
        VolumeLocalizationTechnique="PRESS",
        SpectrallySelectedSuppression="NONE",
        VolumeLocalizationSequence=Sequence(_item(SlabThickness=edge) for edge in (15.0, 25.0, 20.0)),
    )
    echo = _item(EffectiveEchoTime=30.0)
    echo.private_block(0x0021, "SIEMENS MR MRS 05", create=True).add_new(0x04, "FD", mixing_time)
    shared = _item(
        MREchoSequence=Sequence([echo]),
        MRTimingAndRelatedParametersSequence=Sequence([_item(RepetitionTime=2000.0)]),
        MRAveragesSequence=Sequence([_item(NumberOfAverages=128)]),
    )
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return part10(dataset, MR_SPECTROSCOPY, "meas.dcm")


def philips(fids: ComplexArray, *, edited: str | None = None, **changes: object) -> Files:
    """A Philips object: TE and TR in the per-frame groups, averages of each frame in a private sequence."""
    dataset = _basic(
        fids,
        Manufacturer="Philips Medical Systems",
        ManufacturerModelName="Achieva",
        SoftwareVersions=["3.2.3", "3.2.3.2"],
        PulseSequenceName="SPECTROSCOPY",
        VolumeLocalizationTechnique="PRIME",
        SpectrallySelectedSuppression="WATER",
        VolumeLocalizationSequence=Sequence([_item(SlabThickness=15.0)]),
    )
    rows = [Dataset(), Dataset()]
    for row, averages in zip(rows, (128, 16), strict=True):
        row.private_block(0x2005, "Philips MR Imaging DD 004", create=True).add_new(0x79, "SS", averages)
    dataset.private_block(0x2005, "Philips MR Imaging DD 004", create=True).add_new(0x71, "SQ", Sequence(rows))
    if edited is not None:
        dataset.private_block(0x2005, "Philips MR Imaging DD 006", create=True).add_new(0x97, "CS", edited)
    dataset.SharedFunctionalGroupsSequence = Sequence([_item(MRAveragesSequence=Sequence([_item(NumberOfAverages=1)]))])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(
        _item(
            MREchoSequence=Sequence([_item(EffectiveEchoTime=30.0)]),
            MRTimingAndRelatedParametersSequence=Sequence([_item(RepetitionTime=2000.0)]),
        )
        for _ in fids
    )
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    return part10(dataset, MR_SPECTROSCOPY, "meas.dcm")


def philips_dynamics(fids: ComplexArray, references: tuple[int, ...] | None = None) -> Files:
    """A Philips object of dynamics; ``references`` marks frames in the private sequence, None writes no marks."""
    dataset = _basic(
        fids,
        Manufacturer="Philips Medical Systems",
        ManufacturerModelName="Achieva",
        SoftwareVersions=["3.2.3", "3.2.3.2"],
        PulseSequenceName="SPECTROSCOPY",
        VolumeLocalizationTechnique="PRIME",
        SpectrallySelectedSuppression="WATER",
    )
    if references is not None:
        marks = [Dataset() for _ in fids]
        for number, mark in enumerate(marks):
            mark.private_block(0x2005, "Philips MR Imaging DD 004", create=True).add_new(
                0x04, "SS", int(number in references)
            )
        dataset.private_block(0x2005, "Philips MR Imaging DD 005", create=True).add_new(0x0F, "SQ", Sequence(marks))
    dataset.PerFrameFunctionalGroupsSequence = Sequence(_timing(30.0) for _ in fids)
    return part10(dataset, MR_SPECTROSCOPY, "meas.dcm")


def _timing(echo_time: float) -> Dataset:
    return _item(
        MREchoSequence=Sequence([_item(EffectiveEchoTime=echo_time)]),
        MRTimingAndRelatedParametersSequence=Sequence([_item(RepetitionTime=2000.0)]),
    )


def _echo_series() -> Files:
    return siemens(
        np.stack([FID, FID]),
        PerFrameFunctionalGroupsSequence=Sequence([_timing(30.0), _timing(60.0)]),
    )


def united_imaging() -> Files:
    """A United Imaging object: times at the top level, the water reference in a private element."""
    dataset = _basic(
        FID[np.newaxis],
        Manufacturer="UIH",
        ManufacturerModelName="uMR 790",
        SoftwareVersions="R28.1",
        SequenceName="svs_press",
        EchoTime=35.0,
        RepetitionTime=2000.0,
    )
    del dataset.NumberOfFrames
    block = dataset.private_block(0x0065, "Spectroscopy Private Header", create=True)
    block.add_new(0x07, "OF", np.conj(WATER).astype("<c8").tobytes())
    return part10(dataset, MR_SPECTROSCOPY, "meas.dcm")


def _points_elsewhere() -> Files:
    """Points in the acquisition's columns, and a reference behind the one frame that is counted."""
    return philips(
        np.stack([FID, WATER]),
        NumberOfFrames=1,
        DataPointColumns=None,
        SpectroscopyAcquisitionDataColumns=POINTS,
        WaterReferencedPhaseCorrection="YES",
    )


def _silent() -> Files:
    return siemens(
        SharedFunctionalGroupsSequence=Sequence(),
        VolumeLocalizationSequence=Sequence(),
        PulseSequenceName=None,
        VolumeLocalizationTechnique=None,
        SoftwareVersions=None,
    )


def _big_endian() -> Files:
    return part10(_basic(FID[np.newaxis]), MR_SPECTROSCOPY, "meas.dcm", ExplicitVRBigEndian)


def _deflated() -> Files:
    (file,) = siemens()
    data = dcmread(BytesIO(file.content))
    return part10(data, MR_SPECTROSCOPY, "meas.dcm", DeflatedExplicitVRLittleEndian)


FIXTURES = (
    Fixture("dicom_mrs", "siemens-ve11", siemens, FID.reshape(1, 1, -1), SIEMENS),
    Fixture("dicom_mrs", "deflated", _deflated, FID.reshape(1, 1, -1), SIEMENS),
    Fixture(
        "dicom_mrs",
        "siemens-steam",
        lambda: siemens(PulseSequenceName="*svs_st", VolumeLocalizationTechnique="STEAM", mixing_time=10.0),
        FID.reshape(1, 1, -1),
        {**SIEMENS, "sequence": "STEAM", "sequence_name": "*svs_st", "mixing_time": 0.010},
    ),
    Fixture(
        "dicom_mrs",
        "silent-header",
        _silent,
        FID.reshape(1, 1, -1),
        {
            **SIEMENS,
            "echo_time": None,
            "repetition_time": None,
            "averages": None,
            "voi_size": None,
            "sequence": None,
            "sequence_name": None,
            "software": None,
        },
    ),
    Fixture(
        "dicom_mrs",
        "philips-two-rows",
        lambda: philips(np.stack([FID, WATER])),
        FID.reshape(1, 1, -1),
        PHILIPS,
        water=WATER.reshape(1, 1, -1),
    ),
    Fixture(
        "dicom_mrs",
        "philips-points-elsewhere",
        _points_elsewhere,
        FID.reshape(1, 1, -1),
        PHILIPS,
        water=WATER.reshape(1, 1, -1),
    ),
    Fixture(
        "dicom_mrs",
        "siemens-dynamics",
        lambda: siemens(np.stack([FID, 0.9 * FID])),
        np.stack([FID, 0.9 * FID])[:, np.newaxis],
        {**SIEMENS, "averages": 2},
    ),
    Fixture(
        "dicom_mrs",
        "philips-dynamics",
        lambda: philips_dynamics(np.stack([FID, FID, FID, WATER])),
        np.stack([FID, FID, FID])[:, np.newaxis],
        {**PHILIPS, "averages": 3},
        water=WATER.reshape(1, 1, -1),
    ),
    Fixture(
        "dicom_mrs",
        "philips-dynamics-marked",
        lambda: philips_dynamics(np.stack([FID, FID, 2 * FID]), references=(2,)),
        np.stack([FID, FID])[:, np.newaxis],
        {**PHILIPS, "averages": 2},
        water=2 * FID.reshape(1, 1, -1),
    ),
    Fixture(
        "dicom_mrs",
        "united-imaging",
        united_imaging,
        FID.reshape(1, 1, -1),
        {
            "spectrometer_frequency": FREQUENCY,
            "dwell_time": 1 / SPECTRAL_WIDTH,
            "echo_time": 0.035,
            "repetition_time": 2.0,
            "sequence": "PRESS",
            "sequence_name": "svs_press",
            "vendor": "UIH",
            "scanner_model": "uMR 790",
            "software": "R28.1",
        },
        water=WATER.reshape(1, 1, -1),
    ),
)

REFUSALS = (
    Refusal("dicom_mrs", "mrsi", lambda: siemens(np.stack([FID] * 4), NumberOfFrames=1, Rows=2, Columns=2), "MRSI"),
    Refusal("dicom_mrs", "phosphorus", lambda: siemens(ResonantNucleus="31P"), "31P"),
    Refusal("dicom_mrs", "editing", lambda: siemens(PulseSequenceName="svs_edit"), "edit"),
    Refusal("dicom_mrs", "edited by its private field", lambda: philips(FID[np.newaxis], edited="Y"), "editing"),
    Refusal("dicom_mrs", "spectrum", lambda: siemens(SignalDomainColumns="FREQUENCY"), "FREQUENCY"),
    Refusal("dicom_mrs", "echo-series", _echo_series, "changes from frame to frame"),
    Refusal("dicom_mrs", "rows-swapped", lambda: philips(np.stack([WATER, FID])), "2 spectra"),
    Refusal("dicom_mrs", "planar", lambda: siemens(MRSpectroscopyAcquisitionType="PLANE"), "PLANE"),
    Refusal("dicom_mrs", "big-endian", _big_endian, "big-endian"),
    Refusal("dicom_mrs", "wrong-size", lambda: siemens(DataPointColumns=512), "512", DamagedFile),
)
