"""Images that come with a spectrum: what is read of them, what is refused, and what the answer says."""

import gzip
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from fitting.acquisition import VoiGeometry
from fitting.errors import UnusableImage
from fitting.io import SourceFile
from fitting.io.nifti_image import Image, read_image
from fitting.request import Subject, TissueFractions
from fitting.run.placement import Images, place
from fitting.run.planes import planes

BOX = VoiGeometry((10.0, 0.0, 0.0), ((20.0, 0.0, 0.0), (0.0, 20.0, 0.0), (0.0, 0.0, 20.0)))
SIZE = 60
SHIFT = np.array([[1.0, 0, 0, -29.5], [0, 1, 0, -29.5], [0, 0, 1, -29.5], [0, 0, 0, 1]])


def nifti(voxels: np.ndarray, affine: np.ndarray | None = SHIFT, *, name: str = "image.nii.gz") -> SourceFile:
    """A compressed NIfTI-1 file."""
    image = nib.Nifti1Image(voxels, affine)
    if affine is None:
        image.header.set_sform(None, 0)
        image.header.set_qform(None, 0)
    return SourceFile(name, gzip.compress(image.to_bytes(), compresslevel=1, mtime=0))


def maps(gm: float = 0.6, wm: float = 0.3, csf: float = 0.1) -> Images:
    """Even maps of these probabilities."""
    files = [nifti(np.full((SIZE,) * 3, share, dtype=np.float32)) for share in (gm, wm, csf)]
    return Images(nifti(np.ones((SIZE,) * 3, dtype=np.int16)), *files)


def codes(images: Images, geometry: VoiGeometry | None = BOX, subject: Subject | None = None) -> tuple[str, ...]:
    """Codes of the notes."""
    placement, _ = place(images, geometry, subject or Subject())
    assert placement is not None
    return tuple(note.code for note in placement.anatomy.notes)


def test_maps_give_the_fractions_a_request_does_not():
    """The subject gets the maps' fractions, and the answer says whose they are; without images nothing changes."""
    placement, subject = place(maps(), BOX, Subject(region="ACC"))

    assert placement is not None
    assert placement.anatomy.tissue_from == "maps"
    assert placement.anatomy.notes == ()
    assert subject.region == "ACC"
    assert subject.tissue is not None
    assert (subject.tissue.gm, subject.tissue.wm, subject.tissue.csf) == pytest.approx((0.6, 0.3, 0.1), abs=1e-6)
    assert placement.planes is not None
    assert placement.planes.shape == (3, 256, 256)
    assert place(Images(), BOX, subject) == (None, subject)


def test_a_request_that_differs_is_used_and_named():
    """What the request says goes first; a difference of more than 0.05 is a conflict, a smaller one is not."""
    same, other = TissueFractions(0.62, 0.29, 0.09), TissueFractions(0.4, 0.5, 0.1)

    assert codes(maps(), subject=Subject(tissue=same)) == ()
    placement, subject = place(maps(), BOX, Subject(tissue=other))

    assert placement is not None
    assert subject.tissue == other
    assert placement.anatomy.tissue_from == "request"
    (note,) = placement.anatomy.notes
    assert note.code == "tissue-conflict"
    assert "GM 40%" in note.sentence
    assert "GM 60%" in note.sentence


def test_header_without_geometry_is_noted():
    """Images alone place nothing: no fractions, no planes, and a sentence."""
    placement, subject = place(maps(), None, Subject())

    assert placement is not None
    assert placement.planes is None
    assert subject.tissue is None
    assert [note.code for note in placement.anatomy.notes] == ["no-geometry"]


def test_a_volume_partly_outside_is_reported_and_unused_beyond_a_twentieth():
    """Ten millimetres of twenty outside: a warning for the image, no fractions from the maps."""
    outside = replace(BOX, center_mm=(30.0, 0.0, 0.0))

    placement, subject = place(maps(), outside, Subject())

    assert placement is not None
    assert placement.anatomy.outside_image == pytest.approx(0.5, abs=1e-3)
    assert [note.code for note in placement.anatomy.notes] == ["outside-image", "outside-maps"]
    assert subject.tissue is None
    assert codes(maps(), replace(BOX, center_mm=(20.02, 0.0, 0.0))) == ("outside-image",)


