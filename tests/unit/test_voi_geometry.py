"""Where the measured volume lies, by every header that says so."""

from itertools import pairwise

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import fitting.io
from fitting.acquisition import VoiGeometry
from fitting.io import Files
from fitting.io._dicom_voi import philips_box
from fitting.io.voi import box, from_normal, in_patient_axes
from tests.conformance.reader_fixtures.dicom_mrs import _item, philips, siemens
from tests.conformance.reader_fixtures.ge_pfile import _FRAMES_9, _revision_9
from tests.conformance.reader_fixtures.philips_sdat import _ROWS, _SPAR, _pair
from tests.conformance.reader_fixtures.siemens_dicom import FID
from tests.conformance.reader_fixtures.siemens_rda import rda
from tests.conformance.reader_fixtures.siemens_twix import ve

ROW, COLUMN = (0.967711, -0.251409, -0.018134), (-0.245450, -0.923514, -0.294748)
NORMAL, TURN = (-0.057355, -0.289682, 0.955403), -2.893191
CENTER = (41.602906, 21.569007, -4.958838)
"""One oblique Siemens scan whose header gives the axes, and normal and rotation as well (patient coordinates, mm)."""


def geometry(files: Files) -> VoiGeometry | None:
    """As the reader says it."""
    return fitting.io.read(files).acquisition.voi_geometry


def assert_same(found: VoiGeometry | None, center: object, edges: object) -> None:
    """Center and edges to the digits of a header."""
    assert found is not None
    assert found.center_mm == pytest.approx(center, abs=2e-4)
    assert np.asarray(found.edges_mm) == pytest.approx(np.asarray(edges), abs=2e-3)


def p_file(**place: object) -> Files:
    """A P-file of revision 9."""
    return _revision_9(_FRAMES_9, **place)


RAS = np.array([-1.0, -1.0, 1.0])
EXPECTED_EDGES = np.array([np.multiply(ROW, 25), np.multiply(COLUMN, 40), np.multiply(NORMAL, 20)]) * RAS


def test_an_rda_gives_read_out_phase_and_slice_their_axes():
    """Row, column and normal are the directions of read-out, phase and slice; left and back turn to right and front."""
    fields = {f"RowVector[{k}]": str(part) for k, part in enumerate(ROW)}
    fields |= {f"ColumnVector[{k}]": str(part) for k, part in enumerate(COLUMN)}
    for k, axis in enumerate(("Sag", "Cor", "Tra")):
        fields |= {f"VOINormal{axis}": str(NORMAL[k]), f"VOIPosition{axis}": str(CENTER[k])}

    assert_same(geometry(rda(**fields)), CENTER * RAS, EXPECTED_EDGES)


@pytest.mark.parametrize(
    ("rows", "columns", "order"),
    [
        ((-1, 0, 0), (0, -1, 0), ("rows", "columns", "normal")),
        ((-1, 0, 0), (0, 0, -1), ("rows", "normal", "columns")),
        ((0, -1, 0), (0, 0, -1), ("normal", "rows", "columns")),
        ((-0.96, 0.28, 0), (-0.28, -0.96, 0), ("rows", "columns", "normal")),
    ],
)
def test_a_p_file_gives_the_slice_its_corners(rows, columns, order):
    """Axial, coronal, sagittal and oblique slices: each edge lies along the axis nearest to the patient's."""
    center, (rows, columns) = np.array([4.4, -13.1, -0.9]), np.array([rows, columns])
    upper_left, lower_right = center - 120 * (rows + columns), center + 120 * (rows + columns)
    corners = (*upper_left, *(upper_left + 240 * rows), *lower_right)
    axes = {"rows": rows, "columns": columns, "normal": np.cross(rows, columns)}
    expected = [axes[name] * size for name, size in zip(order, (20, 30, 40), strict=True)]

    assert_same(geometry(p_file(edges=(20, 30, 40), center=center, corners=corners)), center, expected)
    assert geometry(p_file(edges=(20, 30, 40), center=center + 2, corners=corners)) is None
    assert geometry(p_file(edges=(20, 30, 40), center=center)) is None


def test_a_protocols_normal_and_rotation_are_the_same_box():
    """Raw data give normal and rotation in plane where exports give axes: of one scan they are one box."""
    assert_same(from_normal(CENTER, NORMAL, TURN, (25, 40, 20)), CENTER * RAS, EXPECTED_EDGES)
    keys = {"dSag": 0, "dCor": 1, "dTra": 2}
    fields = {f"sSpecPara__sVoI__sPosition__{key}": str(CENTER[k]) for key, k in keys.items()}
    fields |= {f"sSpecPara__sVoI__sNormal__{key}": str(NORMAL[k]) for key, k in keys.items()}

    assert_same(geometry(ve(sSpecPara__sVoI__dInPlaneRot=str(TURN), **fields)), CENTER * RAS, EXPECTED_EDGES)


