"""Philips private spectrum objects: samples and times in private elements."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from fitting.errors import DamagedFile
from fitting.io import Files
from fitting.units import ComplexArray

from . import Fixture, Refusal, brain_fid, water_fid
from .siemens_dicom import part10, person

CLASS = "1.3.46.670589.11.0.0.12.1"
FREQUENCY, WIDTH, POINTS = 63.895664e6, 1000.0, 256
FID = brain_fid(POINTS, 1 / WIDTH, FREQUENCY, scale=50.0)
WATER = water_fid(POINTS, 1 / WIDTH, scale=5e4)

EXPECTED = {
    "spectrometer_frequency": FREQUENCY,
    "dwell_time": 1 / WIDTH,
    "echo_time": 0.033,
    "repetition_time": 1.5,
    "sequence": "PRESS",
    "sequence_name": "PRESS",
    "vendor": "Philips Medical Systems",
    "scanner_model": "Intera",
    "software": "2.6.3",
    "averages": 64,
}


def spectrum(fids: ComplexArray = FID, *, without: tuple[int, ...] = (), **standard: object) -> Files:
    """An object with its standard attributes in the first item of (2005,140F)."""
    dataset = Dataset()
    person(dataset)
    dataset.Modality = "MR"
    dataset.Manufacturer = "Philips Medical Systems"
    dataset.ManufacturerModelName = "Intera"
    dataset.SoftwareVersions = "2.6.3"
    dataset.RepetitionTime = 1500.0
    fields = {"PulseSequenceName": "PRESS", "TransmitterFrequency": FREQUENCY * 1e-6, "ResonantNucleus": "1H"}
    counts = {"SpectroscopyAcquisitionDataColumns": POINTS, "NumberOfAverages": 64}
    item = Dataset()
    for keyword, value in {**fields, **counts, **standard}.items():
        if value is not None:
            setattr(item, keyword, value)
    data = np.conj(np.atleast_2d(fids)).astype("<c8").tobytes()
    third = dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    third.add_new(0x00, "FL", 0.0)
    blocks = [
        dataset.private_block(0x2005, f"Philips MR Imaging DD 00{number}", create=True) for number in (2, 3, 4, 5)
    ]
    private = {0x20051270: (blocks[1], 0x70, "OW", data), 0x20051357: (blocks[2], 0x57, "FL", WIDTH)}
    private |= {0x20051310: (blocks[2], 0x10, "FL", 33.0), 0x2005140F: (blocks[3], 0x0F, "SQ", Sequence([item]))}
    for tag, (block, element, vr, value) in private.items():
        if tag not in without:
            block.add_new(element, vr, value)
    return part10(dataset, CLASS, "spectrum.dcm")


FIXTURES = (
    Fixture("philips_dicom", "classic", spectrum, FID.reshape(1, 1, -1), EXPECTED),
    Fixture(
        "philips_dicom",
        "with water",
        lambda: spectrum(np.stack([FID, FID, WATER])),
        np.stack([FID, FID])[:, np.newaxis],
        {**EXPECTED, "averages": 2, "water_suppressed": True},
        water=WATER.reshape(1, 1, -1),
    ),
    Fixture(
        "philips_dicom",
        "silent",
        lambda: spectrum(PulseSequenceName=None, NumberOfAverages=None, without=(0x20051310,)),
        FID.reshape(1, 1, -1),
        {**EXPECTED, "sequence": None, "sequence_name": None, "averages": None, "echo_time": None},
    ),
)

REFUSALS = (
    Refusal("philips_dicom", "samples elsewhere", lambda: spectrum(without=(0x20051270,)), "SDAT"),
    Refusal("philips_dicom", "phosphorus", lambda: spectrum(ResonantNucleus="31P"), "31P"),
    Refusal("philips_dicom", "mrsi", lambda: spectrum(SpectroscopyAcquisitionPhaseColumns=16), "MRSI"),
    Refusal("philips_dicom", "editing", lambda: spectrum(PulseSequenceName="SV_MEGA"), "editing"),
    Refusal(
        "philips_dicom",
        "other points",
        lambda: spectrum(SpectroscopyAcquisitionDataColumns=POINTS - 1),
        "points",
        DamagedFile,
    ),
)