def test_maps_that_leave_much_of_the_volume_open_are_not_used():
    """Bone or air in the volume, or maps of another head: no fractions, and why."""
    assert codes(maps(0.4, 0.2, 0.1)) == ("not-segmented",)
    fluid = np.ones((SIZE,) * 3, dtype=np.float32)
    fluid[0] = 0.0
    far = nifti(1.0 - fluid)  # the box is nowhere near
    assert codes(Images(None, far, far, nifti(fluid))) == ("only-csf",)
    assert codes(replace(maps(), gray_matter=None, white_matter=None, csf=None)) == ()


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (replace(maps(), csf=None), "csf is missing"),
        (maps(60.0, 30.0, 10.0), "probability map"),
        (maps(0.9, 0.9, 0.9), "add up to 2.70"),
        (Images(SourceFile("t1.nii", b"no image")), "is no NIfTI image"),
        (Images(nifti(np.ones((8, 8, 8), dtype=np.float32), None)), "does not say where it lies"),
        (Images(nifti(np.ones((8, 8), dtype=np.float32))), "three-dimensional"),
        (Images(nifti(np.ones((8, 8, 8, 2), dtype=np.float32))), "three-dimensional"),
        (Images(nifti(np.ones((8, 8, 8), dtype=np.complex64))), "real numbers"),
        (Images(SourceFile("t1.nii.gz", nifti(np.random.default_rng(1).random((8, 8, 8))).content[:-30])), "gzip"),
    ],
)
def test_unusable_images_are_refused_by_name(images: Images, says: str):
    """A broken, wrong or incomplete set of images is refused with what to do, before anything is fitted."""
    with pytest.raises(UnusableImage, match=says):
        place(images, BOX, Subject())


def test_a_bomb_is_refused_before_it_is_unpacked():
    """A small file that announces a thousand million voxels is refused by its header."""
    head = bytearray(nib.Nifti1Image(np.ones((2, 2, 2), dtype=np.uint8), SHIFT).to_bytes()[:352])
    head[42:48] = np.array([1000, 1000, 1000], dtype="<i2").tobytes()
    bomb = SourceFile("t1.nii.gz", gzip.compress(bytes(head) + bytes(10**6), mtime=0))

    with pytest.raises(UnusableImage, match="more than the"):
        read_image(bomb, "anatomy")


def test_voxels_are_scaled_by_the_header_and_nothing_else_is_kept():
    """SPM writes probabilities as bytes with a slope of 1/255; no free text of the header leaves the reader."""
    image = nib.Nifti1Image(np.full((4, 4, 4), 255, dtype=np.uint8), SHIFT)
    image.header.set_slope_inter(1 / 255, 0)
    image.header["descrip"] = b"DOE^JANE"
    content = bytearray(image.to_bytes())
    content[112:120] = np.array([1 / 255, 0], dtype="<f4").tobytes()

    found = read_image(SourceFile("c1.nii", bytes(content)), "gray_matter")

    assert found.voxels.max() == pytest.approx(1.0)
    assert set(found.__slots__) == {"voxels", "affine_mm"}


def test_planes_show_the_box_where_it_lies_in_the_radiological_view():
    """A bright cube on the person's left, in front and above appears right, up and (sagittal) left in the planes."""
    voxels = np.zeros((120, 120, 120), dtype=np.float32)
    shift = np.eye(4)
    shift[:3, 3] = -59.5
    voxels[20:30, 85:95, 75:85] = 1.0  # centre x -35, y 30, z 20
    image = Image(voxels, shift)
    box = VoiGeometry((-35.0, 30.0, 20.0), ((10.0, 0, 0), (0, 10.0, 0), (0, 0, 10.0)))

    grey, middle = planes(image, box)

    centres = [np.argwhere(plane > 128).mean(axis=0) - 127.5 for plane in grey]
    assert middle == pytest.approx((0, 0, 0), abs=1e-9)
    assert centres[0] == pytest.approx((-20, -30), abs=0.6)  # sagittal: row by z, column by y
    assert centres[1] == pytest.approx((-20, 35), abs=0.6)  # coronal: the person's left is on the right
    assert centres[2] == pytest.approx((-30, 35), abs=0.6)  # axial