def test_three_slabs_are_a_box():
    """Normal and thickness of each slab are an edge (a Siemens scan of software XA)."""
    slabs = [
        _item(SlabThickness=thickness, SlabOrientation=list(normal), MidSlabPosition=[0.0, 14.0756, -13.7773])
        for thickness, normal in ((15.0, (0.0, 0.0, 1.0)), (25.0, (0.0, 1.0, 0.0)), (20.0, (-1.0, 0.0, 0.0)))
    ]

    found = geometry(siemens(VolumeLocalizationSequence=Sequence(slabs)))

    assert_same(found, (0.0, -14.0756, -13.7773), ((0, 0, 15), (0, -25, 0), (20, 0, 0)))


ANGLES = {"lr": 3.3531508, "ap": -9.0305691, "cc": -13.4237871}
PLANE = (0.96062296, -0.24068417, 0.13883319, 0.22927416, 0.96888303, 0.09326863)
PLACE = {"lr": 16.1939983, "ap": 11.5530634, "cc": 24.9821701}
"""One oblique Philips scan whose header gives the three angles, and the axes as well."""


def test_the_angles_of_a_spar_are_the_axes_of_the_same_scans_dicom_object():
    """Both Philips exports of one scan describe one box, so order and sign of the three turns are right."""
    spar = _SPAR + "".join(
        f"{axis}_angulation : {ANGLES[axis]}\n{axis}_off_center : {PLACE[axis]}\n" for axis in ANGLES
    )
    by_angles = geometry(_pair(spar, _ROWS))
    by_axes = in_patient_axes(
        list(PLACE.values()), (PLANE[:3], PLANE[3:], list(np.cross(PLANE[:3], PLANE[3:]))), (25, 20, 30)
    )

    assert by_axes is not None
    assert_same(by_angles, by_axes.center_mm, by_axes.edges_mm)


def test_a_philips_object_gives_its_private_volume():
    """Edges and centre come by AP, FH, RL; without them the volume has no place."""
    assert geometry(philips(np.stack([FID, 40 * FID]))) is None

    volume = Dataset()
    block = volume.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    for element, value in zip(
        range(0x57, 0x5D), (20.0, 30.0, 25.0, PLACE["ap"], PLACE["cc"], PLACE["lr"]), strict=True
    ):
        block.add_new(element, "FL", value)
    dataset = Dataset()
    dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x85, "SQ", Sequence([volume]))
    plane = _item(ImageOrientationPatient=list(PLANE))
    dataset.SharedFunctionalGroupsSequence = Sequence([_item(PlaneOrientationSequence=Sequence([plane]))])

    found = philips_box(dataset)
    assert found is not None
    assert found.center_mm == pytest.approx((-PLACE["lr"], -PLACE["ap"], PLACE["cc"]))
    assert np.linalg.norm(found.edges_mm, axis=1) == pytest.approx((25.0, 20.0, 30.0))


def test_invalid_boxes_give_no_geometry():
    """Missing numbers, a default of ten metres, edges that are askew and directions of no length place nothing."""
    axes = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    assert in_patient_axes((0, 0, 0), axes, (20, 20, 20)) is not None
    assert in_patient_axes((0, None, 0), axes, (20, 20, 20)) is None
    assert in_patient_axes((0, 0, 0), axes, (20, 20, 0)) is None
    assert in_patient_axes((0, 0, 0), ((0, 0, 0), *axes[1:]), (20, 20, 20)) is None
    assert box((0, 0, 0), np.eye(3) * 1e4) is None
    assert box((0, 0, 0), [[20, 0, 0], [10, 20, 0], [0, 0, 20]]) is None
    assert box((np.nan, 0, 0), np.eye(3) * 20) is None


@pytest.mark.parametrize(
    "normal", [(0, 0, 1), (0.6, 0.1, 0.7), (0.1, 0.8, 0.2), (0.9, 0.1, 0.2), (0.6, 0.6, 0.1), (0, -1, 0), (-1, 0, 0)]
)
def test_every_slice_orientation_has_right_angles(normal: tuple[float, float, float]):
    """Transverse, coronal and sagittal rules all give three axes at right angles, with the slice along the normal."""
    found = from_normal((0, 0, 0), normal, 0.3, (10, 20, 30))

    assert found is not None
    edges = np.asarray(found.edges_mm)
    assert all(abs(a @ b) < 1e-9 for a, b in [*pairwise(edges), (edges[0], edges[2])])
    assert edges[2] * RAS == pytest.approx(np.asarray(normal) / np.linalg.norm(normal) * 30)
